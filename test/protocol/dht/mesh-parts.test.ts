// The parts of a node by themselves: distance, the routing table, what is held, what was seen, and when a lookup is over.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Checked } from '../../../protocol/dht/mesh/contract.ts'
import { Held } from '../../../protocol/dht/mesh/held.ts'
import { Neighbours } from '../../../protocol/dht/mesh/neighbours.ts'
import { byDistance } from '../../../protocol/dht/mesh/node.ts'
import { Patience } from '../../../protocol/dht/mesh/patience.ts'
import { Published } from '../../../protocol/dht/mesh/published.ts'
import { Seen } from '../../../protocol/dht/mesh/seen.ts'
import { compareDistance, sharedBits } from '../../../protocol/dht/place.ts'
import { compareVersions } from '../../../protocol/dht/records/compare.ts'
import {
  MESH_BUCKET_MAX,
  MESH_HELD_BYTES_MAX,
  MESH_HELD_RECORDS_MAX,
  MESH_NEIGHBOURS_MAX,
  MESH_PATIENCE_MS_MAX,
  MESH_PATIENCE_MS_MIN,
  MESH_PROVIDERS_MAX,
  MESH_REPUBLISH_MS,
  MESH_SEEN_MAX,
} from '../../../protocol/limits/mesh.ts'
import { Random } from '../../sim/random.ts'

const place = fc.uint8Array({ minLength: 32, maxLength: 32 })
const distance = (a: Uint8Array, b: Uint8Array) =>
  BigInt(`0x${[...a].map((byte, i) => (byte ^ (b[i] ?? 0)).toString(16).padStart(2, '0')).join('')}`)

const ORIGIN = new Uint8Array(32)
const random = new Random('parts')
/** A place that shares so many bits with the origin, and no more. */
function sharing(bits: number): Uint8Array {
  const node = random.bytes(32)
  for (let bit = 0; bit <= bits; bit++) {
    const mask = 0x80 >>> (bit & 7)
    node[bit >>> 3] = bit === bits ? (node[bit >>> 3] ?? 0) | mask : (node[bit >>> 3] ?? 0) & ~mask
  }
  return node
}

function item(over: Partial<Checked> = {}): Checked {
  const bytes = new Uint8Array(100)
  return {
    bytes,
    expiresAtMs: 1_000_000,
    final: false,
    sequence: 1n,
    digest: random.bytes(32),
    peer: undefined,
    ...over,
  }
}

describe('distance', () => {
  it('is by XOR', () => {
    fc.assert(
      fc.property(place, place, place, (a, b, key) => {
        expect(compareDistance(a, b, key) < 0).toBe(distance(a, key) < distance(b, key))
        expect([a, b].sort(byDistance(key))[0]).toEqual(distance(a, key) <= distance(b, key) ? a : b)
      }),
    )
  })

  it('has buckets by the bits that two places share', () => {
    for (const bits of [0, 1, 7, 8, 15, 16, 100, 255]) expect(sharedBits(ORIGIN, sharing(bits))).toBe(bits)
    expect(sharedBits(ORIGIN, ORIGIN.slice())).toBe(256)
    fc.assert(
      fc.property(place, place, (a, b) => {
        const far = distance(a, b)
        expect(sharedBits(a, b)).toBe(far === 0n ? 256 : 256 - far.toString(2).length)
      }),
    )
  })
})

