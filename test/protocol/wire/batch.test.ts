// Batches: what is packed comes out again in its order, in as few messages as the bounds allow.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BATCH_FRAMES_MAX, MESSAGE_BYTES_MAX } from '../../../protocol/limits/wire.ts'
import { framesOf, messageFrom, messageOfPieces, messagesOf } from '../../../protocol/wire/batch.ts'
import { FRAME } from '../../../protocol/wire/registry.ts'

/** A frame of this size: numbered, so that order shows. */
function sized(length: number, number: number): Uint8Array {
  const frame = new Uint8Array(length).fill(number)
  frame[0] = FRAME.relay
  return frame
}

const sizes = fc.oneof(
  fc.integer({ min: 1, max: 60 }),
  fc.integer({ min: 1, max: MESSAGE_BYTES_MAX }),
  fc.constantFrom(1, MESSAGE_BYTES_MAX - 5, MESSAGE_BYTES_MAX - 4, MESSAGE_BYTES_MAX - 3, MESSAGE_BYTES_MAX),
)
const frameLists = fc.array(sizes, { maxLength: 150 }).map((list) => list.map(sized))

describe('packing frames into messages', () => {
  it('and taking them out again gives the same frames in the same order', () => {
    fc.assert(
      fc.property(frameLists, (frames) => {
        const out = messagesOf(frames).flatMap((message) => framesOf(message))
        expect(out.length).toBe(frames.length)
        for (const [i, frame] of out.entries()) expect(Buffer.compare(frame, frames[i]!)).toBe(0)
      }),
    )
  })

  it('keeps every message within its bounds, and packs no two that could have been one', () => {
    fc.assert(
      fc.property(frameLists, (frames) => {
        const messages = messagesOf(frames)
        const bytesOf = (list: readonly Uint8Array[]) =>
          list.reduce((sum, frame) => sum + 2 + frame.length, 1)
        for (const [i, message] of messages.entries()) {
          const inside = framesOf(message)
          expect(message.length <= MESSAGE_BYTES_MAX && inside.length <= BATCH_FRAMES_MAX).toBe(true)
          const next = messages[i + 1]
          if (next === undefined || inside.length === BATCH_FRAMES_MAX) continue
          expect(bytesOf([...inside, framesOf(next)[0]!])).toBeGreaterThan(MESSAGE_BYTES_MAX)
        }
      }),
    )
  })

  it('in pieces, into a room that was used before, gives the same message', () => {
    const room = new Uint8Array(MESSAGE_BYTES_MAX + 1)
    fc.assert(
      fc.property(frameLists, fc.nat(), (frames, at) => {
        if (frames.length === 0) return
        room.fill(0xee)
        const pieces = frames.map((frame) => {
          const cut = at % (frame.length + 1)
          return [frame.subarray(0, cut), frame.subarray(cut)]
        })
        const whole = messageFrom(frames, 0, MESSAGE_BYTES_MAX)
        const put = messageOfPieces(pieces, MESSAGE_BYTES_MAX, (bytes) => room.subarray(0, bytes))
        expect(put.to).toBe(whole.to)
        expect(Buffer.compare(put.message, whole.message)).toBe(0)
        expect(put.message.buffer).toBe(room.buffer)
      }),
    )
  })

  it('leaves a frame alone that shares no message', () => {
    const frame = sized(10, 1)
    expect(messagesOf([frame])[0]).toBe(frame)
    expect(messagesOf([])).toEqual([])
  })

  it('takes 64 frames and not one more', () => {
    const packed = (count: number) =>
      Uint8Array.from([FRAME.batch, ...Array.from({ length: count }, () => [0, 1, FRAME.sweep]).flat()])
    expect(framesOf(packed(BATCH_FRAMES_MAX)).length).toBe(BATCH_FRAMES_MAX)
    expect(() => framesOf(packed(BATCH_FRAMES_MAX + 1))).toThrow('too many frames')
  })
})
