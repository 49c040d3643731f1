// Difficulty as the load has it, and what an isolate remembers.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { difficulty, Load } from '../../../../protocol/crypto/admission/difficulty.ts'
import { SpentChallenges } from '../../../../protocol/crypto/admission/spent.ts'
import {
  CHALLENGE_LIFETIME_MS,
  CHALLENGE_TRIES_MAX,
  SPENT_REMEMBERED_MAX,
} from '../../../../protocol/limits/admission.ts'

describe('difficulty', () => {
  it.each([
    [0, 16],
    [64, 16],
    [65, 17],
    [128, 17],
    [129, 18],
    [1_024, 20],
    [4_096, 22],
    [1e9, 22],
  ])('at %i passes a second is %i bits', (perSecond, bits) => expect(difficulty(perSecond)).toBe(bits))

  it('never falls as the load rises, and stays in its bounds', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, noNaN: true }),
        fc.double({ min: 0, noNaN: true }),
        fc.integer({ min: 0, max: 22 }),
        (a, b, base) => {
          const [low, high] = [difficulty(Math.min(a, b), base), difficulty(Math.max(a, b), base)]
          return Number.isInteger(low) && base <= low && low <= high && high <= 22
        },
      ),
    )
  })
})

describe('load', () => {
  it('comes to the rate of what happens, and goes when it ends', () => {
    const load = new Load()
    for (let ms = 0; ms < 120_000; ms += 10) load.note(ms)
    expect(load.perSecond(120_000)).toBeGreaterThan(95)
    expect(load.perSecond(120_000)).toBeLessThan(105)
    expect(load.perSecond(130_000)).toBeCloseTo(load.perSecond(120_000) / 2, 0)
    expect(load.perSecond(300_000)).toBeLessThan(0.01)
  })

  it('is not moved by a clock that goes back', () => {
    const load = new Load()
    load.note(50_000)
    load.note(40_000)
    expect(load.perSecond(40_000)).toBe(load.perSecond(50_000))
  })
})

describe('what is spent', () => {
  const challenge = (i: number) => Uint8Array.from({ length: 32 }, (_, at) => (i >> (8 * (at & 3))) & 255)

  it('is remembered for as long as a challenge lives', () => {
    const spent = new SpentChallenges()
    for (let i = 0; i < CHALLENGE_TRIES_MAX; i++) {
      expect(spent.isSpent(challenge(1))).toBe(false)
      expect(spent.take(challenge(1), 1_000)).toBe(true)
    }
    expect(spent.take(challenge(1), 1_000)).toBe(false)
    spent.take(challenge(2), 1_000 + CHALLENGE_LIFETIME_MS)
    spent.take(challenge(3), 1_001 + CHALLENGE_LIFETIME_MS)
    expect(spent.isSpent(challenge(1))).toBe(true)
    expect(spent.isSpent(challenge(2))).toBe(false)
  })

  it('is forgotten after two lifetimes, or when too much else was spent', () => {
    const late = new SpentChallenges()
    const full = new SpentChallenges()
    for (let i = 0; i < CHALLENGE_TRIES_MAX; i++)
      for (const spent of [late, full]) spent.take(challenge(1), 1)
    for (let turn = 1; turn <= 2; turn++) late.take(challenge(2), 2 + turn * (CHALLENGE_LIFETIME_MS + 1))
    expect(late.isSpent(challenge(1))).toBe(false)
    for (let i = 2; i < 2 + 2 * SPENT_REMEMBERED_MAX; i++) full.take(challenge(i), 1)
    expect(full.isSpent(challenge(1))).toBe(false)
  })
})
