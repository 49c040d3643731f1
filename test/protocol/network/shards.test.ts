// What shards say of themselves: when, how much of it, and what a registry makes of it.

import { describe, expect, it } from 'vitest'
import type { ShardAnswer, ShardRequest } from '../../../protocol/dht/contract.ts'
import { ROOTS } from '../../../protocol/dht/place.ts'
import { REGISTRY_SHARDS_MAX, SUMMARY_AFTER_WAKING_MS } from '../../../protocol/limits/network.ts'
import { SHARD_REFUSED_FLOODING } from '../../../protocol/limits/protection.ts'
import { REGISTRIES } from '../../../protocol/mailbox/report.ts'
import {
  addDht,
  NO_DHT,
  registryOfShard,
  type ShardSummary,
  shardOfText,
  shardText,
} from '../../../protocol/network/dht-figures.ts'
import { GatheredShards } from '../../../protocol/network/gathered-shards.ts'
import { windowMs } from '../../../protocol/network/history.ts'
import { ShardWatch } from '../../../protocol/network/shard-watch.ts'
import { RefusedOften } from '../../../protocol/protection/refused-often.ts'
import { headOf, keyOf, peerOf, providedOf, valueRecord } from '../../support/dht.ts'

const EVERY_MS = 60_000
const PLACE = { network: 'n', region: '', prefix: '0101' } as const
const key = keyOf(1, PLACE.prefix)
const get: ShardRequest = { kind: 'get', key }
const put: ShardRequest = { kind: 'put', record: valueRecord(key), owner: peerOf(1) }
const nothing: ShardAnswer = { kind: 'nothing' }
const stored: ShardAnswer = { kind: 'stored', expiresAtMs: 1, isNew: true }
const refused = (reason: 'busy' | 'stale'): ShardAnswer => ({ kind: 'refused', reason, retryAfterMs: 1 })
const moved: ShardAnswer = { kind: 'moved', prefix: '0101', version: 1, leaves: ['01010', '01011'] }

describe('a shard', () => {
  it('tells of what was written at once, and then no more than once a period', () => {
    const watch = new ShardWatch(EVERY_MS, { records: 5, isSplit: false }, 0)
    expect(watch.tells({ records: 5, isSplit: false }, 0)).toBe(false)
    expect(watch.tells({ records: 6, isSplit: false }, 1)).toBe(true)
    watch.summary(PLACE, { records: 6, bytes: 100, isSplit: false }, 1)
    expect(watch.tells({ records: 7, isSplit: false }, EVERY_MS)).toBe(false)
    expect(watch.tells({ records: 7, isSplit: false }, EVERY_MS + 1)).toBe(true)
    expect(watch.tells({ records: 6, isSplit: true }, EVERY_MS + 1)).toBe(true)
    expect(watch.tells({ records: 6, isSplit: false }, EVERY_MS + 1)).toBe(false)
  })

  it('tells of what was only read when it has been awake for a while', () => {
    const watch = new ShardWatch(EVERY_MS, { records: 0, isSplit: false }, 0)
    watch.answered([get], [nothing])
    const asItWas = { records: 0, isSplit: false }
    expect(watch.tells(asItWas, SUMMARY_AFTER_WAKING_MS - 1)).toBe(false)
    expect(watch.tells(asItWas, SUMMARY_AFTER_WAKING_MS)).toBe(true)
  })

  it('tells nobody where nobody watches', () => {
    const watch = new ShardWatch(0, { records: 0, isSplit: false }, 0)
    watch.answered([get], [nothing])
    expect(watch.tells({ records: 9, isSplit: true }, 1e9)).toBe(false)
  })

  it('counts what it answered, and not what another will', () => {
    const watch = new ShardWatch(EVERY_MS, { records: 0, isSplit: false }, 0)
    const providers: ShardRequest = { kind: 'providers', key, limit: 1, near: '' }
    const closest: ShardRequest = { kind: 'closest', target: key, limit: 1 }
    const provide: ShardRequest = {
      kind: 'provide',
      head: headOf(peerOf(1), { createdMs: 0 }),
      keys: providedOf([key]),
    }
    const one = { peer: peerOf(1), head: 0, index: 0, path: new Uint8Array(), expiresAtMs: 1 }
    watch.answered(
      [get, get, get, providers, closest, put, put, provide, get],
      [
        { kind: 'record', bytes: new Uint8Array(), expiresAtMs: 1 },
        nothing,
        refused('busy'),
        { kind: 'providers', heads: [new Uint8Array()], providers: [one] },
        { kind: 'closest', records: [] },
        stored,
        refused('stale'),
        refused('busy'),
        moved,
      ],
    )
    const counts = { gets: 5, found: 2, puts: 3, refused: { busy: 2, stale: 1 } }
    const gauges = { records: 1, bytes: 100, isSplit: false }
    expect(watch.summary(PLACE, gauges, 7)).toEqual({
      prefix: '0101',
      region: '',
      atMs: 7,
      ...gauges,
      counts,
    })
    expect(watch.summary(PLACE, gauges, 8).counts).toEqual({ gets: 0, found: 0, puts: 0, refused: {} })
  })

  it('complains of a peer with each thousandth write that is refused, whoever writes between', () => {
    const often = new RefusedOften()
    const times = Array.from({ length: 2 * SHARD_REFUSED_FLOODING }, (_, at) => {
      expect(often.refused(peerOf(`other ${at}`))).toBe(false)
      return often.refused(peerOf(1))
    })
    expect(times.flatMap((isOne, at) => (isOne ? [at + 1] : []))).toEqual([
      SHARD_REFUSED_FLOODING,
      2 * SHARD_REFUSED_FLOODING,
    ])
  })
})

