// What a registry knows of the DHT's shards. On disk it has which there are, a row for each and no more; how they are is in memory, as
// they tell it. After it was moved it asks those it has not heard since, when somebody wants to know.

import { shardObjectName } from '../../protocol/dht/place.ts'
import { REGISTRY_SHARDS_ANSWER_MS, REGISTRY_SHARDS_ASKED_MAX } from '../../protocol/limits/network.ts'
import {
  type DhtView,
  type ShardGauges,
  type ShardSummary,
  shardOfText,
} from '../../protocol/network/dht-figures.ts'
import { GatheredShards } from '../../protocol/network/gathered-shards.ts'
import { inTime } from '../in-time.ts'

const TABLE = 'CREATE TABLE IF NOT EXISTS shards (name TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID'
const HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE name = 'shards'"
const READ_ALL = 'SELECT name FROM shards'
const WRITE = 'INSERT OR IGNORE INTO shards (name) VALUES (?)'

export interface FiguredShards {
  getByName(name: string): { gauges(): Promise<ShardGauges> }
}

export class ShardFigures {
  readonly #sql: SqlStorage
  readonly #shards: FiguredShards
  readonly #network: string
  readonly #everyMs: number
  #gathered: GatheredShards | undefined

  constructor(sql: SqlStorage, shards: FiguredShards, network: string, everyMs: number) {
    this.#sql = sql
    this.#shards = shards
    this.#network = network
    this.#everyMs = everyMs
  }

  heard(summary: ShardSummary, nowMs: number): void {
    const isNew = this.#known.hear(summary, nowMs)
    if (isNew === undefined) return
    this.#sql.exec(TABLE)
    this.#sql.exec(WRITE, isNew)
  }

  async view(nowMs: number): Promise<DhtView> {
    const unknown = this.#known.unknown().slice(0, REGISTRY_SHARDS_ASKED_MAX)
    if (unknown.length > 0) await this.#ask(unknown)
    return this.#known.view(nowMs)
  }

  async #ask(shards: readonly string[]): Promise<void> {
    const asked = shards.map(async (shard) => {
      const { region, prefix } = shardOfText(shard)
      const name = shardObjectName(this.#network, prefix, region)
      this.#known.learn(shard, await this.#shards.getByName(name).gauges())
    })
    // One that hangs is behind, and answers for the next look.
    await inTime(Promise.allSettled(asked), REGISTRY_SHARDS_ANSWER_MS)
  }

  get #known(): GatheredShards {
    this.#gathered ??= new GatheredShards(this.#everyMs, this.#kept())
    return this.#gathered
  }

  #kept(): readonly string[] {
    if (this.#sql.exec(HAS_TABLE).toArray().length === 0) return []
    return [...this.#sql.exec<{ name: string }>(READ_ALL)].map(({ name }) => name)
  }
}
