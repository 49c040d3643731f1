// How much a shard is asked: whether the next call may come in, and how many requests a second there were of late.

import { FULL, type Rate, take } from '../../bucket.ts'
import { SHARD_RATE_MS } from '../../limits/shard.ts'
import type { ShardRequest } from '../contract.ts'

/** Keys of a `provide` are a row each, and cheap beside what makes a request one. */
const KEYS_OF_A_REQUEST = 32

export class Load {
  readonly #rate: Rate
  #paidUntilMs = FULL
  #perSecond = 0
  #atMs = Number.NEGATIVE_INFINITY

  constructor(rate: Rate) {
    this.#rate = rate
  }

  /** Undefined: it may come in. Otherwise when to come back. */
  refuse(requests: readonly ShardRequest[], nowMs: number): number | undefined {
    let cost = 0
    for (const request of requests)
      cost += request.kind === 'provide' ? 1 + request.keys.length / KEYS_OF_A_REQUEST : 1
    const taken = take(this.#paidUntilMs, this.#rate, cost, nowMs)
    // What is refused counts too: it is why the shard should split.
    this.#perSecond = this.perSecond(nowMs) + cost / (SHARD_RATE_MS / 1_000)
    this.#atMs = nowMs
    if (!taken.ok) return taken.retryAfterMs
    this.#paidUntilMs = taken.paidUntilMs
    return undefined
  }

  /** The average, of which what is longer ago counts less. A clock that is set back makes nothing more of it. */
  perSecond(nowMs: number): number {
    return this.#perSecond * Math.exp(Math.min(0, this.#atMs - nowMs) / SHARD_RATE_MS)
  }
}
