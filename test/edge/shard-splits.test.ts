// Real shards that split while many write and read: no read fails or misses what was acknowledged, whoever is asleep, and
// whatever a caller knows of leaves.

import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ShardAnswer, ShardRequest } from '../../protocol/dht/contract.ts'
import { KnownLeaves } from '../../protocol/dht/leaves.ts'
import { keyIn } from '../protocol/dht/shard/world.ts'
import { headOf, keyOf, peerOf, providedOf, signedOf } from '../support/dht.ts'
import { seeded } from '../support/seeded.ts'
import { askShard, shardObject } from './shards.ts'

// Objects made from now on split when they have a few rows.
beforeAll(() => {
  Object.assign(env, { DHT_SPLIT_RECORDS: '16', DHT_REQUESTS_PER_SECOND: '1000000' })
})

class EdgeCaller {
  readonly leaves = new KnownLeaves()
  readonly asked = new Set<string>()
  mostMoves = 0
  readonly #network: string

  constructor(network: string) {
    this.#network = network
  }

  async ask(request: ShardRequest): Promise<ShardAnswer> {
    for (let moves = 0; moves < 16; moves++) {
      const leaf = this.leaves.leafOf(keyIn(request))
      this.asked.add(leaf)
      const [answer] = await askShard(this.#network, leaf, request)
      if (answer === undefined) throw new Error('no answer')
      if (answer.kind !== 'moved') return answer
      this.mostMoves = Math.max(this.mostMoves, moves + 1)
      this.leaves.note(answer)
    }
    throw new Error('moved for ever')
  }
}

const sequenceIn = (answer: ShardAnswer) =>
  answer.kind === 'record'
    ? Number(new DataView(answer.bytes.buffer, answer.bytes.byteOffset).getBigUint64(8))
    : answer.kind

/** Everything below one root, so that it splits several times over. */
const KEYS = Array.from({ length: 120 }, (_, at) => keyOf(at, at % 3 === 0 ? '011010' : '0110'))

async function writer(caller: EdgeCaller, acknowledged: Map<string, number>, mine: readonly number[]) {
  for (const sequence of [1, 2])
    for (const at of mine) {
      const key = KEYS[at] as Uint8Array
      const terms = { sequence, says: `${sequence}`, createdMs: Date.now(), peer: peerOf(at) }
      const record = signedOf(key, terms)
      expect(await caller.ask({ kind: 'put', record, owner: peerOf(at) })).toMatchObject({ kind: 'stored' })
      acknowledged.set(key.join(), sequence)
    }
}

async function reader(network: string, acknowledged: ReadonlyMap<string, number>, isOver: () => boolean) {
  const random = seeded(network.length)
  let [reads, caller] = [0, new EdgeCaller(network)]
  while (!isOver()) {
    const key = KEYS[Math.floor(random() * KEYS.length)] as Uint8Array
    const least = acknowledged.get(key.join()) ?? 0
    if (random() < 0.1) caller = new EdgeCaller(network)
    const answer = sequenceIn(await caller.ask({ kind: 'get', key, of: 'signed' }))
    if (least > 0) expect(answer).toBeGreaterThanOrEqual(least)
    else expect(['nothing', 1, 2]).toContain(answer)
    reads++
  }
  return reads
}

describe('shards that split under load', () => {
  it('lose nothing, and fail no read', { timeout: 120_000 }, async () => {
    const network = 'splitting'
    const acknowledged = new Map<string, number>()
    const writers = Array.from({ length: 6 }, () => new EdgeCaller(network))
    let isOver = false
    const reading = [1, 2, 3].map(() => reader(network, acknowledged, () => isOver))
    const mine = (of: number) => KEYS.map((_, at) => at).filter((at) => at % writers.length === of)
    await Promise.all(writers.map((caller, of) => writer(caller, acknowledged, mine(of))))
    isOver = true
    const reads = await Promise.all(reading)
    expect(Math.min(...reads)).toBeGreaterThan(20)

    const fresh = new EdgeCaller(network)
    for (const key of KEYS) expect(sequenceIn(await fresh.ask({ kind: 'get', key, of: 'signed' }))).toBe(2)
    // It did split, below itself too; and the root has heard of it all.
    const leaves = fresh.leaves.below('0110')
    expect(leaves.length).toBeGreaterThan(8)
    expect(Math.max(...leaves.map(({ length }) => length))).toBeGreaterThan(6)
    expect(fresh.mostMoves).toBeLessThanOrEqual(2)

    // What the shards knew is on their disks.
    for (const prefix of fresh.asked) await evictDurableObject(shardObject(network, prefix))
    const another = new EdgeCaller(network)
    for (const key of KEYS) expect(sequenceIn(await another.ask({ kind: 'get', key, of: 'signed' }))).toBe(2)
    expect(another.leaves.below('0110')).toEqual(leaves)
  })

  it('keep providers and announcements that were there before', { timeout: 60_000 }, async () => {
    const caller = new EdgeCaller('provided')
    const keys = Array.from({ length: 12 }, (_, at) => keyOf(at, '1111'))
    const head = headOf(peerOf(1), { createdMs: Date.now() })
    await caller.ask({ kind: 'provide', head, keys: providedOf(keys) })
    const announcement = (at: number) =>
      signedOf(keyOf(`peer ${at}`, '111100'), { kind: 'announcement', createdMs: Date.now() })
    for (let at = 0; at < 30; at++)
      await caller.ask({ kind: 'put', record: announcement(at), owner: peerOf(at) })
    expect(caller.leaves.below('1111').length).toBeGreaterThan(2)
    for (const key of keys)
      expect(await caller.ask({ kind: 'providers', key, limit: 9, near: '' })).toMatchObject({
        heads: [head.bytes],
        providers: [{ peer: peerOf(1), head: 0 }],
      })
    const target = keyOf('peer 3', '111100')
    const answer = await caller.ask({ kind: 'closest', target, limit: 20 })
    expect(answer).toMatchObject({ kind: 'closest' })
    if (answer.kind === 'closest') expect(answer.records.length).toBeGreaterThan(5)
    const again = headOf(peerOf(1), { createdMs: Date.now() + 1 })
    expect(
      await caller.ask({ kind: 'provide', head: again, keys: providedOf(keys.slice(0, 1)) }),
    ).toMatchObject({ kind: 'stored', isNew: false, kept: 1 })
  })

  it('leave an alarm behind wherever there is something that ends', async () => {
    const prefix = '0001'
    await askShard('alarms', prefix, {
      kind: 'put',
      record: signedOf(keyOf(1, prefix), { createdMs: Date.now(), ttlSeconds: 7_200 }),
      owner: peerOf(1),
    })
    const atMs = await runInDurableObject(shardObject('alarms', prefix), (_, { storage }) =>
      storage.getAlarm(),
    )
    expect(atMs).toBeGreaterThan(Date.now() + 7_000_000)
    expect(atMs).toBeLessThanOrEqual(Date.now() + 7_200_000)
  })
})
