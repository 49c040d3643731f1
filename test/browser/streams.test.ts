// Streams between real browsers, directly and by relay: intact, as slow as their reader, broken off and closed by halves.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConnectOptions, WaypostStream } from '../../client/index.ts'
import { DEPARTED_GRACE_MS } from '../../protocol/limits/link.ts'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { LocalEdge } from '../support/local-edge.ts'

declare global {
  /** In test pages: the stream a step left for the next. */
  var stream: WaypostStream
  var written: number
}

let edge: LocalEdge
let browser: TestBrowser

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([LocalEdge.start(), TestBrowser.launch()])
})
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

const WAYS = [
  { way: 'direct' as const, options: {}, bytes: 20_000_000 },
  // At what one socket may send: 4 MiB a second.
  { way: 'relay' as const, options: { relayOnly: true }, bytes: 20_000_000 },
]

async function pair(room: string, way: 'direct' | 'relay', options: ConnectOptions) {
  const [alice, bob] = await Promise.all([BrowserPeer.open(browser), BrowserPeer.open(browser)])
  await alice.joins(edge.url, room, options)
  await bob.joins(edge.url, room, options)
  await Promise.all([alice.reaches(bob, way), bob.reaches(alice, way)])
  return { alice, bob }
}

describe.each(WAYS)('streams by the $way way', ({ way, options, bytes }) => {
  let alice: BrowserPeer
  let bob: BrowserPeer
  beforeAll(async () => {
    ;({ alice, bob } = await pair(`streams ${way}`, way, options))
    await bob.page.evaluate(() => {
      kept.waypost.on('stream', ({ label, stream }) => {
        if (label === 'echo') return stream.readable.pipeTo(stream.writable)
        globalThis.stream = stream
        return undefined
      })
    })
  })
  afterAll(() => Promise.all([alice?.page.close(), bob?.page.close()]))

  /** Opens one from alice to bob, left as `stream` in both pages. */
  const opens = async (label: string) => {
    await alice.page.evaluate(
      async ([to, label]) => {
        globalThis.stream = await kept.waypost.open(to, label)
      },
      [bob.id, label] as const,
    )
    await bob.page.waitForFunction((label) => globalThis.stream?.label === label, label)
  }

  it('carry 20 MB, byte for byte', async () => {
    await opens('much')
    const received = bob.page.evaluate(async () => {
      const whole = new Uint8Array(await new Response(stream.readable).arrayBuffer())
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', whole))
      return { bytes: whole.length, digest: [...digest] }
    })
    const sent = await alice.page.evaluate(async (bytes) => {
      const whole = new Uint8Array(bytes)
      for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(whole.subarray(at, at + 65_536))
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', whole))
      const writer = stream.writable.getWriter()
      for (let at = 0; at < bytes; at += 100_000) {
        await writer.ready
        void writer.write(whole.subarray(at, at + 100_000))
      }
      await writer.close()
      return [...digest]
    }, bytes)
    expect(await received).toEqual({ bytes, digest: sent })
  })

  it('are as slow as their reader', async () => {
    await opens('slow')
    const writing = alice.page.evaluate(async () => {
      globalThis.written = 0
      const writer = stream.writable.getWriter()
      for (let i = 0; i < 400; i++) {
        await writer.write(new Uint8Array(10_000))
        globalThis.written += 10_000
      }
      await writer.close()
    })
    const echoes = (word: string) =>
      alice.page.evaluate(
        async ([to, word]) => {
          const echo = await kept.waypost.open(to, 'echo')
          void new Blob([word]).stream().pipeTo(echo.writable)
          return new Response(echo.readable).text()
        },
        [bob.id, word] as const,
      )
    // A stream beside it comes and goes a few times, and still no more than its first window was taken of this one.
    for (let i = 0; i < 5; i++) expect(await echoes(`meanwhile ${i}`)).toBe(`meanwhile ${i}`)
    expect(await alice.page.evaluate(() => globalThis.written)).toBeLessThan(60_000)
    const read = await bob.page.evaluate(
      async () => (await new Response(stream.readable).arrayBuffer()).byteLength,
    )
    expect(read).toBe(4_000_000)
    await writing
  })

  it('can be reset from both sides', async () => {
    for (const [first, second] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      await opens(`reset by ${first.id}`)
      const failed = second.page.evaluate(async () => {
        const failures = [stream.readable.getReader().read(), stream.writable.getWriter().closed].map(
          (each) =>
            (each as Promise<unknown>).then(
              () => 'nothing failed',
              (error: { code: string; cause: number }) => [error.code, error.cause],
            ),
        )
        return Promise.all(failures)
      })
      await first.page.evaluate(() => stream.reset(17))
      expect(await failed).toEqual([
        ['stream-reset', 17],
        ['stream-reset', 17],
      ])
    }
  })

  it('end by halves, from both sides', async () => {
    for (const [first, second] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      await opens(`half by ${first.id}`)
      await first.page.evaluate(() => stream.writable.close())
      await second.page.evaluate(async () => {
        if ((await new Response(stream.readable).text()) !== '') throw new Error('there was something')
        await new Blob(['the answer']).stream().pipeTo(stream.writable)
      })
      expect(await first.page.evaluate(() => new Response(stream.readable).text())).toBe('the answer')
    }
  })

  it('work at once: a thousand echoes', async () => {
    const before = (await alice.status()).links[0]?.streams // Those that earlier tests left half open.
    const wrong = await alice.page.evaluate(async (to) => {
      const echo = async (i: number) => {
        const stream = await kept.waypost.open(to, 'echo')
        void new Blob([`hello ${i}`]).stream().pipeTo(stream.writable)
        return (await new Response(stream.readable).text()) === `hello ${i}`
      }
      const echoes = await Promise.all(Array.from({ length: 1_000 }, (_, i) => echo(i)))
      return echoes.filter((right) => !right).length
    }, bob.id)
    expect(wrong).toBe(0)
    for (const peer of [alice, bob]) {
      await peer.page.waitForFunction((before) => kept.waypost.status().links[0]?.streams === before, before)
      expect((await peer.status()).drops['over-window']).toBeUndefined()
    }
  })

  it('end with an error as soon as the peer closes', async () => {
    const carol = await BrowserPeer.open(browser)
    await carol.joins(edge.url, `streams ${way}`, options)
    await Promise.all([alice.reaches(carol, way), carol.reaches(alice, way)])
    const opened = carol.page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          kept.waypost.on('stream', () => resolve())
        }),
    )
    await alice.page.evaluate(async (to) => {
      globalThis.stream = await kept.waypost.open(to, 'closing')
    }, carol.id)
    await opened
    const failed = alice.page.evaluate(() => {
      const beganMs = performance.now()
      const read = stream.readable.getReader().read()
      const failure = read.then(
        () => 'nothing failed',
        (error: { code: string }) => error.code,
      )
      return failure.then((code) => ({ code, afterMs: performance.now() - beganMs }))
    })
    await carol.page.evaluate(() => kept.waypost.close())
    const { code, afterMs } = await failed
    expect(code).toBe('peer-unreachable')
    expect(afterMs).toBeLessThan(DEPARTED_GRACE_MS / 2)
    await carol.page.close()
  })
})

it('streams of either way end with an error when the peer is gone', async () => {
  const ends = await Promise.all(
    WAYS.map(async ({ way, options }) => {
      const { alice, bob } = await pair(`lost ${way}`, way, options)
      await bob.page.evaluate(() => {
        kept.waypost.on('stream', ({ stream }) => {
          globalThis.stream = stream
        })
      })
      await alice.page.evaluate(async (to) => {
        globalThis.stream = await kept.waypost.open(to, 'lost')
      }, bob.id)
      await bob.page.waitForFunction(() => globalThis.stream?.label === 'lost')
      const failed = alice.page.evaluate(() =>
        stream.readable
          .getReader()
          .read()
          .then(
            () => 'nothing failed',
            (error: { code: string }) => error.code,
          ),
      )
      await bob.dies()
      // Gone, for as long as a peer may be gone before it is given up: both at once, since they take their time.
      return [way, await failed, (await alice.status()).links[0]?.streams]
    }),
  )
  expect(ends).toEqual(WAYS.map(({ way }) => [way, 'peer-unreachable', 0]))
})
