// How much work is asked for: a bit more for each doubling of the load. Load is passes given, so raising it for everybody
// costs whoever does it a stamp for each step; asking for challenges costs nothing and so counts nothing.

import { LOAD_WINDOW_MS, PASSES_PER_SECOND_CALM, STAMP_BITS, STAMP_BITS_MAX } from '../../limits/admission.ts'

export function difficulty(passesPerSecond: number, base: number = STAMP_BITS): number {
  const doublings = Math.ceil(Math.log2(Math.max(1, passesPerSecond / PASSES_PER_SECOND_CALM)))
  return Math.min(STAMP_BITS_MAX, base + doublings)
}

/** Events per second, each forgotten by halves as the window goes by. */
export class Load {
  #weight = 0
  #atMs = 0

  note(nowMs: number): void {
    this.#weight = this.#weightAt(nowMs) + 1
    this.#atMs = Math.max(this.#atMs, nowMs)
  }

  perSecond(nowMs: number): number {
    // A steady rate of one event in a window comes to a weight of one over the natural logarithm of two.
    return (this.#weightAt(nowMs) * Math.LN2 * 1_000) / LOAD_WINDOW_MS
  }

  #weightAt(nowMs: number): number {
    return this.#weight * 2 ** (-Math.max(0, nowMs - this.#atMs) / LOAD_WINDOW_MS)
  }
}
