// What one of a network's registries has been told by its shards, and what that comes to. Which shards there are is kept by whoever
// holds this; how they are is in memory, told anew when it changes, and asked for where it is not known.

import { REGISTRY_SHARDS_MAX } from '../limits/network.ts'
import {
  addDhtCounts,
  type DhtCounts,
  type DhtView,
  NO_DHT,
  NO_DHT_COUNTS,
  type ShardGauges,
  type ShardSummary,
  shardOfText,
  shardText,
} from './dht-figures.ts'
import { stepMs, windowMs } from './history.ts'

export class GatheredShards {
  readonly #everyMs: number
  /** By their texts; undefined: there is one, of which nothing is known in this life. */
  readonly #shards = new Map<string, ShardGauges | undefined>()
  /** By step of time. */
  readonly #counts = new Map<number, DhtCounts>()

  constructor(everyMs: number, known: Iterable<string> = []) {
    this.#everyMs = everyMs
    for (const shard of known) this.#shards.set(shard, undefined)
  }

  /** The shard's text, if it is to be written down that there is such a one. */
  hear(summary: ShardSummary, nowMs: number): string | undefined {
    this.#count(summary.counts, nowMs)
    return this.learn(shardText(summary), summary)
  }

  learn(shard: string, { records, bytes, isSplit }: ShardGauges): string | undefined {
    // Nobody has ever written to it: it may be asked about by anybody, in any network.
    if (bytes === 0) return undefined
    const isNew = !this.#shards.has(shard)
    if (isNew && this.#shards.size >= REGISTRY_SHARDS_MAX) return undefined
    this.#shards.set(shard, { records, bytes, isSplit })
    return isNew ? shard : undefined
  }

  /** Of which nothing is known. */
  unknown(): readonly string[] {
    return [...this.#shards].flatMap(([shard, gauges]) => (gauges === undefined ? [shard] : []))
  }

  view(nowMs: number): DhtView {
    const sum = { ...NO_DHT }
    for (const [shard, gauges] of this.#shards) {
      if (gauges === undefined) {
        sum.behind++
        continue
      }
      if (gauges.isSplit) sum.splits++
      else sum.shards++
      if (shardOfText(shard).region === '') sum.records += gauges.records
      sum.bytes += gauges.bytes
    }
    return { ...sum, counts: this.#since(nowMs - windowMs(this.#everyMs)) }
  }

  #count(counts: DhtCounts, nowMs: number): void {
    const step = Math.floor(nowMs / stepMs(this.#everyMs))
    this.#counts.set(step, addDhtCounts(this.#counts.get(step) ?? NO_DHT_COUNTS, counts))
    this.#since(nowMs - windowMs(this.#everyMs))
  }

  /** What is older is forgotten. */
  #since(fromMs: number): DhtCounts {
    let sum = NO_DHT_COUNTS
    for (const [step, counts] of this.#counts)
      if ((step + 1) * stepMs(this.#everyMs) <= fromMs) this.#counts.delete(step)
      else sum = addDhtCounts(sum, counts)
    return sum
  }
}
