// A key as a request names it: the CID of content, the PeerId of a peer, or the multihash of any key.

import { CID } from 'multiformats/cid'
import { BLAKE3, type HashCode, type Key, SHA2_256 } from '../../protocol/dht/contract.ts'
import { isPeerId, parsePeerId } from '../../protocol/peer-id.ts'

export interface NamedKey {
  readonly key: Key
  /** By which hash it was made, if it is the digest of something. */
  readonly hashCode: HashCode
}

const KEY_BYTES = 32

/** Undefined for what is none, or is of a hash that nothing here is stored under. */
export function namedKey(text: string): NamedKey | undefined {
  // A multihash without anything before it: as PeerIds are written, and keys of names.
  if (isPeerId(text)) return { key: parsePeerId(text), hashCode: SHA2_256 }
  const { code, digest } = cidOf(text)?.multihash ?? {}
  if (digest?.length !== KEY_BYTES || (code !== SHA2_256 && code !== BLAKE3)) return undefined
  return { key: digest, hashCode: code }
}

export function cidOf(text: string): CID | undefined {
  try {
    return CID.parse(text)
  } catch {
    return undefined
  }
}
