// A shard's part in watching its network: what it holds and what it is asked goes to a registry as a summary, once a period at most and
// only when something happens anyway; and whoever goes on writing where it keeps as much as it may is complained of.

import type { ShardAnswer, ShardRequest } from '../../protocol/dht/contract.ts'
import type { ShardPlace } from '../../protocol/dht/place.ts'
import { registryObjectName } from '../../protocol/mailbox/report.ts'
import { registryOfShard, type ShardGauges, type ShardSummary } from '../../protocol/network/dht-figures.ts'
import { reportEveryMs, type WatchSettings } from '../../protocol/network/settings.ts'
import { ShardWatch } from '../../protocol/network/shard-watch.ts'
import { RefusedOften } from '../../protocol/protection/refused-often.ts'
import { Complaints, type OffenceRegistries } from '../protection/complaints.ts'

type Told = { heardShard(summary: ShardSummary): Promise<void> }

export interface ShardWatchSettings extends WatchSettings {
  readonly REGISTRIES: { getByName(name: string): Told & ReturnType<OffenceRegistries['getByName']> }
}

/** A shard's machine, as it is looked at from here. */
interface Watched {
  readonly records: number
  readonly isSplit: boolean
  gauges(): ShardGauges
}

export class ShardWatching {
  readonly #ctx: DurableObjectState
  readonly #settings: ShardWatchSettings
  readonly #place: ShardPlace
  readonly #watch: ShardWatch
  readonly #refusedOften = new RefusedOften()
  readonly #complaints: Complaints

  /** `shard`: as it woke. */
  constructor(ctx: DurableObjectState, settings: ShardWatchSettings, place: ShardPlace, shard: Watched) {
    this.#ctx = ctx
    this.#settings = settings
    this.#place = place
    this.#watch = new ShardWatch(reportEveryMs(settings), shard, Date.now())
    this.#complaints = new Complaints(settings.REGISTRIES, place.network)
  }

  answered(requests: readonly ShardRequest[], answers: readonly ShardAnswer[]): void {
    this.#watch.answered(requests, answers)
    for (const [at, answer] of answers.entries()) {
      if (answer.kind !== 'refused' || answer.reason !== 'over-quota') continue
      const writer = writerOf(requests[at])
      if (writer !== undefined && this.#refusedOften.refused(writer))
        this.#complaints.note(writer, 'flooding')
    }
  }

  /** After each event. */
  after(shard: Watched): void {
    const nowMs = Date.now()
    if (!this.#watch.tells(shard, nowMs)) return
    const { network, prefix } = this.#place
    const registry = registryObjectName(network, registryOfShard(prefix))
    const summary = this.#watch.summary(this.#place, shard.gauges(), nowMs)
    // Who does not hear it hears the next one; nobody waits for it.
    const told = this.#settings.REGISTRIES.getByName(registry).heardShard(summary)
    this.#ctx.waitUntil(told.catch(() => {}))
  }
}

/** Whose pass was shown, so that nobody offends in another's name: not whoever signed what is put. */
function writerOf(request: ShardRequest | undefined): Uint8Array | undefined {
  if (request?.kind === 'put') return request.owner
  return request?.kind === 'provide' ? request.head.peer : undefined
}
