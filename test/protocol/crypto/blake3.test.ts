// BLAKE3 against its authors' test vectors (BLAKE3-team/BLAKE3, test_vectors.json): inputs are the bytes 0 to 250, again and again;
// lengths on either side of a block, of a chunk of 1,024 bytes, and of trees of several.

import { expect, it } from 'vitest'
import { blake3Of } from '../../../protocol/crypto/blake3.ts'
import { hex } from './golden.ts'

const VECTORS: readonly (readonly [number, string])[] = [
  [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
  [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
  [1_024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
  [1_025, 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444'],
  [31_744, '62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47'],
  [102_400, 'bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085'],
]

it.each(VECTORS)('of %i bytes', (length, digest) => {
  expect(hex(blake3Of(Uint8Array.from({ length }, (_, i) => i % 251)))).toBe(digest)
})
