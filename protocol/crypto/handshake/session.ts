// What a handshake or a resumption ends in: the same secrets at both ends, and who is there.

import type { Hash } from '../suite.ts'
import { linkSecrets, wipe } from './schedule.ts'
import { type Ticket, ticketsOf } from './ticket.ts'

export type Role = 'initiator' | 'responder'

export const other = (role: Role): Role => (role === 'initiator' ? 'responder' : 'initiator')

/** Its secrets are taken, once each, by the record layer, rekeying and joins. */
export interface Session {
  readonly role: Role
  readonly suite: number
  readonly peer: Uint8Array
  /** What the peer said of itself beside its proof; nothing after a resumption. */
  readonly ext: Uint8Array
  /** Public: names this session where a peer has several. */
  readonly link: Uint8Array
  /** Traffic secrets of the first generation, for records/. */
  readonly send: Uint8Array
  readonly receive: Uint8Array
  /** For rekeying, and for joining further paths. */
  readonly root: Uint8Array
  readonly paths: Uint8Array
  /** One to resume with, and one that the peer may resume with. */
  readonly tickets: { readonly ours: Ticket; readonly theirs: Ticket }
  /** When signatures were last seen: a resumption keeps it, so a chain of them ends. */
  readonly authenticatedAtMs: number
}

export interface Established {
  readonly role: Role
  readonly suite: number
  readonly peer: Uint8Array
  readonly ext: Uint8Array
  readonly authenticatedAtMs: number
}

/** Erases the master secret. */
export async function makeSession(
  hash: Hash,
  master: Uint8Array,
  h4: Uint8Array,
  who: Established,
): Promise<Session> {
  const secrets = await linkSecrets(hash, master, h4)
  const tickets = await ticketsOf(hash, secrets.resumption, who)
  wipe(master, secrets.resumption)
  return {
    ...who,
    link: secrets.id,
    send: secrets[who.role],
    receive: secrets[other(who.role)],
    root: secrets.root,
    paths: secrets.paths,
    tickets,
  }
}

/** What of it was not taken. */
export function eraseSession({ send, receive, root, paths }: Session): void {
  wipe(send, receive, root, paths)
}
