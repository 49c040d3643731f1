// A stamp: sixteen small puzzles over a challenge, so that asking costs the asker about a second. It paces strangers; a
// native solver needs some ten milliseconds, and nothing here pretends otherwise.
//
//   nonce 4 × 16, each so that SHA-256(challenge 32 ‖ i 1 ‖ place 32 ‖ nonce) begins with the challenge's bits as zeros
//
// Making one is search.ts. Checking one takes the platform's hash, and stops at the first nonce that is wrong.

import { STAMP_PUZZLES } from '../../limits/admission.ts'
import { LABELS } from '../contexts.ts'
import type { Hash } from '../suite.ts'
import type { Challenge } from './challenge.ts'

export const STAMP_BYTES = 4 * STAMP_PUZZLES

/**
 * Where a stamp is spent: the resource of its challenge, and who spends it. Without the spender one stamp would buy a
 * pass for any number of keys.
 */
export function stampPlace(hash: Hash, resource: Uint8Array, spender: Uint8Array): Promise<Uint8Array> {
  return hash.sha256(LABELS.stamp, resource, spender)
}

export async function isStamped(
  hash: Hash,
  challenge: Challenge,
  place: Uint8Array,
  stamp: Uint8Array,
): Promise<boolean> {
  if (stamp.length !== STAMP_BYTES) return false
  for (let i = 0; i < STAMP_PUZZLES; i++) {
    const nonce = stamp.subarray(4 * i, 4 * i + 4)
    const digest = await hash.sha256(challenge.bytes, Uint8Array.of(i), place, nonce)
    if (leadingZeros(digest) < challenge.bits) return false
  }
  return true
}

export function leadingZeros(digest: Uint8Array): number {
  let zeros = 0
  for (const byte of digest) {
    zeros += Math.clz32(byte) - 24
    if (byte !== 0) break
  }
  return zeros
}
