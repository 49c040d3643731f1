// Links with keys in weather of every kind: what an application says on each lane arrives once and in order within a life,
// and when calm returns both ends have a path. `npm run sim` plays as many schedules as one likes; here are some, and all
// that ever failed.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FAILING_SEEDS, KINDS, type Kind, playSchedule } from './kinds.ts'
import { roomsSchedule } from './rooms-schedule.ts'
import { schedule, type Told } from './schedule.ts'

const FAILED: Record<Kind, readonly number[]> = JSON.parse(readFileSync(FAILING_SEEDS, 'utf8'))
const AGAIN = KINDS.flatMap((kind) => FAILED[kind].map((seed) => [kind, seed] as const))
const SCHEDULES = 120

describe('schedules', () => {
  it.each(AGAIN)('of the kind %s do what they did not do once (seed %i)', async (kind, seed) => {
    await playSchedule(kind, seed)
  })
})

describe('links with keys', () => {
  it(`bear ${SCHEDULES} schedules`, { timeout: 120_000 }, async () => {
    const told: Told[] = []
    for (let seed = 1; seed <= SCHEDULES; seed++) told.push(await schedule(seed))
    // What they are about did happen.
    const sum = (of: (one: Told) => number) => told.reduce((all, one) => all + of(one), 0)
    expect(sum(({ words }) => words)).toBeGreaterThan(20 * SCHEDULES)
    expect(sum(({ direct }) => direct)).toBeGreaterThan(SCHEDULES / 2)
    expect(sum(({ links }) => links)).toBeGreaterThan(2 * SCHEDULES)
    for (const reason of ['mac', 'unexpected', 'stale', 'replayed', 'unopened'])
      expect(
        sum(({ drops }) => drops[reason] ?? 0),
        reason,
      ).toBeGreaterThan(0)
  })

  it(`bear ${SCHEDULES} in several rooms, some of which lie or carry nothing`, {
    timeout: 120_000,
  }, async () => {
    let words = 0
    for (let seed = 1; seed <= SCHEDULES; seed++) words += (await roomsSchedule(seed)).words
    expect(words).toBeGreaterThan(15 * SCHEDULES)
  })

  it('tell the same story for the same seed, and another for another', async () => {
    const hashes = [await schedule('told twice'), await schedule('told twice'), await schedule('told once')]
    const [first, second, other] = hashes.map(({ hash }) => hash)
    expect((await roomsSchedule('twice')).hash).toBe((await roomsSchedule('twice')).hash)
    expect(second).toBe(first)
    expect(other).not.toBe(first)
  })
})
