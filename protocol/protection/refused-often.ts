// Whose writes are refused again and again. An honest client that keeps as much as it may is told so, and stops; whoever goes on a
// thousand times floods, and that is an offence for each thousand.

import { OFFENDERS_GATHERED_MAX, SHARD_REFUSED_FLOODING } from '../limits/protection.ts'
import { type PeerId, peerIdText } from '../peer-id.ts'

export class RefusedOften {
  readonly #peers = new Map<PeerId, number>()

  /** Whether that was one too many. */
  refused(peer: Uint8Array): boolean {
    const id = peerIdText(peer)
    const times = (this.#peers.get(id) ?? 0) + 1
    this.#peers.delete(id)
    if (times >= SHARD_REFUSED_FLOODING) return true
    this.#peers.set(id, times)
    for (const first of this.#peers.keys())
      if (this.#peers.size > OFFENDERS_GATHERED_MAX) this.#peers.delete(first)
    return false
  }
}
