// What ours is held against: Kademlia as it is written, for nodes that can speak to anybody at once. Iterative, alpha 3, k 20, no
// disjoint paths; a request takes one round trip, a dead node a timeout. It is flattered: nothing costs a connection, records
// lie on just the twenty nodes that are nearest, and tables are made of who was there at the last refresh, oldest first, without
// the traffic that would have cost.

import { compareDistance, sharedBits } from '../../../protocol/dht/place.ts'
import type { Latency } from '../latency.ts'
import { fnv1a, Random } from '../random.ts'
import type { World } from '../world.ts'
import type { Malice } from './crowd.ts'
import type { Life, Lives } from './lives.ts'

const ALPHA = 3
export const K = 20
const REFRESH_MS = 5 * 60_000
const TIMEOUT_MS = 600
const HANDLING_MS = 1
const SAMPLED = 3 * K

export interface TextbookResult {
  readonly found: boolean
  readonly ms: number
  readonly hops: number
  readonly requests: number
}

interface Candidate {
  readonly peer: number
  readonly hops: number
  state: 'new' | 'asked' | 'answered' | 'dead'
}

export class Textbook {
  readonly #world: World
  readonly #lives: Lives
  readonly #latency: Latency
  readonly #malice: Malice

  constructor(world: World, lives: Lives, latency: Latency, malice: Malice) {
    this.#world = world
    this.#lives = lives
    this.#latency = latency
    this.#malice = malice
  }

  finds(
    origin: number,
    key: Uint8Array,
    holders: ReadonlySet<number>,
    done: (result: TextbookResult) => void,
  ): void {
    const beganAtMs = this.#world.nowMs
    const candidates = this.#knownTo(origin, key).map((peer): Candidate => ({ peer, hops: 1, state: 'new' }))
    const known = new Set([origin, ...candidates.map(({ peer }) => peer)])
    let flying = 0
    let requests = 0
    let over = false
    const ends = (found: boolean, hops: number) => {
      if (over) return
      over = true
      done({ found, ms: this.#world.nowMs - beganAtMs, hops, requests })
    }
    const learns = (peers: readonly number[], hops: number) => {
      for (const peer of peers) {
        if (known.has(peer)) continue
        known.add(peer)
        candidates.push({ peer, hops, state: 'new' })
      }
      candidates.sort((a, b) => compareDistance(this.#lives.node(a.peer), this.#lives.node(b.peer), key))
    }
    const goesOn = () => {
      if (over) return
      const nearest = candidates.filter(({ state }) => state !== 'dead').slice(0, K)
      for (const candidate of nearest) {
        if (flying >= ALPHA) break
        if (candidate.state !== 'new') continue
        candidate.state = 'asked'
        flying++
        requests++
        this.#asks(origin, candidate.peer, key, holders, (answer) => {
          flying--
          candidate.state = answer === undefined ? 'dead' : 'answered'
          if (answer === 'value') return ends(true, candidate.hops)
          if (answer !== undefined) learns(answer, candidate.hops + 1)
          goesOn()
        })
      }
      if (flying === 0) ends(false, Math.max(0, ...nearest.map(({ hops }) => hops)))
    }
    learns([], 1)
    goesOn()
  }

  #asks(
    origin: number,
    peer: number,
    key: Uint8Array,
    holders: ReadonlySet<number>,
    answered: (answer: readonly number[] | 'value' | undefined) => void,
  ): void {
    const { malicious } = this.#lives.all[peer] as Life
    const roundTripMs = 2 * this.#latency(`${origin}`, `${peer}`) + HANDLING_MS
    this.#world.after(roundTripMs / 2, () => {
      if (!this.#lives.isThere(peer) || (malicious && this.#malice === 'drops')) {
        this.#world.after(TIMEOUT_MS - roundTripMs / 2, () => answered(undefined))
        return
      }
      const answer = malicious
        ? this.#conspirators(key)
        : holders.has(peer)
          ? 'value'
          : this.#knownTo(peer, key)
      this.#world.after(roundTripMs / 2, () => answered(answer))
    })
  }

  /** Liars know each other, and nobody else. */
  #conspirators(key: Uint8Array): number[] {
    return this.#lives.nearest(
      key,
      K,
      (peer) => this.#lives.isThere(peer) && (this.#lives.all[peer] as Life).malicious,
    )
  }

  /** The twenty nearest to the key in its routing table. */
  #knownTo(peer: number, key: Uint8Array): number[] {
    const node = this.#lives.node(peer)
    const phaseMs = fnv1a(`phase ${peer}`) % REFRESH_MS
    const refreshed = Math.floor((this.#world.passedMs + phaseMs) / REFRESH_MS) * REFRESH_MS - phaseMs
    const atMs = Math.max(0, refreshed, (this.#lives.all[peer] as Life).fromMs)
    const bucket = sharedBits(node, key)
    const known = this.#bucket(peer, node, bucket, atMs)
    // Those of its nearer buckets are all about as far from the key; then those of farther ones, one after another.
    for (let nearer = bucket + 1; known.length < K && nearer <= 40; nearer++)
      known.push(...this.#bucket(peer, node, nearer, atMs))
    for (let farther = bucket - 1; known.length < K && farther >= 0; farther--)
      known.push(...this.#bucket(peer, node, farther, atMs))
    return known.slice(0, Math.max(K, 0))
  }

  #bucket(peer: number, node: Uint8Array, bucket: number, atMs: number): number[] {
    const flipped = node.slice()
    flipped[bucket >>> 3] = (flipped[bucket >>> 3] as number) ^ (0x80 >>> (bucket & 7))
    const [from, to] = this.#lives.range(flipped, bucket + 1)
    const there: number[] = []
    if (to - from <= 2 * SAMPLED) {
      for (let other = from; other < to; other++) if (this.#lives.wasThere(other, atMs)) there.push(other)
    } else {
      const random = new Random(`${peer} ${bucket} ${atMs}`)
      for (let i = 0; i < 4 * SAMPLED && there.length < SAMPLED; i++) {
        const other = from + random.below(to - from)
        if (this.#lives.wasThere(other, atMs) && !there.includes(other)) there.push(other)
      }
    }
    const sinceMs = (other: number) => (this.#lives.all[other] as Life).fromMs
    return there
      .filter((other) => other !== peer)
      .sort((a, b) => sinceMs(a) - sinceMs(b))
      .slice(0, K)
  }
}
