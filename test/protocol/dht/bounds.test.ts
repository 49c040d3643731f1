// What the layouts of the DHT's records hold at most, from both sides: nobody writes more, and nobody reads it.

import { describe, expect, it } from 'vitest'
import { SHA2_256 } from '../../../protocol/dht/contract.ts'
import { encodeIpns, IPNS_RECORD_BYTES_MAX } from '../../../protocol/dht/records/ipns.ts'
import {
  encodeList,
  encodeProvidedKey,
  PROVIDED_HEAD_BYTES_MAX,
  PROVIDED_LIST_BYTES_MAX,
  readProvidedHead,
  readProvidedKey,
  readProvidedList,
} from '../../../protocol/dht/records/provided.ts'
import { RECORD_BYTES_MAX, readRecord, recordBytesMax } from '../../../protocol/dht/records/record.ts'
import { SIGNED_RECORD_BYTES_MAX, type SignedTerms } from '../../../protocol/dht/records/signed.ts'
import { encodeValue, VALUE_HEAD_BYTES, VALUE_RECORD_BYTES_MAX } from '../../../protocol/dht/records/value.ts'
import {
  DHT_IPNS_BYTES_MAX,
  DHT_NAME_BYTES_MAX,
  DHT_PROVIDED_KEYS_MAX,
  DHT_VALUE_BYTES_MAX,
} from '../../../protocol/limits/dht.ts'
import { MESSAGE_BYTES_MAX } from '../../../protocol/limits/wire.ts'
import { hex } from '../crypto/golden.ts'
import { filled, headOf, signedOf, TERMS } from './layouts.ts'

