// What a shard counts for its registry, in memory, and when it tells: at most once a period, when it is asked something anyway. What
// it holds is on its disk, so a shard that slept forgets counts only.

import type { ShardAnswer, ShardRequest } from '../dht/contract.ts'
import type { ShardPlace } from '../dht/place.ts'
import { SUMMARY_AFTER_WAKING_MS } from '../limits/network.ts'
import type { DhtCounts, ShardGauges, ShardSummary } from './dht-figures.ts'

export class ShardWatch {
  readonly #everyMs: number
  /** Counts alone are told no sooner: a shard that is asked once in a while need not tell each time. */
  #countsDueAtMs: number
  #toldAtMs = Number.NEGATIVE_INFINITY
  /** As the registry knows it, or had better: what a shard wakes with it told before it slept. */
  #said: Pick<ShardGauges, 'records' | 'isSplit'>
  #gets = 0
  #found = 0
  #puts = 0
  #refused = new Map<string, number>()

  constructor(everyMs: number, said: Pick<ShardGauges, 'records' | 'isSplit'>, nowMs: number) {
    this.#everyMs = everyMs
    this.#said = { records: said.records, isSplit: said.isSplit }
    this.#countsDueAtMs = nowMs + Math.min(everyMs, SUMMARY_AFTER_WAKING_MS)
  }

  answered(requests: readonly ShardRequest[], answers: readonly ShardAnswer[]): void {
    for (const [at, request] of requests.entries()) {
      const answer = answers[at]
      // Asked of the wrong shard: the right one counts it.
      if (answer === undefined || answer.kind === 'moved') continue
      if (request.kind === 'put' || request.kind === 'provide') this.#puts++
      else this.#gets++
      if (answer.kind === 'refused')
        this.#refused.set(answer.reason, (this.#refused.get(answer.reason) ?? 0) + 1)
      else if (hasFound(answer)) this.#found++
    }
  }

  /** Whether the registry is to be told now. After each event: a few comparisons. */
  tells({ records, isSplit }: Pick<ShardGauges, 'records' | 'isSplit'>, nowMs: number): boolean {
    if (this.#everyMs === 0 || nowMs - this.#toldAtMs < this.#everyMs) return false
    if (records !== this.#said.records || isSplit !== this.#said.isSplit) return true
    return this.#gets + this.#puts > 0 && nowMs >= this.#countsDueAtMs
  }

  /** What it is told; what was counted begins anew. */
  summary(place: ShardPlace, { records, bytes, isSplit }: ShardGauges, nowMs: number): ShardSummary {
    const { prefix, region } = place
    const counts: DhtCounts = {
      gets: this.#gets,
      found: this.#found,
      puts: this.#puts,
      refused: Object.fromEntries(this.#refused),
    }
    this.#said = { records, isSplit }
    this.#toldAtMs = nowMs
    this.#gets = 0
    this.#found = 0
    this.#puts = 0
    this.#refused = new Map()
    return { prefix, region, atMs: nowMs, records, bytes, isSplit, counts }
  }
}

function hasFound(answer: ShardAnswer): boolean {
  switch (answer.kind) {
    case 'record':
      return true
    case 'closest':
      return answer.records.length > 0
    case 'providers':
      return answer.providers.length > 0
    default:
      return false
  }
}
