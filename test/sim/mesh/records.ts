// Records without lattices: what the mesh carries here says which key it is of and which version, and whether it is true. Checking
// that takes as long as it takes a browser.

import type { Checked } from '../../../protocol/dht/mesh/contract.ts'
import { equalBytes } from '../../../protocol/wire/bytes.ts'

/** ML-DSA-65 in JavaScript, on a laptop. */
export const VERIFY_MS = 3
/** What a signed name has beside its value. Ours here are shorter, and counted as if they were not. */
export const REAL_RECORD_BYTES = 5_400

const TRUE = 0x74
const FALSE = 0x66
const BYTES = 32 + 3

export function recordOf(key: Uint8Array, version: number, isFinal: boolean, expiresAtMs: number): Checked {
  const bytes = new Uint8Array(BYTES)
  bytes.set(key)
  bytes.set([version, isFinal ? 1 : 0, TRUE], 32)
  return checkedOf(bytes, expiresAtMs)
}

/** What a liar makes up: of the right key, newer than any, and not signed. */
export function forgedRecord(key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(BYTES)
  bytes.set(key)
  bytes.set([0xff, 0, FALSE], 32)
  return bytes
}

export function checks(key: Uint8Array, bytes: Uint8Array, expiresAtMs: number): Checked | undefined {
  const isTrue = bytes.length === BYTES && bytes[34] === TRUE && equalBytes(bytes.subarray(0, 32), key)
  return isTrue ? checkedOf(bytes.slice(), expiresAtMs) : undefined
}

function checkedOf(bytes: Uint8Array, expiresAtMs: number): Checked {
  return {
    bytes,
    expiresAtMs,
    final: bytes[33] === 1,
    sequence: BigInt(bytes[32] as number),
    digest: bytes.slice(0, 32),
    peer: undefined,
  }
}
