// Token buckets of many, by name, in a table that cannot grow: whoever floods under a million names must not fill a memory.

import { FULL, type Rate, type Taken, take } from '../bucket.ts'

export class Buckets {
  readonly #most: number
  /** In the order in which they were last taken from. */
  readonly #paidUntilMs = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#paidUntilMs.size
  }

  /** `share` of the burst is what may be saved up: less for what is less urgent, so that some is left for the rest. */
  take(name: string, { perSecond, burst }: Rate, nowMs: number, share = 1, cost = 1): Taken {
    const taken = take(this.#paidUntilMs.get(name) ?? FULL, { perSecond, burst: burst * share }, cost, nowMs)
    if (!taken.ok) return taken
    this.#paidUntilMs.delete(name)
    this.#paidUntilMs.set(name, taken.paidUntilMs)
    if (this.#paidUntilMs.size > this.#most) this.#makeRoom(nowMs)
    return taken
  }

  /** What takes nothing: whether there is something left. */
  waitMs(name: string, rate: Rate, nowMs: number): number {
    const taken = take(this.#paidUntilMs.get(name) ?? FULL, rate, 1, nowMs)
    return taken.ok ? 0 : taken.retryAfterMs
  }

  /** Full ones are as good as none; if there are none of those, whoever was idle longest gets a full one early. */
  #makeRoom(nowMs: number): void {
    for (const [name, paidUntilMs] of this.#paidUntilMs)
      if (paidUntilMs <= nowMs) this.#paidUntilMs.delete(name)
    const [first] = this.#paidUntilMs.keys()
    if (first !== undefined && this.#paidUntilMs.size > this.#most) this.#paidUntilMs.delete(first)
  }
}
