// Frames of block streams: byte for byte, in whatever pieces they come, and refused for what they are not.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BLAKE3, SHA2_256 } from '../../../protocol/dht/contract.ts'
import {
  AnswerReader,
  BLOCK_HEAD_BYTES,
  encodeBlockHead,
  encodeMissing,
  encodeWant,
  WantReader,
} from '../../../protocol/exchange/frames.ts'
import { BLOCK_BYTES_MAX } from '../../../protocol/limits/content.ts'

const digest = (n: number) => new Uint8Array(32).fill(n)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

/** Cut at these places. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => bytes.subarray(at[i] as number, end))
}

describe('frames', () => {
  it('are these bytes', () => {
    expect(hex(encodeWant({ code: SHA2_256, digest: digest(0xab) }))).toBe(`0112${'ab'.repeat(32)}`)
    expect(hex(encodeWant({ code: BLAKE3, digest: digest(1) }))).toBe(`011e${'01'.repeat(32)}`)
    expect(hex(encodeBlockHead(0x01020304))).toBe('0201020304')
    expect(hex(encodeMissing())).toBe('03')
  })

  it('are read in whatever pieces they come', () => {
    const wants = [1, 2, 3].map((n) => ({ code: n === 2 ? BLAKE3 : SHA2_256, digest: digest(n) }) as const)
    const blocks = [new Uint8Array(3).fill(7), undefined, new Uint8Array(), new Uint8Array(200).fill(9)]
    const wanted = join(...wants.map(encodeWant))
    const answered = join(
      ...blocks.map((block) => (block ? join(encodeBlockHead(block.length), block) : encodeMissing())),
    )
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { maxLength: 12 }), (cuts) => {
        const [reader, answers] = [new WantReader(), new AnswerReader()]
        expect(pieces(wanted, cuts).flatMap((piece) => [reader.push(piece)].flat())).toEqual(wants)
        expect(pieces(answered, cuts).flatMap((piece) => [answers.push(piece)].flat())).toEqual(
          blocks.map((bytes) => (bytes ? { kind: 'block', bytes } : { kind: 'missing' })),
        )
      }),
    )
  })

  it('of the largest block are read, and one byte more is too large', () => {
    const largest = new AnswerReader()
    expect(largest.push(encodeBlockHead(BLOCK_BYTES_MAX))).toEqual([])
    expect(largest.push(new Uint8Array(BLOCK_BYTES_MAX - 1))).toEqual([])
    expect(largest.push(new Uint8Array(1))).toHaveLength(1)
    expect(new AnswerReader().push(encodeBlockHead(BLOCK_BYTES_MAX + 1))).toBe('too-large')
    expect(BLOCK_HEAD_BYTES).toBe(encodeBlockHead(0).length)
  })

  it('of no kind, and wants of no hash, are malformed', () => {
    for (const bytes of [[0], [2, 0], [1, 0x13], [255]])
      expect(new WantReader().push(Uint8Array.from(bytes))).toBe('malformed')
    for (const bytes of [[0], [1], [4]])
      expect(new AnswerReader().push(Uint8Array.from(bytes))).toBe('malformed')
  })
})
