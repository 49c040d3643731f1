// An ephemeral X-Wing key pair with the seed it came of, so that the seed can be erased.

import { type KemKeyPair, SIZES, type Suite } from '../suite.ts'

export interface SecretKey {
  readonly pair: KemKeyPair
  readonly seed: Uint8Array
}

export async function secretKey(suite: Suite): Promise<SecretKey> {
  const seed = suite.random(SIZES.kemSeed)
  return { seed, pair: await suite.kem.keyPair(seed) }
}
