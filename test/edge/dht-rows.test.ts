// What records of the DHT cost in rows written, in a real shard.

import { expect, it } from 'vitest'
import { DHT_ROWS } from '../../scripts/cost/usage.ts'
import { headOf, keyOf, noise, peerOf, providedOf, signedOf, valueRecord } from '../support/dht.ts'
import { meterOf } from './row-meter.ts'
import { askShard, shardObject } from './shards.ts'

const PREFIX = '0110'
const NETWORK = 'rows'
const peer = peerOf('who pays')
const longLived = { ttlSeconds: 40_000, bytes: noise('first', 10) }

const put = (record: ReturnType<typeof valueRecord>) =>
  askShard(NETWORK, PREFIX, { kind: 'put', record, owner: peer })

it('a record is a row and its owner’s account another; what is only read, or is there already, is none', async () => {
  // What is once for each shard: its tables, its alarm.
  await put(valueRecord(keyOf('first', PREFIX), { ...longLived, ttlSeconds: 3_600 }))
  const rows = await meterOf(shardObject(NETWORK, PREFIX))
  const value = valueRecord(keyOf('value', PREFIX), longLived)
  expect(await put(value)).toMatchObject([{ kind: 'stored', isNew: true }])
  expect(await rows()).toEqual({ statements: DHT_ROWS.put, alarms: 0 })
  const name = signedOf(keyOf('name', PREFIX), { createdMs: Date.now(), ttlSeconds: 40_000, peer })
  await put(name)
  expect(await rows()).toEqual({ statements: DHT_ROWS.put, alarms: 0 })
  expect(await put(value)).toMatchObject([{ kind: 'stored', isNew: false }])
  expect(await askShard(NETWORK, PREFIX, { kind: 'get', key: value.key })).toMatchObject([{ kind: 'record' }])
  expect(await rows()).toEqual({ statements: 0, alarms: 0 })
})

it('a key that is provided is a row, and two more for each shard that a signature comes to', async () => {
  await put(valueRecord(keyOf('first', PREFIX), { ...longLived, ttlSeconds: 3_600 }))
  const rows = await meterOf(shardObject(NETWORK, PREFIX))
  const keys = Array.from({ length: 64 }, (_, i) => keyOf(`provided ${i}`, PREFIX))
  const head = headOf(peer, { createdMs: Date.now() })
  const provide = { kind: 'provide', head, keys: providedOf(keys) } as const
  expect(await askShard(NETWORK, PREFIX, provide)).toMatchObject([{ kind: 'stored', isNew: true }])
  expect(await rows()).toEqual({ statements: keys.length + DHT_ROWS.providedToShard, alarms: 0 })
})
