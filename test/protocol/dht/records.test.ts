// The layouts of the DHT's records: their bytes, written down; that they come back as they went; and that whatever else they are
// given, they read it from its one spelling or not at all.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BLAKE3, SHA2_256 } from '../../../protocol/dht/contract.ts'
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../../../protocol/dht/records/fields.ts'
import { encodeIpns } from '../../../protocol/dht/records/ipns.ts'
import {
  encodeList,
  encodeProvidedKey,
  type ProvidedTerms,
  readProvidedHead,
  readProvidedKey,
  readProvidedList,
} from '../../../protocol/dht/records/provided.ts'
import { type ReadRecord, readRecord } from '../../../protocol/dht/records/record.ts'
import { encodeValue } from '../../../protocol/dht/records/value.ts'
import { utf8 } from '../../../protocol/wire/bytes.ts'
import { digest, hex } from '../crypto/golden.ts'
import { filled, headOf, signedOf, TERMS } from './layouts.ts'

// ---- what they look like ---------------------------------------------------------------------------------------

describe('bytes', () => {
  it('of a value', () => {
    const value = utf8('waypost')
    expect(hex(encodeValue({ code: SHA2_256, ttlSeconds: 604_800, value }))).toBe(
      '011200093a80776179706f7374',
    )
    expect(hex(encodeValue({ code: BLAKE3, ttlSeconds: 60, value }))).toBe('011e0000003c776179706f7374')
  })

  it('of a name, its key and signature being as they are', () => {
    const bytes = signedOf({ kind: 'name', ...TERMS })
    const terms = `0102030405060708${'000001a3185c5000'}${'00000e10'}04${hex(utf8('news'))}0002${hex(utf8('{}'))}`
    expect(hex(bytes.subarray(0, 38))).toBe(`02${hex(utf8('WPM1'))}010001${terms}aa`)
    expect(bytes.length).toBe(37 + PUBLIC_KEY_BYTES + SIGNATURE_BYTES)
    expect(digest(bytes)).toMatchInlineSnapshot(
      `"5298 8d4b2c5ad1bf331f5f7b5908747c3eaab63dda477e9362c3ad941abdbb64d7b7 0257504d310100010102030405060708..bbbbbbbbbbbbbbbb"`,
    )
  })

  it('of an announcement', () => {
    const bytes = signedOf({ kind: 'announcement', ...TERMS, salt: new Uint8Array() })
    expect(hex(bytes.subarray(0, 36))).toMatchInlineSnapshot(
      `"0257504d310200010102030405060708000001a3185c500000000e100000027b7daaaaaa"`,
    )
    expect(digest(bytes)).toMatchInlineSnapshot(
      `"5294 f3d7d4a08de305d86ca640fc703a92533b012ae12e8af6b40e42ddbd52e11d48 0257504d310200010102030405060708..bbbbbbbbbbbbbbbb"`,
    )
  })

  it('of a record of IPNS', () => {
    const name = Uint8Array.of(0, 2, 8, 1)
    expect(hex(encodeIpns({ name, record: utf8('signed elsewhere') }))).toBe(
      `030400020801${hex(utf8('signed elsewhere'))}`,
    )
  })

  it('of what is provided: head, list, and one key', () => {
    const terms = { createdMs: 1_800_000_000_000, ttlSeconds: 86_400, region: 'weur', count: 2 }
    const head = headOf({ ...terms, root: filled(32, 0xcc) })
    expect(hex(head.subarray(0, 58))).toMatchInlineSnapshot(
      `"57504b310001000001a3185c50000001518004776575720002ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccaa"`,
    )
    expect(digest(head)).toMatchInlineSnapshot(
      `"5318 d003e69786d377f270cc6aa99921d2c15c3026de6ae9b3d85fd8547da2dca328 57504b310001000001a3185c50000001..bbbbbbbbbbbbbbbb"`,
    )
    const list = encodeList(head, [filled(32, 1), filled(32, 2)])
    expect(hex(list)).toBe(`${hex(head)}${'01'.repeat(32)}${'02'.repeat(32)}`)
    const one = encodeProvidedKey(head, { key: filled(32, 2), index: 1, path: filled(32, 3) })
    expect(hex(one)).toBe(`${hex(head)}${'02'.repeat(32)}0001${'03'.repeat(32)}`)
  })
})

// ---- round trips and noise -------------------------------------------------------------------------------------

const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const few = fc.uint8Array({ maxLength: 40 })
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const time = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
// Keys and signatures are opaque here: many bytes of chance would only make the tests slow.
const filling = (length: number) => fc.nat({ max: 255 }).map((byte) => filled(length, byte))

const VALUES = fc.record({ code: fc.constantFrom(SHA2_256, BLAKE3), ttlSeconds: u32, value: few })
const SIGNED = fc
  .record({
    kind: fc.constantFrom('name' as const, 'announcement' as const),
    sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    createdMs: time,
    ttlSeconds: u32,
    salt: few,
    value: few,
    publicKey: filling(PUBLIC_KEY_BYTES),
    signature: filling(SIGNATURE_BYTES),
  })
  .map((one) => (one.kind === 'name' ? one : { ...one, salt: new Uint8Array() }))
