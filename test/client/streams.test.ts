// Streams between clients in Node, by relay, against a real edge: what the platform's streams promise, they keep.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StreamEvent, Waypost, WaypostStream } from '../../client/index.ts'
import { DEPARTED_GRACE_MS } from '../../protocol/limits/link.ts'
import { STREAM_WINDOW_LEAST_BYTES } from '../../protocol/limits/streams.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { client, codeOf, newRoom } from './clients.ts'

let edge: LocalEdge

beforeAll(async () => {
  edge = await LocalEdge.start()
}, 90_000)
afterAll(() => edge.stop())

/** As a page without types would write it. */
const loosely = (value: unknown) => value as never

async function pair(): Promise<{ alice: Waypost; bob: Waypost }> {
  const name = newRoom()
  const [alice, bob] = [await client(edge.url), await client(edge.url)]
  const rooms = [await alice.join(name), await bob.join(name)]
  await Promise.all(rooms.map((room) => expect.poll(() => room.peers.size).toBe(1)))
  return { alice, bob }
}

/** Opens one, and gives both its ends. */
async function opened(alice: Waypost, bob: Waypost, label = 'test'): Promise<[WaypostStream, WaypostStream]> {
  const theirs = new Promise<StreamEvent>((resolve) => {
    const stop = bob.on('stream', (event) => {
      stop()
      resolve(event)
    })
  })
  const mine = await alice.open(bob.id, label)
  return [mine, (await theirs).stream]
}

async function allOf(readable: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readable) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

const numbered = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255)

/** The failure that both ends of a broken stream have. */
async function failureOf(failing: Promise<unknown>): Promise<{ code: unknown; cause: unknown }> {
  try {
    await failing
  } catch (error) {
    const { code, cause } = error as { code: unknown; cause: unknown }
    return { code, cause }
  }
  return { code: 'none', cause: undefined }
}

