// Questions to shards that split, fail and move while they are asked: whoever asks knows nothing, or what was true once.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type {
  Key,
  ProvidedHead,
  ShardAnswer,
  ShardRequest,
  Verified,
} from '../../../protocol/dht/contract.ts'
import { Inquiry, type ShardCall } from '../../../protocol/dht/inquiry.ts'
import { KnownLeaves } from '../../../protocol/dht/leaves.ts'
import { compareDistance, bitsOf as firstBits, KEY_BITS, ROOTS } from '../../../protocol/dht/place.ts'

const key = (...bytes: readonly number[]): Key => Uint8Array.from({ length: 32 }, (_, i) => bytes[i] ?? 0)
const bitsOf = (at: Key) => firstBits(at, KEY_BITS)
const anyKey = fc.uint8Array({ minLength: 32, maxLength: 32 })

/** Shards by their rules alone: a leaf answers with its own name, one that split with the leaves below it. */
class Trie {
  readonly splits = new Map<string, number>()
  readonly peers: Key[] = []
  calls = 0

  split(prefix: string): void {
    for (let above = prefix; above.length >= 4; above = above.slice(0, -1)) {
      this.splits.set(above, (this.splits.get(above) ?? 0) + 1)
    }
  }

  leavesBelow(prefix: string): string[] {
    if (!this.splits.has(prefix)) return [prefix]
    return [...this.leavesBelow(`${prefix}0`), ...this.leavesBelow(`${prefix}1`)]
  }

  leafOf(at: Key): string {
    return ROOTS.flatMap((root) => this.leavesBelow(root)).find((leaf) =>
      bitsOf(at).startsWith(leaf),
    ) as string
  }

  answers({ shard, requests }: ShardCall): ShardAnswer[] {
    this.calls++
    return requests.map((request) => this.#answer(shard, request))
  }

  #answer(shard: string, request: ShardRequest): ShardAnswer {
    const version = this.splits.get(shard)
    if (version !== undefined) {
      return { kind: 'moved', prefix: shard, version, leaves: this.leavesBelow(shard) }
    }
    if (request.kind === 'closest') {
      const here = this.peers.filter((peer) => bitsOf(peer).startsWith(shard))
      const nearest = here.sort((a, b) => compareDistance(a, b, request.target))
      const records = nearest.slice(0, request.limit).map((peer) => ({ key: peer, bytes: peer }))
      return { kind: 'closest', records }
    }
    if (request.kind === 'provide') {
      expect(request.keys.every(({ key }) => bitsOf(key).startsWith(shard))).toBe(true)
      return { kind: 'stored', expiresAtMs: request.keys.length, isNew: false }
    }
    return { kind: 'record', bytes: new TextEncoder().encode(shard), expiresAtMs: 0 }
  }
}

function askAll(trie: Trie, leaves: KnownLeaves, requests: readonly ShardRequest[]): readonly ShardAnswer[] {
  const inquiry = new Inquiry(leaves, requests)
  for (let answers = inquiry.answers(); ; answers = inquiry.answers()) {
    if (answers !== undefined) return answers
    const calls = inquiry.calls()
    expect(calls.length).toBeGreaterThan(0)
    for (const call of calls) inquiry.answered(call, trie.answers(call))
  }
}

const get = (at: Key): ShardRequest => ({ kind: 'get', key: at })
const textOf = (answer: ShardAnswer | undefined) =>
  answer?.kind === 'record' ? new TextDecoder().decode(answer.bytes) : answer?.kind

const anySplits = fc.array(fc.nat({ max: 2 ** 8 - 1 }), { maxLength: 12 })

/** Splits leaves, so that each prefix split is of a shard that was one. */
function grow(trie: Trie, splits: readonly number[]): void {
  for (const at of splits) trie.split(trie.leafOf(key(at)))
}

describe('a question to the shards', () => {
  it('reaches the leaf of its key, whatever was known before', () => {
    fc.assert(
      fc.property(anySplits, anySplits, fc.array(anyKey, { minLength: 1 }), (before, after, keys) => {
        const [trie, leaves] = [new Trie(), new KnownLeaves()]
        grow(trie, before)
        askAll(trie, leaves, keys.map(get))
        grow(trie, after)
        expect(askAll(trie, leaves, keys.map(get)).map(textOf)).toEqual(keys.map((at) => trie.leafOf(at)))
      }),
    )
  })

  it('is corrected in one answer', () => {
    const [trie, leaves] = [new Trie(), new KnownLeaves()]
    for (const prefix of ['0000', '00000', '000000']) trie.split(prefix)
    expect(askAll(trie, leaves, [get(key(0))]).map(textOf)).toEqual(['0000000'])
    expect(trie.calls).toBe(2)
    askAll(trie, leaves, [get(key(0))])
    expect(trie.calls).toBe(3)
  })

  it('costs one call for each shard, however many there are', () => {
    const trie = new Trie()
    askAll(
      trie,
      new KnownLeaves(),
      Array.from({ length: 64 }, (_, i) => get(key(i))),
    )
    expect(trie.calls).toBe(4)
  })

  it('is asked again of a shard that failed once, and answered for one that fails again', () => {
    const fails = (times: number) => {
      let left = times
      const inquiry = new Inquiry(new KnownLeaves(), [get(key(1))])
      const trie = new Trie()
      for (let calls = inquiry.calls(); calls.length > 0; calls = inquiry.calls()) {
        for (const call of calls) inquiry.answered(call, left-- > 0 ? undefined : trie.answers(call))
      }
      return inquiry.answers()
    }
    expect(fails(1)?.map(textOf)).toEqual(['0000'])
    expect(fails(2)).toEqual([{ kind: 'refused', reason: 'internal', retryAfterMs: 1_000 }])
  })

  it('ends, though a shard only ever sends it elsewhere', () => {
    const inquiry = new Inquiry(new KnownLeaves(), [get(key(0))])
    let version = 0
    for (let calls = inquiry.calls(); calls.length > 0; calls = inquiry.calls()) {
      expect(++version).toBeLessThan(10)
      const leaves = ['00000', '00001']
      for (const call of calls) inquiry.answered(call, [{ kind: 'moved', prefix: '0000', version, leaves }])
    }
    expect(inquiry.answers()).toEqual([{ kind: 'refused', reason: 'busy', retryAfterMs: 1_000 }])
  })

  it('for the peers nearest to a target finds them in other shards where its own has too few', () => {
    fc.assert(
      fc.property(
        anySplits,
        fc.uniqueArray(anyKey, { selector: bitsOf, maxLength: 60 }),
        anyKey,
        fc.integer({ min: 1, max: 20 }),
        (splits, peers, target, limit) => {
          const trie = new Trie()
          grow(trie, splits)
          trie.peers.push(...peers)
          const [answer] = askAll(trie, new KnownLeaves(), [{ kind: 'closest', target, limit }])
          const sorted = [...peers].sort((a, b) => compareDistance(a, b, target))
          expect(answer?.kind === 'closest' && answer.records.map(({ key }) => key)).toEqual(
            sorted.slice(0, limit),
          )
        },
      ),
    )
  })

  it('that provides many keys goes to each shard with its own', () => {
    const trie = new Trie()
    grow(trie, [0, 0, 128])
    const keys = Array.from({ length: 256 }, (_, i) => ({ key: key(i), index: i, path: new Uint8Array() }))
    const head = {} as Verified<ProvidedHead>
    const [answer] = askAll(trie, new KnownLeaves(), [{ kind: 'provide', head, keys }])
    expect(answer?.kind).toBe('stored')
  })
})