describe('bounds', () => {
  it('a value with its request fits a message', () => {
    const largest = encodeValue({ code: SHA2_256, ttlSeconds: 60, value: filled(DHT_VALUE_BYTES_MAX, 0) })
    expect(largest.length).toBe(VALUE_RECORD_BYTES_MAX)
    expect(readRecord(largest)?.kind).toBe('value')
    expect(MESSAGE_BYTES_MAX - largest.length).toBe(505)
    expect(readRecord(Uint8Array.from([...largest, 0]))).toBeUndefined()
    expect(() =>
      encodeValue({ code: SHA2_256, ttlSeconds: 60, value: filled(DHT_VALUE_BYTES_MAX + 1, 0) }),
    ).toThrow(RangeError)
    expect(MESSAGE_BYTES_MAX - PROVIDED_LIST_BYTES_MAX).toBeGreaterThan(1_000)
    expect(RECORD_BYTES_MAX).toBe(VALUE_RECORD_BYTES_MAX)
  })

  it('of each kind are those of the largest that can be written', () => {
    const most = { ...TERMS, value: filled(DHT_NAME_BYTES_MAX, 1), salt: filled(64, 1) }
    const name = signedOf({ kind: 'name', ...most })
    expect(name.length).toBe(SIGNED_RECORD_BYTES_MAX.name)
    expect(recordBytesMax(name)).toBe(name.length)
    expect(readRecord(name)?.kind).toBe('name')
    const announcement = signedOf({
      kind: 'announcement',
      ...TERMS,
      value: filled(2_048, 1),
      salt: filled(0, 0),
    })
    expect(recordBytesMax(announcement)).toBe(announcement.length)
    expect(announcement.length).toBe(SIGNED_RECORD_BYTES_MAX.announcement)
    const ipns = encodeIpns({ name: filled(64, 1), record: filled(DHT_IPNS_BYTES_MAX, 1) })
    expect(ipns.length).toBe(IPNS_RECORD_BYTES_MAX)
    expect(recordBytesMax(ipns)).toBe(ipns.length)
    expect(recordBytesMax(Uint8Array.of(1))).toBe(VALUE_RECORD_BYTES_MAX)
    expect(recordBytesMax(Uint8Array.of(9))).toBe(0)
    expect(recordBytesMax(new Uint8Array())).toBe(0)
  })

  it.each<readonly [string, Partial<SignedTerms>]>([
    ['a salt of 65 bytes', { salt: filled(65, 0) }],
    ['a value of 4,097', { value: filled(DHT_NAME_BYTES_MAX + 1, 0) }],
    ['a sequence of 65 bits', { sequence: 2n ** 64n }],
    ['one below zero', { sequence: -1n }],
    ['a time between milliseconds', { createdMs: 0.5 }],
    ['a TTL of no number', { ttlSeconds: Number.NaN }],
    ['a TTL of 33 bits', { ttlSeconds: 2 ** 32 }],
    ['an announcement with a salt', { kind: 'announcement' }],
  ])('nobody writes %s', (_, wrong) => {
    expect(() => signedOf({ kind: 'name', ...TERMS, ...wrong })).toThrow(RangeError)
  })

  /** Where fields of a name without salt and value stand. */
  const AT = { magic: 1, kind: 5, flags: 6, suite: 7, created: 16, salt: 28, value: 29 } as const
  const bare = signedOf({ kind: 'name', ...TERMS, salt: filled(0, 0), value: filled(0, 0) })
  it.each<readonly [string, number, readonly number[]]>([
    ['another magic', AT.magic, [0x77]],
    ['no such kind', AT.kind, [3]],
    ['the kind 0', AT.kind, [0]],
    ['flags', AT.flags, [1]],
    ['another suite', AT.suite, [2]],
    ['a time no number holds', AT.created, [0, 0x20]],
    ['a salt longer than there is', AT.salt, [64]],
    ['a salt longer than may be', AT.salt, [65]],
    ['a value longer than there is', AT.value, [0, 1]],
    ['a value longer than may be', AT.value, [0xff, 0xff]],
  ])('and nobody reads %s', (_, at, patch) => {
    expect(readRecord(bare)?.kind).toBe('name')
    const bytes = bare.slice()
    bytes.set(patch, at)
    expect(readRecord(bytes)).toBeUndefined()
  })

  it('a salt or value claimed longer than may be is refused though all its bytes are there', () => {
    const whole = new Uint8Array(bare.length + 5_000)
    const padded = (at: number, claim: readonly number[], length: number) => {
      whole.set(bare.subarray(0, at))
      whole.set(claim, at)
      whole.set(bare.subarray(at + claim.length), at + claim.length + length)
      return readRecord(whole.slice(0, bare.length + length))
    }
    expect(padded(AT.salt, [64], 64)?.kind).toBe('name')
    expect(padded(AT.salt, [65], 65)).toBeUndefined()
    expect(padded(AT.value, [0x10, 0x00], 4_096)?.kind).toBe('name')
    expect(padded(AT.value, [0x10, 0x01], 4_097)).toBeUndefined()
  })

  it('a value is under a digest we know', () => {
    expect(readRecord(Uint8Array.of(1, 0x11, 0, 0, 0, 60))).toBeUndefined()
    expect(readRecord(Uint8Array.of(1, 0x12, 0, 0, 0, 60))?.kind).toBe('value')
    expect(VALUE_HEAD_BYTES).toBe(6)
  })

  it('a name of IPNS has some bytes and not too many, and so has its record', () => {
    expect(readRecord(Uint8Array.of(3, 0, 1))).toBeUndefined()
    expect(readRecord(Uint8Array.of(3, 1, 1))).toBeUndefined()
    expect(readRecord(Uint8Array.from([3, 65, ...filled(65, 1), 1]))).toBeUndefined()
    expect(readRecord(Uint8Array.from([3, 1, 1, ...filled(DHT_IPNS_BYTES_MAX + 1, 1)]))).toBeUndefined()
    expect(readRecord(Uint8Array.of(3, 1, 1, 1))?.kind).toBe('ipns')
    for (const wrong of [
      { name: filled(65, 1), record: filled(1, 1) },
      { name: filled(1, 1), record: filled(0, 1) },
    ])
      expect(() => encodeIpns(wrong)).toThrow(RangeError)
  })
})

