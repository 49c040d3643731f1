// The keys that things have in the DHT. A value's is its digest, an announcement's is the PeerId; these are the others.

import type { Hash } from '../suite.ts'
import { IPNS, NAME } from './labels.ts'

/** Of a name: whoever knows the owner and the salt can ask for it, and only the owner can sign what is there. */
export function nameKey(hash: Hash, peer: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
  return hash.sha256(NAME, peer, salt)
}

/** Of a name of IPNS, given as its multihash. */
export function ipnsKey(hash: Hash, name: Uint8Array): Promise<Uint8Array> {
  return hash.sha256(IPNS, name)
}
