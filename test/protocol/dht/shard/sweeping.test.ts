// Clearing away what has ended, where the store fails in the middle of it.

import { expect, it } from 'vitest'
import { SHARD_SWEEP_REST_MS } from '../../../../protocol/limits/shard.ts'
import { keyOf, peerOf, valueRecord } from '../../../support/dht.ts'
import { memoryDisks, World } from './world.ts'

const ROOT = '0000'

it('rests when its store fails, and then begins anew', () => {
  let broken = true
  const disks = memoryDisks()
  const world = new World({}, (prefix) => {
    const store = disks(prefix)
    const sweep = store.sweep.bind(store)
    store.sweep = (...page) => {
      if (broken) throw new Error('no disk')
      return sweep(...page)
    }
    return store
  })
  const record = valueRecord(keyOf('the key', ROOT), { ttlSeconds: 60 })
  world.ask(ROOT, { kind: 'put', record, owner: peerOf(1) })
  world.nowMs += 60_000 + SHARD_SWEEP_REST_MS
  world.wake()
  // Once, and not for as long as it fails: an alarm that rings at once is an object that never sleeps.
  expect(world.storeFailures.length).toBe(1)
  expect(world.machine(ROOT).wakeAtMs).toBe(world.nowMs + SHARD_SWEEP_REST_MS)
  broken = false
  world.nowMs += SHARD_SWEEP_REST_MS
  world.wake()
  expect(world.machine(ROOT).stats(world.nowMs).records).toBe(0)
})
