// What is known of a network's shards: as /network/health says it, after objects were moved, and of whoever floods one.

import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { SUMMARY_AFTER_WAKING_MS } from '../../protocol/limits/network.ts'
import { SHARD_REFUSED_FLOODING } from '../../protocol/limits/protection.ts'
import { SHARD_CALL_REQUESTS_MAX } from '../../protocol/limits/shard.ts'
import { registryObjectName, registryOf } from '../../protocol/mailbox/report.ts'
import { registryOfShard } from '../../protocol/network/dht-figures.ts'
import type { RegistryStub } from '../../workers/env.ts'
import { keyOf, peerOf, signedOf, valueRecord } from '../support/dht.ts'
import { newPeer, putValue, randomBytes } from './dht-http.ts'
import { health } from './network.ts'
import { deployedWith } from './rooms.ts'
import { askShard, shardObject } from './shards.ts'

const registries = (env as unknown as { readonly REGISTRIES: DurableObjectNamespace }).REGISTRIES
const registryFor = (network: string, prefix: string) =>
  registries.getByName(registryObjectName(network, registryOfShard(prefix)))

const put = (at: number, prefix: string, owner = peerOf(1)) =>
  ({ kind: 'put', record: valueRecord(keyOf(at, prefix)), owner }) as const

const rowsOf = (registry: DurableObjectStub) =>
  runInDurableObject(registry, (_, { storage }) =>
    storage.sql.exec<{ name: string }>('SELECT name FROM shards').toArray(),
  )

describe('what a network keeps in the DHT', () => {
  it('is in its health, with what was asked and refused', async () => {
    const network = 'dht-health'
    await askShard(network, '0101', put(1, '0101'), put(2, '0101'))
    await vi.waitFor(async () =>
      expect(await health(network)).toMatchObject({
        dht: { shards: 1, splits: 0, records: 2, behind: 0, gets: 0, found: 0, puts: 2, refusals: {} },
      }),
    )
    const now = Date.now.bind(Date)
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 61_000)
    const get = (at: number) => ({ kind: 'get', key: keyOf(at, '0101') }) as const
    const ended = { ...put(4, '0101'), record: valueRecord(keyOf(4, '0101'), { ttlSeconds: 0 }) }
    const moved = get(5)
    moved.key[0] = 0xff
    await askShard(network, '0101', get(1), get(3), ended, moved, put(3, '0101'))
    try {
      await vi.waitFor(async () =>
        expect((await health(network)).dht).toMatchObject({
          records: 3,
          gets: 2,
          found: 1,
          puts: 4,
          refusals: { expired: 1 },
        }),
      )
    } finally {
      clock.mockRestore()
    }
  })

  it('is known of what people put, too', async () => {
    const peer = await newPeer()
    expect((await putValue(peer, randomBytes(100))).status).toBe(201)
    await vi.waitFor(async () =>
      expect((await health('default')).dht).toMatchObject({ shards: 1, records: 1, puts: 1 }),
    )
  })

  it('is asked for by a registry that was moved, and costs it a row for each shard', async () => {
    const [network, prefix] = ['dht-moved', '1100']
    await askShard(network, prefix, put(1, prefix))
    const registry = registryFor(network, prefix)
    await vi.waitFor(async () => expect(await rowsOf(registry)).toEqual([{ name: `/${prefix}` }]))
    await evictDurableObject(registry)
    expect((await health(network)).dht).toMatchObject({ shards: 1, records: 1, behind: 0 })
    await evictDurableObject(shardObject(network, prefix))
    await askShard(network, prefix, put(2, prefix))
    await vi.waitFor(async () => expect((await health(network)).dht).toMatchObject({ records: 2 }))
    expect(await rowsOf(registry)).toEqual([{ name: `/${prefix}` }])
  })

  it('leaves nothing in a network that is only looked at', async () => {
    const [network, prefix] = ['dht-looked-at', '0011']
    const get = { kind: 'get', key: keyOf(1, prefix) } as const
    await askShard(network, prefix, get)
    const now = Date.now.bind(Date)
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + SUMMARY_AFTER_WAKING_MS)
    await askShard(network, prefix, get)
    clock.mockRestore()
    await vi.waitFor(async () => expect((await health(network)).dht).toMatchObject({ shards: 0, gets: 2 }))
    const tables = await runInDurableObject(registryFor(network, prefix), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'shards'").toArray(),
    )
    expect(tables).toEqual([])
  })
})

describe('whoever goes on writing to a shard where it keeps as much as it may', () => {
  const listingOf = (network: string, peer: Uint8Array) =>
    (registries as unknown as { getByName(name: string): RegistryStub })
      .getByName(registryObjectName(network, registryOf(peer)))
      .listing(peer)

  /** So many writes too many, by a peer of its own. */
  const floods = async (network: string, times: number) => {
    const [prefix, peer] = ['0110', peerOf(`flooder of ${network}`)]
    for (let at = 0; at <= times; at += SHARD_CALL_REQUESTS_MAX) {
      const count = Math.min(SHARD_CALL_REQUESTS_MAX, times + 1 - at)
      await askShard(network, prefix, ...Array.from({ length: count }, (_, i) => put(at + i, prefix, peer)))
    }
    return peer
  }

  it('is listed for flooding after a thousand refusals, and not before', () =>
    deployedWith({ DHT_PEER_RECORDS: 1 }, async () => {
      const spared = await floods('dht-nearly', SHARD_REFUSED_FLOODING - 1)
      const listed = await floods('dht-flooded', SHARD_REFUSED_FLOODING)
      await vi.waitFor(async () =>
        expect(await listingOf('dht-flooded', listed)).toMatchObject({
          reason: 'flooding',
          source: 'automatic',
          offences: { flooding: 1 },
        }),
      )
      expect(await listingOf('dht-nearly', spared)).toBeUndefined()
    }))

  it('is whoever put the records, and nobody who signed them', () =>
    deployedWith({ DHT_PEER_RECORDS: 1 }, async () => {
      const [network, prefix] = ['dht-replayed', '0110']
      const [victim, attacker] = [peerOf('who signed'), peerOf('who puts what others signed')]
      for (let call = 0; call < 5; call++) {
        const replayed = Array.from({ length: SHARD_CALL_REQUESTS_MAX }, (_, at) => {
          const key = keyOf(`${call} ${at}`, prefix)
          const record = signedOf(key, { createdMs: Date.now(), peer: victim })
          return { kind: 'put', record, owner: attacker } as const
        })
        await askShard(network, prefix, ...replayed)
      }
      await vi.waitFor(async () => expect(await listingOf(network, attacker)).toBeDefined())
      expect(await listingOf(network, victim)).toBeUndefined()
    }))
})
