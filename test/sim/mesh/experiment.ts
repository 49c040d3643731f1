// One experiment: a crowd, records put by some of it, and others who look for them, in our mesh and in a textbook's at the same moment.

import type { Checked } from '../../../protocol/dht/mesh/contract.ts'
import { measuredLatency, seededLatency } from '../latency.ts'
import { World } from '../world.ts'
import { Crowd, type Malice } from './crowd.ts'
import { type Life, Lives } from './lives.ts'
import { recordOf } from './records.ts'
import { K, Textbook, type TextbookResult } from './textbook.ts'

export interface ExperimentOptions {
  readonly seed: number | string
  readonly peers: number
  readonly records?: number
  readonly lookups?: number
  readonly churn?: boolean
  readonly minutes?: number
  readonly malice?: Malice
  readonly maliciousShare?: number
  readonly sybilsOfEach?: number
  readonly paths?: number
  readonly pathsMax?: number
  /** After so many minutes nobody meets anybody any more, and nobody comes. */
  readonly edgeGoneAfterMinutes?: number
  readonly measured?: boolean
  /** What is looked for was never put. */
  readonly absent?: boolean
  readonly thorough?: boolean
}

export interface Figures {
  readonly lookups: number
  readonly successShare: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly meanHops: number
  readonly hopsMax: number
}

export interface Outcome {
  readonly hash: string
  readonly events: number
  readonly peersAtEnd: number
  readonly meanLinks: number
  readonly meanCopies: number
  readonly paths: number
  readonly messagesOfLookup: number
  readonly kilobytesOfLookup: number
  readonly drops: Readonly<Record<string, number>>
  readonly ours: Figures
  /** Of records with versions: those who got the newest there was. */
  readonly newestShare: number
  /** Until it was said that there is nothing. */
  readonly nothingP50Ms: number
  /** Until a record with versions was settled upon. */
  readonly settledP50Ms: number
  readonly textbook: Figures
  /** In each fifth of the time, of our lookups. */
  readonly successByTime: readonly number[]
}

interface Known {
  readonly key: Uint8Array
  readonly isFinal: boolean
  owner: number
  version: number
  holders: Set<number>
}

interface Sample {
  readonly atMs: number
  readonly found: boolean
  readonly ms: number
  readonly hops: number
}

const MINUTE_MS = 60_000
const PUT_FROM_MS = 10_000
const PUT_FOR_MS = 50_000
const LOOK_FROM_MS = 120_000
const REPUBLISH_MS = 10 * MINUTE_MS
const ENDS_MS = 15_000

export function experiment(options: ExperimentOptions): Outcome {
  return new Experiment(options).runs()
}

class Experiment {
  readonly #options: ExperimentOptions
  readonly #world: World
  readonly #lives: Lives
  readonly #crowd: Crowd
  readonly #textbook: Textbook
  readonly #records: Known[]
  readonly #ours: Sample[] = []
  readonly #theirs: Sample[] = []
  readonly #settledMs: number[] = []
  readonly #copies: number[] = []
  #newest = 0
  #versioned = 0
  #paths = 0
  readonly #untilMs: number

