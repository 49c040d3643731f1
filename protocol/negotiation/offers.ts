// Which of the peer's offers of new connections are taken up: none of one that is over, and not many, whatever it says.

import { FULL, take } from '../bucket.ts'
import { OFFERS_BURST, OFFERS_PER_SECOND } from '../limits/direct.ts'

/** Connections remembered as over. More than a peer can have under way: each needs a round trip, or a timeout. */
const OVER_MAX = 8
const RATE = { perSecond: OFFERS_PER_SECOND, burst: OFFERS_BURST }

export class Offers {
  /** So that stragglers do not bring them back. */
  #over: number[] = []
  #paidUntilMs = FULL

  isOver(connection: number): boolean {
    return this.#over.includes(connection)
  }

  bury(connection: number): void {
    this.#over = [...this.#over.slice(1 - OVER_MAX), connection]
  }

  /** Whether another connection may be made now because the peer wants one. */
  admits(nowMs: number): boolean {
    const paid = take(this.#paidUntilMs, RATE, 1, nowMs)
    if (paid.ok) this.#paidUntilMs = paid.paidUntilMs
    return paid.ok
  }
}
