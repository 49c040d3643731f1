// A shard's Durable Object: a thin shell around the shard machine (protocol/dht/shard/machine.ts). It gives the machine its
// store, carries what it asks and tells its parent, and sets the alarm it asks for. Answers leave when what they say is on
// the disk: the platform holds back whatever an object sends until its writes are.

import type { ShardAnswer, ShardRequest } from '../protocol/dht/contract.ts'
import { type ShardPlace, shardObjectName, shardPlaceOf } from '../protocol/dht/place.ts'
import { type ShardConfig, type ShardSettings, shardConfig } from '../protocol/dht/shard/config.ts'
import type { Lookup, ParentAnswer, ShardEffect, ShardInput } from '../protocol/dht/shard/contract.ts'
import { ShardMachine } from '../protocol/dht/shard/machine.ts'
import { SHARD_SWEEP_PAGES } from '../protocol/limits/shard.ts'
import type { ShardGauges } from '../protocol/network/dht-figures.ts'
import { framesOf, messagesOf } from '../protocol/wire/batch.ts'
import { type DhtAskFrame, decodeDht, encodeDht } from '../protocol/wire/dht-frames.ts'
import { Alarm } from './alarm.ts'
import { ShardWatching, type ShardWatchSettings } from './dht/shard-watching.ts'
import { SqliteShardStore } from './dht/sqlite-store.ts'
import { answerClose, sendTo } from './host.ts'
import { TracedObject } from './tracing.ts'

/** Another shard, by what is called on it here. */
interface Relative {
  lookUp(lookups: readonly Lookup[]): Promise<ParentAnswer | undefined>
  childSplit(prefixes: readonly string[]): Promise<void>
}

interface Settings extends ShardSettings, ShardWatchSettings {
  readonly SHARDS: { getByName(name: string): Relative }
}

type Answer = (answers: readonly ShardAnswer[]) => void
type ChildAnswer = (answer: ParentAnswer | undefined) => void

export class DhtShard extends TracedObject<Settings> {
  readonly #config: ShardConfig
  readonly #place: ShardPlace | undefined
  readonly #store: SqliteShardStore
  readonly #alarm: Alarm
  #made: ShardMachine<Answer, ChildAnswer> | undefined
  #watching: ShardWatching | undefined
  #asked = 0
  #storeFailures = 0

  constructor(ctx: DurableObjectState, env: Settings) {
    super(ctx, env)
    this.#config = shardConfig(env)
    this.#place = shardPlaceOf(ctx.id.name)
    this.#store = new SqliteShardStore(ctx.storage)
    this.#alarm = new Alarm(ctx, this.#store.exists)
  }

  /** In their order, in one transaction. Only what was verified. */
  ask(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]> {
    this.#asked += requests.length
    return new Promise((resolve) => {
      const answered = (answers: readonly ShardAnswer[]) => {
        this.#watching?.answered(requests, answers)
        resolve(answers)
      }
      this.#receive({ kind: 'asked', origin: answered, requests })
    })
  }

  /** Of an object that asks much (dht/shard-socket.ts). Nobody but the edge's own comes here. */
  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    return new Response(null, { status: 101, webSocket: client })
  }

  /** Gets, each answered by its token; or, where there is no answer to it, given back. */
  override webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): void {
    if (typeof message === 'string') throw new TypeError('the edge asks in bytes')
    const asked = framesOf(new Uint8Array(message)).map((bytes) => decodeDht(bytes) as DhtAskFrame)
    const requests = asked.map(({ question }) => question as ShardRequest & { readonly kind: 'get' })
    const answered = (answers: readonly ShardAnswer[]) => {
      this.#watching?.answered(requests, answers)
      const frames = asked.map((frame, i) => {
        const answer = answers[i]
        const isOne = answer !== undefined && answer.kind !== 'moved'
        return encodeDht(isOne ? { kind: 'dhtAnswer', token: frame.token, answer } : frame)
      })
      for (const each of messagesOf(frames)) sendTo(socket, each)
    }
    this.#asked += asked.length
    this.#receive({ kind: 'asked', origin: answered, requests })
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    answerClose(socket, code, reason)
  }

  /** A child asks what there was when this shard split, and whether it did. Undefined: not now. */
  lookUp(lookups: readonly Lookup[]): Promise<ParentAnswer | undefined> {
    return new Promise((resolve) => this.#receive({ kind: 'childAsked', child: resolve, lookups }))
  }

  /** Shards below this one have split. */
  childSplit(prefixes: readonly string[]): void {
    this.#receive({ kind: 'childSplit', prefixes })
  }

  override async alarm(): Promise<void> {
    this.#alarm.rang()
    for (let page = 0; page < SHARD_SWEEP_PAGES; page++) {
      this.#receive({ kind: 'wake' })
      if ((this.#machine.wakeAtMs ?? Number.POSITIVE_INFINITY) > Date.now()) break
      // Between two pages whoever waits is answered.
      await scheduler.wait(0)
    }
  }

  /** For its registry, when that was moved. */
  gauges(): ShardGauges {
    return this.#machine.gauges()
  }

  /** For the health route, and for whoever looks behind: nothing here makes a shard of what is none. */
  probe() {
    const counts = { asked: this.#asked, storeFailures: this.#storeFailures }
    return this.#place === undefined ? counts : { ...this.#machine.stats(Date.now()), ...counts }
  }

  get #machine(): ShardMachine<Answer, ChildAnswer> {
    if (this.#place === undefined) throw new TypeError('this object is no shard')
    if (this.#made === undefined) {
      this.#made = new ShardMachine(this.#place.prefix, this.#store, this.#config)
      this.#watching = new ShardWatching(this.ctx, this.env, this.#place, this.#made)
    }
    return this.#made
  }

  #receive(input: ShardInput<Answer, ChildAnswer>): void {
    const machine = this.#machine
    for (const effect of machine.receive(input, Date.now())) this.#perform(effect)
    this.#alarm.noLaterThan(machine.wakeAtMs)
    this.#watching?.after(machine)
  }

  #perform(effect: ShardEffect<Answer, ChildAnswer>): void {
    switch (effect.kind) {
      case 'answer':
        return effect.to(effect.answers)
      case 'answerChild':
        return effect.to(effect.answer)
      case 'askParent':
        return void this.#askParent(effect.token, effect.parent, effect.lookups)
      case 'tellParent':
        return void this.#tellParent(effect.parent, effect.prefixes)
      case 'storeFailed':
        this.#storeFailures++
        return
    }
  }

  async #askParent(token: number, parent: string, lookups: readonly Lookup[]): Promise<void> {
    // Twice, with a stub of its own each time: a parent that was just put elsewhere is there the second time.
    const answer = await this.#lookUpAt(parent, lookups).catch(() =>
      this.#lookUpAt(parent, lookups).catch(() => undefined),
    )
    this.#receive({ kind: 'parentAnswered', token, answer })
  }

  async #lookUpAt(parent: string, lookups: readonly Lookup[]): Promise<ParentAnswer | undefined> {
    return await this.#relative(parent).lookUp(lookups)
  }

  async #tellParent(parent: string, prefixes: readonly string[]): Promise<void> {
    let ok = true
    try {
      await this.#relative(parent).childSplit(prefixes)
    } catch {
      ok = false
    }
    this.#receive({ kind: 'parentTold', prefixes, ok })
  }

  #relative(prefix: string): Relative {
    const { network = '', region = '' } = this.#place ?? {}
    return this.env.SHARDS.getByName(shardObjectName(network, prefix, region))
  }
}
