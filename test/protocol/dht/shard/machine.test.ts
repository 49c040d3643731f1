// A shard's rules one by one: who wins, what is refreshed, who may keep how much, and what happens when shards split, told as
// stories. That they hold together whatever the order is in properties.test.ts.

import { describe, expect, it } from 'vitest'
import type { ShardAnswer, StoredRecord, Verified } from '../../../../protocol/dht/contract.ts'
import {
  SHARD_FULL_RETRY_MS,
  SHARD_HELD_MAX,
  SHARD_PROVIDERS_MAX,
  SHARD_RETRY_MS,
  SHARD_SWEEP_REST_MS,
} from '../../../../protocol/limits/shard.ts'
import { headOf, ipnsOf, keyOf, peerOf, providedOf, signedOf, valueRecord } from '../../../support/dht.ts'
import { Caller, memoryDisks, World } from './world.ts'

const ROOT = '0000'
const HOUR_MS = 3_600_000
const key = keyOf('the key', '0000000000000000')

function put(record: Verified<StoredRecord>, owner: Uint8Array | undefined = peerOf(1)) {
  return { kind: 'put', record, owner } as const
}

const get = (of: 'signed' | 'value' = 'signed', from = key) => ({ kind: 'get', key: from, of }) as const

function reasonOf(answer: ShardAnswer | undefined): string | undefined {
  return answer?.kind === 'refused' ? answer.reason : answer?.kind
}

/** A world of one shard, and what it answers. */
function shard(config: ConstructorParameters<typeof World>[0] = {}) {
  const world = new World(config)
  const ask = (...requests: Parameters<World['ask']>[1][]) => world.ask(ROOT, ...requests)
  const one = (request: Parameters<World['ask']>[1]) => reasonOf(ask(request)[0])
  return { world, ask, one }
}

describe('what is signed', () => {
  it('is replaced by a higher sequence, and by the greater hash of an equal one', () => {
    const { world, one } = shard()
    const at = { createdMs: world.nowMs }
    const [a, b] = ['a', 'b'].map((says) => signedOf(key, { ...at, sequence: 5, says }))
    const digest = (record = a) =>
      'digest' in (record ?? key) ? (record as { digest: Uint8Array }).digest.join() : ''
    const padded = (record = a) =>
      digest(record)
        .split(',')
        .map((part) => part.padStart(3, '0'))
        .join()
    const [less, greater] = padded(a) < padded(b) ? [a, b] : [b, a]
    expect(one(put(less as never))).toBe('stored')
    expect(one(put(greater as never))).toBe('stored')
    expect(one(put(less as never))).toBe('stale')
    expect(one(put(signedOf(key, { ...at, sequence: 4 })))).toBe('stale')
    expect(one(put(signedOf(key, { ...at, sequence: 6 })))).toBe('stored')
  })

  it('is not written again before the last quarter of its time, though it was signed again', () => {
    const { world, ask } = shard()
    const again = () => ask(put(signedOf(key, { createdMs: world.nowMs, ttlSeconds: 3_600 })))[0]
    const first = again()
    world.nowMs += 2_699_000
    expect(again()).toEqual({ ...first, isNew: false })
    world.nowMs += 2_000
    expect(again()).toEqual({ kind: 'stored', isNew: true, expiresAtMs: world.nowMs + HOUR_MS })
  })

  it('keeps apart what says another thing, and what is of another kind', () => {
    const { world, ask } = shard()
    const at = { createdMs: world.nowMs }
    const value = valueRecord(key)
    const [name, ipns] = [signedOf(key, at), ipnsOf(key, 3, world.nowMs + HOUR_MS)]
    ask(put(value), put(ipns, undefined), put(name))
    const bytes = ask(get('value'), get('signed'), { kind: 'get', key }).map((answer) =>
      answer.kind === 'record' ? answer.bytes : undefined,
    )
    expect(bytes).toEqual([value.bytes, name.bytes, name.bytes])
  })

  it('is never served after its end, nor taken when it has passed', () => {
    const { world, one } = shard()
    expect(one(put(signedOf(key, { createdMs: world.nowMs - 61_000, ttlSeconds: 60 })))).toBe('expired')
    one(put(signedOf(key, { createdMs: world.nowMs, ttlSeconds: 60 })))
    world.nowMs += 59_999
    expect(one(get())).toBe('record')
    world.nowMs += 1
    expect(one(get())).toBe('nothing')
  })

  it('of IPNS is republished with the sequence it had, and a later end', () => {
    const { world, one, ask } = shard()
    one(put(ipnsOf(key, 3, world.nowMs + HOUR_MS), undefined))
    world.nowMs += 50 * 60_000
    expect(ask(put(ipnsOf(key, 3, world.nowMs + HOUR_MS), undefined))[0]).toMatchObject({ isNew: true })
    expect(one(put(ipnsOf(key, 3, world.nowMs + 60_000), undefined))).toBe('stale')
    expect(ask(put(ipnsOf(key, 4, world.nowMs + 2 ** 50), undefined))[0]).toMatchObject({
      expiresAtMs: world.nowMs + 48 * HOUR_MS,
    })
  })
})

