// Tickets: what we may come back to a peer with, and what peers may come back to us with.

import type { Session } from '../protocol/crypto/handshake/session.ts'
import { isLive, type Ticket, type TicketStore } from '../protocol/crypto/handshake/ticket.ts'
import { TICKETS_PEERS_MAX } from '../protocol/limits.ts'
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

interface Kept {
  ours: Ticket | undefined
  theirs: Ticket[]
}

export class Tickets {
  /** The last met last. */
  readonly #peers = new Map<string, Kept>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  of(peer: string): PeerTickets {
    return {
      has: () => {
        const { ours } = this.#peers.get(peer) ?? {}
        return ours !== undefined && isLive(ours, this.#nowMs())
      },
      take: () => {
        const mine = this.#peers.get(peer)
        const ours = mine?.ours
        if (mine !== undefined) mine.ours = undefined
        return ours
      },
      keep: (tickets) => {
        const theirs = [tickets.theirs, ...(this.#peers.get(peer)?.theirs ?? [])].slice(0, THEIRS_MAX)
        this.#peers.delete(peer)
        this.#peers.set(peer, { ours: tickets.ours, theirs })
        this.#forget()
      },
      theirs: {
        find: (id) => this.#peers.get(peer)?.theirs.find((ticket) => equalBytes(ticket.id, id)),
        take: (id) => {
          const mine = this.#peers.get(peer)
          if (mine === undefined) return false
          const left = mine.theirs.filter((ticket) => !equalBytes(ticket.id, id))
          const had = left.length < mine.theirs.length
          mine.theirs = left
          return had
        },
      },
    }
  }

  /** Those too old to be of use, and of whom we met longest ago when there are too many. A ticket is a secret. */
  #forget(): void {
    const nowMs = this.#nowMs()
    for (const [peer, { ours, theirs }] of this.#peers) {
      const kept = [ours, ...theirs].filter((ticket) => ticket !== undefined)
      if (this.#peers.size <= TICKETS_PEERS_MAX && kept.some((ticket) => isLive(ticket, nowMs))) return
      for (const { secret } of kept) secret.fill(0)
      this.#peers.delete(peer)
    }
  }
}
