// Tickets: what we may come back to a peer with, and what peers may come back to us with.

import type { Session } from '../protocol/crypto/handshake/session.ts'
import { isLive, type Ticket, type TicketStore } from '../protocol/crypto/handshake/ticket.ts'
import { equalBytes } from '../protocol/wire/bytes.ts'

/** One that the peer comes back with while our answer to the last is lost. Beyond it the oldest goes. */
const THEIRS_MAX = 2

/** Those of one peer. */
export interface PeerTickets {
  readonly theirs: TicketStore
  has(): boolean
  /** Ours, which is spent with that. */
  take(): Ticket | undefined
  keep(tickets: Session['tickets']): void
}

export class Tickets {
  readonly #peers = new Map<string, { ours: Ticket | undefined; theirs: Ticket[] }>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  of(peer: string): PeerTickets {
    const entry = () => {
      const known = this.#peers.get(peer) ?? { ours: undefined, theirs: [] }
      this.#peers.set(peer, known)
      return known
    }
    return {
      has: () => {
        const { ours } = this.#peers.get(peer) ?? {}
        return ours !== undefined && isLive(ours, this.#nowMs())
      },
      take: () => {
        const mine = entry()
        const { ours } = mine
        mine.ours = undefined
        return ours
      },
      keep: (tickets) => {
        const mine = entry()
        mine.ours = tickets.ours
        mine.theirs = [tickets.theirs, ...mine.theirs].slice(0, THEIRS_MAX)
      },
      theirs: {
        find: (id) => this.#peers.get(peer)?.theirs.find((ticket) => equalBytes(ticket.id, id)),
        take: (id) => {
          const mine = entry()
          const left = mine.theirs.filter((ticket) => !equalBytes(ticket.id, id))
          const had = left.length < mine.theirs.length
          mine.theirs = left
          return had
        },
      },
    }
  }
}