describe('quotas', () => {
  it('are by records, and by bytes, of each owner', () => {
    const { world, one } = shard({ peerRecords: 2, peerBytes: 20_000 })
    const name = (seed: string) => signedOf(keyOf(seed, ROOT), { createdMs: world.nowMs })
    expect([one(put(name('a'))), one(put(name('b'))), one(put(name('c')))]).toEqual([
      'stored',
      'stored',
      'over-quota',
    ])
    expect(one(put(name('c'), peerOf(2)))).toBe('stored')
    const large = valueRecord(keyOf('large', ROOT), { bytes: new Uint8Array(20_001) })
    expect(one(put(large, peerOf(3)))).toBe('over-quota')
  })

  it('are given back by what ends, and by whom another takes over from', () => {
    const { world, one } = shard({ peerRecords: 1 })
    one(put(valueRecord(key, { ttlSeconds: 60 })))
    expect(one(put(valueRecord(keyOf(2, ROOT))))).toBe('over-quota')
    world.nowMs += 50_000
    expect(one(put(valueRecord(key, { ttlSeconds: 60 }), peerOf(2)))).toBe('stored')
    expect(one(put(valueRecord(keyOf(2, ROOT), { ttlSeconds: 60 })))).toBe('stored')
    world.nowMs += SHARD_SWEEP_REST_MS
    world.wake()
    expect(one(put(valueRecord(keyOf(3, ROOT))))).toBe('stored')
    expect(world.machine(ROOT).stats(world.nowMs).records).toBe(1)
  })

  it('count no announcement: a peer has one', () => {
    const { world, one } = shard({ peerRecords: 1 })
    const terms = { kind: 'announcement', createdMs: world.nowMs, ttlSeconds: 60 } as const
    for (const seed of [1, 2, 3]) expect(one(put(signedOf(keyOf(seed, ROOT), terms)))).toBe('stored')
    expect(one(put(valueRecord(keyOf(4, ROOT))))).toBe('stored')
    world.nowMs += 61_000 + SHARD_SWEEP_REST_MS
    world.wake()
    expect(world.machine(ROOT).stats(world.nowMs).records).toBe(1)
    expect(one(put(valueRecord(keyOf(5, ROOT))))).toBe('over-quota')
  })

  it('count provided keys, and their head once', () => {
    const { world, one } = shard({ peerRecords: 3, peerBytes: 8_000 })
    const keys = [1, 2, 3, 4].map((each) => keyOf(each, ROOT))
    const head = headOf(peerOf(1), { createdMs: world.nowMs })
    const provide = (of: Uint8Array[], by = head) => one({ kind: 'provide', head: by, keys: providedOf(of) })
    expect(provide(keys)).toBe('over-quota')
    expect(provide(keys.slice(0, 2))).toBe('stored')
    expect(provide(keys.slice(2, 3))).toBe('stored')
    expect(provide(keys.slice(3))).toBe('over-quota')
    // A second head is what the bytes do not allow.
    expect(provide(keys.slice(0, 1), headOf(peerOf(1), { createdMs: world.nowMs + 1, ttlSeconds: 9 }))).toBe(
      'stored',
    )
  })
})

