// One step of a chain: the key of one message, and the key of the next step. Whoever has a chain's key has all that follows, and
// nothing that was before.

import { expand, wipe } from '../handshake/schedule.ts'
import { type AeadKey, type Hash, SIZES, type Suite } from '../suite.ts'
import { BROADCAST_MESSAGE, BROADCAST_STEP } from './labels.ts'

const NOTHING = new Uint8Array()

export interface MessageKey {
  readonly key: AeadKey
  readonly nonce: Uint8Array
}

/** Seals or opens exactly one message, so its nonce is never used twice. */
export async function messageKey(suite: Suite, chain: Uint8Array): Promise<MessageKey> {
  const both = await expand(suite.hash, chain, BROADCAST_MESSAGE, NOTHING, SIZES.aeadKey + SIZES.nonce)
  const made = {
    key: await suite.aead.key(both.subarray(0, SIZES.aeadKey)),
    nonce: both.slice(SIZES.aeadKey),
  }
  wipe(both)
  return made
}

export function nextChain(hash: Hash, chain: Uint8Array): Promise<Uint8Array> {
  return expand(hash, chain, BROADCAST_STEP, NOTHING)
}
