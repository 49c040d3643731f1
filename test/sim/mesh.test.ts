// A thousand peers in a mesh: what is put is found while they come and go, without an edge, and among liars. With ten and a hundred
// thousand: `npm run sim -- --mesh 10000`, and README.md says what came of it.

import { describe, expect, it } from 'vitest'
import { compareDistance, sharedBits } from '../../protocol/dht/place.ts'
import { type ExperimentOptions, experiment } from './mesh/experiment.ts'
import { Lives } from './mesh/lives.ts'
import { SCENARIOS } from './mesh/report.ts'
import { Random } from './random.ts'

const SMALL = { peers: 1_000, records: 60, lookups: 250, minutes: 4 } as const
const play = (seed: number | string, scenario: string, over: Partial<ExperimentOptions> = {}) =>
  experiment({ ...SCENARIOS[scenario], ...SMALL, seed, ...over })

describe('a thousand peers', { timeout: 120_000 }, () => {
  it('find what was put while half of them come and go', () => {
    const { ours, textbook, newestShare, meanLinks, meanCopies, successByTime } = play(1, 'churn')
    expect(ours.lookups).toBeGreaterThan(240)
    expect(ours.successShare).toBeGreaterThanOrEqual(0.99)
    expect(ours.meanHops).toBeLessThan(4)
    expect(ours.hopsMax).toBeLessThanOrEqual(10)
    expect(ours.p50Ms).toBeLessThan(600)
    expect(newestShare).toBeGreaterThan(0.9)
    expect(meanLinks).toBeLessThan(24)
    expect(meanCopies).toBeGreaterThan(15)
    expect(Math.min(...successByTime)).toBeGreaterThan(0.95)
    // What we are compared with is not a straw man.
    expect(textbook.successShare).toBeGreaterThanOrEqual(0.99)
    expect(textbook.p50Ms).toBeLessThan(ours.p50Ms)
  })

  it('find it when there is no edge to meet at any more', () => {
    const { ours, peersAtEnd } = play(2, 'edge-away', { minutes: 8 })
    expect(peersAtEnd).toBeLessThan(850)
    expect(ours.successShare).toBeGreaterThanOrEqual(0.97)
  })

  it('find it though a fifth of them lie, by several paths, and mostly do not by one', () => {
    const many = play(1, 'lies')
    expect(many.ours.successShare).toBeGreaterThanOrEqual(0.97)
    expect(many.drops.unverified).toBeGreaterThan(20)
    const one = play(1, 'lies-one-path')
    expect(one.ours.successShare).toBeLessThan(many.ours.successShare - 0.03)
  })

  it('tell the same story for the same seed, and another for another', () => {
    const tiny = { peers: 200, records: 10, lookups: 30, minutes: 2 }
    const [first, again, other] = [
      play('a', 'drops', tiny),
      play('a', 'drops', tiny),
      play('b', 'drops', tiny),
    ]
    expect(again).toEqual(first)
    expect(other.hash).not.toBe(first.hash)
  })
})

describe('lives', () => {
  const options = { arrivalsMs: 3_600_000, maliciousShare: 0.2, sybilsNear: [], sybilsOfEach: 0, churn: true }
  const lives = new Lives(new Random('lives'), { ...options, peers: 3_000 })

  it('are as many at any time, half of them new within the hour, and a fifth malicious', () => {
    const there = (ms: number) => lives.all.filter((_, peer) => lives.wasThere(peer, ms)).length
    for (const ms of [0, 600_000, 3_000_000]) expect(Math.abs(there(ms) - 3_000)).toBeLessThan(200)
    const stayed = lives.all.filter(({ fromMs, untilMs }) => fromMs === 0 && untilMs > 3_600_000).length
    expect(Math.abs(stayed / 3_000 - 0.346)).toBeLessThan(0.03) // (1 + √5) e^-√5
    const malicious = lives.all.filter((life) => life.malicious).length / lives.all.length
    expect(Math.abs(malicious - 0.2)).toBeLessThan(0.03)
    const sessions = lives.all.filter(({ fromMs }) => fromMs > 0).map((life) => life.untilMs - life.fromMs)
    const shorter = sessions.filter((ms) => ms < 12 * 60_000 * Math.LN2 ** 2).length / sessions.length
    expect(Math.abs(shorter - 0.5)).toBeLessThan(0.03)
  })

  it('are found by prefix and by distance as they are by looking at all', () => {
    const random = new Random('places')
    for (let i = 0; i < 50; i++) {
      const place = random.bytes(32)
      const bits = random.below(10)
      const [from, to] = lives.range(place, bits)
      const sharing = lives.all.flatMap(({ node }, peer) => (sharedBits(node, place) >= bits ? [peer] : []))
      expect(sharing).toEqual(Array.from({ length: to - from }, (_, n) => from + n))
      const all = lives.all.map((_, peer) => peer)
      all.sort((a, b) => compareDistance(lives.node(a), lives.node(b), place))
      expect(lives.nearest(place, 20, () => true)).toEqual(all.slice(0, 20))
    }
  })
})
