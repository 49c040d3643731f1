// Who this client is. Status: a peer id of chance for each connect(); when identities exist, it is the hash of a key,
// and this is the one place that changes.

import { PEER_ID_BYTES, type PeerId, peerIdText } from '../protocol/peer-id.ts'
import { SESSION_BYTES } from '../protocol/wire/registry.ts'

export interface Identity {
  readonly id: PeerId
  readonly bytes: Uint8Array
  /** This run of the client: the same over reconnects, another after a reload. */
  readonly session: Uint8Array
}

export function newIdentity(): Identity {
  const bytes = crypto.getRandomValues(new Uint8Array(PEER_ID_BYTES))
  const session = crypto.getRandomValues(new Uint8Array(SESSION_BYTES))
  return { id: peerIdText(bytes), bytes, session }
}
