// A crowd of mesh nodes, the very machine of the client, with links between them: who comes makes links where it meets others, who
// goes is missed at once or after a while, and what is said takes its time. Liars are here too.

import { type Linked, leastMissed } from '../../../protocol/dht/meeting/least-missed.ts'
import type { Checked, LookupResult, MeshConfig, MeshInput } from '../../../protocol/dht/mesh/contract.ts'
import { MeshNode } from '../../../protocol/dht/mesh/machine.ts'
import { encodeMesh, isAsk, tryDecodeMesh } from '../../../protocol/dht/mesh/messages.ts'
import { sharedBits } from '../../../protocol/dht/place.ts'
import { DropCounts } from '../../../protocol/drops.ts'
import { MESH_FRAME } from '../../../protocol/wire/registry.ts'
import type { Latency } from '../latency.ts'
import type { Random } from '../random.ts'
import { BEGAN_AT_MS, type Planned, type World } from '../world.ts'
import type { Life, Lives } from './lives.ts'
import { LINKS_MAX, MeetingPlaces, NEAREST } from './meeting.ts'
import { checks, forgedRecord, REAL_RECORD_BYTES, VERIFY_MS } from './records.ts'

/** Opening, reading and sealing a message. */
const HANDLING_MS = 1
const JITTER_SHARE = 0.1
/** From meeting somebody to a link: what ICE and the handshake take. */
const LINKING_MS = 1_500
/** A tab that is closed says so; of one that vanishes the links know after a while. */
const VANISH_SHARE = 0.3
const NOTICED_AFTER_MS = 5_000
const RELINK_MS = 2_000

export type Malice = 'drops' | 'lies'

export interface CrowdOptions {
  readonly peers: number
  readonly malice: Malice
  readonly paths?: number
  readonly pathsMax?: number
  /** From then on nobody meets anybody. */
  readonly edgeGoneAtMs: number
}

interface Peer {
  readonly number: number
  readonly machine: MeshNode | undefined
  readonly links: Map<number, Linked<number>>
  alarm: Planned | undefined
}

interface Asked {
  readonly found: (item: Checked) => void
  readonly done: (result: LookupResult) => void
}

export class Crowd {
  readonly #world: World
  readonly #lives: Lives
  readonly #latency: Latency
  readonly #options: CrowdOptions
  readonly #random: Random
  readonly #places: MeetingPlaces
  readonly #peers = new Map<number, Peer>()
  readonly #asked = new Map<number, Asked>()
  #nextLookup = 1
  readonly drops = new DropCounts()
  messages = 0
  bytes = 0

