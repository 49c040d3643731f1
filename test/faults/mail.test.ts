// People who send each other mail are killed in the middle of it, and the edge as well: what was sent is heard, in order, and
// once, unless its hearer was killed with it in hand.

import { expect, it } from 'vitest'
import { killPeople } from './mail-kills.ts'

// Ten seconds; on a machine that has much else to do, several times as long.
const timeout = 240_000

it('mail between people who are killed is heard, in order, and not again without a reason', {
  timeout,
}, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const { faults, counts } = await killPeople({ kills: 8, edgeShare: 0.25, cutShare: 0.5, seed })
  process.stdout.write(`mail (seed ${seed}): ${JSON.stringify(counts)}\n`)
  expect(faults).toEqual([])
  expect(counts.sent).toBeGreaterThan(10)
  expect(counts.heard).toBeGreaterThanOrEqual(counts.sent)
})