const summary = (of: Partial<ShardSummary>): ShardSummary => ({
  prefix: '0101',
  region: '',
  atMs: 0,
  records: 10,
  bytes: 1_000,
  isSplit: false,
  counts: { gets: 0, found: 0, puts: 0, refused: {} },
  ...of,
})

describe('a registry', () => {
  it('is told by the shards below one root, and each root has another', () => {
    expect(new Set(ROOTS.map(registryOfShard)).size).toBe(REGISTRIES)
    for (const root of ROOTS) expect(registryOfShard(`${root}0110`)).toBe(registryOfShard(root))
  })

  it('adds shards up, those that split apart, and records of the first region alone', () => {
    const shards = new GatheredShards(EVERY_MS)
    expect(shards.hear(summary({}), 0)).toBe('/0101')
    expect(shards.hear(summary({ records: 12 }), 0)).toBeUndefined()
    expect(shards.hear(summary({ region: 'apac' }), 0)).toBe('apac/0101')
    shards.hear(summary({ prefix: '1010', isSplit: true, records: 3 }), 0)
    expect(shards.view(0)).toMatchObject({ shards: 2, splits: 1, records: 15, bytes: 3_000, behind: 0 })
    const { prefix, region } = shardOfText('apac/0101')
    expect([prefix, region, shardText({ prefix, region })]).toEqual(['0101', 'apac', 'apac/0101'])
  })

  it('knows of no shard that nobody wrote to, but counts what it was asked', () => {
    const shards = new GatheredShards(EVERY_MS)
    const counts = { gets: 3, found: 0, puts: 0, refused: {} }
    expect(shards.hear(summary({ records: 0, bytes: 0, counts }), 0)).toBeUndefined()
    expect(shards.view(0)).toMatchObject({ shards: 0, counts })
  })

  it('that was moved knows which there were, and says how many it has not heard', () => {
    const shards = new GatheredShards(EVERY_MS, ['/0101', '/1010'])
    expect(shards.view(0)).toMatchObject({ shards: 0, behind: 2 })
    shards.learn('/0101', { records: 4, bytes: 100, isSplit: false })
    expect(shards.unknown()).toEqual(['/1010'])
    expect(shards.view(0)).toMatchObject({ shards: 1, records: 4, behind: 1 })
  })

  it('forgets what was counted before the window', () => {
    const shards = new GatheredShards(EVERY_MS)
    const counts = { gets: 2, found: 1, puts: 1, refused: { busy: 1 } }
    shards.hear(summary({ counts }), 0)
    shards.hear(summary({ counts }), EVERY_MS)
    expect(shards.view(EVERY_MS).counts).toEqual({ gets: 4, found: 2, puts: 2, refused: { busy: 2 } })
    const later = EVERY_MS + windowMs(EVERY_MS) - 1
    expect(shards.view(later).counts).toEqual(counts)
    expect(shards.view(later + EVERY_MS).counts).toEqual(NO_DHT.counts)
  })

  it('knows of no more than so many', () => {
    const shards = new GatheredShards(EVERY_MS)
    for (let at = 0; at <= REGISTRY_SHARDS_MAX; at++)
      shards.hear(summary({ prefix: at.toString(2).padStart(16, '0') }), 0)
    expect(shards.view(0).shards).toBe(REGISTRY_SHARDS_MAX)
  })

  it('adds to what others know', () => {
    const one = new GatheredShards(EVERY_MS)
    one.hear(summary({ counts: { gets: 1, found: 1, puts: 2, refused: { stale: 1 } } }), 0)
    const sum = [one.view(0), one.view(0)].reduce(addDht, NO_DHT)
    expect(sum).toEqual({
      shards: 2,
      splits: 0,
      records: 20,
      bytes: 2_000,
      behind: 0,
      counts: { gets: 2, found: 2, puts: 4, refused: { stale: 2 } },
    })
  })
})
