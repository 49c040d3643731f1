// How many first messages of handshakes are answered: so many over all peers, and fewer of one, so that no stranger who
// dials without end keeps the others from being answered.

import { FULL, take } from '../protocol/bucket.ts'
import {
  HANDSHAKES_BURST,
  HANDSHAKES_OF_PEER_BURST,
  HANDSHAKES_OF_PEER_PER_SECOND,
  HANDSHAKES_PER_SECOND,
} from '../protocol/limits/keying.ts'

const OF_ALL = { perSecond: HANDSHAKES_PER_SECOND, burst: HANDSHAKES_BURST }
const OF_ONE = { perSecond: HANDSHAKES_OF_PEER_PER_SECOND, burst: HANDSHAKES_OF_PEER_BURST }

export class Admittance {
  readonly #nowMs: () => number
  #paidUntilMs = FULL

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Of one peer: whether another may be answered now. */
  ofPeer(): () => boolean {
    let paidUntilMs = FULL
    return () => {
      const nowMs = this.#nowMs()
      const one = take(paidUntilMs, OF_ONE, 1, nowMs)
      const all = take(this.#paidUntilMs, OF_ALL, 1, nowMs)
      if (!one.ok || !all.ok) return false
      paidUntilMs = one.paidUntilMs
      this.#paidUntilMs = all.paidUntilMs
      return true
    }
  }
}
