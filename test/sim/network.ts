// What carries bytes between nodes, and everything it does to them: delay, loss, duplication, reordering, partitions.
// A line is like a WebSocket: ordered, and whole until it breaks, with or without telling anybody. A wire is like an
// unreliable data channel: each packet for itself.

import type { Latency } from './latency.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

export interface Weather {
  /** Of packets. A line sends them again, which costs a pause; a wire does not. */
  readonly lossShare: number
  readonly duplicateShare: number
  /** Up to so much more than the latency, each packet anew: what reorders packets on a wire. */
  readonly jitterMs: number
}

export const FINE: Weather = { lossShare: 0, duplicateShare: 0, jitterMs: 1 }
export const ROUGH: Weather = { lossShare: 0.05, duplicateShare: 0.02, jitterMs: 60 }

/** A lost packet on a line is noticed and sent again after about this. */
const RETRANSMIT_MS = 250
/** How often something held up by a partition tries again. */
const RETRY_MS = 500

export class Network {
  readonly world: World
  weather: Weather
  readonly #latency: Latency
  readonly #random: Random
  #islands: ReadonlyMap<string, number> = new Map()

  constructor(world: World, weather: Weather, latency: Latency) {
    this.world = world
    this.weather = weather
    this.#latency = latency
    this.#random = world.random('network')
  }

  /** From now on only nodes of the same island reach each other; whoever is named nowhere is on the mainland. */
  partition(...islands: readonly (readonly string[])[]): void {
    this.#islands = new Map(islands.flatMap((names, i) => names.map((name) => [name, i + 1] as const)))
  }

  heal(): void {
    this.partition()
  }

  reaches(from: string, to: string): boolean {
    return (this.#islands.get(from) ?? 0) === (this.#islands.get(to) ?? 0)
  }

  /** How long the next packet takes, if it arrives at its first try. */
  delayMs(from: string, to: string): number {
    return this.#latency(from, to) + this.#random.unit() * this.weather.jitterMs
  }

  lost(): boolean {
    return this.#random.chance(this.weather.lossShare)
  }

  duplicated(): boolean {
    return this.#random.chance(this.weather.duplicateShare)
  }

  /** One packet, for itself: lost, late, twice, or out of turn. */
  packet(from: string, to: string, arrives: () => void): void {
    for (let copies = this.duplicated() ? 2 : 1; copies > 0; copies--) {
      if (this.lost()) continue
      this.world.after(this.delayMs(from, to), () => {
        if (this.reaches(from, to)) arrives()
      })
    }
  }
}

export interface LineEvents {
  message(data: Uint8Array | string): void
  /** Once. `clean`: the other end said goodbye. */
  closed(code: number, reason: string, clean: boolean): void
}

type Parcel = { readonly data: Uint8Array | string } | { readonly code: number; readonly reason: string }

const ABNORMAL = 1006

/** Two ends of one connection. */
export class Line {
  readonly a: LineEnd
  readonly b: LineEnd

  constructor(network: Network, a: string, b: string) {
    this.a = new LineEnd(network, a, b)
    this.b = new LineEnd(network, b, a)
    this.a.other = this.b
    this.b.other = this.a
  }

  /** Breaks, and both ends are told once that could have reached them. */
  breaks(): void {
    this.a.break()
    this.b.break()
  }

  /** The end that began it is no more, or has lost its network for good. */
  get silent(): boolean {
    return this.a.silent
  }

  /** Nothing passes any more, and nobody is told: a cable pulled out, a laptop carried away. */
  goesSilent(): void {
    this.a.silence()
    this.b.silence()
  }
}

export class LineEnd {
  events: LineEvents | undefined
  other: LineEnd | undefined
  readonly #network: Network
  readonly #name: string
  readonly #peer: string
  readonly #underWay: { readonly atMs: number; readonly parcel: Parcel }[] = []
  #pumping = false
  #over = false
  #silent = false

  constructor(network: Network, name: string, peer: string) {
    this.#network = network
    this.#name = name
    this.#peer = peer
  }

  send(data: Uint8Array | string): void {
    // A copy: the room writes into what it relays, and a broadcast is one array for all.
    if (!this.#over) this.#put({ data: typeof data === 'string' ? data : data.slice() })
  }

  close(code = 1000, reason = ''): void {
    if (this.#over) return
    this.#over = true
    this.#put({ code, reason })
  }

  break(): void {
    this.#underWay.length = 0
    this.#silent = true
    const { world } = this.#network
    world.after(this.#network.delayMs(this.#peer, this.#name), () => this.#end(ABNORMAL, '', false))
  }

  get silent(): boolean {
    return this.#silent
  }

  silence(): void {
    this.#silent = true
  }

  #put(parcel: Parcel): void {
    const { world } = this.#network
    let delayMs = this.#network.delayMs(this.#name, this.#peer)
    while (this.#network.lost()) delayMs += RETRANSMIT_MS
    const after = this.#underWay.at(-1)?.atMs ?? 0
    this.#underWay.push({ atMs: Math.max(after, world.nowMs + delayMs), parcel })
    this.#pump()
  }

  /** What arrives next, in order. Held up by a partition until it heals. */
  #pump(): void {
    const next = this.#underWay[0]
    if (this.#pumping || next === undefined) return
    this.#pumping = true
    this.#network.world.at(next.atMs, () => {
      this.#pumping = false
      if (this.#silent) return
      if (!this.#network.reaches(this.#name, this.#peer)) {
        this.#pumping = true
        this.#network.world.after(RETRY_MS, () => {
          this.#pumping = false
          this.#pump()
        })
        return
      }
      if (this.#underWay[0] === next) {
        this.#underWay.shift()
        this.other?.arrived(next.parcel)
      }
      this.#pump()
    })
  }

  arrived(parcel: Parcel): void {
    if ('data' in parcel) {
      if (!this.#over) this.events?.message(parcel.data)
    } else {
      const goodbye = this.#over
      this.#end(parcel.code, parcel.reason, true)
      if (!goodbye) this.#put({ code: parcel.code, reason: parcel.reason })
    }
  }

  #end(code: number, reason: string, clean: boolean): void {
    this.#over = true
    const { events } = this
    this.events = undefined
    events?.closed(code, reason, clean)
  }
}
