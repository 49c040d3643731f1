// An ephemeral X-Wing key pair with the seed it came of, so that the seed can be erased; and its use on what a stranger sent.

import { type KemKeyPair, SIZES, type Suite } from '../suite.ts'

export interface SecretKey {
  readonly pair: KemKeyPair
  readonly seed: Uint8Array
}

export async function secretKey(suite: Suite): Promise<SecretKey> {
  const seed = suite.random(SIZES.kemSeed)
  return { seed, pair: await suite.kem.keyPair(seed) }
}

/**
 * Undefined for a ciphertext that is none. Noble throws for one whose X25519 half is of small order, WebCrypto may: to
 * whoever waits for an answer both are the same.
 */
export async function decapsulate(
  { pair }: SecretKey,
  ciphertext: Uint8Array,
): Promise<Uint8Array | undefined> {
  try {
    return await pair.decapsulate(ciphertext)
  } catch {
    return undefined
  }
}
