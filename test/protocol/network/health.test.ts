// The rules of health, and that what registries say of parts is what is said of the whole.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { REPORT_SILENT_PERIODS, SKETCH_MAX } from '../../../protocol/limits/network.ts'
import { Gathered } from '../../../protocol/network/gathered.ts'
import { type Evidence, healthOf, judge } from '../../../protocol/network/health.ts'
import { stepMs, windowMs } from '../../../protocol/network/history.ts'
import {
  addRoundTrips,
  bucketOf,
  NO_ROUND_TRIPS,
  roundTripAt,
} from '../../../protocol/network/round-trips.ts'
import { countOf, idNumber, SketchMaker } from '../../../protocol/network/sketch.ts'
import { idOf, summaryOf } from './summaries.ts'

const GOOD: Evidence = { told: true, delivered: 1_000, failed: 0, medianRttMs: 40, p95RttMs: 200 }

describe('a network is', () => {
  it.each([
    ['healthy', { delivered: 950, failed: 50 }],
    ['degraded', { delivered: 949, failed: 51 }],
    ['degraded', { delivered: 800, failed: 200 }],
    ['unhealthy', { delivered: 799, failed: 201 }],
    ['healthy', { medianRttMs: 300, p95RttMs: 1_500 }],
    ['degraded', { medianRttMs: 301 }],
    ['degraded', { p95RttMs: 1_501 }],
    ['unhealthy', { delivered: 1, failed: 99, medianRttMs: 5_000 }],
    ['healthy', { delivered: 0, failed: 19 }], // too few to say anything
    ['unhealthy', { delivered: 0, failed: 20 }],
    ['healthy', { medianRttMs: null, p95RttMs: null }],
    ['unknown', { told: false, delivered: 0, failed: 1_000 }],
  ] as const)('%s with %o', (status, evidence) => {
    const judged = judge({ ...GOOD, ...evidence })
    expect(judged.status).toBe(status)
    for (const reason of judged.reasons) expect(reason).toMatch(/^[A-Z0-9].*\.$/)
    expect(judged.reasons.length).toBeGreaterThan(0)
  })

  it('never called perfect when it is not', () => {
    expect(judge({ ...GOOD, delivered: 9_999, failed: 1 }).reasons[0]).toBe(
      '99.9 % of 10000 messages that peers reported were delivered.',
    )
  })
})

describe('round trips', () => {
  it('are read off a histogram within an eighth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 4_000 }), (ms) => {
        const counts = NO_ROUND_TRIPS.map((_, bucket) => (bucket === bucketOf(ms) ? 1 : 0))
        expect(Math.abs((roundTripAt(counts, 0.5) as number) / ms - 1)).toBeLessThan(0.2)
      }),
    )
    expect(roundTripAt(NO_ROUND_TRIPS, 0.5)).toBe(null)
    const one = (ms: number) => NO_ROUND_TRIPS.map((_, bucket) => (bucket === bucketOf(ms) ? 10 : 0))
    const both = addRoundTrips(one(10), one(1_000))
    expect(roundTripAt(both, 0.5)).toBeLessThan(13)
    expect(roundTripAt(both, 0.51)).toBeGreaterThan(880)
  })
})

describe('different peers', () => {
  it('are counted exactly while they are few, and nearly when they are many, however often each is seen', () => {
    for (const [count, within] of [
      [SKETCH_MAX - 1, 0],
      [50_000, 0.1],
    ] as const) {
      const [one, other, all] = [new SketchMaker(), new SketchMaker(), new SketchMaker()]
      for (let number = 0; number < count; number++) {
        const id = idNumber(crypto.getRandomValues(new Uint8Array(8)), 0)
        one.add(id, 1)
        if (number % 3 === 0) other.add(id, 0)
      }
      all.addAll(one.done())
      all.addAll(other.done())
      const sketch = all.done()
      expect(Math.abs(countOf(sketch) - count)).toBeLessThanOrEqual(count * within)
      expect(new Set(sketch.regions)).toEqual(new Set([1]))
    }
  })
})

const EVERY_MS = 60_000
const T = 1_000 * EVERY_MS