  constructor(options: ExperimentOptions) {
    this.#options = options
    const { seed, peers, minutes = 15, maliciousShare = 0, malice = 'drops' } = options
    this.#world = new World(`mesh ${seed}`)
    this.#untilMs = LOOK_FROM_MS + minutes * MINUTE_MS
    const edgeGoneAtMs = LOOK_FROM_MS + (options.edgeGoneAfterMinutes ?? Number.POSITIVE_INFINITY) * MINUTE_MS
    const random = this.#world.random('keys')
    this.#records = Array.from({ length: options.records ?? 200 }, (_, i) => ({
      key: random.bytes(32),
      isFinal: i % 2 === 0,
      owner: -1,
      version: 1,
      holders: new Set<number>(),
    }))
    this.#lives = new Lives(this.#world.random('lives'), {
      peers,
      arrivalsMs: Math.min(this.#untilMs, edgeGoneAtMs),
      maliciousShare,
      sybilsNear: options.sybilsOfEach === undefined ? [] : this.#records.map(({ key }) => key),
      sybilsOfEach: options.sybilsOfEach ?? 0,
      churn: options.churn ?? true,
    })
    const map = this.#world.random('map')
    const latency = (options.measured === true ? measuredLatency(map) : undefined) ?? seededLatency(map)
    const { paths, pathsMax } = options
    this.#crowd = new Crowd(this.#world, this.#lives, latency, {
      peers,
      malice,
      ...(paths === undefined ? {} : { paths }),
      ...(pathsMax === undefined ? {} : { pathsMax }),
      edgeGoneAtMs,
    })
    this.#textbook = new Textbook(this.#world, this.#lives, latency, malice)
  }

  runs(): Outcome {
    const random = this.#world.random('scenario')
    this.#crowd.begins()
    for (const record of this.#options.absent === true ? [] : this.#records)
      this.#world.after(PUT_FROM_MS + random.below(PUT_FOR_MS), () => this.#puts(record))
    this.#world.runs(LOOK_FROM_MS)
    const [messages, bytes] = [this.#crowd.messages, this.#crowd.bytes]
    const count = this.#options.lookups ?? 1_000
    for (let i = 0; i < count; i++)
      this.#world.after(random.below(this.#untilMs - LOOK_FROM_MS), () =>
        this.#looks(random.pick(this.#records)),
      )
    this.#world.runs(this.#untilMs - LOOK_FROM_MS + ENDS_MS)
    return this.#outcome(count, this.#crowd.messages - messages, this.#crowd.bytes - bytes)
  }

  /** Somebody honest who is there. */
  #somebody(): number {
    const random = this.#world.random(`somebody ${this.#world.ran}`)
    for (;;) {
      const peer = random.below(this.#lives.all.length)
      if (this.#lives.isThere(peer) && !(this.#lives.all[peer] as Life).malicious) return peer
    }
  }

  #puts(record: Known): void {
    record.owner = this.#somebody()
    const item = this.#itemOf(record)
    this.#crowd.puts(record.owner, record.key, item, ({ copies }) => this.#copies.push(copies))
    this.#holdsInTextbook(record)
    // It is put now, and by the owner's machine from now on; a name has another version half-way.
    this.#world.after(REPUBLISH_MS, () => this.#publishes(record))
    if (record.isFinal) return
    this.#world.after((this.#untilMs - LOOK_FROM_MS) / 2, () => {
      if (!this.#crowd.isThere(record.owner)) return
      record.version++
      this.#publishes(record)
    })
  }

  #publishes(record: Known): void {
    if (!this.#crowd.isThere(record.owner)) return
    this.#crowd.publishes(record.owner, record.key, this.#itemOf(record))
    this.#holdsInTextbook(record)
  }

  #itemOf({ key, version, isFinal }: Known): Checked {
    return recordOf(key, version, isFinal, Number.POSITIVE_INFINITY)
  }

  #holdsInTextbook(record: Known): void {
    for (const peer of this.#lives.nearest(record.key, K)) {
      if (!(this.#lives.all[peer] as Life).malicious) record.holders.add(peer)
    }
  }

  #looks(record: Known): void {
    const atMs = this.#world.nowMs
    const peer = this.#somebody()
    const { version } = record
    let firstMs: number | undefined
    let best: Checked | undefined
    this.#crowd.finds(peer, record.key, this.#options.thorough ?? false, {
      found: (item) => {
        firstMs ??= this.#world.nowMs - atMs
        best = item
      },
      done: ({ hops, paths }) => {
        const ms = firstMs ?? this.#world.nowMs - atMs
        this.#ours.push({ atMs, found: best !== undefined, ms, hops })
        this.#world.trace(
          `${peer}`,
          `found ${best?.sequence} after ${ms.toFixed(3)}, ${hops} hops, ${paths} paths`,
        )
        this.#paths += paths
        if (record.isFinal || best === undefined) return
        this.#versioned++
        this.#settledMs.push(this.#world.nowMs - atMs)
        if (best.sequence >= BigInt(version)) this.#newest++
      },
    })
    this.#textbook.finds(peer, record.key, record.holders, ({ found, ms, hops }: TextbookResult) =>
      this.#theirs.push({ atMs, found, ms, hops }),
    )
  }

  #outcome(count: number, messages: number, bytes: number): Outcome {
    const fifthMs = (this.#untilMs - LOOK_FROM_MS) / 5
    const beganAtMs = Math.min(...this.#ours.map(({ atMs }) => atMs))
    const inFifth = (fifth: number) =>
      this.#ours.filter(({ atMs }) => Math.min(4, Math.floor((atMs - beganAtMs) / fifthMs)) === fifth)
    return {
      hash: this.#world.hash,
      events: this.#world.ran,
      peersAtEnd: this.#crowd.size,
      meanLinks: this.#crowd.meanLinks,
      meanCopies: mean(this.#copies),
      paths: this.#paths / count,
      messagesOfLookup: messages / count,
      kilobytesOfLookup: bytes / count / 1_024,
      drops: this.#crowd.drops.all(),
      ours: figures(this.#ours),
      newestShare: this.#newest / this.#versioned,
      nothingP50Ms: at(
        this.#ours.flatMap(({ found, ms }) => (found ? [] : [ms])),
        0.5,
      ),
      settledP50Ms: at(this.#settledMs, 0.5),
      textbook: figures(this.#theirs),
      successByTime: [0, 1, 2, 3, 4].map((fifth) => share(inFifth(fifth))),
    }
  }
}

/** A lookup that was not even done, because whoever looked went, is not counted at all; times are of those that found. */
function figures(samples: readonly Sample[]): Figures {
  const found = samples.filter(({ found }) => found)
  const times = found.map(({ ms }) => ms)
  const hops = found.map(({ hops }) => hops)
  return {
    lookups: samples.length,
    successShare: share(samples),
    p50Ms: at(times, 0.5),
    p99Ms: at(times, 0.99),
    meanHops: mean(hops),
    hopsMax: Math.max(0, ...hops),
  }
}

function share(samples: readonly Sample[]): number {
  return samples.filter(({ found }) => found).length / Math.max(1, samples.length)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

function at(values: readonly number[], quantile: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? Number.NaN
}
