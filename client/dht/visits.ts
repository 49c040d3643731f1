// Going where providers said that they are met, for as long as something is fetched of them: into rooms that the application does not
// see, unless it is in them too.

import {
  VISIT_ASKED_MAX,
  VISIT_ENTER_MS,
  VISIT_LINGER_MS,
  VISIT_ROOMS_MAX,
} from '../../protocol/limits/content.ts'
import { isReservedName } from '../../protocol/names.ts'
import type { JoinedRoom } from '../joined-room.ts'
import type { PeerId } from '../types.ts'

export interface VisitsParts {
  /** As the peer announced them; rejects when it did not. */
  readonly roomsOf: (peer: PeerId, signal: AbortSignal) => Promise<readonly string[]>
  readonly borrow: (name: string) => JoinedRoom
  readonly isReachable: (peer: PeerId) => boolean
}

interface Stay {
  readonly room: JoinedRoom
  guests: number
}

export class Visits {
  readonly #parts: VisitsParts
  readonly #stays = new Map<string, Stay>()

  constructor(parts: VisitsParts) {
    this.#parts = parts
  }

  isReachable(peer: PeerId): boolean {
    return this.#parts.isReachable(peer)
  }

  /** For one content. */
  begin(signal: AbortSignal): Visit {
    return new Visit(this, signal)
  }

  /** Of some of them, those rooms where most are. */
  async placesOf(peers: readonly PeerId[], signal: AbortSignal): Promise<readonly string[]> {
    const asked = peers.slice(0, VISIT_ASKED_MAX)
    const announced = await Promise.all(
      asked.map((peer) => this.#parts.roomsOf(peer, signal).catch(() => [] as const)),
    )
    const count = new Map<string, number>()
    for (const rooms of announced)
      for (const name of new Set(rooms))
        if (!isReservedName(name)) count.set(name, (count.get(name) ?? 0) + 1)
    const names = [...count].sort((a, b) => b[1] - a[1]).map(([name]) => name)
    return names.slice(0, VISIT_ROOMS_MAX)
  }

  /** Resolves when we are in, or it has been tried for long enough. */
  async enter(name: string, signal: AbortSignal): Promise<void> {
    const known = this.#stays.get(name)
    const stay = known?.room.api.state === 'closed' ? undefined : known
    const { room, guests } = stay ?? { room: this.#parts.borrow(name), guests: 0 }
    this.#stays.set(name, { room, guests: guests + 1 })
    await room.wait(AbortSignal.any([signal, AbortSignal.timeout(VISIT_ENTER_MS)])).catch(() => {})
  }

  /** After a moment: what was said last is still to arrive, and who fetches one thing often fetches another. */
  leave(name: string): void {
    setTimeout(() => {
      const stay = this.#stays.get(name)
      if (stay === undefined || --stay.guests > 0) return
      this.#stays.delete(name)
      if (stay.room.borrowed) stay.room.leave()
    }, VISIT_LINGER_MS)
  }
}

export class Visit {
  readonly #visits: Visits
  readonly #signal: AbortSignal
  readonly #names: string[] = []
  #isOver = false

  constructor(visits: Visits, signal: AbortSignal) {
    this.#visits = visits
    this.#signal = signal
  }

  /** Resolves to those who can be reached now. */
  async meet(peers: readonly PeerId[]): Promise<readonly PeerId[]> {
    if (peers.length === 0) return []
    const names = await this.#visits.placesOf(peers, this.#signal)
    if (this.#isOver || this.#signal.aborted) return []
    this.#names.push(...names)
    await Promise.all(names.map((name) => this.#visits.enter(name, this.#signal)))
    return peers.filter((peer) => this.#visits.isReachable(peer))
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const name of this.#names) this.#visits.leave(name)
  }
}