  constructor(world: World, lives: Lives, latency: Latency, options: CrowdOptions) {
    this.#world = world
    this.#lives = lives
    this.#latency = latency
    this.#options = options
    this.#random = world.random('crowd')
    this.#places = new MeetingPlaces(
      lives,
      options.peers,
      {
        has: (a, b) => this.#peers.get(a)?.links.has(b) === true,
        linksOf: (a) => this.#linksOf(a),
        isFilled: (a, bucket) => this.#isFilled(a, bucket),
      },
      world.random('meeting'),
    )
  }

  get size(): number {
    return this.#peers.size
  }

  get meanLinks(): number {
    let links = 0
    for (const peer of this.#peers.values()) links += peer.links.size
    return links / this.#peers.size
  }

  isThere(number: number): boolean {
    return this.#peers.has(number)
  }

  /** Those who are there from the beginning have their links; all others come and go in their time. */
  begins(): void {
    const first: number[] = []
    this.#lives.all.forEach(({ fromMs, untilMs }, number) => {
      if (fromMs === 0) {
        this.#enters(number)
        first.push(number)
      } else this.#world.at(BEGAN_AT_MS + fromMs, () => this.#arrives(number))
      if (Number.isFinite(untilMs)) this.#world.at(BEGAN_AT_MS + untilMs, () => this.#departs(number))
    })
    for (const number of first) for (const other of this.#places.atFirst(number)) this.#links(number, other)
  }

  finds(number: number, key: Uint8Array, thorough: boolean, asked: Asked): void {
    const lookup = this.#nextLookup++
    this.#asked.set(lookup, asked)
    this.#give(number, { kind: 'find', lookup, wanted: 'value', key, thorough })
  }

  puts(number: number, key: Uint8Array, item: Checked, done: (result: LookupResult) => void): void {
    const lookup = this.#nextLookup++
    this.#asked.set(lookup, { found: () => {}, done })
    this.#give(number, { kind: 'put', lookup, given: 'record', key, item })
  }

  publishes(number: number, key: Uint8Array, item: Checked): void {
    this.#give(number, { kind: 'publish', given: 'record', key, item })
  }

  /** A liar takes every link it is offered. */
  #linksOf(number: number): number {
    const peer = this.#peers.get(number)
    return peer?.machine === undefined ? 0 : peer.links.size
  }

  #isFilled(number: number, bucket: number): boolean {
    const own = this.#lives.node(number)
    for (const other of this.#peers.get(number)?.links.keys() ?? [])
      if (sharedBits(own, this.#lives.node(other)) === bucket) return true
    return false
  }

  // ---- coming and going -----------------------------------------------------------------------------------------

  get #hasEdge(): boolean {
    return this.#world.passedMs < this.#options.edgeGoneAtMs
  }

  #enters(number: number): void {
    const { node, malicious } = this.#lives.all[number] as Life
    const random = this.#world.random(`mesh ${number}`)
    const { paths, pathsMax } = this.#options
    const config: MeshConfig = {
      self: node,
      random: () => random.unit(),
      ...(paths === undefined ? {} : { paths }),
      ...(pathsMax === undefined ? {} : { pathsMax }),
    }
    const machine = malicious ? undefined : new MeshNode(config)
    this.#peers.set(number, { number, machine, links: new Map(), alarm: undefined })
    this.#lives.arrives(number)
  }

  #arrives(number: number): void {
    if (!this.#hasEdge) return
    this.#enters(number)
    this.#meets(number, this.#places.atFirst(number))
  }

  #meets(number: number, others: readonly number[]): void {
    for (const other of others)
      this.#world.after(LINKING_MS * (0.5 + this.#random.unit()), () => this.#links(number, other))
  }

  #links(a: number, b: number): void {
    const [one, other] = [this.#peers.get(a), this.#peers.get(b)]
    if (one === undefined || other === undefined || one.links.has(b)) return
    one.links.set(b, { peer: b, node: this.#lives.node(b), cameToUs: false })
    other.links.set(a, { peer: a, node: this.#lives.node(a), cameToUs: true })
    const roundTripMs = 2 * this.#latency(`${a}`, `${b}`)
    this.#give(a, { kind: 'linked', neighbour: b, node: this.#lives.node(b), roundTripMs })
    this.#give(b, { kind: 'linked', neighbour: a, node: this.#lives.node(a), roundTripMs })
    this.#makesRoom(a)
    this.#makesRoom(b)
  }

  /** As the client does; a liar has room for everybody. */
  #makesRoom(number: number): void {
    if (this.#linksOf(number) <= LINKS_MAX) return
    const { links } = this.#peers.get(number) as Peer
    const other = leastMissed(this.#lives.node(number), [...links.values()], NEAREST)
    if (other === undefined) return
    links.delete(other)
    this.#give(number, { kind: 'unlinked', neighbour: other })
    this.#world.after(this.#latency(`${number}`, `${other}`), () => this.#misses(other, number))
  }

  #departs(number: number): void {
    const peer = this.#peers.get(number)
    if (peer === undefined) return
    this.#peers.delete(number)
    this.#lives.departs(number)
    peer.alarm?.cancel()
    const silentMs = this.#random.chance(VANISH_SHARE) ? NOTICED_AFTER_MS : 0
    for (const other of peer.links.keys())
      this.#world.after(silentMs + this.#latency(`${number}`, `${other}`), () => this.#misses(other, number))
  }

  #misses(number: number, gone: number): void {
    const peer = this.#peers.get(number)
    if (peer === undefined) return
    peer.links.delete(gone)
    this.#give(number, { kind: 'unlinked', neighbour: gone })
    this.#world.after(RELINK_MS, () => {
      if (this.#hasEdge && this.#peers.has(number)) this.#meets(number, this.#places.inNeighbourhood(number))
    })
  }

  // ---- machines -------------------------------------------------------------------------------------------------

  #give(number: number, input: MeshInput): void {
    const peer = this.#peers.get(number)
    if (peer?.machine === undefined) return
    for (const effect of peer.machine.receive(input, this.#world.nowMs)) {
      switch (effect.kind) {
        case 'send':
          this.#sends(number, effect.neighbour, effect.bytes)
          break
        case 'verify': {
          const item = checks(effect.key, effect.bytes, Number.POSITIVE_INFINITY)
          this.#world.after(VERIFY_MS, () =>
            this.#give(number, { kind: 'verified', task: effect.task, item }),
          )
          break
        }
        case 'found':
          this.#asked.get(effect.lookup)?.found(effect.item)
          break
        case 'done':
          this.#asked.get(effect.lookup)?.done(effect.result)
          this.#asked.delete(effect.lookup)
          break
        case 'wanted':
          if (this.#hasEdge) this.#meets(number, this.#places.inBuckets(number, effect.buckets))
          break
        case 'drop':
          this.drops.count(effect.reason)
          break
        case 'spare':
          break
      }
    }
    this.#rearms(peer)
  }

  /** An alarm that rings too early does no harm: it is set anew only when it would ring too late. */
  #rearms(peer: Peer): void {
    const atMs = peer.machine?.wakeAtMs
    if (atMs === undefined || (peer.alarm !== undefined && peer.alarm.atMs <= atMs)) return
    peer.alarm?.cancel()
    peer.alarm = this.#world.at(atMs, () => {
      peer.alarm = undefined
      const dueMs = peer.machine?.wakeAtMs
      if (dueMs !== undefined && dueMs <= this.#world.nowMs) this.#give(peer.number, { kind: 'wake' })
      else this.#rearms(peer)
    })
  }

  #sends(from: number, to: number, bytes: Uint8Array): void {
    this.messages++
    const carriesRecord = bytes[0] === MESH_FRAME.record || bytes[0] === MESH_FRAME.store
    this.bytes += bytes.length + (carriesRecord ? REAL_RECORD_BYTES : 0)
    const ms = this.#latency(`${from}`, `${to}`) * (1 + JITTER_SHARE * this.#random.unit()) + HANDLING_MS
    this.#world.after(ms, () => {
      const peer = this.#peers.get(to)
      if (peer === undefined || !peer.links.has(from)) return
      if (peer.machine === undefined) this.#cheats(to, from, bytes)
      else this.#give(to, { kind: 'message', neighbour: from, bytes })
    })
  }

  /** All of one mind: what they are asked for is not there, or something else; and they have stored what they threw away. */
  #cheats(liar: number, from: number, bytes: Uint8Array): void {
    const message = tryDecodeMesh(bytes)
    if (message === undefined) return
    if (message.kind === 'ping')
      return this.#sends(liar, from, encodeMesh({ kind: 'pong', token: message.token }))
    if (!isAsk(message) || this.#options.malice === 'drops') return
    const { token, kind, key } = message
    const answer =
      kind === 'store'
        ? ({ kind: 'stored', token, hops: 3, copies: 10 } as const)
        : this.#random.chance(0.5)
          ? ({ kind: 'record', token, hops: 3, bytes: forgedRecord(key) } as const)
          : ({ kind: 'nodes', token, hops: 3, nodes: [] } as const)
    this.#sends(liar, from, encodeMesh(answer))
  }
}
