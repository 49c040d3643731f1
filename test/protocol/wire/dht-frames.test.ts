// What must hold for the frames of the DHT: each comes back as it went, its bytes are its only spelling, and whatever else
// arrives is a WireError.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WireError } from '../../../protocol/wire/bytes.ts'
import {
  type DhtAnswer,
  type DhtFrame,
  type DhtQuestion,
  decodeDht,
  encodeDht,
  tryDecodeDht,
} from '../../../protocol/wire/dht-frames.ts'
import { DHT_FRAME, DHT_REFUSAL, type DhtRefusal } from '../../../protocol/wire/registry.ts'
import { toHex } from './notation.ts'

const u8 = fc.integer({ min: 0, max: 0xff })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const time = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const rest = fc.uint8Array({ maxLength: 60 })
const region = fc.stringMatching(/^[!-~]{0,16}$/)
const steps = fc
  .integer({ min: 0, max: 10 })
  .chain((count) => fc.uint8Array({ minLength: 32 * count, maxLength: 32 * count }))

/** Records as plain objects, which is what decoding makes. */
const of = <T>(kind: string, fields: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc.record(
    { kind: fc.constant(kind), ...fields },
    { noNullPrototype: true },
  ) as fc.Arbitrary<unknown> as fc.Arbitrary<T>

const question = fc.oneof(
  of<DhtQuestion>('get', { key }),
  of<DhtQuestion>('get', { key, of: fc.constantFrom('signed', 'value') }),
  of<DhtQuestion>('put', { key, record: rest }),
  of<DhtQuestion>('provide', { announcement: rest }),
  of<DhtQuestion>('providers', { key, limit: u8, near: region }),
  of<DhtQuestion>('closest', { target: key, limit: u8 }),
)
const provider = fc.record(
  { peer: key, head: fc.constantFrom(0, 1), index: u16, path: steps, expiresAtMs: time },
  { noNullPrototype: true },
)
const answer = fc.oneof(
  of<DhtAnswer>('record', { expiresAtMs: time, bytes: rest }),
  of<DhtAnswer>('nothing', {}),
  of<DhtAnswer>('stored', { expiresAtMs: time, isNew: fc.boolean() }),
  of<DhtAnswer>('providers', {
    heads: fc.array(rest, { minLength: 2, maxLength: 3 }),
    providers: fc.array(provider, { maxLength: 3 }),
  }),
  of<DhtAnswer>('closest', {
    records: fc.array(fc.record({ key, bytes: rest }, { noNullPrototype: true }), { maxLength: 3 }),
  }),
  of<DhtAnswer>('refused', {
    reason: fc.constantFrom(...(Object.keys(DHT_REFUSAL) as DhtRefusal[])),
    retryAfterMs: u32,
  }),
)
const anyFrame: fc.Arbitrary<DhtFrame> = fc.oneof(
  of<DhtFrame>('dhtAsk', { token: u32, question }),
  of<DhtFrame>('dhtAnswer', { token: u32, answer }),
)

function expectRefusedOrCanonical(bytes: Uint8Array): void {
  let frame: DhtFrame | undefined
  try {
    frame = decodeDht(bytes)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
  }
  expect(tryDecodeDht(bytes)).toEqual(frame)
  if (frame !== undefined) expect(toHex(encodeDht(frame))).toBe(toHex(bytes))
}

describe('a frame of the DHT', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        expect(decodeDht(encodeDht(frame))).toEqual(frame)
      }),
    )
  })

  it('that is cut, changed or made up is refused, or has no other spelling', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), u8, (frame, at, byte) => {
        const bytes = encodeDht(frame)
        expectRefusedOrCanonical(bytes.slice(0, at % bytes.length))
        expectRefusedOrCanonical(Uint8Array.from([...bytes, byte]))
        expectRefusedOrCanonical(bytes.with(at % bytes.length, byte))
      }),
    )
    const frameLike = fc
      .tuple(fc.constantFrom(...Object.values(DHT_FRAME)), u32, fc.integer({ min: 0, max: 7 }), rest)
      .map(([type, token, kind, rest]) =>
        Uint8Array.from([type, token >>> 24, token >>> 16, token >>> 8, token, kind, ...rest]),
      )
    fc.assert(fc.property(fc.oneof(frameLike, rest), expectRefusedOrCanonical))
  })

  it('has these bytes', () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i)
    const keyHex = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
    const ask = {
      kind: 'dhtAsk',
      token: 7,
      question: { kind: 'providers', key, limit: 20, near: 'weur' },
    } as const
    expect(toHex(encodeDht(ask)).replaceAll(' ', '')).toBe(`700000000704${keyHex}140477657572`)
    const answer = { kind: 'refused', reason: 'busy', retryAfterMs: 1_000 } as const
    expect(toHex(encodeDht({ kind: 'dhtAnswer', token: 7, answer })).replaceAll(' ', '')).toBe(
      '71000000070609000003e8',
    )
  })

  it('names no head that is not there', () => {
    const head = { peer: new Uint8Array(32), head: 1, index: 0, path: new Uint8Array(), expiresAtMs: 0 }
    const answer = { kind: 'providers', heads: [new Uint8Array(1)], providers: [head] } as const
    expect(tryDecodeDht(encodeDht({ kind: 'dhtAnswer', token: 1, answer }))).toBeUndefined()
  })
})