describe('registries together', () => {
  it('count a peer in rooms of several of them once, and what rooms tell once', () => {
    const [one, other] = [new Gathered(EVERY_MS), new Gathered(EVERY_MS)]
    one.hear(
      summaryOf({
        room: 'a',
        members: [1, 2, 3],
        regions: [1, 2, 0],
        links: [
          [0, 1],
          [1, 2, { path: 'relay' }],
        ],
      }),
      T,
    )
    other.hear(
      summaryOf({ room: 'b', members: [3, 4], regions: [4, 0], links: [[0, 1, { oneSided: true }]] }),
      T,
    )
    const health = healthOf([one.view(T), other.view(T)], EVERY_MS)
    expect(health).toMatchObject({
      status: 'healthy',
      peers: 4,
      rooms: 2,
      links: { direct: 1, relay: 1, oneSided: 1 },
      regions: { wnam: 1, enam: 1, weur: 1, unknown: 1 },
    })
  })

  it('say what is missing when some do not answer', () => {
    const { status, reasons } = healthOf([], EVERY_MS, { registries: 16, of: 16 })
    expect(status).toBe('unknown')
    expect(reasons).toContain('16 of 16 registries did not answer: what they know is missing here.')
  })

  it('forget a room that was not told of for three periods, and a lone one, that is told of less often, later', () => {
    const registry = new Gathered(EVERY_MS)
    registry.hear(summaryOf({ room: 'two', members: [1, 2] }), T)
    registry.hear(summaryOf({ room: 'one', members: [3] }), T)
    const rooms = (nowMs: number) => registry.view(nowMs).rooms
    expect(rooms(T + 3 * EVERY_MS - 1)).toBe(2)
    expect(rooms(T + 3 * EVERY_MS)).toBe(1)
    expect(rooms(T + 3 * REPORT_SILENT_PERIODS * EVERY_MS)).toBe(0)
    expect(healthOf([registry.view(T + 3 * REPORT_SILENT_PERIODS * EVERY_MS)], EVERY_MS).status).toBe(
      'unknown',
    )
  })

  it('forget at once a room that says it is empty', () => {
    const registry = new Gathered(EVERY_MS)
    registry.hear(summaryOf({ members: [1, 2] }), T)
    registry.hear(summaryOf({ members: [] }), T + 1)
    expect(registry.view(T + 1)).toMatchObject({ rooms: 0, members: 0, named: 0, toldAtMs: T + 1 })
    expect(registry.topology(10, T + 1).peerRooms).toEqual([])
  })

  it('count over a window what rooms counted, spread over the time they counted it in', () => {
    const registry = new Gathered(EVERY_MS)
    registry.view(T)
    for (let period = 1; period <= 20; period++) {
      const atMs = T + period * EVERY_MS
      const counts = { messages: 600, bytes: 6_000, refused: { flooding: 6 }, delivered: 60, failed: 0 }
      registry.hear(summaryOf({ members: [1, 2], counts, fromMs: atMs - EVERY_MS, atMs }), atMs)
    }
    const health = healthOf([registry.view(T + 20 * EVERY_MS)], EVERY_MS)
    expect(health.traffic).toMatchObject({ windowMs: windowMs(EVERY_MS), successRate: 1 })
    expect(Math.abs(health.traffic.messages - 3_000)).toBeLessThanOrEqual(300)
    expect(health.refusals).toEqual({ flooding: health.traffic.refused })
    // Two points a minute, each with half of what was counted in it; and none of the last minute, of which not all is told.
    const { history } = health
    const lastMs = history.at(-1)?.atMs ?? 0
    expect(lastMs + stepMs(EVERY_MS)).toBeLessThanOrEqual(T + 19 * EVERY_MS)
    for (const { messages, peers, rooms } of history.slice(1))
      expect({ messages, peers, rooms }).toEqual({ messages: 300, peers: 2, rooms: 1 })
  })

  it('keep a hundred and twenty points and no more, also over a gap, and give them to their next life', () => {
    const registry = new Gathered(EVERY_MS)
    for (let minute = 0; minute < 200; minute++)
      registry.hear(summaryOf({ members: [1] }), T + minute * EVERY_MS)
    expect(registry.history()).toHaveLength(120)
    const next = new Gathered(EVERY_MS, registry.history())
    expect(next.history()).toEqual(registry.history())
    next.view(T + 1e9)
    expect(next.history()).toHaveLength(120)
    expect(next.history().every(({ peers }) => peers === 0)).toBe(true)
  })
})

describe('where a peer is', () => {
  it('is said by room, with its links there', () => {
    const registry = new Gathered(EVERY_MS)
    registry.hear(
      summaryOf({
        room: 'a',
        members: [1, 2, 3],
        links: [
          [0, 2],
          [1, 2],
        ],
        atMs: 9,
      }),
      T,
    )
    registry.hear(summaryOf({ room: 'b', members: [5, 3], atMs: 9 }), T)
    const places = registry.peer(idOf(3), T)
    expect(places.map(({ room, links }) => [room, links.length])).toEqual([
      ['a', 2],
      ['b', 0],
    ])
    expect(places[0]?.links.map(({ peer }) => peer)).toEqual([idOf(1), idOf(2)])
    expect(registry.peer(idOf(4), T)).toEqual([])
  })
})
