// Sizes say much of what is said, so there are only a few. Each is twice the one before: whoever counts bytes learns one of
// eleven numbers, and padding costs at most as much again.

import { MESSAGE_BYTES_MAX } from '../../limits/wire.ts'
import { PAYLOAD_AT } from '../../wire/registry.ts'
import { SIZES } from '../suite.ts'

const LENGTH_BYTES = 2
/** Of a sealed frame before its ciphertext: type, key id, counter. */
export const SEALED_HEADER_BYTES = 13

/** The last one is what a room's largest frame has room for. */
export const PADDED_BYTES_MAX = MESSAGE_BYTES_MAX - PAYLOAD_AT - SEALED_HEADER_BYTES - SIZES.tag
/** The least holds a line of a chat, and a chain's key with its length. */
export const CLASSES: readonly number[] = [
  64,
  128,
  256,
  512,
  1_024,
  2_048,
  4_096,
  8_192,
  16_384,
  32_768,
  PADDED_BYTES_MAX,
]

export const BROADCAST_BYTES_MAX = PADDED_BYTES_MAX - LENGTH_BYTES

/** At most BROADCAST_BYTES_MAX. */
export function pad(bytes: Uint8Array): Uint8Array {
  const size = CLASSES.find((least) => least >= bytes.length + LENGTH_BYTES)
  if (size === undefined) throw new RangeError(`at most ${BROADCAST_BYTES_MAX} bytes can be padded`)
  const padded = new Uint8Array(size)
  new DataView(padded.buffer).setUint16(0, bytes.length)
  padded.set(bytes, LENGTH_BYTES)
  return padded
}

/** Undefined for what `pad` did not make: one message has one form. */
export function unpad(padded: Uint8Array): Uint8Array | undefined {
  if (!CLASSES.includes(padded.length)) return undefined
  const length = new DataView(padded.buffer, padded.byteOffset).getUint16(0)
  const end = length + LENGTH_BYTES
  if (CLASSES.find((least) => least >= end) !== padded.length) return undefined
  return padded.subarray(end).every((byte) => byte === 0) ? padded.slice(LENGTH_BYTES, end) : undefined
}
