// How often one pass may have credentials, in this isolate's memory: a client asks once an hour, and nobody shall make the
// edge ask Cloudflare without end.

import { FULL, take } from '../../protocol/bucket.ts'
import { TURN_ASKERS_MAX, TURN_ASKS_BURST, TURN_ASKS_PER_SECOND } from '../../protocol/limits/turn.ts'

const RATE = { perSecond: TURN_ASKS_PER_SECOND, burst: TURN_ASKS_BURST }

export class Allowance {
  /** By asker, those who asked last at the end. */
  readonly #paidUntilMs = new Map<string, number>()
  readonly #askersMax: number

  constructor(askersMax = TURN_ASKERS_MAX) {
    this.#askersMax = askersMax
  }

  /** How long to wait before asking again; 0: it is granted. */
  take(asker: string, nowMs: number): number {
    const taken = take(this.#paidUntilMs.get(asker) ?? FULL, RATE, 1, nowMs)
    if (!taken.ok) return taken.retryAfterMs
    this.#paidUntilMs.delete(asker)
    for (const oldest of this.#paidUntilMs.keys()) {
      if (this.#paidUntilMs.size < this.#askersMax) break
      this.#paidUntilMs.delete(oldest)
    }
    this.#paidUntilMs.set(asker, taken.paidUntilMs)
    return 0
  }
}
