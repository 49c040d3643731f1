// Who a peer is: the hash of the key it signs with. And the seeds of its keys, all from one root that can be backed up.
//
// Never from the root: prekeys, keys of sessions and of onions. They are to be forgotten, and a root is to be kept.

import { equalBytes } from '../wire/bytes.ts'
import { LABELS } from './contexts.ts'
import { checkSize, type Hash, SIZES, type SigningKey, type Suite } from './suite.ts'

/** The multicodec `mldsa-65-pub` (0x1211) as a varint: a key of another scheme can never hash to the same id. */
const KEY_CODEC = Uint8Array.of(0x91, 0x24)

export async function peerIdOf(hash: Hash, publicKey: Uint8Array): Promise<Uint8Array> {
  checkSize('an ML-DSA-65 public key', publicKey, SIZES.signaturePublicKey)
  return hash.sha256(KEY_CODEC, publicKey)
}

/** Asked before any signature by the key is looked at: `wrong-key` when it is not. */
export async function isKeyOf(hash: Hash, id: Uint8Array, publicKey: Uint8Array): Promise<boolean> {
  return publicKey.length === SIZES.signaturePublicKey && equalBytes(await peerIdOf(hash, publicKey), id)
}

/** A peer that can prove who it is. */
export interface Identity {
  readonly key: SigningKey
  /** The 32 bytes of the PeerId. */
  readonly id: Uint8Array
}

export async function identityFromSeed(suite: Suite, seed: Uint8Array): Promise<Identity> {
  const key = await suite.signatures.signingKey(seed)
  return { key, id: await peerIdOf(suite.hash, key.publicKey) }
}

export interface Seeds {
  /** Of the ML-DSA-65 key. */
  readonly identity: Uint8Array
  /** Of the mailbox's own key, where it has one. */
  readonly mailbox: Uint8Array
  /** The key of backups. */
  readonly backup: Uint8Array
}

export const ROOT_SEED_BYTES = 32

export async function seedsOf(hash: Hash, root: Uint8Array): Promise<Seeds> {
  checkSize('a root seed', root, ROOT_SEED_BYTES)
  const expand = (label: Uint8Array) => hash.expand(root, label, SIZES.signatureSeed)
  return {
    identity: await expand(LABELS.identity),
    mailbox: await expand(LABELS.mailbox),
    backup: await expand(LABELS.backup),
  }
}
