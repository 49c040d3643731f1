// Getting into rooms as an application sees it, at a real edge: one stamp for everything, made in the background, and
// nobody asked twice for work, whatever becomes of the edge's secrets and of time.

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Waypost } from '../../client/index.ts'
import { Passes } from '../../client/pass.ts'
import { CHALLENGE_BYTES } from '../../protocol/crypto/admission/challenge.ts'
import { STAMP_BYTES } from '../../protocol/crypto/admission/stamp.ts'
import { peerIdOf } from '../../protocol/crypto/identity.ts'
import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { SIZES } from '../../protocol/crypto/suite.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { passFor } from '../support/passes.ts'
import { client, codeOf, newRoom } from './clients.ts'

const [first, second, third] = ['A', 'B', 'C'].map((letter) => letter.repeat(44)) as [string, string, string]
/** What is left of a pass when the client shows it no more (client/pass.ts). */
const MARGIN_MS = 300_000
const PUBLIC_KEY_AT = CHALLENGE_BYTES + STAMP_BYTES

/** A client, and how many stamps it has made. */
async function counted(url: string): Promise<{ waypost: Waypost; stamps: () => number }> {
  let stamps = 0
  const waypost = await client(url, {
    onStampProgress: (share) => {
      if (share === 1) stamps++
    },
  })
  return { waypost, stamps: () => stamps }
}

describe('a stamp', () => {
  let edge: LocalEdge
  beforeAll(async () => {
    edge = await LocalEdge.start()
  }, 90_000)
  afterAll(() => edge?.stop())
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('is made once, for all rooms, and begins before the first is joined', async () => {
    const { waypost, stamps } = await counted(edge.url)
    await expect.poll(stamps).toBe(1)
    await Promise.all([waypost.join(newRoom()), waypost.join(newRoom())])
    await waypost.join(newRoom())
    expect(stamps()).toBe(1)
  })

  it('is not made again for the next pass, which a room gives before the first one ends', async () => {
    const hash = nativeHash(crypto.subtle as unknown as Subtle)
    const toEdge = globalThis.fetch
    let asked = 0
    // The edge's own kind of pass, but one that is as good as over when it comes.
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      if (!`${input}`.includes('/v1/passes')) return toEdge(input, init)
      asked++
      const body = init?.body as Uint8Array
      const key = body.subarray(PUBLIC_KEY_AT, PUBLIC_KEY_AT + SIZES.signaturePublicKey)
      const expiresAtMs = Date.now() + MARGIN_MS
      return Response.json({ pass: await passFor(await peerIdOf(hash, key), { expiresAtMs }) })
    })
    const renewed = vi.spyOn(Passes.prototype, 'renewed')
    const waypost = await client(edge.url)
    const rooms = await Promise.all([waypost.join(newRoom()), waypost.join(newRoom())])
    await expect.poll(() => renewed.mock.results.map(({ value }) => value)).toContain(true)
    await waypost.join(newRoom()) // With the first pass it would have to be asked for another.
    expect(asked).toBe(1)
    expect(rooms.map(({ state }) => state)).toEqual(['joined', 'joined'])
  })

  it('that a program watches and throws about is made all the same', async () => {
    const thrown: unknown[] = []
    const hear = (error: unknown) => thrown.push(error)
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', hear)
    try {
      const waypost = await client(edge.url, {
        onStampProgress: () => {
          throw new Error('of the application')
        },
      })
      await waypost.join(newRoom())
      await expect.poll(() => thrown.length).toBeGreaterThan(0)
    } finally {
      process.off('uncaughtException', hear)
      for (const other of others) process.on('uncaughtException', other)
    }
  })
})

describe('a stamp that takes long', () => {
  let edge: LocalEdge
  beforeAll(async () => {
    edge = await LocalEdge.start({ vars: { STAMP_BITS: 19 } })
  }, 90_000)
  afterAll(() => edge?.stop())

  it('holds nobody who gives up: by signal, in time, or by closing', async () => {
    const waypost = await client(edge.url)
    const abort = new AbortController()
    const aborted = codeOf(waypost.join(newRoom(), { signal: abort.signal }))
    setImmediate(() => abort.abort())
    expect(await aborted).toBe('aborted')
    expect(await codeOf(waypost.join(newRoom(), { timeoutMs: 200 }))).toBe('edge-unreachable')
    expect(waypost.status().rooms).toEqual([])
    const closed = codeOf(waypost.join(newRoom()))
    await waypost.close()
    expect(await closed).toBe('closed')
  })

  it('is not made any further once its client is closed', async () => {
    const told = [0, 0]
    const connect = (n: 0 | 1) => client(edge.url, { onStampProgress: () => told[n]!++ })
    const waypost = await connect(0)
    await expect.poll(() => told[0], { timeout: 40_000 }).toBeGreaterThan(0)
    await waypost.close()
    const toldThen = told[0]
    // Another's puzzles are as hard, and take turns with whatever else is being solved here.
    await connect(1)
    await expect.poll(() => told[1], { timeout: 40_000 }).toBeGreaterThan(4)
    expect(told[0]).toBe(toldThen)
  }, 90_000)
})

describe('a rotation of the secret', () => {
  let edge: LocalEdge
  beforeAll(async () => {
    edge = await LocalEdge.start({ vars: { PASS_SECRET: first } })
  }, 90_000)
  afterAll(() => edge?.stop())

  it('logs nobody out; and taken away at once, a secret costs everybody one stamp more', async () => {
    const [alice, bob] = [await counted(edge.url), await counted(edge.url)]
    const name = newRoom()
    const rooms = [await alice.waypost.join(name), await bob.waypost.join(name)]
    const together = () => rooms.map(({ state, peers }) => [state, peers.size])
    await expect.poll(together).toEqual(Array.from({ length: 2 }, () => ['joined', 1]))

    await edge.restart({ PASS_SECRET: second, PASS_SECRET_PREVIOUS: first })
    await alice.waypost.join(newRoom()) // With the pass it has.
    await expect.poll(together, { timeout: 30_000 }).toEqual(Array.from({ length: 2 }, () => ['joined', 1]))
    expect([alice.stamps(), bob.stamps()]).toEqual([1, 1])

    await edge.restart({ PASS_SECRET: third })
    await alice.waypost.join(newRoom())
    await expect.poll(together, { timeout: 30_000 }).toEqual(Array.from({ length: 2 }, () => ['joined', 1]))
    expect([alice.stamps(), bob.stamps()]).toEqual([2, 2])
    expect(await alice.waypost.send(bob.waypost.id, 'still here')).toEqual({ via: 'relay' })
  }, 120_000)
})
