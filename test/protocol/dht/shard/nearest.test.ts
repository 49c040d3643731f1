// The nearest keys by XOR, held against looking at all of them: keys that are spread, keys that are close together, targets
// within the prefix and outside it. And how many keys it takes.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Key } from '../../../../protocol/dht/contract.ts'
import {
  bitsOf,
  compareDistance,
  compareKeys,
  isBelow,
  keyBelow,
  sharedBits,
} from '../../../../protocol/dht/place.ts'
import { nearest } from '../../../../protocol/dht/shard/nearest.ts'
import { keyOf } from '../../../support/dht.ts'

function scanOf(keys: readonly Key[]) {
  const sorted = [...keys].sort(compareKeys)
  const seen = { keys: 0 }
  const scan = (from: Key, to: Key, way: 'up' | 'down', limit: number) => {
    const found =
      way === 'up'
        ? sorted.filter((key) => compareKeys(key, from) >= 0 && compareKeys(key, to) <= 0).slice(0, limit)
        : sorted
            .filter((key) => compareKeys(key, from) < 0 && compareKeys(key, to) >= 0)
            .reverse()
            .slice(0, limit)
    seen.keys += found.length
    return found
  }
  return { scan, seen }
}

const prefix = fc.constantFrom('', '0', '0101', '01010', '1111111')
/** Spread, or in one of a few narrow places. */
const key = fc
  .tuple(fc.nat(), fc.constantFrom('', '0101', '010111', '0101110000000001', '01011100000000010', '1111111'))
  .map(([seed, below]) => keyOf(seed, below))

describe('the nearest keys', () => {
  it('are those that looking at all would find, in their order', () => {
    fc.assert(
      fc.property(
        fc.array(key, { maxLength: 60 }),
        key,
        prefix,
        fc.integer({ min: 1, max: 20 }),
        (keys, target, below, limit) => {
          const all = [...new Map(keys.map((each) => [each.join(), each])).values()]
          const { scan } = scanOf(all)
          const wanted = all
            .filter((each) => isBelow(below, each))
            .sort((a, b) => compareDistance(a, b, target))
          expect(nearest(below, target, limit, scan).map((each) => each.join())).toEqual(
            wanted.slice(0, limit).map((each) => each.join()),
          )
        },
      ),
      { numRuns: 500 },
    )
  })

  it('take few keys more than are wanted', () => {
    const { scan, seen } = scanOf(Array.from({ length: 2_000 }, (_, at) => keyOf(at, '0101')))
    for (let at = 0; at < 10; at++) expect(nearest('0101', keyOf(`target ${at}`), 20, scan).length).toBe(20)
    expect(seen.keys / 10).toBeLessThan(180)
  })
})

describe('bits of keys', () => {
  it('are those that were put there', () => {
    fc.assert(
      fc.property(key, key, fc.integer({ min: 0, max: 256 }), (a, b, bits) => {
        const mixed = keyBelow(a, bits, b)
        expect(sharedBits(a, mixed)).toBeGreaterThanOrEqual(bits)
        expect(bitsOf(mixed, 256)).toBe(bitsOf(a, bits) + bitsOf(b, 256).slice(bits))
      }),
    )
  })
})