describe('bounds of what is provided', () => {
  const terms = { createdMs: 5, ttlSeconds: 60, region: '', count: 2, root: filled(32, 0) }
  const withTerms = (more: Partial<typeof terms>) => headOf({ ...terms, ...more })
  const [low, high] = [filled(32, 1), filled(32, 2)]

  it('are those of the largest that can be written', () => {
    const head = withTerms({ region: 'abcdefghijklmnop', count: DHT_PROVIDED_KEYS_MAX })
    expect(head.length).toBe(PROVIDED_HEAD_BYTES_MAX)
    const keys = Array.from({ length: DHT_PROVIDED_KEYS_MAX }, (_, i) =>
      Uint8Array.from([i >> 8, i & 255, ...filled(30, 0)]),
    )
    const list = encodeList(head, keys)
    expect(list.length).toBe(PROVIDED_LIST_BYTES_MAX)
    expect(readProvidedList(list)?.keys.length).toBe(DHT_PROVIDED_KEYS_MAX)
  })

  it('keep keys in order, each once', () => {
    expect(readProvidedList(encodeList(withTerms({}), [low, high]))?.keys.map(hex)).toEqual([
      hex(low),
      hex(high),
    ])
    expect(readProvidedList(encodeList(withTerms({}), [high, low]))).toBeUndefined()
    expect(readProvidedList(encodeList(withTerms({}), [low, low]))).toBeUndefined()
    expect(readProvidedList(encodeList(withTerms({ count: 1 }), [low, high]))).toBeUndefined()
    expect(readProvidedList(encodeList(withTerms({ count: 3 }), [low, high]))).toBeUndefined()
  })

  it.each<readonly [string, Partial<typeof terms>]>([
    ['no key', { count: 0 }],
    ['1,025 keys', { count: 1_025 }],
    ['a region of 17 letters', { region: 'abcdefghijklmnopq' }],
    ['a region of digits', { region: 'w3' }],
    ['a root of 31 bytes', { root: filled(31, 0) }],
    ['a time before time', { createdMs: -1 }],
    ['a TTL between seconds', { ttlSeconds: 1.5 }],
  ])('nobody writes a head of %s', (_, wrong) => {
    expect(() => withTerms(wrong)).toThrow(RangeError)
  })

  it.each<readonly [string, number, readonly number[]]>([
    ['another magic', 3, [0x32]],
    ['flags', 4, [1]],
    ['another suite', 5, [0]],
    ['a time no number holds', 6, [1]],
    ['a region longer than there is', 18, [16]],
    ['no key', 19, [0, 0]],
    ['1,025 keys', 19, [4, 1]],
  ])('nobody reads a head of %s', (_, at, patch) => {
    const bytes = withTerms({})
    expect(readProvidedHead(bytes)).toBeDefined()
    bytes.set(patch, at)
    expect(readProvidedHead(bytes)).toBeUndefined()
  })

  it('a region that is no letters is not read', () => {
    const bytes = withTerms({ region: 'weur' })
    for (const letter of [0x20, 0x2d, 0x31, 0x5b, 0x60, 0x7b, 0xc3, 0xff]) {
      bytes[20] = letter
      expect(readProvidedHead(bytes)).toBeUndefined()
    }
  })

  it('a key is at an index below the count, with whole hashes, and no more than a tree has levels', () => {
    const one = (index: number, path: Uint8Array) =>
      readProvidedKey(Uint8Array.from([...withTerms({}), ...low, 0, index, ...path]))
    expect(one(1, filled(32, 0))).toBeDefined()
    expect(one(1, filled(320, 0))).toBeDefined()
    expect(one(2, filled(32, 0))).toBeUndefined()
    expect(one(1, filled(33, 0))).toBeUndefined()
    expect(one(1, filled(352, 0))).toBeUndefined()
    expect(() => encodeProvidedKey(withTerms({}), { key: low, index: 1_024, path: filled(0, 0) })).toThrow(
      RangeError,
    )
  })
})
