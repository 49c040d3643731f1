// The log of a vault in Node, as bytes: a head that says what it is, then a frame for each commit.
//
//   head    'waypost vault 1\n' 16
//   frame   'WPVf' 4 ‖ length of its body 4 ‖ checksum 8 ‖ body      checksum = SHA-256( length ‖ body )[0..8)
//   body    for each change: length of its slot 2 ‖ of its record 4 (2^32 - 1: deleted) ‖ slot ‖ record
//
// The checksum tells a frame that was never finished from a whole one. Whether a record is what was put there is for its
// seal to say: who can write the file can make checksums too.

import { concat } from '../../protocol/crypto/suite.ts'
import { equalBytes, Reader, utf8, WireError, Writer } from '../../protocol/wire/bytes.ts'

export const LOG_HEAD = utf8('waypost vault 1\n')
export const FRAME_MARK = utf8('WPVf')
const CHECKSUM_BYTES = 8
export const FRAME_HEAD_BYTES = FRAME_MARK.length + 4 + CHECKSUM_BYTES
const CHANGE_HEAD_BYTES = 2 + 4
const DELETED = 0xffff_ffff

export type Sha256 = (bytes: Uint8Array) => Uint8Array

/** Where a record lies. */
export interface Extent {
  readonly at: number
  readonly length: number
}

/** Undefined for a slot that is deleted. */
export type Placed = readonly [slot: string, extent: Extent | undefined]

/** What a record costs in the log. */
export function costOf(slot: string, length: number): number {
  return CHANGE_HEAD_BYTES + slot.length + length
}

/** The frame, and where in it the records are. */
export function encodeFrame(
  sha256: Sha256,
  changes: Iterable<readonly [slot: string, record: Uint8Array | undefined]>,
): { readonly bytes: Uint8Array; readonly placed: readonly Placed[] } {
  const all = [...changes]
  const length = all.reduce((sum, [slot, record]) => sum + costOf(slot, record?.length ?? 0), 0)
  const body = new Writer(4 + length).u32(length)
  const placed = all.map(([slot, record]): Placed => {
    body
      .u16(slot.length)
      .u32(record?.length ?? DELETED)
      .text(slot)
    const at = FRAME_HEAD_BYTES - 4 + body.length
    if (record === undefined) return [slot, undefined]
    body.bytes(record)
    return [slot, { at, length: record.length }]
  })
  const summed = body.done()
  const bytes = concat([FRAME_MARK, summed.subarray(0, 4), checksumOf(sha256, summed), summed.subarray(4)])
  return { bytes, placed }
}

/** The length of the body that this head announces; undefined for what is no head of a frame. */
export function bodyLength(head: Uint8Array): number | undefined {
  if (!equalBytes(head.subarray(0, FRAME_MARK.length), FRAME_MARK)) return undefined
  return new Reader(head.subarray(FRAME_MARK.length)).u32()
}

export function isWhole(sha256: Sha256, head: Uint8Array, body: Uint8Array): boolean {
  const length = head.subarray(FRAME_MARK.length, FRAME_MARK.length + 4)
  const checksum = head.subarray(FRAME_MARK.length + 4, FRAME_HEAD_BYTES)
  return equalBytes(checksum, checksumOf(sha256, concat([length, body])))
}

/** The changes of a body that begins at `at`, and how much of it they are: all of it, when nobody changed it. */
export function changesOf(
  body: Uint8Array,
  at: number,
): { readonly placed: readonly Placed[]; readonly read: number } {
  const reader = new Reader(body)
  const placed: Placed[] = []
  let read = 0
  try {
    while (reader.remaining > 0) {
      const [slotLength, length] = [reader.u16(), reader.u32()]
      const slot = reader.text(slotLength)
      const begins = body.length - reader.remaining
      if (length !== DELETED) reader.bytes(length)
      placed.push([slot, length === DELETED ? undefined : { at: at + begins, length }])
      read = body.length - reader.remaining
    }
  } catch (problem) {
    if (!(problem instanceof WireError)) throw problem
  }
  return { placed, read }
}

function checksumOf(sha256: Sha256, bytes: Uint8Array): Uint8Array {
  return sha256(bytes).subarray(0, CHECKSUM_BYTES)
}
