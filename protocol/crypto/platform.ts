// The platform's own hash and signatures, or nothing: the suite of the edge. Apart from choose.ts, because a bundler puts
// everything that file might load into the Worker, and lattice code in JavaScript has no business there: one signature by
// it is more time than a free Worker has.

import { answersHash, answersSignatures } from './known-answers.ts'
import { nativeHash, nativeSignatures } from './native.ts'
import type { Subtle } from './subtle.ts'
import { CryptoError, type Suite } from './suite.ts'

export type PlatformSuite = Pick<Suite, 'hash' | 'signatures'>

/** Rejects with a CryptoError where the platform lacks one, or gives a wrong answer. */
export async function platformSuite(subtle: Subtle): Promise<PlatformSuite> {
  const suite = { hash: nativeHash(subtle), signatures: nativeSignatures(subtle) }
  const right = await Promise.all([answersHash(suite.hash), answersSignatures(suite.signatures)]).catch(
    () => [false],
  )
  if (right.includes(false))
    throw new CryptoError('this platform has no SHA-256 and ML-DSA-65 of its own that answer rightly')
  return suite
}
