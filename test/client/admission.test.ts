// Getting into rooms as an application sees it, at a real edge: one stamp for everything, made in the background, and
// nobody asked twice for work, whatever becomes of the edge's secrets and of time.

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Waypost } from '../../client/index.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { client, codeOf, newRoom } from './clients.ts'

const [first, second, third] = ['A', 'B', 'C'].map((letter) => letter.repeat(44)) as [string, string, string]
const HOUR_MS = 3_600_000

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
    vi.useRealTimers()
  })

  it('is made once, for all rooms, and begins before the first is joined', async () => {
    const { waypost, stamps } = await counted(edge.url)
    await expect.poll(stamps).toBe(1)
    await Promise.all([waypost.join(newRoom()), waypost.join(newRoom())])
    await waypost.join(newRoom())
    expect(stamps()).toBe(1)
  })

  it('is not made again for the next pass, which a room gives before the first one ends', async () => {
    const { waypost, stamps } = await counted(edge.url)
    await waypost.join(newRoom())
    const startMs = Date.now()
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(startMs + HOUR_MS - 400_000) // Beyond the time of asking, and before the end.
    const sent = vi.spyOn(WebSocket.prototype, 'send')
    const asked = () => sent.mock.calls.some(([data]) => isPassWanted(data))
    await expect.poll(asked, { timeout: 15_000 }).toBe(true)
    sent.mockRestore()
    await waypost.join(newRoom()) // The answer to it comes behind the answer to the wish.
    vi.setSystemTime(startMs + HOUR_MS - 100_000)
    await waypost.join(newRoom())
    expect(stamps()).toBe(1)
    expect(waypost.status().drops).toEqual({})
  }, 30_000)

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
    edge = await LocalEdge.start({ vars: { STAMP_BITS: 22 } })
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
    let told = 0
    const waypost = await client(edge.url, { onStampProgress: () => told++ })
    await expect.poll(() => told, { timeout: 30_000 }).toBeGreaterThan(0)
    await waypost.close()
    const toldThen = told
    const next = await client(edge.url, { onStampProgress: () => told++ })
    await expect.poll(() => told, { timeout: 30_000 }).toBeGreaterThan(toldThen)
    await next.close()
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

/** Alone in its message, or among others. */
function isPassWanted(data: unknown): boolean {
  return data instanceof Uint8Array && data.includes(0x18) && data.length < 8
}
