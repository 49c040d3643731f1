// Whom a client has links with, as long as there is an edge to meet at. It is in a room of its application, and has a link with two
// others there. It stays in the room of its neighbourhood, whose name is the first bits of its place: so many bits that about
// 64 are in it, and has links with the four nearest. And for each bucket where it has nobody it visits a room of that bucket for a
// moment, and leaves with a link. One pair in five cannot be connected directly, and without an edge that is the only way; a
// client has 24 links and no more.

import { sharedBits } from '../../../protocol/dht/place.ts'
import { fnv1a, type Random } from '../random.ts'
import type { Lives } from './lives.ts'

export const NEAREST = 4
const OF_APPLICATION = 2
export const LINKS_MAX = 24
const NEIGHBOURHOOD = 64
const UNCONNECTABLE_SHARE = 0.2
const TRIES = 6

export interface Linking {
  has(peer: number, other: number): boolean
  linksOf(peer: number): number
  /** With whom there is a link in this bucket already. */
  isFilled(peer: number, bucket: number): boolean
}

export class MeetingPlaces {
  readonly #lives: Lives
  readonly #linking: Linking
  readonly #random: Random
  /** Bits of a neighbourhood's name. */
  readonly depth: number

  constructor(lives: Lives, peers: number, linking: Linking, random: Random) {
    this.#lives = lives
    this.#linking = linking
    this.#random = random
    this.depth = Math.max(1, Math.floor(Math.log2(peers / NEIGHBOURHOOD)))
  }

  /** Whom it meets when it begins. */
  atFirst(peer: number): number[] {
    const buckets = Array.from({ length: this.depth }, (_, bucket) => bucket).filter(
      (bucket) => !this.#linking.isFilled(peer, bucket),
    )
    const met = [...this.inNeighbourhood(peer), ...this.inBuckets(peer, buckets)]
    for (let i = 0; i < OF_APPLICATION; i++) {
      const other = this.#visit(peer, 0, this.#lives.all.length, met)
      if (other !== undefined) met.push(other)
    }
    return met
  }

  /** Those of its four nearest that it has no link with. */
  inNeighbourhood(peer: number): number[] {
    const place = this.#lives.node(peer)
    const nearest = this.#lives.nearest(
      place,
      NEAREST,
      (other) => other !== peer && this.#lives.isThere(other) && isConnectable(peer, other),
    )
    return nearest.filter((other) => this.#isOpen(peer, other))
  }

  inBuckets(peer: number, buckets: readonly number[]): number[] {
    const met: number[] = []
    for (const bucket of buckets) {
      if (bucket >= this.depth) continue
      const place = this.#random.bytes(32)
      const own = this.#lives.node(peer)
      for (let bit = 0; bit <= bucket; bit++) setBit(place, bit, bitOf(own, bit) !== (bit === bucket))
      const [from, to] = this.#lives.range(place, this.depth)
      const other = this.#visit(peer, from, to, met)
      if (other !== undefined) met.push(other)
    }
    return met
  }

  #visit(peer: number, from: number, to: number, met: readonly number[]): number | undefined {
    for (let i = 0; i < TRIES && from < to; i++) {
      const other = from + this.#random.below(to - from)
      if (!met.includes(other) && this.#isOpen(peer, other)) return other
    }
    // Whoever cannot be connected may be most of those who are there; then all are tried, from anywhere on.
    const first = this.#random.below(Math.max(1, to - from))
    for (let i = 0; i < Math.min(to - from, NEIGHBOURHOOD * 2); i++) {
      const other = from + ((first + i) % (to - from))
      if (!met.includes(other) && this.#isOpen(peer, other)) return other
    }
    return undefined
  }

  #isOpen(peer: number, other: number): boolean {
    return (
      other !== peer &&
      this.#lives.isThere(other) &&
      this.#linking.linksOf(peer) < LINKS_MAX &&
      !this.#linking.has(peer, other) &&
      isConnectable(peer, other)
    )
  }
}

/** The same for both, whenever they try. */
function isConnectable(a: number, b: number): boolean {
  return fnv1a(`${Math.min(a, b)} ${Math.max(a, b)}`) / 0x1_0000_0000 >= UNCONNECTABLE_SHARE
}

function bitOf(place: Uint8Array, bit: number): boolean {
  return (((place[bit >>> 3] as number) >>> (7 - (bit & 7))) & 1) === 1
}

function setBit(place: Uint8Array, bit: number, value: boolean): void {
  const mask = 0x80 >>> (bit & 7)
  const byte = place[bit >>> 3] as number
  place[bit >>> 3] = value ? byte | mask : byte & ~mask
}

/** Of a place, in whose bucket another is. */
export const bucketOf = sharedBits