describe('providers of a key', () => {
  const providers = (limit = 99, near = '') => ({ kind: 'providers', key, limit, near }) as const
  const provide = (world: World, peer: number, terms: { ttlSeconds?: number; region?: string } = {}) =>
    world.ask(ROOT, {
      kind: 'provide',
      head: headOf(peerOf(peer), { createdMs: world.nowMs, ...terms }),
      keys: providedOf([key]),
    })[0]
  const peersIn = (answer: ShardAnswer | undefined) =>
    answer?.kind === 'providers' ? answer.providers.map(({ peer }) => peer.join()) : []

  it('are so many at most: the one goes that ends first, if the new one lasts longer', () => {
    const { world, ask } = shard()
    for (let peer = 0; peer < SHARD_PROVIDERS_MAX; peer++) provide(world, peer, { ttlSeconds: 600 + peer })
    expect(provide(world, 900, { ttlSeconds: 500 })).toMatchObject({ kind: 'refused', reason: 'over-quota' })
    expect(provide(world, 901, { ttlSeconds: 700 })).toMatchObject({ kind: 'stored', kept: 1 })
    const peers = peersIn(ask(providers())[0])
    expect(peers.length).toBe(SHARD_PROVIDERS_MAX)
    expect(peers).toContain(peerOf(901).join())
    expect(peers).not.toContain(peerOf(0).join())
  })

  it('come those of the region first, then the newest', () => {
    const { world, ask } = shard()
    for (const [peer, region] of ['weur', 'apac', 'weur', 'apac'].entries()) {
      world.nowMs += 1_000
      provide(world, peer, { region })
    }
    expect(peersIn(ask(providers(3, 'apac'))[0])).toEqual([3, 1, 2].map((peer) => peerOf(peer).join()))
  })

  it('leave no head behind that nobody needs', () => {
    const { world, ask } = shard({ peerBytes: 13_000 })
    for (let day = 0; day < 5; day++) {
      expect(provide(world, 1, { ttlSeconds: 3_600 })).toMatchObject({ isNew: true })
      world.nowMs += 3_000_000
    }
    expect(ask(providers())[0]).toMatchObject({ kind: 'providers', heads: [expect.any(Uint8Array)] })
    world.nowMs += HOUR_MS + SHARD_SWEEP_REST_MS
    world.wake()
    expect(world.machine(ROOT).stats(world.nowMs)).toMatchObject({ records: 0, bytes: 0 })
  })
})

describe('too much', () => {
  it('is busy, and says when to come back', () => {
    const { world, ask } = shard({ requests: { perSecond: 10, burst: 20 } })
    for (let call = 0; call < 20; call++) ask(get())
    expect(ask(get())).toEqual([{ kind: 'refused', reason: 'busy', retryAfterMs: 100 }])
    world.nowMs += 100
    expect(ask(get())).toEqual([{ kind: 'nothing' }])
  })

  it('that lasts splits the shard, a burst does not', () => {
    const { world } = shard({ splitPerSecond: 10 })
    for (let call = 0; call < 500; call++) world.ask(ROOT, get())
    expect(world.machine(ROOT).stats(world.nowMs).isLeaf).toBe(true)
    // Nor does a clock that is set back.
    world.nowMs -= 3_600_000
    world.ask(ROOT, get())
    expect(world.machine(ROOT).stats(world.nowMs).isLeaf).toBe(true)
    for (let second = 0; second < 180; second++) {
      world.nowMs += 1_000
      for (let call = 0; call < 12; call++) world.ask(ROOT, get())
    }
    expect(world.machine(ROOT).stats(world.nowMs).isLeaf).toBe(false)
  })

  it('at the bottom is busy for what is new, and serves what it has', () => {
    const world = new World({ splitRecords: 1 })
    const caller = new Caller(world)
    const deep = '0'.repeat(16)
    const asked: (string | undefined)[] = []
    for (let each = 0; each < 40; each++)
      asked.push(reasonOf(caller.ask(put(valueRecord(keyOf(each, deep)), peerOf(1)))))
    expect(caller.leaves.leafOf(keyOf(0, deep))).toBe(deep)
    expect(asked[0]).toBe('stored')
    expect(caller.ask(put(valueRecord(keyOf('one more', deep))))).toEqual({
      kind: 'refused',
      reason: 'busy',
      retryAfterMs: SHARD_FULL_RETRY_MS,
    })
    for (const [each, reason] of asked.entries())
      expect(reasonOf(caller.ask(get('value', keyOf(each, deep))))).toBe(
        reason === 'stored' ? 'record' : 'nothing',
      )
  })
})

