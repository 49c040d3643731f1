// The name of a mailbox's object, both ways: whoever knows network and owner finds it, and the object knows whose it is.

import { isNetworkName } from '../names.ts'
import { isPeerId, type PeerId, parsePeerId, peerIdText } from '../peer-id.ts'

export interface MailboxPlace {
  readonly network: string
  /** The mailbox's id: 32 bytes. */
  readonly id: Uint8Array
}

/** Networks never meet: a network's name has no slash, so the first one ends it. */
export function mailboxObjectName(network: string, id: Uint8Array | PeerId): string {
  return `${network}/${typeof id === 'string' ? id : peerIdText(id)}`
}

/** Undefined for what is no such name: the health route's, say. */
export function placeOf(name: string | null | undefined): MailboxPlace | undefined {
  const [network = '', id = '', ...more] = (name ?? '').split('/')
  if (!isNetworkName(network) || !isPeerId(id) || more.length > 0) return undefined
  return { network, id: parsePeerId(id) }
}
