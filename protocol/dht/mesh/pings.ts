// Pings under way: of neighbours that left a request unanswered, and of the one that was silent longest when another wants its place.

import { MESH_PONG_MS } from '../../limits/mesh.ts'
import type { Neighbour } from './contract.ts'
import type { Entry } from './neighbours.ts'
import type { NodeId } from './node.ts'

export interface Newcomer {
  readonly neighbour: Neighbour
  readonly node: NodeId
  readonly roundTripMs: number | undefined
}

interface Ping {
  readonly entry: Entry
  readonly sentAtMs: number
  readonly newcomer: Newcomer | undefined
}

export class Pings {
  readonly #pings = new Map<number, Ping>()

  get wakeAtMs(): number | undefined {
    // In the order of their sending, which is that of their ends.
    for (const { sentAtMs } of this.#pings.values()) return sentAtMs + MESH_PONG_MS
    return undefined
  }

  isPinged(entry: Entry): boolean {
    return [...this.#pings.values()].some((ping) => ping.entry === entry)
  }

  isFree(token: number): boolean {
    return !this.#pings.has(token)
  }

  wait(token: number, entry: Entry, newcomer: Newcomer | undefined, nowMs: number): void {
    this.#pings.set(token, { entry, sentAtMs: nowMs, newcomer })
  }

  take(token: number, neighbour: Neighbour): Ping | undefined {
    const ping = this.#pings.get(token)
    if (ping?.entry.neighbour !== neighbour) return undefined
    this.#pings.delete(token)
    return ping
  }

  /** Of a neighbour that is gone. A newcomer that is gone is nobody's successor any more. */
  takeOf(neighbour: Neighbour): Ping[] {
    const taken: Ping[] = []
    for (const [token, ping] of this.#pings) {
      if (ping.newcomer?.neighbour === neighbour) this.#pings.set(token, { ...ping, newcomer: undefined })
      if (ping.entry.neighbour !== neighbour) continue
      this.#pings.delete(token)
      taken.push(ping)
    }
    return taken
  }

  takeOverdue(nowMs: number): Ping[] {
    const overdue: Ping[] = []
    for (const [token, ping] of this.#pings) {
      if (ping.sentAtMs + MESH_PONG_MS > nowMs) break
      this.#pings.delete(token)
      overdue.push(ping)
    }
    return overdue
  }
}
