// A mean of round trips that believes bad news at once and good news slowly: a target that became slow is not asked a hundred
// times more before it shows.

/** So long until a peak weighs half of what it did. */
export const EWMA_HALF_MS = 10_000

export class PeakEwma {
  #valueMs: number | undefined
  #atMs = 0

  get ms(): number | undefined {
    return this.#valueMs
  }

  measured(roundTripMs: number, nowMs: number): void {
    const before = this.#valueMs
    const kept = 0.5 ** (Math.max(0, nowMs - this.#atMs) / EWMA_HALF_MS)
    this.#atMs = nowMs
    this.#valueMs =
      before === undefined || roundTripMs > before ? roundTripMs : before * kept + roundTripMs * (1 - kept)
  }
}
