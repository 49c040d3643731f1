// A network's shards without a platform: machines over stores, with the calls between them under way for as long as a test
// likes, any of which may be answered first. A shard may die with all it held in memory; what it has on disk stays.

import type { ShardAnswer, ShardRequest } from '../../../../protocol/dht/contract.ts'
import { KnownLeaves } from '../../../../protocol/dht/leaves.ts'
import { DEFAULT_SHARD_CONFIG, type ShardConfig } from '../../../../protocol/dht/shard/config.ts'
import type {
  ParentAnswer,
  ShardEffect,
  ShardInput,
  ShardStore,
} from '../../../../protocol/dht/shard/contract.ts'
import { ShardMachine } from '../../../../protocol/dht/shard/machine.ts'
import { MemoryShardStore, ShardTables } from '../../../../protocol/dht/shard/memory-store.ts'

/** What became of a call: undefined while it is under way. */
export interface Call {
  readonly requests: readonly ShardRequest[]
  /** 'lost': the shard died before it answered. */
  answers: readonly ShardAnswer[] | 'lost' | undefined
}

type Input = ShardInput<Call, (answer: ParentAnswer | undefined) => void>
type Effect = ShardEffect<Call, (answer: ParentAnswer | undefined) => void>

interface Life {
  readonly machine: ShardMachine<Call, (answer: ParentAnswer | undefined) => void>
  readonly calls: Set<Call>
  readonly children: Set<(answer: ParentAnswer | undefined) => void>
  isOver: boolean
}

/** A store for a prefix, the same rows each time it is asked for. */
export type Disks = (prefix: string) => ShardStore

export function memoryDisks(): Disks {
  const tables = new Map<string, ShardTables>()
  return (prefix) => {
    const kept = tables.get(prefix) ?? new ShardTables()
    tables.set(prefix, kept)
    return new MemoryShardStore(kept)
  }
}

export class World {
  nowMs = 1_764_000_000_000
  readonly config: ShardConfig
  readonly #disks: Disks
  readonly #lives = new Map<string, Life>()
  /** What is under way between shards. */
  readonly #underWay: (() => void)[] = []
  readonly storeFailures: unknown[] = []

  constructor(config: Partial<ShardConfig> = {}, disks = memoryDisks()) {
    const unpaced = { perSecond: 1_000_000, burst: 1_000_000 }
    this.config = { ...DEFAULT_SHARD_CONFIG, splitPerSecond: 1_000_000, requests: unpaced, ...config }
    this.#disks = disks
  }

  /** Shards that were ever asked. */
  get prefixes(): string[] {
    return [...this.#lives.keys()]
  }

  machine(prefix: string) {
    return this.#life(prefix).machine
  }

  get underWay(): number {
    return this.#underWay.length
  }

  /** One of the calls between shards comes through. */
  step(which = 0): void {
    const [next] = this.#underWay.splice(which % Math.max(1, this.#underWay.length), 1)
    next?.()
  }

  settle(): void {
    for (let steps = 0; this.#underWay.length > 0; steps++) {
      if (steps > 10_000) throw new Error('shards ask each other for ever')
      this.step(steps)
    }
  }

  call(prefix: string, requests: readonly ShardRequest[]): Call {
    const call: Call = { requests, answers: undefined }
    const life = this.#life(prefix)
    life.calls.add(call)
    this.#receive(prefix, { kind: 'asked', origin: call, requests })
    return call
  }

  /** Waits for it. */
  ask(prefix: string, ...requests: readonly ShardRequest[]): readonly ShardAnswer[] {
    const call = this.call(prefix, requests)
    this.settle()
    if (call.answers === undefined || call.answers === 'lost') throw new Error('no answer')
    return call.answers
  }

  die(prefix: string): void {
    const life = this.#lives.get(prefix)
    if (life === undefined) return
    life.isOver = true
    this.#lives.delete(prefix)
    for (const call of life.calls) call.answers ??= 'lost'
    for (const child of life.children) this.#underWay.push(() => child(undefined))
  }

  /** The alarms that are due ring, until none is. */
  wake(): void {
    for (const prefix of this.prefixes)
      for (let pages = 0; pages < 1_000; pages++) {
        this.#receive(prefix, { kind: 'wake' })
        const atMs = this.machine(prefix).wakeAtMs
        if (atMs === undefined || atMs > this.nowMs) break
      }
  }

  #life(prefix: string): Life {
    const known = this.#lives.get(prefix)
    if (known !== undefined) return known
    const machine: Life['machine'] = new ShardMachine(prefix, this.#disks(prefix), this.config)
    const made = { machine, calls: new Set<Call>(), children: new Set<never>(), isOver: false }
    this.#lives.set(prefix, made)
    return made
  }

  #receive(prefix: string, input: Input): void {
    const life = this.#life(prefix)
    for (const effect of life.machine.receive(input, this.nowMs)) this.#perform(life, prefix, effect)
  }

  #perform(life: Life, prefix: string, effect: Effect): void {
    switch (effect.kind) {
      case 'answer':
        effect.to.answers = effect.answers
        life.calls.delete(effect.to)
        return
      case 'answerChild':
        life.children.delete(effect.to)
        this.#underWay.push(() => effect.to(effect.answer))
        return
      case 'askParent': {
        const back = (answer: ParentAnswer | undefined) => {
          if (!life.isOver) this.#receive(prefix, { kind: 'parentAnswered', token: effect.token, answer })
        }
        this.#underWay.push(() => {
          const parent = this.#life(effect.parent)
          parent.children.add(back)
          this.#receive(effect.parent, { kind: 'childAsked', child: back, lookups: effect.lookups })
        })
        return
      }
      case 'tellParent':
        this.#underWay.push(() => {
          this.#receive(effect.parent, { kind: 'childSplit', prefixes: effect.prefixes })
          if (!life.isOver) this.#receive(prefix, { kind: 'parentTold', prefixes: effect.prefixes, ok: true })
        })
        return
      case 'storeFailed':
        this.storeFailures.push(effect.error)
        return
    }
  }
}

export function keyIn(request: ShardRequest): Uint8Array {
  if (request.kind === 'put') return request.record.key
  if (request.kind === 'closest') return request.target
  return request.kind === 'provide' ? (request.keys[0]?.key ?? new Uint8Array(32)) : request.key
}

/** Somebody who asks, and remembers what they are told of leaves. */
export class Caller {
  readonly leaves = new KnownLeaves()
  readonly #world: World
  /** The most answers `moved` that one request took. */
  mostMoves = 0

  constructor(world: World) {
    this.#world = world
  }

  ask(request: ShardRequest): ShardAnswer {
    for (let moves = 0; moves <= 32; moves++) {
      this.mostMoves = Math.max(this.mostMoves, moves)
      const leaf = this.leaves.leafOf(keyIn(request))
      const [answer] = this.#world.ask(leaf, request)
      if (answer === undefined) throw new Error('no answer')
      if (answer.kind !== 'moved') return answer
      this.leaves.note(answer)
    }
    throw new Error('moved for ever')
  }
}
