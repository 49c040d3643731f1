// A suite whose randomness is fixed, and the short form in which long messages are written down: length, SHA-256, and the
// first and last bytes, so that a difference can be seen for what it is.

import { createHash } from 'node:crypto'
import { pureAead, pureHash, pureKem, pureSignatures } from '../../../protocol/crypto/pure.ts'
import type { Suite } from '../../../protocol/crypto/suite.ts'

/** Bytes that look like chance and are the same each time. */
export function fixedRandom(name: string): (length: number) => Uint8Array {
  let drawn = 0
  return (length) => {
    const blocks: Buffer[] = []
    for (let got = 0; got < length; got += 32)
      blocks.push(createHash('sha256').update(`${name} ${drawn++}`).digest())
    return new Uint8Array(Buffer.concat(blocks).subarray(0, length))
  }
}

export function fixedSuite(name: string): Suite {
  const random = fixedRandom(name)
  return {
    hash: pureHash,
    aead: pureAead,
    kem: pureKem(random),
    signatures: pureSignatures(random),
    random,
    status: { hash: 'pure', aead: 'pure', kem: 'pure', signature: 'pure' },
  }
}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

export function digest(bytes: Uint8Array): string {
  const hash = createHash('sha256').update(bytes).digest('hex')
  return `${bytes.length} ${hash} ${hex(bytes.subarray(0, 16))}..${hex(bytes.subarray(-8))}`
}