describe('the routing table', () => {
  it('holds twenty of a bucket, and says who was silent longest', () => {
    const table = new Neighbours(ORIGIN)
    for (let i = 0; i < MESH_BUCKET_MAX; i++)
      expect(table.add(i, sharing(0), undefined, i === 7 ? 0 : 10).kind).toBe('added')
    expect(table.add(100, sharing(0), undefined, 20)).toMatchObject({
      kind: 'full',
      oldest: { neighbour: 7 },
    })
    expect(table.add(101, sharing(1), undefined, 20).kind).toBe('added')
    table.remove(3)
    expect(table.add(102, sharing(0), undefined, 20).kind).toBe('added')
  })

  it('holds no more than it may of all buckets', () => {
    const table = new Neighbours(ORIGIN)
    for (let i = 0; i < MESH_NEIGHBOURS_MAX; i++) table.add(i, sharing(i % 8), undefined, 0)
    expect(table.add(1_000, sharing(9), undefined, 0)).toEqual({ kind: 'full', oldest: undefined })
    expect(table.size).toBe(MESH_NEIGHBOURS_MAX)
  })

  it('knows the nearest to a key, and one that faults only when there is no other', () => {
    const table = new Neighbours(ORIGIN)
    const nodes = Array.from({ length: 12 }, () => random.bytes(32))
    nodes.forEach((node, i) => {
      table.add(i, node, undefined, 0)
    })
    const key = random.bytes(32)
    const order = nodes.map((node, i) => ({ node, i })).sort((a, b) => byDistance(key)(a.node, b.node))
    const [first, second] = order.map(({ i }) => table.get(i)!)
    expect(table.next(key, () => false)).toBe(first)
    expect(table.next(key, (entry) => entry === first)).toBe(second)
    for (let i = 0; i < 3; i++) table.faulted(first!)
    expect(table.next(key, () => false)).toBe(second)
    expect(table.next(key, (entry) => entry !== first)).toBe(first)
    table.answered(first!)
    expect(table.next(key, () => false)).toBe(first)
  })

  it('says which buckets are empty before those of the four nearest', () => {
    const table = new Neighbours(ORIGIN)
    expect(table.empty).toEqual([])
    for (const [i, bits] of [0, 2, 5, 6, 7, 7].entries()) table.add(i, sharing(bits), undefined, 0)
    expect(table.empty).toEqual([1, 3, 4])
    table.remove(1)
    expect(table.empty).toEqual([1, 2, 3, 4])
    table.remove(5)
    expect(table.empty).toEqual([]) // who has four neighbours has no far ones yet
  })

  it('reads so much of a neighbour and no more, and as much again later', () => {
    const table = new Neighbours(ORIGIN)
    table.add(1, sharing(0), undefined, 0)
    const entry = table.get(1)!
    let read = 0
    while (table.hears(entry, 100, 1_000)) read++
    expect(read).toBe(1_000)
    expect(table.hears(entry, 100, 1_009)).toBe(false)
    expect(table.hears(entry, 100, 1_011)).toBe(true)
    expect(table.hears(entry, 3 << 20, 600_000)).toBe(true) // larger than what is ever saved up: from a full bucket, as debt
    expect(table.hears(entry, 1, 600_010)).toBe(false)
  })
})

