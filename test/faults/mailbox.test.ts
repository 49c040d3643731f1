// Twenty senders put and five owners read while the edge is killed, and while connections break in the middle of frames:
// every put that was answered is delivered, in order within its line, and what was taken does not come back.

import { expect, it } from 'vitest'
import { type KillTerms, killAgainAndAgain } from './mailbox-kills.ts'

// Ten seconds each; on a machine that has much else to do, several times as long.
const timeout = 240_000

async function survives(terms: Omit<KillTerms, 'seed'>): Promise<void> {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const { faults, counts } = await killAgainAndAgain({ ...terms, seed })
  process.stdout.write(`mailboxes (seed ${seed}): ${JSON.stringify(counts)}\n`)
  // What is wrong is wrong of many letters, and the first few say of what kind it is.
  expect([faults.length, ...faults.slice(0, 10)]).toEqual([0])
  expect(counts.delivered).toBe(counts.answered)
  // There was something to lose: puts whose answers got lost, and letters that were on disk when it died.
  expect(counts.answered).toBeGreaterThan(50)
  expect(counts.answeredKnown).toBeGreaterThan(0)
}

it('a mailbox loses no letter when its edge is killed', { timeout }, () =>
  survives({ kills: 12, cutsPerKill: 0 }),
)

it('nor when connections break in the middle of frames', { timeout }, () =>
  survives({ kills: 2, cutsPerKill: 8 }),
)