describe('a stream', () => {
  it('brings its label and its bytes, and an answer on the other half', async () => {
    const { alice, bob } = await pair()
    bob.on('stream', async ({ from, label, stream }) => {
      expect([from, label, stream.peer, stream.label]).toEqual([alice.id, 'echo', alice.id, 'echo'])
      await stream.readable.pipeTo(stream.writable)
    })
    const stream = await alice.open(bob.id, 'echo')
    const answer = allOf(stream.readable)
    const writer = stream.writable.getWriter()
    const sent = numbered(300_000)
    for (let i = 0; i < sent.length; i += 70_000) await writer.write(sent.subarray(i, i + 70_000))
    await writer.close()
    expect(Buffer.compare(await answer, sent)).toBe(0)
    await expect.poll(() => alice.status().links[0]?.streams).toBe(0)
    await expect.poll(() => bob.status().links[0]?.streams).toBe(0)
    expect([alice.status().drops, bob.status().drops]).toEqual([{}, {}])
  })

  it('lets its writer use an array again once the write resolved', async () => {
    const { alice, bob } = await pair()
    const [mine, theirs] = await opened(alice, bob)
    const received = allOf(theirs.readable)
    const writer = mine.writable.getWriter()
    const array = new Uint8Array(100_000)
    for (let i = 0; i < 8; i++) {
      array.fill(i + 1)
      await writer.write(array)
      array.fill(0)
    }
    await writer.close()
    const bytes = await received
    for (let i = 0; i < 8; i++) {
      expect(bytes.subarray(i * 100_000, (i + 1) * 100_000).every((byte) => byte === i + 1)).toBe(true)
    }
  })

  it('ends one half at a time', async () => {
    const { alice, bob } = await pair()
    const [mine, theirs] = await opened(alice, bob)
    await mine.writable.close()
    expect((await allOf(theirs.readable)).length).toBe(0)
    const writer = theirs.writable.getWriter()
    await writer.write(numbered(50))
    expect(alice.status().links[0]?.streams).toBe(1)
    await writer.close()
    expect(await allOf(mine.readable)).toEqual(numbered(50))
    await expect.poll(() => alice.status().links[0]?.streams).toBe(0)
  })

  it('is as slow as its reader, and holds up no other', async () => {
    const { alice, bob } = await pair()
    const [slow, unread] = await opened(alice, bob)
    const writer = slow.writable.getWriter()
    let written = 0
    const writing = (async () => {
      for (let i = 0; i < 100; i++) {
        await writer.write(new Uint8Array(10_000))
        written += 10_000
      }
      await writer.close()
    })()
    const [fast, read] = await opened(alice, bob)
    const all = allOf(read.readable)
    await new Blob([new Uint8Array(2_000_000)]).stream().pipeTo(fast.writable)
    expect((await all).length).toBe(2_000_000)
    expect(written).toBeLessThan(STREAM_WINDOW_LEAST_BYTES + 40_000)
    expect((await allOf(unread.readable)).length).toBe(1_000_000)
    await writing
  })

  it('aborted by its writer fails at the reader, whose own half lives on', async () => {
    const { alice, bob } = await pair()
    const [mine, theirs] = await opened(alice, bob)
    await mine.writable.abort(42)
    expect(await failureOf(allOf(theirs.readable))).toEqual({ code: 'stream-reset', cause: 42 })
    const writer = theirs.writable.getWriter()
    await writer.write(numbered(9))
    await writer.close()
    expect(await allOf(mine.readable)).toEqual(numbered(9))
  })

  it('cancelled by its reader fails at the writer, with the reader’s code', async () => {
    const { alice, bob } = await pair()
    const [mine, theirs] = await opened(alice, bob)
    const writer = mine.writable.getWriter()
    const closed = failureOf(writer.closed)
    await theirs.readable.cancel(7)
    expect(await closed).toEqual({ code: 'stream-reset', cause: 7 })
    expect((await failureOf(writer.write(numbered(1)))).code).toBe('stream-reset')
  })

  it('reset fails in all four places', async () => {
    const { alice, bob } = await pair()
    const [mine, theirs] = await opened(alice, bob)
    const ends = [mine, theirs].map(({ readable, writable }) =>
      Promise.all([failureOf(readable.getReader().read()), failureOf(writable.getWriter().closed)]),
    )
    mine.reset(5)
    const failure = { code: 'stream-reset', cause: 5 }
    expect(await Promise.all(ends)).toEqual([
      [failure, failure],
      [failure, failure],
    ])
    expect(() => mine.reset(-1)).toThrow(RangeError)
    await expect.poll(() => bob.status().links[0]?.streams).toBe(0)
  })

  it('that nobody listens for is refused, and says so', async () => {
    const { alice, bob } = await pair()
    const stream = await alice.open(bob.id, 'unwanted')
    expect((await failureOf(stream.readable.getReader().read())).code).toBe('stream-refused')
    expect((await failureOf(stream.writable.getWriter().closed)).code).toBe('stream-refused')
  })

  it('is broken off by its signal, and not opened when that has fired', async () => {
    const { alice, bob } = await pair()
    const controller = new AbortController()
    bob.on('stream', () => {})
    const stream = await alice.open(bob.id, 'signal', { signal: controller.signal })
    const read = failureOf(stream.readable.getReader().read())
    controller.abort('enough')
    expect(await read).toEqual({ code: 'aborted', cause: 'enough' })
    expect(await codeOf(alice.open(bob.id, 'late', { signal: controller.signal }))).toBe('aborted')
  })

  it('fails at once when the peer closes, and what came whole is still read', async () => {
    const { alice, bob } = await pair()
    const [mine, theirs] = await opened(alice, bob)
    const writer = theirs.writable.getWriter()
    await writer.write(numbered(5_000))
    await writer.close()
    const [open, openAtBob] = await opened(alice, bob, 'open')
    await openAtBob.writable.getWriter().write(numbered(3))
    const beganMs = performance.now()
    const failing = failureOf(allOf(open.readable))
    await bob.close()
    expect(await failing).toMatchObject({ code: 'peer-unreachable' })
    // Without a word of it, that would take as long as somebody may take to come back.
    expect(performance.now() - beganMs).toBeLessThan(DEPARTED_GRACE_MS / 2)
    expect(await failureOf(mine.writable.getWriter().write(numbered(3)))).toMatchObject({
      code: 'peer-unreachable',
    })
    expect(await allOf(mine.readable)).toEqual(numbered(5_000))
    expect(alice.status().links.every(({ streams }) => streams === 0)).toBe(true)
  })

  it('fails with `closed` at the side that closes', async () => {
    const { alice, bob } = await pair()
    const [mine] = await opened(alice, bob)
    const read = failureOf(mine.readable.getReader().read())
    await alice.close()
    expect((await read).code).toBe('closed')
  })
})

describe('many streams', () => {
  it('work at once: a thousand, each with its own echo', async () => {
    const { alice, bob } = await pair()
    bob.on('stream', ({ stream }) => stream.readable.pipeTo(stream.writable))
    const echoes = await Promise.all(
      Array.from({ length: 1_000 }, async (_, i) => {
        const stream = await alice.open(bob.id, `number ${i}`)
        const writer = stream.writable.getWriter()
        void writer.write(new TextEncoder().encode(`hello ${i}`))
        void writer.close()
        return new TextDecoder().decode(await allOf(stream.readable))
      }),
    )
    expect(echoes).toEqual(echoes.map((_, i) => `hello ${i}`))
    for (const each of [alice, bob]) await expect.poll(() => each.status().links[0]?.streams).toBe(0)
  })
})

describe('misuse', () => {
  it('is refused by name', async () => {
    const { alice, bob } = await pair()
    await expect(alice.open(bob.id, loosely(7))).rejects.toThrow('label must be a string')
    await expect(alice.open(bob.id, 'é'.repeat(128))).rejects.toThrow('at most 255 bytes')
    await expect(alice.open(bob.id, 'x', loosely({ prioritty: 1 }))).rejects.toThrow(
      "unknown option 'prioritty'",
    )
    await expect(alice.open('nobody', 'x')).rejects.toThrow(RangeError)
    expect(await codeOf(alice.open(peerIdText(new Uint8Array(32).fill(9)), 'x'))).toBe('peer-unreachable')
    const [mine] = await opened(alice, bob)
    await expect(mine.writable.getWriter().write(loosely('text'))).rejects.toThrow('takes bytes')
  })
})
