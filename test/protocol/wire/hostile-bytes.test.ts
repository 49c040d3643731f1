// Everything that reads bytes of strangers, given any bytes at all: it answers with its typed error or with a value,
// never reads outside what it was given, and never writes to it.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GRANT_BYTES } from '../../../protocol/crypto/admission/pass.ts'
import { offeredJoin, offersWaypost } from '../../../protocol/room/admission.ts'
import { newMember, packMember, unpackMember } from '../../../protocol/room/member.ts'
import { fromBase64url, toBase64url } from '../../../protocol/wire/base64url.ts'
import { framesOf } from '../../../protocol/wire/batch.ts'
import { WireError } from '../../../protocol/wire/bytes.ts'
import { decode, encode, tryDecode } from '../../../protocol/wire/codec.ts'
import { decodeData } from '../../../protocol/wire/data.ts'
import { FRAME, JOIN_SUBPROTOCOL_PREFIX, SUBPROTOCOL } from '../../../protocol/wire/registry.ts'
import { anyFrame, bytes, frameLike, member } from './arbitrary.ts'

const MARGIN = 70_000 // more than any 16-bit length could reach

/** The bytes in the middle of a larger buffer that is full of something else. */
function surrounded(inner: Uint8Array, canary: number): Uint8Array {
  const outer = new Uint8Array(inner.length + 2 * MARGIN).fill(canary)
  outer.set(inner, MARGIN)
  return outer.subarray(MARGIN, MARGIN + inner.length)
}

/** A copy of what was read, or the name of the problem. Other errors are the bug this file looks for. */
function outcome(read: (bytes: Uint8Array) => unknown, given: Uint8Array): unknown {
  try {
    return structuredClone(read(given))
  } catch (error) {
    if (error instanceof WireError) return error.problem
    throw error
  }
}

const records = fc.oneof(
  frameLike,
  fc.tuple(member, fc.nat(), bytes).map(([entry, nowMs, more]) => {
    const record = packMember(newMember(entry, new Uint8Array(GRANT_BYTES), nowMs))
    return Uint8Array.from([...record, ...more])
  }),
)
const batches = fc
  .array(anyFrame.map(encode), { maxLength: 70 })
  .map((frames) => encode({ kind: 'batch', frames }))
const datas = fc
  .tuple(
    fc.integer({ min: 0, max: 4 }),
    fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      bytes,
    ),
  )
  .map(([tag, rest]) => Uint8Array.from([tag, ...rest]))

describe.each([
  ['decode', decode, fc.oneof(frameLike, anyFrame.map(encode))],
  ['tryDecode', tryDecode, fc.oneof(frameLike, anyFrame.map(encode))],
  ['framesOf', framesOf, fc.oneof(frameLike, batches)],
  ['decodeData', decodeData, fc.oneof(frameLike, datas)],
  ['unpackMember', unpackMember, records],
] as const)('%s', (_, read, inputs) => {
  it('neither depends on what is around its bytes nor changes anything', () => {
    const [low, high] = [0x00, 0xff]
    fc.assert(
      fc.property(inputs, (given) => {
        const alone = outcome(read, given.slice())
        for (const canary of [low, high]) {
          const view = surrounded(given, canary)
          expect(outcome(read, view)).toEqual(alone)
          expect(Buffer.compare(view, given)).toBe(0)
        }
      }),
      { numRuns: 400 },
    )
  })
})

describe('a header of strangers', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'AZaz09-_+/=,. \u00e9'), maxLength: 80 })

  it('is base64url in exactly one spelling, or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(letters, fc.string({ unit: 'binary' })), (text) => {
        const read = fromBase64url(text)
        if (read !== undefined) expect(toBase64url(read)).toBe(text)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is read as everybody else reads base64url', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (given) => {
        const text = toBase64url(given)
        expect(text).toBe(Buffer.from(given).toString('base64url'))
        expect(fromBase64url(text)).toEqual(given)
      }),
    )
  })

  it('offers a join or does not, and never throws', () => {
    const frames = fc
      .oneof(anyFrame.map(encode), frameLike)
      .map((frame) => JOIN_SUBPROTOCOL_PREFIX + toBase64url(frame))
    const parts = fc.array(fc.oneof(letters, frames, fc.constant(SUBPROTOCOL)), { maxLength: 4 })
    fc.assert(
      fc.property(parts, (offered) => {
        const header = offered.join(', ')
        const join = offeredJoin(header)
        if (join === undefined) return
        expect(join.kind).toBe('join')
        expect(header).toContain(toBase64url(encode(join)))
        expect(offersWaypost(header)).toBe(
          offered.some((part) => part.split(',').some((one) => one.trim() === SUBPROTOCOL)),
        )
      }),
    )
    for (const none of [
      null,
      undefined,
      '',
      ',',
      'waypost.join.',
      'waypost.join.=',
      `waypost.join.${'A'.repeat(70_000)}`,
    ])
      expect(offeredJoin(none)).toBeUndefined()
  })

  it('is looked at only up to its first join', () => {
    const other = JOIN_SUBPROTOCOL_PREFIX + toBase64url(Uint8Array.of(FRAME.sweep))
    const join = encode({
      kind: 'join',
      version: 1,
      peer: new Uint8Array(32),
      session: new Uint8Array(8),
      metadata: new Uint8Array(),
    })
    expect(offeredJoin(`${other}, ${JOIN_SUBPROTOCOL_PREFIX}${toBase64url(join)}`)).toBeUndefined()
  })
})
