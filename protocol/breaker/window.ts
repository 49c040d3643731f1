// What became of the calls of the last while: counts in slices of time, the oldest of which is forgotten whole.

import { BREAKER_SLICES } from '../limits/breaker.ts'

export interface CallCounts {
  readonly calls: number
  /** Of them, those that failed. */
  readonly failed: number
  /** Those that failed or were slow: what a breaker opens for. */
  readonly bad: number
  /** Those that were not prompt, failed or not. */
  readonly late: number
}

type Counts = { -readonly [name in keyof CallCounts]: number }

const none = (): Counts => ({ calls: 0, failed: 0, bad: 0, late: 0 })

export class CallWindow {
  readonly #sliceMs: number
  readonly #slices: Counts[] = Array.from({ length: BREAKER_SLICES }, none)
  #sum = none()
  /** The number of the newest slice, counted from the beginning of time. */
  #newest = 0

  constructor(windowMs: number) {
    this.#sliceMs = windowMs / BREAKER_SLICES
  }

  note(
    call: { readonly failed: boolean; readonly bad: boolean; readonly late: boolean },
    nowMs: number,
  ): void {
    this.#forget(nowMs)
    for (const counts of [this.#slices[this.#newest % BREAKER_SLICES] as Counts, this.#sum]) {
      counts.calls++
      if (call.failed) counts.failed++
      if (call.bad) counts.bad++
      if (call.late) counts.late++
    }
  }

  counts(nowMs: number): CallCounts {
    this.#forget(nowMs)
    return this.#sum
  }

  clear(): void {
    for (const slice of this.#slices) Object.assign(slice, none())
    this.#sum = none()
  }

  /** A clock that went back does not bring back what was forgotten, nor forget more. */
  #forget(nowMs: number): void {
    const newest = Math.floor(nowMs / this.#sliceMs)
    if (newest - this.#newest >= BREAKER_SLICES) {
      this.clear()
      this.#newest = newest
      return
    }
    while (this.#newest < newest) {
      const slice = this.#slices[++this.#newest % BREAKER_SLICES] as Counts
      this.#sum.calls -= slice.calls
      this.#sum.failed -= slice.failed
      this.#sum.bad -= slice.bad
      this.#sum.late -= slice.late
      Object.assign(slice, none())
    }
  }
}
