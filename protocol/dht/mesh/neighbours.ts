// The routing table: peers with a link, in buckets by how much of our own place they share. Nobody else is in it, since nobody else
// can be spoken to; so whoever is chosen proved its place, and is there. A bucket that is full keeps those it has, as Kademlia
// does: who was there long stays long.

import { FULL, type Rate, take } from '../../bucket.ts'
import {
  MESH_ASKS_BURST,
  MESH_ASKS_PER_SECOND,
  MESH_BUCKET_MAX,
  MESH_BYTES_BURST,
  MESH_BYTES_PER_SECOND,
  MESH_MESSAGES_BURST,
  MESH_MESSAGES_PER_SECOND,
  MESH_NEAREST_WANTED,
  MESH_NEIGHBOURS_MAX,
} from '../../limits/mesh.ts'
import { compareDistance, sharedBits } from '../place.ts'
import type { Neighbour } from './contract.ts'
import { byDistance, type NodeId } from './node.ts'

const ASKS: Rate = { perSecond: MESH_ASKS_PER_SECOND, burst: MESH_ASKS_BURST }
const MESSAGES: Rate = { perSecond: MESH_MESSAGES_PER_SECOND, burst: MESH_MESSAGES_BURST }
const BYTES: Rate = { perSecond: MESH_BYTES_PER_SECOND, burst: MESH_BYTES_BURST }

/** Faults after which a neighbour is asked only when there is no other. */
const FAULTS_MANY = 3
const FAULTS_MAX = 6

export interface Entry {
  readonly neighbour: Neighbour
  readonly node: NodeId
  readonly bucket: number
  heardAtMs: number
  roundTripMs: number | undefined
  /** Did not answer a ping, and said nothing since. */
  silent: boolean
  /** Requests it left without an answer, and lies; each good answer takes one away. */
  faults: number
  /** Requests of it that are being carried. */
  carried: number
  asksUntilMs: number
  messagesUntilMs: number
  bytesUntilMs: number
}

export type Added = { readonly kind: 'added' } | { readonly kind: 'full'; readonly oldest: Entry | undefined }

export class Neighbours {
  readonly #self: NodeId
  readonly #entries = new Map<Neighbour, Entry>()
  /** How many there are in each bucket. */
  readonly #inBucket: number[] = []

  constructor(self: NodeId) {
    this.#self = self
  }

  get size(): number {
    return this.#entries.size
  }

  get(neighbour: Neighbour): Entry | undefined {
    return this.#entries.get(neighbour)
  }

  /** `full`: it is not in the table; the oldest is whom it could replace, were that one silent. */
  add(neighbour: Neighbour, node: NodeId, roundTripMs: number | undefined, nowMs: number): Added {
    const bucket = sharedBits(this.#self, node)
    if (this.#entries.size >= MESH_NEIGHBOURS_MAX) return { kind: 'full', oldest: undefined }
    if ((this.#inBucket[bucket] ?? 0) >= MESH_BUCKET_MAX) {
      const others = [...this.#entries.values()].filter((entry) => entry.bucket === bucket)
      return { kind: 'full', oldest: others.reduce((a, b) => (b.heardAtMs < a.heardAtMs ? b : a)) }
    }
    this.#count(bucket, 1)
    this.#entries.set(neighbour, {
      neighbour,
      node,
      bucket,
      heardAtMs: nowMs,
      roundTripMs,
      silent: false,
      faults: 0,
      carried: 0,
      asksUntilMs: FULL,
      messagesUntilMs: FULL,
      bytesUntilMs: FULL,
    })
    return { kind: 'added' }
  }

  remove(neighbour: Neighbour): void {
    const entry = this.#entries.get(neighbour)
    if (entry === undefined) return
    this.#entries.delete(neighbour)
    this.#count(entry.bucket, -1)
  }

  /** Whether so long a message may be read. */
  hears(entry: Entry, bytes: number, nowMs: number): boolean {
    const messages = take(entry.messagesUntilMs, MESSAGES, 1, nowMs)
    if (!messages.ok) return false
    const size = take(entry.bytesUntilMs, BYTES, bytes, nowMs)
    if (!size.ok) return false
    entry.messagesUntilMs = messages.paidUntilMs
    entry.bytesUntilMs = size.paidUntilMs
    entry.heardAtMs = nowMs
    entry.silent = false
    return true
  }

  /** Whether one more request of it may be carried. */
  mayAsk(entry: Entry, nowMs: number): boolean {
    const asks = take(entry.asksUntilMs, ASKS, 1, nowMs)
    if (asks.ok) entry.asksUntilMs = asks.paidUntilMs
    return asks.ok
  }

  faulted(entry: Entry): void {
    entry.faults = Math.min(FAULTS_MAX, entry.faults + 1)
  }

  answered(entry: Entry): void {
    entry.faults = Math.max(0, entry.faults - 1)
  }

  /** The nearest to the key of those that are not excluded; one that is silent or lies only when there is no other. */
  next(key: Uint8Array, isExcluded: (entry: Entry) => boolean): Entry | undefined {
    let best: Entry | undefined
    for (const entry of this.#entries.values()) {
      if (isExcluded(entry)) continue
      const shunned = isShunned(entry)
      if (best !== undefined && shunned !== isShunned(best)) {
        if (!shunned) best = entry
      } else if (best === undefined || compareDistance(entry.node, best.node, key) < 0) best = entry
    }
    return best
  }

  /** How many are nearer to the key than we are. */
  nearerThanUs(key: Uint8Array): number {
    let count = 0
    for (const { node } of this.#entries.values()) if (compareDistance(node, this.#self, key) < 0) count++
    return count
  }

  /** Ourselves among them: whoever asks may not know us. */
  nodesNear(key: Uint8Array, limit: number): NodeId[] {
    const nodes = [this.#self, ...[...this.#entries.values()].map(({ node }) => node)]
    return nodes.sort(byDistance(key)).slice(0, limit)
  }

  get medianRoundTripMs(): number | undefined {
    const known = [...this.#entries.values()].map(({ roundTripMs }) => roundTripMs)
    const times = known.filter((time) => time !== undefined).sort((a, b) => a - b)
    return times[times.length >>> 1]
  }

  /** Buckets without anybody, of those that are farther than our nearest neighbours are. */
  get empty(): number[] {
    let depth = this.#inBucket.length - 1
    for (let near = this.#inBucket[depth] ?? 0; near < MESH_NEAREST_WANTED && depth > 0; )
      near += this.#inBucket[--depth] as number
    const empty: number[] = []
    for (let bucket = 0; bucket < depth; bucket++) if (this.#inBucket[bucket] === 0) empty.push(bucket)
    return empty
  }

  #count(bucket: number, by: 1 | -1): void {
    while (this.#inBucket.length <= bucket) this.#inBucket.push(0)
    this.#inBucket[bucket] = (this.#inBucket[bucket] as number) + by
  }
}

function isShunned(entry: Entry): boolean {
  return entry.silent || entry.faults >= FAULTS_MANY
}
