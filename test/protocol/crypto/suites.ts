// The suites the crypto tests run against, by how much of each is the platform's.

import { chooseSuite } from '../../../protocol/crypto/choose.ts'
import type { Subtle } from '../../../protocol/crypto/subtle.ts'
import type { Backend, Suite } from '../../../protocol/crypto/suite.ts'

export const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))

export function suiteOf(prefer: Backend): Promise<Suite> {
  return chooseSuite({ subtle: crypto.subtle as unknown as Subtle, random, prefer })
}

export const BACKENDS = ['native', 'mixed', 'pure'] as const
