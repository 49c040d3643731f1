// What peers say to an application that has not met them. Links that machinery makes for itself are not the application's: it neither
// speaks on them nor hears of them. But a peer may see that it is in a room with us before we see it, and what it says then is
// not to be lost: so it waits a moment.

import { STRANGER_WAITS_MS } from '../protocol/limits/link.ts'
import type { PeerId } from './types.ts'

interface Said {
  readonly hear: () => void
  readonly refuse: () => void
}

export class Strangers {
  readonly #said = new Map<PeerId, Said[]>()
  readonly #timers = new Map<PeerId, ReturnType<typeof setTimeout>>()

  /** What is held is not consumed: so the link's windows bound it. */
  hold(peer: PeerId, hear: () => void, refuse: () => void): void {
    const said = this.#said.get(peer) ?? []
    said.push({ hear, refuse })
    this.#said.set(peer, said)
    if (!this.#timers.has(peer))
      this.#timers.set(
        peer,
        setTimeout(() => this.refuse(peer), STRANGER_WAITS_MS),
      )
  }

  /** In the order in which it was said. */
  met(peer: PeerId): void {
    for (const { hear } of this.#take(peer)) hear()
  }

  refuse(peer: PeerId): void {
    for (const { refuse } of this.#take(peer)) refuse()
  }

  close(): void {
    for (const peer of [...this.#said.keys()]) this.#take(peer)
  }

  #take(peer: PeerId): readonly Said[] {
    const said = this.#said.get(peer) ?? []
    this.#said.delete(peer)
    clearTimeout(this.#timers.get(peer))
    this.#timers.delete(peer)
    return said
  }
}
