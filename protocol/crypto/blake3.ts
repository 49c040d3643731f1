// BLAKE3, which no platform has, by noble: for values whose digests are by it. Apart from pure.ts and loaded when the first such
// digest is met, so that whoever meets none, and the Worker, load neither this nor lattices.

import { blake3 } from '@noble/hashes/blake3.js'

/** 32 bytes, with no key. */
export function blake3Of(bytes: Uint8Array): Uint8Array {
  return blake3(bytes)
}
