// Who is there when: the coming and going of a whole simulation, drawn before it begins, so that our mesh and a textbook's live
// through the same. Sessions are Weibull (k = 0.5, λ = 12 min: on average 24 minutes, half of them shorter than six), which is what
// measurements of file sharing look like, made shorter for tabs. It begins as if it had always gone on.

import { compareDistance } from '../../../protocol/dht/place.ts'
import type { Random } from '../random.ts'

const SCALE_MS = 12 * 60_000
/** Of Weibull with k = 0.5: λ Γ(3). */
const MEAN_MS = 2 * SCALE_MS

export interface Life {
  readonly node: Uint8Array
  readonly fromMs: number
  readonly untilMs: number
  readonly malicious: boolean
}

export interface LivesOptions {
  /** Peers at any moment, about. */
  readonly peers: number
  /** So long others come. */
  readonly arrivalsMs: number
  readonly maliciousShare: number
  /** Malicious ones from beginning to end, near each of these. */
  readonly sybilsNear: readonly Uint8Array[]
  readonly sybilsOfEach: number
  readonly churn: boolean
}

/** Numbered in the order of their places: whoever shares a prefix is in one range. */
export class Lives {
  readonly all: readonly Life[]
  readonly #there: Uint8Array

  constructor(random: Random, options: LivesOptions) {
    const lives: Life[] = []
    const add = (fromMs: number, untilMs: number) =>
      lives.push({
        node: random.bytes(32),
        fromMs,
        untilMs,
        malicious: random.chance(options.maliciousShare),
      })
    for (let i = 0; i < options.peers; i++)
      add(0, options.churn ? residualMs(random) : Number.POSITIVE_INFINITY)
    const everyMs = MEAN_MS / options.peers
    if (options.churn) {
      for (let ms = random.exponential(everyMs); ms < options.arrivalsMs; ms += random.exponential(everyMs))
        add(ms, ms + sessionMs(random))
    }
    for (const key of options.sybilsNear) {
      for (let i = 0; i < options.sybilsOfEach; i++) {
        const node = key.slice()
        node.set(random.bytes(26), 6)
        lives.push({ node, fromMs: 0, untilMs: Number.POSITIVE_INFINITY, malicious: true })
      }
    }
    this.all = lives.sort((a, b) => compare(a.node, b.node))
    this.#there = new Uint8Array(lives.length)
  }

  arrives(peer: number): void {
    this.#there[peer] = 1
  }

  departs(peer: number): void {
    this.#there[peer] = 0
  }

  isThere(peer: number): boolean {
    return this.#there[peer] === 1
  }

  wasThere(peer: number, ms: number): boolean {
    const { fromMs, untilMs } = this.all[peer] as Life
    return fromMs <= ms && ms < untilMs
  }

  node(peer: number): Uint8Array {
    return (this.all[peer] as Life).node
  }

  /** All whose places begin with the same bits: from, and up to before. */
  range(place: Uint8Array, bits: number): readonly [number, number] {
    return [this.#firstNotBelow(place, bits, 0), this.#firstNotBelow(place, bits, 0xff)]
  }

  /** Those there that are nearest to a place, nearest first. */
  nearest(place: Uint8Array, count: number, isMeant = (peer: number) => this.isThere(peer)): number[] {
    for (let bits = Math.min(40, Math.ceil(Math.log2(this.all.length)) + 8); ; bits--) {
      const [from, to] = this.range(place, bits)
      const found: number[] = []
      for (let peer = from; peer < to; peer++) if (isMeant(peer)) found.push(peer)
      if (found.length < count && bits > 0) continue
      return found.sort((a, b) => compareDistance(this.node(a), this.node(b), place)).slice(0, count)
    }
  }

  #firstNotBelow(place: Uint8Array, bits: number, filler: 0 | 0xff): number {
    let [low, high] = [0, this.all.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = comparePrefix(this.node(middle), place, bits)
      if (order < 0 || (order === 0 && filler === 0xff)) low = middle + 1
      else high = middle
    }
    return low
  }
}

function sessionMs(random: Random): number {
  return SCALE_MS * Math.log(1 - random.unit()) ** 2
}

/** What is left of a session that one comes upon: long ones are come upon more often. (1 + u) e^-u, u = √(t/λ), survive t. */
function residualMs(random: Random): number {
  // The sum of two exponential times has just this distribution.
  return SCALE_MS * (random.exponential(1) + random.exponential(1)) ** 2
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

function comparePrefix(a: Uint8Array, b: Uint8Array, bits: number): number {
  for (let i = 0; 8 * i < bits; i++) {
    const mask = 0xff & (0xff00 >> Math.min(8, bits - 8 * i))
    const difference = ((a[i] as number) & mask) - ((b[i] as number) & mask)
    if (difference !== 0) return difference
  }
  return 0
}
