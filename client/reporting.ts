// When a client says how its links do, for whoever watches the network: once in a while, as often as the edge asked for when it was first
// spoken to. What it says is in reports.ts. All of it is loaded with the keys: a file of its own, that shared code with the first one
// of a page, would make that one larger.

import { REPORT_EVERY_MS, REPORT_SPREAD } from '../protocol/limits/network.ts'
import type { JoinedRoom } from './joined-room.ts'
import type { WaypostParts } from './parts.ts'
import type { PeerLink } from './peer-link.ts'
import { sayHowWeDo } from './reports.ts'
import type { PeerId } from './types.ts'

/** Messages since the last report. */
export interface Deliveries {
  readonly delivered: number
  readonly failed: number
}

export interface Reported {
  readonly rooms: ReadonlyMap<string, JoinedRoom>
  readonly links: ReadonlyMap<PeerId, PeerLink>
}

export class Reporting {
  readonly #parts: WaypostParts
  readonly #of: Reported
  #delivered = 0
  #failed = 0
  /** Periods, to know when it is the turn of who has nothing to say. */
  #turn = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(parts: WaypostParts, of: Reported) {
    this.#parts = parts
    this.#of = of
    // Those who came together shall not report together.
    this.#later(REPORT_SPREAD + (1 - REPORT_SPREAD) * Math.random())
  }

  /** A message to a peer was acknowledged, or will not be. */
  settled(delivered: boolean): void {
    if (delivered) this.#delivered++
    else this.#failed++
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #later(periods: number): void {
    const { reportEveryMs = REPORT_EVERY_MS } = this.#parts.bootstraps
    if (reportEveryMs === 0) return
    this.#timer = setTimeout(() => this.#report(), reportEveryMs * periods)
    // In Node it keeps no process alive: nobody waits for it.
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  #report(): void {
    if (this.#of.rooms.size > 0 && this.#parts.bootstraps.reportEveryMs) this.#say()
    this.#later(1 + REPORT_SPREAD * (2 * Math.random() - 1))
  }

  #say(): void {
    const counts: Deliveries = { delivered: this.#delivered, failed: this.#failed }
    if (!sayHowWeDo(this.#of, counts, this.#parts, this.#turn++)) return
    this.#delivered = 0
    this.#failed = 0
  }
}
