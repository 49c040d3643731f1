// The token bucket, held to its textbook model: a level that refills, and a burst it never exceeds.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FULL, type Rate, take } from '../../protocol/bucket.ts'

const rates: fc.Arbitrary<Rate> = fc.record({
  perSecond: fc.integer({ min: 1, max: 1_000 }),
  burst: fc.integer({ min: 1, max: 2_000 }),
})
const steps = fc.array(fc.record({ afterMs: fc.nat(5_000), cost: fc.integer({ min: 1, max: 300 }) }), {
  maxLength: 60,
})

describe('a token bucket', () => {
  it('gives exactly what a level that refills would give', () => {
    fc.assert(
      fc.property(rates, steps, (rate, taken) => {
        let nowMs = 1_000
        let paidUntilMs = FULL
        let level = rate.burst
        for (const { afterMs, cost } of taken) {
          nowMs += afterMs
          level = Math.min(rate.burst, level + (afterMs / 1_000) * rate.perSecond)
          // A cost over the burst is only ever had from a full bucket, and leaves it in debt.
          const enough = level >= Math.min(cost, rate.burst) - 1e-6
          const result = take(paidUntilMs, rate, cost, nowMs)
          expect(result.ok, `${level} of ${rate.burst} for ${cost}`).toBe(enough)
          if (!result.ok) continue
          paidUntilMs = result.paidUntilMs
          level -= cost
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('says to the millisecond when the same would be granted', () => {
    fc.assert(
      fc.property(rates, steps, (rate, taken) => {
        let nowMs = 1_000
        let paidUntilMs = FULL
        for (const { afterMs, cost } of taken) {
          nowMs += afterMs
          const result = take(paidUntilMs, rate, cost, nowMs)
          if (result.ok) {
            paidUntilMs = result.paidUntilMs
            continue
          }
          const { retryAfterMs } = result
          expect(Number.isInteger(retryAfterMs) && retryAfterMs > 0).toBe(true)
          expect(take(paidUntilMs, rate, cost, nowMs + retryAfterMs).ok).toBe(true)
          expect(take(paidUntilMs, rate, cost, nowMs + retryAfterMs - 1.01).ok).toBe(false)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('grants a cost over its burst from a full bucket, and is then in debt', () => {
    const rate = { perSecond: 100, burst: 200 }
    const first = take(FULL, rate, 500, 10_000)
    expect(first).toEqual({ ok: true, paidUntilMs: 15_000 })
    expect(take(15_000, rate, 1, 10_000)).toEqual({ ok: false, retryAfterMs: 3_010 })
  })

  it('says of a cost over its burst that it can be had as soon as the bucket is full', () => {
    const rate = { perSecond: 100, burst: 200 }
    expect(take(15_000, rate, 500, 10_000)).toEqual({ ok: false, retryAfterMs: 5_000 })
    expect(take(15_000, rate, 500, 15_000).ok).toBe(true)
  })

  it('is not confused by a clock that goes back', () => {
    const rate = { perSecond: 100, burst: 200 }
    const first = take(FULL, rate, 200, 10_000)
    expect(first.ok && take(first.paidUntilMs, rate, 1, 9_000).ok).toBe(false)
  })
})
