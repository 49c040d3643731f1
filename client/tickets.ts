// Tickets: what we may come back to a peer with, and what peers may come back to us with. The latest are kept where the
// identity is, so that a reloaded page meets its peers without signatures.

import type { Session } from '../protocol/crypto/handshake/session.ts'
import { isLive, type Ticket, type TicketStore } from '../protocol/crypto/handshake/ticket.ts'
import { TICKETS_PEERS_KEPT, TICKETS_PEERS_MAX } from '../protocol/limits/keying.ts'
import { equalBytes } from '../protocol/wire/bytes.ts'
import type { SealedStore } from './identities/store.ts'
import { decodeTickets, encodeTickets, type Kept } from './kept-tickets.ts'

/** One that the peer comes back with while our answer to the last is lost. Beyond it the oldest goes. */
const THEIRS_MAX = 2
const PLACE = 'tickets'

/** Those of one peer. */
export interface PeerTickets {
  readonly theirs: TicketStore
  has(): boolean
  /** Ours, which is spent with that. */
  take(): Ticket | undefined
  keep(tickets: Session['tickets']): void
}

export class Tickets {
  /** The last met last. */
  readonly #peers: Map<string, Kept>
  readonly #nowMs: () => number
  readonly #store: SealedStore | undefined
  #changed = false
  #keeping = false

  /** With what the store has of earlier runs. */
  static async open(nowMs: () => number, store: SealedStore): Promise<Tickets> {
    const bytes = await store.get(PLACE).catch(() => undefined)
    return new Tickets(nowMs, store, bytes && decodeTickets(bytes))
  }

  constructor(nowMs: () => number, store?: SealedStore, peers: Map<string, Kept> = new Map()) {
    this.#nowMs = nowMs
    this.#store = store
    this.#peers = peers
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
        this.#keep()
        return ours
      },
      keep: (tickets) => {
        const theirs = [tickets.theirs, ...(this.#peers.get(peer)?.theirs ?? [])].slice(0, THEIRS_MAX)
        this.#peers.delete(peer)
        this.#peers.set(peer, { ours: tickets.ours, theirs })
        this.#forget()
        this.#keep()
      },
      theirs: {
        find: (id) => this.#peers.get(peer)?.theirs.find((ticket) => equalBytes(ticket.id, id)),
        take: (id) => {
          const mine = this.#peers.get(peer)
          if (mine === undefined) return false
          const left = mine.theirs.filter((ticket) => !equalBytes(ticket.id, id))
          const had = left.length < mine.theirs.length
          mine.theirs = left
          this.#keep()
          return had
        },
      },
    }
  }

  /** One write at a time, and the last of what changed meanwhile. What is not kept costs a full handshake, and no more. */
  #keep(): void {
    this.#changed = true
    if (this.#keeping || this.#store === undefined) return
    this.#keeping = true
    void this.#write(this.#store).finally(() => {
      this.#keeping = false
    })
  }

  async #write(store: SealedStore): Promise<void> {
    while (this.#changed) {
      this.#changed = false
      const latest = [...this.#peers.values()].slice(-TICKETS_PEERS_KEPT)
      await store.set(PLACE, encodeTickets(latest)).catch(() => {})
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
