// A small message to each peer now and then, so that round trips are of now. Modest: only while somebody looks, to a few
// peers, one at a time, and over the relay, where each costs the edge something, less often than directly.

import type { PeerId, Received, Room, Via, Waypost } from '../../index.ts'

export type Measured = (peer: PeerId, via: Via, ms: number) => void

const PINGED_PEERS_MAX = 8
const LOOK_MS = 1_000
const EVERY_MS = { direct: 3_000, relay: 10_000 } as const
const TTL_MS = 10_000

/** Ours are not shown as messages. */
export function isPing(data: Received): boolean {
  return typeof data === 'object' && data !== null && 'ping' in data && Object.keys(data).length === 1
}

export class Pings {
  readonly #measured: Measured
  readonly #lastAtMs = new Map<PeerId, number>()
  readonly #under = new Set<PeerId>()
  #timer: ReturnType<typeof setInterval> | undefined
  enabled = true

  constructor(measured: Measured) {
    this.#measured = measured
  }

  start(waypost: Waypost, room: Room): void {
    this.stop()
    this.#timer = setInterval(() => this.#look(waypost, room), LOOK_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#lastAtMs.clear()
    this.#under.clear()
  }

  #look(waypost: Waypost, room: Room): void {
    if (!this.enabled || document.hidden) return
    for (const id of this.#lastAtMs.keys()) if (!room.peers.has(id)) this.#lastAtMs.delete(id)
    const now = performance.now()
    for (const { id, via } of [...room.peers.values()].slice(0, PINGED_PEERS_MAX)) {
      if (via === undefined || this.#under.has(id)) continue
      if (now - (this.#lastAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < EVERY_MS[via]) continue
      this.#lastAtMs.set(id, now)
      void this.#ping(waypost, id, now)
    }
  }

  async #ping(waypost: Waypost, id: PeerId, sentAtMs: number): Promise<void> {
    this.#under.add(id)
    try {
      const { via } = await waypost.send(id, { ping: Math.round(sentAtMs) }, { ttlMs: TTL_MS })
      if (via !== 'mailbox') this.#measured(id, via, performance.now() - sentAtMs)
    } catch {
      // It left, or we did: the list of peers says so.
    } finally {
      this.#under.delete(id)
    }
  }
}
