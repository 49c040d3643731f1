// What must hold for every frame of the registry: it comes back as it went, its bytes are its only spelling, and
// whatever else arrives is a WireError.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat } from '../../../protocol/crypto/suite.ts'
import { WireError } from '../../../protocol/wire/bytes.ts'
import { decode, encode, encodeInPieces, relayInPlace, tryDecode } from '../../../protocol/wire/codec.ts'
import type { Frame } from '../../../protocol/wire/frames.ts'
import { FRAME, type FrameKind, PAYLOAD_AT } from '../../../protocol/wire/registry.ts'
import { anyFrame, bytes, FRAMES, frameLike, KINDS, u32 } from './arbitrary.ts'
import { toHex } from './notation.ts'

/** A frame, or the problem with the bytes. Anything but a WireError passes through and fails the test. */
function read(bytes: Uint8Array): Frame | string {
  try {
    return decode(bytes)
  } catch (error) {
    if (error instanceof WireError) return error.problem
    throw error
  }
}

/** Refused, or a frame that is spelled exactly so: there is no third way to read bytes. */
function expectRefusedOrCanonical(bytes: Uint8Array): void {
  const frame = read(bytes)
  // Lax frames read over what they do not know, so their bytes are not their only spelling.
  if (typeof frame === 'string' || frame.kind === 'welcome') return
  expect(toHex(encode(frame))).toBe(toHex(bytes))
}

/** Frames of one size. Everything shorter or longer is refused. */
const SIZES: Partial<Record<FrameKind, number>> = {
  refusal: 7,
  left: 6,
  sweep: 1,
  drained: 5,
  passWanted: 1,
  undeliverable: 6,
  linkAck: 14,
  linkPing: 5,
  linkPong: 5,
  decline: 6,
}
/** Frames that end in bytes of any number, from this size on. */
const LEAST_SIZES: Partial<Record<FrameKind, number>> = {
  batch: 1,
  join: 42,
  welcome: 39,
  roster: 2,
  joined: 47,
  metadata: 5,
  pass: 1,
  relay: 5,
  broadcast: 5,
  signal: 5,
  linkData: 14,
  linkDatagram: 1,
  offer: 9,
  answer: 9,
  candidates: 5,
}

describe.each(KINDS)('%s', (kind) => {
  const frames = FRAMES[kind] as fc.Arbitrary<Frame>

  it('comes back as it went', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(decode(encode(frame))).toEqual(frame)
      }),
    )
  })

  it('is refused, or is another frame, wherever it is cut', () => {
    const least = SIZES[kind] ?? LEAST_SIZES[kind]
    if (least === undefined) throw new Error(`say how long a ${kind} is at least`)
    const cutAnywhere = (frame: Frame) => {
      const whole = encode(frame)
      for (let length = 0; length < whole.length; length++) {
        const cut = whole.subarray(0, length)
        if (length < least) expect(read(cut)).toBe(length === 0 ? 'empty' : 'truncated')
        else expectRefusedOrCanonical(cut)
      }
    }
    fc.assert(fc.property(frames, cutAnywhere), { numRuns: 50 })
  })

  it('is refused, or is another frame, when it goes on', () => {
    const goOn = (frame: Frame, more: Uint8Array) => {
      const longer = Uint8Array.from([...encode(frame), ...more])
      if (SIZES[kind] !== undefined) expect(read(longer)).toBe('trailing')
      else if (kind === 'welcome') expect(read(longer)).toEqual(frame)
      else expectRefusedOrCanonical(longer)
    }
    fc.assert(fc.property(frames, fc.uint8Array({ minLength: 1, maxLength: 60 }), goOn))
  })

  it('is refused, or is another frame, when one of its bytes is another', () => {
    const perturb = (frame: Frame, at: number, by: number) => {
      const bytes = encode(frame)
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ by
      expectRefusedOrCanonical(bytes)
    }
    fc.assert(fc.property(frames, fc.nat(), fc.integer({ min: 1, max: 255 }), perturb), { numRuns: 300 })
  })
})

describe('a claimed length', () => {
  const peer = new Uint8Array(32)
  const session = new Uint8Array(8)
  const member = { address: 1, peer, session, metadata: new Uint8Array([1, 2, 3]) }
  it.each([
    ['in a batch', { kind: 'batch', frames: [new Uint8Array([FRAME.sweep, 0, 0])] }, 1],
    ['of metadata in joined', { kind: 'joined', member }, 45],
    ['of metadata in a roster', { kind: 'roster', last: true, members: [member] }, 46],
    ['of a candidate', { kind: 'candidates', connection: 1, candidates: ['abc'] }, 5],
  ] as const)(
    '%s that is too long is refused, and one too short never reads as the same',
    (_, frame: Frame, at) => {
      const bytes = encode(frame)
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      expect(view.getUint16(at)).toBe(3)
      for (const claimed of [4, 5, 0x7fff, 0x8000, 0xffff]) {
        view.setUint16(at, claimed)
        expect(read(bytes)).toBe('truncated')
      }
      for (const claimed of [0, 1, 2]) {
        view.setUint16(at, claimed)
        expectRefusedOrCanonical(bytes)
        expect(read(bytes)).not.toEqual(frame)
      }
    },
  )
})

describe('decode', () => {
  it('throws nothing but a WireError, whatever it is given', () => {
    fc.assert(fc.property(frameLike, expectRefusedOrCanonical), { numRuns: 5_000 })
  })

  it('refuses every type that the registry does not have', () => {
    const known = new Set<number>(Object.values(FRAME))
    for (let type = 0; type <= 0xff; type++) {
      if (!known.has(type)) expect(read(Uint8Array.of(type, 0, 0, 0))).toBe('unknown-type')
    }
  })

  it('gives bytes as views, so that relaying copies nothing', () => {
    const bytes = encode({ kind: 'relay', address: 7, payload: new Uint8Array([1, 2, 3]) })
    const frame = decode(bytes)
    expect(frame.kind === 'relay' && frame.payload.buffer).toBe(bytes.buffer)
  })

  it('is tryDecode for those who treat a bad frame as a drop', () => {
    fc.assert(
      fc.property(fc.oneof(frameLike, anyFrame.map(encode)), (bytes) => {
        const frame = read(bytes)
        expect(tryDecode(bytes)).toEqual(typeof frame === 'string' ? undefined : frame)
      }),
    )
  })
})

describe('without copying', () => {
  it('a frame in pieces is the same bytes, and what a link carries is as it was given', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const pieces = encodeInPieces(frame)
        expect(toHex(concat(pieces))).toBe(toHex(encode(frame)))
        if (frame.kind === 'linkData') expect(pieces[1]).toBe(frame.fragment)
      }),
    )
  })

  it('a relay frame is written around its payload', () => {
    fc.assert(
      fc.property(u32, bytes, bytes, (address, before, payload) => {
        const spare = new Uint8Array(PAYLOAD_AT).fill(0xee)
        const all = concat([before, spare, payload])
        const frame = relayInPlace(address, all.subarray(before.length + PAYLOAD_AT))
        expect(toHex(frame)).toBe(toHex(encode({ kind: 'relay', address, payload })))
        expect(toHex(all)).toBe(toHex(concat([before, frame])))
      }),
    )
  })
})
