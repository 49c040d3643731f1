// Balancing with few clients: the ways to choose a relay beside each other, and a herd that goes to another edge and returns. With
// very many: `npm run sim -- --balance 100000`, and README.md says what came of it.

import { describe, expect, it } from 'vitest'
import { Crowd } from './balance/crowd.ts'
import { herd } from './balance/herd.ts'

describe('a crowd that chooses relays', () => {
  const crowd = new Crowd({ clients: 3_000, relays: 24, seed: 1, stale: 5 })

  it('is spread, and served from near, by pings of the six that the bootstrap puts first', () => {
    const [ours, best] = [crowd.play('nearest-of-six'), crowd.play('oracle, bounded')]
    expect(ours.maxOverMean).toBeLessThan(1.25)
    expect(best.maxOverMean).toBeLessThan(1.3)
    expect(ours.p90Ms / best.p90Ms).toBeLessThan(1.15)
  })

  it('would flood relays that nobody knows the loads of', () => {
    expect(crowd.play('nearest-of-six, loads unknown').maxOverMean).toBeGreaterThan(2)
    expect(crowd.play('oracle').maxOverMean).toBeGreaterThan(2)
  })

  it('is spread far and wide by those who look at loads alone', () => {
    const [turns, idlest] = [crowd.play('round-robin'), crowd.play('least-connections')]
    expect(turns.maxOverMean).toBeLessThan(1.05)
    expect(idlest.maxOverMean).toBeLessThan(1.1)
    expect(turns.p90Ms).toBeGreaterThan(3 * crowd.play('oracle, bounded').p90Ms)
  })
})

describe('a herd whose edge falls and comes back', () => {
  const all = herd({ clients: 2_000, seed: 1, awayMs: 60_000, networks: 1 })

  it('is at the other within seconds', () => {
    expect(all.movedMs.last).toBeLessThan(5_000)
  })

  it('returns within a minute or so, and no faster than it may', () => {
    expect(all.returnedMs.p50).toBeGreaterThan(5_000)
    expect(all.returnedMs.last).toBeLessThan(90_000)
    expect(all.busiestSecond.returning).toBeLessThan(2_000 / 5)
  })

  it('has nobody of one network wait longer for another than rooms wait', () => {
    expect(all.apartMs.most).toBeLessThan(45_000)
    const many = herd({ clients: 2_000, seed: 2, awayMs: 60_000, networks: 100 })
    expect(many.apartMs.most).toBeLessThan(45_000)
    expect(many.busiestSecond.returning).toBeLessThan(all.busiestSecond.returning)
  })
})
