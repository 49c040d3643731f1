// Tickets: what two peers that met keep, to meet again without signatures. Each is good once, in one direction, and not
// longer than a day after the signatures.

import type { Hash } from '../suite.ts'
import { TICKET_ID, TICKET_SECRET } from './labels.ts'
import { TICKET_ID_BYTES } from './layout.ts'
import { expand } from './schedule.ts'
import type { Established, Role } from './session.ts'

/** A full handshake each 24 hours: a stolen ticket is good for no longer, nor is a chain of resumptions. */
export const TICKET_LIFE_MS = 24 * 3_600_000

export interface Ticket {
  /** Travels in the clear, once. */
  readonly id: Uint8Array
  readonly secret: Uint8Array
  readonly peer: Uint8Array
  readonly suite: number
  readonly authenticatedAtMs: number
}

/**
 * Tickets that peers may come back with. Synchronous, and `take` at most once true for an id: it is what makes a ticket
 * single-use, across tabs too where they share a store.
 */
export interface TicketStore {
  find(id: Uint8Array): Ticket | undefined
  take(id: Uint8Array): boolean
}

/** A clock set back does not make a ticket younger than it is at its making. */
export function isLive(ticket: Ticket, nowMs: number): boolean {
  return nowMs >= ticket.authenticatedAtMs && nowMs < ticket.authenticatedAtMs + TICKET_LIFE_MS
}

export async function ticketsOf(hash: Hash, resumption: Uint8Array, who: Established) {
  const { peer, suite, authenticatedAtMs } = who
  const made = async (dialler: Role): Promise<Ticket> => {
    const role = Uint8Array.of(dialler === 'initiator' ? 0 : 1)
    const [id, secret] = await Promise.all([
      expand(hash, resumption, TICKET_ID, role, TICKET_ID_BYTES),
      expand(hash, resumption, TICKET_SECRET, role),
    ])
    return { id, secret, peer, suite, authenticatedAtMs }
  }
  const [initiators, responders] = await Promise.all([made('initiator'), made('responder')])
  return who.role === 'initiator'
    ? { ours: initiators, theirs: responders }
    : { ours: responders, theirs: initiators }
}
