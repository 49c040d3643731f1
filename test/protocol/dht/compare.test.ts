// Which of two records stands: the same one for everybody, in whatever order they hear of them.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SignedRecord, StoredRecord } from '../../../protocol/dht/contract.ts'
import { compareRecords } from '../../../protocol/dht/records/compare.ts'
import { compareBytes } from '../../../protocol/dht/records/provided.ts'
import { filled } from './layouts.ts'

describe('compareRecords', () => {
  const record = (sequence: bigint, byte: number): SignedRecord => ({
    kind: 'name',
    key: filled(32, 7),
    peer: filled(32, 8),
    sequence,
    digest: filled(32, byte),
    createdMs: 1_000 - byte,
    ttlSeconds: 60,
    bytes: filled(3, byte),
  })
  const value: StoredRecord = { kind: 'value', key: filled(32, 7), ttlSeconds: 60, bytes: filled(9, 9) }

  it('lets the higher sequence stand, whatever else is so', () => {
    expect(compareRecords(record(2n, 1), record(1n, 2))).toBeGreaterThan(0)
    expect(compareRecords(record(1n, 2), record(2n, 1))).toBeLessThan(0)
    expect(compareRecords(record(2n ** 64n - 1n, 0), record(2n ** 53n, 9))).toBeGreaterThan(0)
  })

  it('of one sequence the greater digest, by its first byte that differs', () => {
    expect(compareRecords(record(1n, 2), record(1n, 1))).toBeGreaterThan(0)
    expect(compareRecords(record(1n, 0x7f), record(1n, 0x80))).toBeLessThan(0)
    expect(compareRecords(record(1n, 1), record(1n, 1))).toBe(0)
  })

  it('finds values of one key the same, whoever keeps them for how long', () => {
    expect(compareRecords(value, { ...value, ttlSeconds: 90, bytes: filled(9, 1) })).toBe(0)
  })

  it('is an order: of any three it says the same in whatever order they come', () => {
    const any = fc.record({ sequence: fc.bigInt({ min: 0n, max: 3n }), byte: fc.nat({ max: 3 }) })
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 6 }), (all) => {
        const records = all.map(({ sequence, byte }) => record(sequence, byte))
        const best = (list: readonly SignedRecord[]) =>
          list.reduce((a, b) => (compareRecords(a, b) < 0 ? b : a))
        expect(compareRecords(best(records), best(records.toReversed()))).toBe(0)
        for (const a of records)
          for (const b of records)
            expect(Math.sign(compareRecords(a, b)) + Math.sign(compareRecords(b, a))).toBe(0)
      }),
    )
  })

  it('orders bytes by the first that differs, and the shorter before what it begins', () => {
    expect(compareBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0))).toBeLessThan(0)
    expect(compareBytes(Uint8Array.of(2), Uint8Array.of(1, 9))).toBeGreaterThan(0)
  })
})
