// Who this client is: a key, the peer id that is its hash, and this run of it.

import { identityFromSeed } from '../protocol/crypto/identity.ts'
import { SIZES, type SigningKey, type Suite } from '../protocol/crypto/suite.ts'
import { type PeerId, peerIdText } from '../protocol/peer-id.ts'
import { SESSION_BYTES } from '../protocol/wire/registry.ts'

export interface Identity {
  readonly id: PeerId
  readonly bytes: Uint8Array
  readonly key: SigningKey
  /** This run of the client: the same over reconnects, another after a reload. */
  readonly session: Uint8Array
}

/** One that lasts as long as the client. */
export async function newIdentity(suite: Suite): Promise<Identity> {
  const seed = suite.random(SIZES.signatureSeed)
  const { key, id } = await identityFromSeed(suite, seed)
  seed.fill(0)
  return { id: peerIdText(id), bytes: id, key, session: suite.random(SESSION_BYTES) }
}
