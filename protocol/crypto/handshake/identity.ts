// Who a peer is: an ML-DSA-65 key, and the PeerId that is its hash.

import { equalBytes } from '../../wire/bytes.ts'
import type { Hash, SigningKey, Suite } from '../suite.ts'

/** Multicodec `mldsa-65-pub`, 0x1211, as a varint: an identifier says of which kind of key it is the hash. */
const MLDSA_65_PUB = Uint8Array.of(0x91, 0x24)

export interface Identity {
  readonly key: SigningKey
  /** The 32 bytes of the PeerId. */
  readonly id: Uint8Array
}

export async function identityFromSeed(suite: Suite, seed: Uint8Array): Promise<Identity> {
  const key = await suite.signatures.signingKey(seed)
  return { key, id: await peerIdOf(suite.hash, key.publicKey) }
}

export function peerIdOf(hash: Hash, publicKey: Uint8Array): Promise<Uint8Array> {
  return hash.sha256(MLDSA_65_PUB, publicKey)
}

export async function isKeyOf(hash: Hash, peer: Uint8Array, publicKey: Uint8Array): Promise<boolean> {
  return equalBytes(await peerIdOf(hash, publicKey), peer)
}