const NONEMPTY = fc.uint8Array({ minLength: 1, maxLength: 40 })
const IPNS = fc.record({ name: NONEMPTY, record: NONEMPTY })

type Head = ProvidedTerms & { readonly publicKey: Uint8Array; readonly signature: Uint8Array }
const HEADS: fc.Arbitrary<Head> = fc.record({
  createdMs: time,
  ttlSeconds: u32,
  region: fc.stringMatching(/^[A-Za-z]{0,16}$/),
  count: fc.integer({ min: 1, max: 5 }),
  root: exactly(32),
  publicKey: filling(PUBLIC_KEY_BYTES),
  signature: filling(SIGNATURE_BYTES),
})
const written = ({ publicKey, signature, ...terms }: Head) => headOf(terms, publicKey, signature)
const keysFrom = (seed: number, count: number) =>
  Array.from({ length: count }, (_, i) => Uint8Array.from([seed, i, ...filled(30, seed)]))

const FORMS: Readonly<
  Record<
    string,
    {
      readonly bytes: fc.Arbitrary<Uint8Array>
      readonly again: (bytes: Uint8Array) => Uint8Array | undefined
    }
  >
> = {
  value: { bytes: VALUES.map(encodeValue), again: againOfRecord },
  signed: {
    bytes: SIGNED.map(({ publicKey, signature, ...terms }) => signedOf(terms, publicKey, signature)),
    again: againOfRecord,
  },
  ipns: { bytes: IPNS.map(encodeIpns), again: againOfRecord },
  head: { bytes: HEADS.map(written), again: (bytes) => againOfHead(readProvidedHead(bytes)) },
  list: {
    bytes: fc
      .tuple(HEADS, fc.nat({ max: 255 }))
      .map(([head, seed]) => encodeList(written(head), keysFrom(seed, head.count))),
    again: (bytes) => {
      const list = readProvidedList(bytes)
      const head = againOfHead(list?.head)
      return list && head && encodeList(head, list.keys)
    },
  },
  key: {
    bytes: fc
      .tuple(HEADS, exactly(32), fc.nat(), fc.nat({ max: 10 }))
      .map(([head, key, place, steps]) =>
        encodeProvidedKey(written(head), { key, index: place % head.count, path: filled(32 * steps, place) }),
      ),
    again: (bytes) => {
      const read = readProvidedKey(bytes)
      const head = againOfHead(read?.head)
      return read && head && encodeProvidedKey(head, read.provided)
    },
  },
}

/** What was read, written once more. */
function againOfRecord(bytes: Uint8Array): Uint8Array | undefined {
  const read = readRecord(bytes)
  if (read?.kind === 'value') return encodeValue(read)
  if (read?.kind === 'ipns') return encodeIpns(read)
  return read && signedOf(read, read.publicKey, read.signature)
}

function againOfHead(read: ReturnType<typeof readProvidedHead>): Uint8Array | undefined {
  return read && headOf(read, read.publicKey, read.signature)
}

describe.each(Object.entries(FORMS))('%s', (_, { bytes, again }) => {
  const expectRefusedOrCanonical = (given: Uint8Array) => {
    const written = again(given)
    if (written !== undefined) expect(hex(written)).toBe(hex(given))
    return written !== undefined
  }

  it('comes back as it went', () => {
    fc.assert(
      fc.property(bytes, (whole) => expectRefusedOrCanonical(whole)),
      { numRuns: 200 },
    )
  })

  it('is refused, or is another one, wherever it is cut, goes on, or has another byte', () => {
    const flip = fc.integer({ min: 1, max: 255 })
    const early = fc.nat({ max: 80 })
    fc.assert(
      fc.property(bytes, fc.nat(), few, early, flip, (whole, cut, more, at, by) => {
        expectRefusedOrCanonical(whole.subarray(0, cut % whole.length))
        expectRefusedOrCanonical(Uint8Array.from([...whole, ...more]))
        const altered = whole.slice()
        altered[at % altered.length] = (altered[at % altered.length] ?? 0) ^ by
        expectRefusedOrCanonical(altered)
      }),
      { numRuns: 300 },
    )
  })

  it('is refused without its last byte, or that byte was of what is free to be shorter', () => {
    fc.assert(
      fc.property(bytes, (whole) => {
        const isOpen = whole[0] === 1 || whole[0] === 3
        return isOpen || again(whole.subarray(0, -1)) === undefined
      }),
      { numRuns: 50 },
    )
  })

  it('is refused or canonical for bytes of chance behind its beginning', () => {
    fc.assert(
      fc.property(bytes, fc.nat({ max: 60 }), fc.uint8Array({ maxLength: 300 }), (whole, kept, noise) => {
        expectRefusedOrCanonical(Uint8Array.from([...whole.subarray(0, kept), ...noise]))
      }),
      { numRuns: 300 },
    )
  })
})

it('what readers give are views, so that nothing is copied that nobody keeps', () => {
  const bytes = encodeValue({ code: SHA2_256, ttlSeconds: 60, value: utf8('waypost') })
  const read = readRecord(bytes) as Extract<ReadRecord, { kind: 'value' }>
  expect(read.value.buffer).toBe(bytes.buffer)
})