/** Makes a leaf split: with so many rows that it must. */
function fill(world: World, prefix: string): void {
  for (let each = 0; world.machine(prefix).stats(world.nowMs).isLeaf; each++)
    world.ask(prefix, put(valueRecord(keyOf(`${prefix} ${each}`, prefix), { ttlSeconds: 86_400 }), peerOf(7)))
}

describe('a shard that splits', () => {
  const moved = { kind: 'moved', prefix: ROOT, version: 1, leaves: ['00000', '00001'] }

  it('says so to whoever asks, and its children serve what it has', () => {
    const world = new World({ splitRecords: 3 })
    world.ask(ROOT, put(signedOf(key, { createdMs: world.nowMs })))
    fill(world, ROOT)
    expect(world.ask(ROOT, get())).toEqual([moved])
    expect(reasonOf(world.ask('00000', get())[0])).toBe('record')
    expect(reasonOf(world.ask('00001', get('signed', keyOf('x', '00001')))[0])).toBe('nothing')
  })

  it('has no children before it does: they send to it whoever asks them', () => {
    const world = new World()
    const elsewhere = { kind: 'moved', prefix: ROOT, version: 0, leaves: [ROOT] }
    expect(world.ask('00000', put(valueRecord(key)))).toEqual([elsewhere])
    expect(world.ask('0000000', get())).toEqual([elsewhere])
    expect(world.machine('0000000').stats(world.nowMs).bytes).toBe(0)
  })

  it('corrects a caller that knows nothing in one answer, and a stale one in two', () => {
    const world = new World({ splitRecords: 3 })
    const stale = new Caller(world)
    fill(world, ROOT)
    stale.ask(get())
    for (const prefix of ['00000', '000000', '0000000']) fill(world, prefix)
    const fresh = new Caller(world)
    fresh.ask(get())
    expect(fresh.leaves.below(ROOT)).toEqual(['00000000', '00000001', '0000001', '000001', '00001'])
    expect(fresh.mostMoves).toBe(1)
    stale.ask(get())
    expect(stale.mostMoves).toBe(1)
    stale.ask(get('signed', keyOf('elsewhere', '0000001')))
    expect(stale.mostMoves).toBeLessThanOrEqual(2)
    expect(world.ask(ROOT, get())).toMatchObject([{ version: 4 }])
  })

  it('keeps its children from going back: what they put stands for what it has, even when that has ended', () => {
    const world = new World({ splitRecords: 3 })
    world.ask(ROOT, put(signedOf(key, { createdMs: world.nowMs, sequence: 5, ttlSeconds: 86_400 })))
    fill(world, ROOT)
    const older = signedOf(key, { createdMs: world.nowMs, sequence: 4 })
    expect(reasonOf(world.ask('00000', put(older))[0])).toBe('stale')
    world.ask('00000', put(signedOf(key, { createdMs: world.nowMs, sequence: 6, ttlSeconds: 60 })))
    for (const ms of [61_000, SHARD_SWEEP_REST_MS, 2 * HOUR_MS]) {
      world.nowMs += ms
      world.wake()
      expect(reasonOf(world.ask('00000', get())[0])).toBe('nothing')
    }
    expect(reasonOf(world.ask('00000', put(older))[0])).toBe('expired')
  })

  it('writes nothing more, not even what waited for its own parent', () => {
    const world = new World({ splitRecords: 3 })
    fill(world, ROOT)
    const held = world.call('00000', [put(signedOf(key, { createdMs: world.nowMs, sequence: 9 }))])
    // It waits for 0000. Meanwhile the shard takes so much that it splits.
    const child = '00000'
    for (let each = 0; world.underWay < 20 && each < 12; each++)
      world.call(child, [put(valueRecord(keyOf(`more ${each}`, child)), peerOf(8))])
    const order = [...Array(200).keys()].map(() => 1)
    for (const which of order) if (world.underWay > 1) world.step(which)
    expect(held.answers).toBeUndefined()
    expect(world.machine(child).stats(world.nowMs).isLeaf).toBe(false)
    const low = signedOf(key, { createdMs: world.nowMs, sequence: 3 })
    world.settle()
    expect(held.answers).toMatchObject([{ kind: 'moved', prefix: child }])
    expect(reasonOf(world.ask('000000', put(low))[0])).toBe('stored')
    expect(reasonOf(world.ask('000000', get())[0])).toBe('record')
  })

  it('is asked no more when it has nothing left', () => {
    const world = new World({ splitRecords: 3 })
    world.ask(ROOT, put(signedOf(key, { createdMs: world.nowMs, ttlSeconds: 60 })))
    fill(world, ROOT)
    world.ask('00000', put(valueRecord(key, { ttlSeconds: 604_800 })))
    world.nowMs += 25 * HOUR_MS
    world.wake()
    world.nowMs += 25 * HOUR_MS
    world.wake()
    world.ask('00000', get())
    expect(world.call('00000', [get()]).answers).toEqual([{ kind: 'nothing' }])
    world.die('00000')
    expect(world.call('00000', [get('value')]).answers).toMatchObject([{ kind: 'record' }])
  })

  it('does not count what it counted before as all it has', () => {
    const world = new World({ splitRecords: 3 })
    world.ask(ROOT, put(valueRecord(key, { ttlSeconds: 60 })))
    world.nowMs += 60_000 + SHARD_SWEEP_REST_MS
    // The first page of a round, on which there is nothing; then all the shard will ever have; then the last page.
    world.machine(ROOT).receive({ kind: 'wake' }, world.nowMs)
    fill(world, ROOT)
    world.wake()
    const first = get('value', keyOf(`${ROOT} 0`, ROOT))
    // Twice: what a child finds with its parent comes with whether there is more, which counts from the next question on.
    for (const _ of [1, 2]) expect(reasonOf(new Caller(world).ask(first))).toBe('record')
  })

  it('whose store fails while it clears away rests, and then begins anew', () => {
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
    world.ask(ROOT, put(valueRecord(key, { ttlSeconds: 60 })))
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

  it('tells its parent in its next life, if it died before it could', () => {
    const disks = memoryDisks()
    const world = new World({ splitRecords: 3 }, disks)
    fill(world, ROOT)
    for (let each = 0; world.machine('00000').stats(world.nowMs).isLeaf; each++) {
      const call = world.call('00000', [put(valueRecord(keyOf(`b ${each}`, '00000')), peerOf(3))])
      while (call.answers === undefined) world.step()
    }
    const next = new World({ splitRecords: 3 }, disks)
    expect(next.ask(ROOT, get())).toEqual([moved])
    next.ask('00000', get())
    expect(next.ask(ROOT, get())).toMatchObject([{ version: 2 }])
  })
})

describe('a child whose parent does not answer', () => {
  it('is busy, and not for longer than that', () => {
    const world = new World({ splitRecords: 3 })
    world.ask(ROOT, put(signedOf(key, { createdMs: world.nowMs })))
    fill(world, ROOT)
    const call = world.call('00000', [get()])
    world.step()
    world.die(ROOT)
    world.settle()
    if (call.answers !== 'lost' && call.answers?.[0]?.kind === 'refused')
      expect(call.answers).toEqual([{ kind: 'refused', reason: 'busy', retryAfterMs: SHARD_RETRY_MS }])
    expect(reasonOf(world.ask('00000', get())[0])).toBe('record')
  })

  it('holds so many requests, and no more', () => {
    const world = new World({ splitRecords: 3 })
    fill(world, ROOT)
    const calls = Array.from({ length: SHARD_HELD_MAX + 5 }, () => world.call('00000', [get()]))
    expect(calls.filter(({ answers }) => answers !== undefined).length).toBe(5)
    expect(world.machine('00000').stats(world.nowMs).held).toBe(SHARD_HELD_MAX)
    world.settle()
    expect(world.machine('00000').stats(world.nowMs).held).toBe(0)
    expect(calls.filter(({ answers }) => answers === undefined).length).toBe(0)
  })
})
