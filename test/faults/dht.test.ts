// Names are written to shards, and read, while the shards split and the edge is killed: what was acknowledged is found.

import { expect, it } from 'vitest'
import { killShards } from './dht-kills.ts'

// Ten seconds; on a machine that has much else to do, several times as long.
it('shards lose nothing when their edge is killed while they split', { timeout: 240_000 }, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const { faults, counts } = await killShards({ kills: 6, seed })
  process.stdout.write(`shards (seed ${seed}): ${JSON.stringify(counts)}\n`)
  expect(faults).toEqual([])
  // There was something to lose, and it did split, below itself too.
  expect(counts.written).toBeGreaterThan(100)
  expect(counts.leaves).toBeGreaterThan(4)
  expect(counts.depth).toBeGreaterThan(5)
})