describe('what is held', () => {
  it('is the better of two records, whichever came first', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 3n), fc.bigInt(1n, 3n), place, place, (one, other, a, b) => {
        const records = [item({ sequence: one, digest: a }), item({ sequence: other, digest: b })] as const
        const [first, second] = records
        expect(Math.sign(compareVersions(first, second)) + Math.sign(compareVersions(second, first))).toBe(0)
        for (const order of [records, [second, first]]) {
          const held = new Held(ORIGIN)
          for (const record of order) held.put('record', ORIGIN, record, 0)
          const kept = held.record(ORIGIN, 0)
          expect(records.some((record) => compareVersions(record, kept!) > 0)).toBe(false)
        }
      }),
    )
  })

  it('is there until its time is over', () => {
    const held = new Held(ORIGIN)
    expect(held.put('record', ORIGIN, item({ expiresAtMs: 100 }), 100)).toBe(false)
    expect(held.put('record', ORIGIN, item({ expiresAtMs: 100, sequence: 9n }), 0)).toBe(true)
    expect(held.record(ORIGIN, 99)?.sequence).toBe(9n)
    expect(held.record(ORIGIN, 100)).toBeUndefined()
    expect(held.put('record', ORIGIN, item(), 100)).toBe(true) // an older one than what is over
    expect(held.record(ORIGIN, 100)?.sequence).toBe(1n)
  })

  it('is bounded by number and by bytes, and what is near stays', () => {
    const held = new Held(ORIGIN)
    const near = sharing(60)
    held.put('record', near, item(), 0)
    for (let i = 0; i < MESH_HELD_RECORDS_MAX; i++)
      expect(held.put('record', sharing(10 + (i % 20)), item(), 0)).toBe(true)
    expect(held.records).toBe(MESH_HELD_RECORDS_MAX)
    const far = sharing(0)
    expect(held.put('record', far, item(), 0)).toBe(false)
    expect(held.record(far, 0)).toBeUndefined()
    for (let i = 0; i < 20; i++)
      held.put('record', sharing(40), item({ bytes: new Uint8Array(MESH_HELD_BYTES_MAX / 8) }), 0)
    expect(held.bytes).toBeLessThanOrEqual(MESH_HELD_BYTES_MAX)
    expect(held.record(near, 0)).toBeDefined()
  })

  it('makes room of what is over before what is far', () => {
    const held = new Held(ORIGIN)
    const far = sharing(0)
    held.put('record', far, item(), 0)
    for (let i = 0; i < MESH_HELD_RECORDS_MAX; i++)
      held.put(
        'record',
        sharing(20),
        item({ expiresAtMs: i === 5 ? 10 : 1_000 }),
        i === MESH_HELD_RECORDS_MAX - 1 ? 20 : 0,
      )
    expect(held.record(far, 20)).toBeDefined()
    expect(held.records).toBe(MESH_HELD_RECORDS_MAX)
  })

  it('is each provider once, and the last to end of too many', () => {
    const held = new Held(ORIGIN)
    const peers = Array.from({ length: MESH_PROVIDERS_MAX + 1 }, () => random.bytes(32))
    peers.forEach((peer, i) => {
      for (const later of [0, 1_000])
        held.put('provided', ORIGIN, item({ peer, expiresAtMs: 100 + i + later }), 0)
    })
    const there = held.providers(ORIGIN, 0)
    expect(there.map(({ peer }) => peer)).toEqual(peers.slice(1))
    expect(held.records).toBe(MESH_PROVIDERS_MAX)
    expect(held.providers(ORIGIN, 1_105)).toHaveLength(MESH_PROVIDERS_MAX - 5)
  })
})

describe('lookups that were seen', () => {
  it('are seen once, as long as they are remembered', () => {
    const seen = new Seen()
    for (let i = 0n; i <= MESH_SEEN_MAX; i++) expect(seen.add(i)).toBe(true)
    expect(seen.add(1n)).toBe(false)
    expect(seen.add(0n)).toBe(true)
  })
})

describe('patience', () => {
  it('is some round trips, then what paths take, within bounds', () => {
    const patience = new Patience()
    expect(patience.ms(100)).toBe(600)
    for (let i = 0; i < 50; i++) patience.measured(700)
    expect(Math.abs(patience.ms(100) - 700)).toBeLessThan(30)
    for (let i = 0; i < 50; i++) patience.measured(10)
    expect(patience.ms(100)).toBe(MESH_PATIENCE_MS_MIN)
    for (let i = 0; i < 50; i++) patience.measured(60_000)
    expect(patience.ms(100)).toBe(MESH_PATIENCE_MS_MAX)
  })
})

describe('what is published', () => {
  it('is due at once, then every ten minutes or so, until its time is over', () => {
    const published = new Published()
    const publication = {
      given: 'record' as const,
      key: ORIGIN,
      item: item({ expiresAtMs: 2 * MESH_REPUBLISH_MS }),
    }
    published.add(publication, 5)
    expect(published.wakeAtMs).toBe(5)
    expect(published.takeDue(5, 0.5)).toMatchObject({ given: 'record' })
    expect(published.takeDue(5, 0.5)).toBeUndefined()
    expect(published.wakeAtMs).toBe(5 + MESH_REPUBLISH_MS)
    expect(published.takeDue(5 + MESH_REPUBLISH_MS, 0)).toBeDefined()
    expect(published.wakeAtMs).toBe(5 + 1.75 * MESH_REPUBLISH_MS)
    expect(published.takeDue(3 * MESH_REPUBLISH_MS, 0)).toBeUndefined()
    expect(published.wakeAtMs).toBeUndefined()
  })
})
