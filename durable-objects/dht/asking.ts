// Puts questions to the shards of a network, from within an object: those of the region nearest to who asks first. What is
// known of a network's leaves is shared by all objects of the isolate; it may be old, and is put right by whoever is asked wrongly.

import type { ShardAnswer, ShardRequest } from '../../protocol/dht/contract.ts'
import { Inquiry } from '../../protocol/dht/inquiry.ts'
import { type KnownLeaves, KnownTries } from '../../protocol/dht/leaves.ts'
import { shardObjectName } from '../../protocol/dht/place.ts'
import { nearestFirst, type Region, type ShardSite } from '../../protocol/dht/regions.ts'
import { SitesInquiry } from '../../protocol/dht/sites.ts'
import { SHARD_SOCKET_MS } from '../../protocol/limits/shard.ts'
import { type AskableShard, ShardLine } from './shard-line.ts'

export interface ShardNamespace {
  getByName(name: string, options?: { readonly locationHint?: Region }): AskableShard
}

const tries = new KnownTries()
/** Shards that an object keeps a line to: what goes is made again with the next question. */
const LINES_MAX = 1_024

export class Asking {
  readonly #shards: ShardNamespace
  readonly #network: string
  readonly #lines = new Map<string, ShardLine>()
  #hasAsked = false
  #isWatched = false

  constructor(shards: ShardNamespace, network: string) {
    this.#shards = shards
    this.#network = network
  }

  /** In the order of the requests. Resolves whatever happens: a shard that cannot be reached is an answer too. */
  async all(
    every: readonly ShardSite[],
    near: Region | '',
    requests: readonly ShardRequest[],
  ): Promise<readonly ShardAnswer[]> {
    this.#hasAsked = true
    const sites = nearestFirst(every, near)
    const leaves = tries.of(this.#network, sites)
    const inquiry = new SitesInquiry(leaves, requests)
    for (let answers = inquiry.answers(); ; answers = inquiry.answers()) {
      if (answers !== undefined) {
        // Not waited for: what does not get there comes with its owner's next refresh.
        for (const { site, requests } of inquiry.behind())
          void this.#rest(new Inquiry(leaves[site] as KnownLeaves, requests), sites[site] as ShardSite)
        return answers
      }
      await this.#round(inquiry, sites[inquiry.site] as ShardSite)
    }
  }

  async #rest(inquiry: Inquiry, site: ShardSite): Promise<void> {
    while (inquiry.answers() === undefined) await this.#round(inquiry, site)
  }

  async #round(inquiry: Inquiry | SitesInquiry, site: ShardSite): Promise<void> {
    const made = inquiry.calls().map(async (call) => {
      return { call, answers: await this.#line(call.shard, site).ask(call.requests) }
    })
    for (const { call, answers } of await Promise.all(made)) inquiry.answered(call, answers)
  }

  #line(prefix: string, { region, hint }: ShardSite): ShardLine {
    const name = shardObjectName(this.#network, prefix, region)
    const known = this.#lines.get(name)
    if (known !== undefined) return known
    if (this.#lines.size >= LINES_MAX) {
      this.#close()
      this.#lines.clear()
    }
    const options = hint === undefined ? {} : { locationHint: hint }
    const line = new ShardLine(
      () => this.#shards.getByName(name, options),
      () => this.#watch(),
    )
    this.#lines.set(name, line)
    return line
  }

  /** The one timer of an object that asks: it runs while there are sockets, which keep it awake as long anyway. */
  #watch(): void {
    if (this.#isWatched) return
    this.#isWatched = true
    this.#hasAsked = false
    setTimeout(() => {
      this.#isWatched = false
      if (this.#hasAsked) this.#watch()
      else this.#close()
    }, SHARD_SOCKET_MS)
  }

  #close(): void {
    for (const line of this.#lines.values()) line.rest()
  }
}
