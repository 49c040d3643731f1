// What Workers and objects go by: how old a list may be, when it is asked for, and what is said when nobody can be asked.

import { describe, expect, it } from 'vitest'
import {
  LISTED_FRESH_MS,
  LISTED_KEPT_MS,
  LISTED_LISTS_MAX,
  LISTED_STALE_MS,
} from '../../../protocol/limits/protection.ts'
import { peerIdText } from '../../../protocol/peer-id.ts'
import { Buckets } from '../../../protocol/protection/buckets.ts'
import { KnownLists, retryAfterMsOf } from '../../../protocol/protection/known-lists.ts'

const mallory = new Uint8Array(32).fill(1)
const alice = new Uint8Array(32).fill(2)
const NOW = 1_000_000
const listOf = (version: string, untilMs: number | null = null) => ({
  version,
  peers: [{ id: peerIdText(mallory), untilMs }],
})

describe('a list', () => {
  it('is asked for first, then gone by, then asked for meanwhile, by one alone', () => {
    const lists = new KnownLists()
    expect(lists.asking('n/1', NOW)).toBe('first')
    expect(lists.verdict('n/1', mallory, NOW)).toEqual({ kind: 'unknown' })
    lists.told('n/1', listOf('a'), NOW)
    expect(lists.asking('n/1', NOW + LISTED_FRESH_MS - 1)).toBe('no')
    expect(lists.verdict('n/1', mallory, NOW)).toEqual({ kind: 'listed', untilMs: null })
    expect(lists.verdict('n/1', alice, NOW)).toEqual({ kind: 'clear' })
    expect(lists.asking('n/1', NOW + LISTED_FRESH_MS)).toBe('meanwhile')
    expect(lists.asking('n/1', NOW + 2 * LISTED_FRESH_MS - 1)).toBe('no')
    expect(lists.asking('n/1', NOW + 2 * LISTED_FRESH_MS)).toBe('meanwhile')
    expect(lists.asking('n/1', NOW + LISTED_STALE_MS)).toBe('first')
  })

  it('that did not change is as good as new', () => {
    const lists = new KnownLists()
    lists.told('n/1', listOf('a'), NOW)
    expect(lists.versionOf('n/1')).toBe('a')
    lists.told('n/1', undefined, NOW + LISTED_STALE_MS)
    expect(lists.asking('n/1', NOW + LISTED_STALE_MS)).toBe('no')
    expect(lists.verdict('n/1', mallory, NOW + LISTED_STALE_MS).kind).toBe('listed')
    lists.told('forgotten meanwhile', undefined, NOW)
    expect(lists.verdict('forgotten meanwhile', mallory, NOW).kind).toBe('unknown')
  })

  it('is gone by while nobody can be asked, and then nothing is known', () => {
    const lists = new KnownLists()
    lists.told('n/1', listOf('a'), NOW)
    expect(lists.verdict('n/1', alice, NOW + LISTED_KEPT_MS - 1).kind).toBe('clear')
    expect(lists.verdict('n/1', alice, NOW + LISTED_KEPT_MS).kind).toBe('unknown')
  })

  it('lets a term end by itself', () => {
    const lists = new KnownLists()
    lists.told('n/1', listOf('a', NOW + 5), NOW)
    expect(lists.verdict('n/1', mallory, NOW + 4).kind).toBe('listed')
    expect(lists.verdict('n/1', mallory, NOW + 5).kind).toBe('clear')
  })

  it('is one of so many at most', () => {
    const lists = new KnownLists()
    for (let n = 0; n < LISTED_LISTS_MAX; n++) lists.told(`n/${n}`, listOf('a'), NOW)
    lists.told('n/1', listOf('b'), NOW)
    expect([lists.versionOf('n/0'), lists.versionOf('n/1')]).toEqual(['a', 'b'])
    lists.told(`n/${LISTED_LISTS_MAX}`, listOf('a'), NOW)
    expect(lists.versionOf('n/0')).toBeUndefined()
    expect(lists.versionOf(`n/${LISTED_LISTS_MAX}`)).toBe('a')
  })

  it('says on a socket for how long, as far as its field goes', () => {
    expect([retryAfterMsOf(null, 5), retryAfterMsOf(9.5, 5), retryAfterMsOf(4, 5)]).toEqual([0, 5, 1])
    expect(retryAfterMsOf(1e15, 5)).toBe(2 ** 32 - 1)
  })
})

describe('buckets', () => {
  const rate = { perSecond: 10, burst: 20 }

  it('let so many pass at once and so many a second, each name its own', () => {
    const buckets = new Buckets(10)
    for (let n = 0; n < 20; n++) expect(buckets.take('a', rate, NOW).ok).toBe(true)
    expect(buckets.take('a', rate, NOW)).toEqual({ ok: false, retryAfterMs: 100 })
    expect([buckets.waitMs('a', rate, NOW), buckets.waitMs('b', rate, NOW)]).toEqual([100, 0])
    expect(buckets.take('b', rate, NOW).ok).toBe(true)
    expect(buckets.take('a', rate, NOW + 100).ok).toBe(true)
  })

  it('leave what is urgent its share', () => {
    const buckets = new Buckets(10)
    let low = 0
    while (buckets.take('a', rate, NOW, 0.5).ok) low++
    expect(low).toBe(10)
    let critical = 0
    while (buckets.take('a', rate, NOW, 1).ok) critical++
    expect(critical).toBe(10)
  })

  it('say how much of what may be saved up is spent', () => {
    const buckets = new Buckets(10)
    const used = (nowMs: number) => buckets.used('a', rate, nowMs)
    expect(used(NOW)).toBe(0)
    for (let n = 0; n < 5; n++) buckets.take('a', rate, NOW)
    expect([used(NOW), used(NOW + 100), used(NOW + 9_999)]).toEqual([0.25, 0.2, 0])
    buckets.take('b', rate, NOW, 1, 40)
    expect(buckets.used('b', rate, NOW)).toBe(1)
  })

  it('that were taken from again are not the idlest', () => {
    const buckets = new Buckets(2)
    for (const name of ['a', 'b', 'a', 'c']) buckets.take(name, rate, NOW)
    expect(['a', 'b', 'c'].map((name) => buckets.used(name, rate, NOW) > 0)).toEqual([true, false, true])
  })

  it('are never more than so many: first those that are full go, then the idlest', () => {
    const buckets = new Buckets(3)
    for (let n = 0; n < 100; n++) buckets.take(`${n}`, rate, NOW + n)
    expect(buckets.size).toBeLessThanOrEqual(3)
    const kept = new Buckets(2)
    for (let n = 0; n < 20; n++) kept.take('flooder', rate, NOW)
    kept.take('a', rate, NOW)
    kept.take('b', rate, NOW + 200)
    expect(kept.take('flooder', rate, NOW + 200)).toMatchObject({ ok: true })
    expect(kept.waitMs('flooder', { perSecond: 10, burst: 1 }, NOW + 200)).toBeGreaterThan(1_000)
  })
})
