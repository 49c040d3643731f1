// While more is asked of an isolate than it can bear, each address has a share that lets a page arrive, and no more: a flood comes from
// fewer addresses than people do. It is the asking that counts, not the answers: a flood that is refused is a flood still.

import {
  PRESSED_ADDRESS_BURST,
  PRESSED_ADDRESS_PER_SECOND,
  PRESSED_FOR_MS,
  PRESSED_PEER_BURST,
  PRESSED_PEER_PER_SECOND,
  RATE_BUCKETS_MAX,
} from '../limits/rates.ts'
import { Buckets } from './buckets.ts'

const OF_ADDRESS = { perSecond: PRESSED_ADDRESS_PER_SECOND, burst: PRESSED_ADDRESS_BURST }
const OF_PEER = { perSecond: PRESSED_PEER_PER_SECOND, burst: PRESSED_PEER_BURST }
const SECOND_MS = 1_000

/** How long to wait; 0: not at all. */
type WaitMs = number

export class Pressed {
  readonly #addresses = new Buckets(RATE_BUCKETS_MAX)
  readonly #peers = new Buckets(RATE_BUCKETS_MAX)
  #second = 0
  #asked = 0
  #untilMs = 0

  /** Counts one request, whoever asks. `most` a second; 0: however many. */
  ask(most: number, nowMs: number): boolean {
    const second = Math.floor(nowMs / SECOND_MS)
    if (second !== this.#second) {
      this.#second = second
      this.#asked = 0
    }
    if (++this.#asked > most) this.#untilMs = nowMs + PRESSED_FOR_MS
    return most > 0 && nowMs < this.#untilMs
  }

  addressWaitMs(address: string, nowMs: number): WaitMs {
    const taken = this.#addresses.take(address, OF_ADDRESS, nowMs)
    return taken.ok ? 0 : taken.retryAfterMs
  }

  /** Many people may share an address with one who floods: whoever shows a pass is asked for by name. */
  peerWaitMs(peer: string, nowMs: number): WaitMs {
    const taken = this.#peers.take(peer, OF_PEER, nowMs)
    return taken.ok ? 0 : taken.retryAfterMs
  }
}
