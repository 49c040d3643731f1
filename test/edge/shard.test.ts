// Shards as real objects: what they answer over RPC, and what is on their disk.

import { describe, expect, it } from 'vitest'
import { headOf, keyOf, peerOf, providedOf, signedOf, valueRecord } from '../support/dht.ts'
import { askShard } from './shards.ts'

const PREFIX = '0101'

describe('a shard', () => {
  it('answers in order what is asked of it in one call', async () => {
    const [key, name, peer] = [keyOf(1, PREFIX), keyOf(2, PREFIX), peerOf(1)]
    const value = valueRecord(key)
    const signed = signedOf(name, { createdMs: Date.now(), peer })
    const answers = await askShard(
      'in-order',
      PREFIX,
      { kind: 'get', key },
      { kind: 'put', record: value, owner: peer },
      { kind: 'get', key },
      { kind: 'put', record: signed, owner: peer },
      { kind: 'get', key: name, of: 'signed' },
    )
    expect(answers.map(({ kind }) => kind)).toEqual(['nothing', 'stored', 'record', 'stored', 'record'])
    expect(answers[2]).toMatchObject({ bytes: value.bytes })
    expect(answers[4]).toMatchObject({ bytes: signed.bytes })
  })

  it('lists providers, the head they share once', async () => {
    const [a, b] = [keyOf(1, PREFIX), keyOf(2, PREFIX)]
    const head = headOf(peerOf(1), { createdMs: Date.now() })
    const [stored] = await askShard('providers', PREFIX, { kind: 'provide', head, keys: providedOf([a, b]) })
    expect(stored).toMatchObject({ kind: 'stored', isNew: true, kept: 2 })
    const [found] = await askShard('providers', PREFIX, {
      kind: 'providers',
      key: b,
      limit: 20,
      near: 'weur',
    })
    expect(found).toMatchObject({
      kind: 'providers',
      heads: [head.bytes],
      providers: [{ peer: peerOf(1), head: 0, index: 1 }],
    })
  })

  it('finds the announcements nearest to a target', async () => {
    const keys = Array.from({ length: 40 }, (_, at) => keyOf(at, PREFIX))
    const records = keys.map((key) => signedOf(key, { kind: 'announcement', createdMs: Date.now() }))
    await askShard(
      'closest',
      PREFIX,
      ...records.map((record, at) => ({ kind: 'put', record, owner: peerOf(at) }) as const),
    )
    const target = keyOf('target', PREFIX)
    const distance = (key: Uint8Array) => key.map((byte, at) => byte ^ (target[at] ?? 0)).join(',')
    const padded = (key: Uint8Array) =>
      distance(key)
        .split(',')
        .map((part) => part.padStart(3, '0'))
        .join()
    const sorted = [...records].sort((a, b) => (padded(a.key) < padded(b.key) ? -1 : 1))
    const [answer] = await askShard('closest', PREFIX, { kind: 'closest', target, limit: 20 })
    const nearest = sorted.slice(0, 20).map(({ key, bytes }) => ({ key, bytes }))
    expect(answer).toEqual({ kind: 'closest', records: nearest })
  })
})
