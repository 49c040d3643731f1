// Links that come, go, and fall silent: what becomes of the routing table then, and which further links are wanted.

import { MESH_NEAREST_WANTED, MESH_REFRESH_MS } from '../../limits/mesh.ts'
import { type Random, randomU32 } from '../../machine.ts'
import type { MeshEffect, Neighbour } from './contract.ts'
import { encodeMesh } from './messages.ts'
import { type Entry, Neighbours } from './neighbours.ts'
import type { NodeId } from './node.ts'
import { type Newcomer, Pings } from './pings.ts'

export class Links {
  readonly neighbours: Neighbours
  readonly #random: Random
  readonly #do: (effect: MeshEffect) => void
  readonly #pings = new Pings()
  /** When to say which links are wanted; undefined: none is. */
  #refreshAtMs: number | undefined
  #refreshedAtMs = 0

  constructor(self: NodeId, random: Random, effect: (effect: MeshEffect) => void) {
    this.neighbours = new Neighbours(self)
    this.#random = random
    this.#do = effect
  }

  get wakeAtMs(): number | undefined {
    const [ping, refresh] = [this.#pings.wakeAtMs, this.#refreshAtMs]
    return ping === undefined || refresh === undefined ? (ping ?? refresh) : Math.min(ping, refresh)
  }

  linked(newcomer: Newcomer, nowMs: number): void {
    if (this.neighbours.get(newcomer.neighbour) !== undefined)
      throw new RangeError(`${newcomer.neighbour} is linked already`)
    this.#adds(newcomer, nowMs)
    this.#plansRefresh(nowMs)
  }

  unlinked(neighbour: Neighbour, nowMs: number): void {
    const pings = this.#pings.takeOf(neighbour)
    if (this.neighbours.get(neighbour) !== undefined) this.#removes(neighbour, pings, nowMs)
  }

  pong(entry: Entry, token: number, nowMs: number): boolean {
    const ping = this.#pings.take(token, entry.neighbour)
    if (ping === undefined) return false
    const roundTripMs = nowMs - ping.sentAtMs
    entry.roundTripMs = entry.roundTripMs === undefined ? roundTripMs : (entry.roundTripMs + roundTripMs) / 2
    if (ping.newcomer !== undefined) this.#do({ kind: 'spare', neighbour: ping.newcomer.neighbour })
    return true
  }

  /** It left a request unanswered. Perhaps it is gone; perhaps only those behind it were. */
  lapsed(entry: Entry, nowMs: number): void {
    this.neighbours.faulted(entry)
    this.#pingsEntry(entry, undefined, nowMs)
  }

  wakes(nowMs: number): void {
    for (const { entry, newcomer } of this.#pings.takeOverdue(nowMs)) {
      if (this.neighbours.get(entry.neighbour) !== entry) continue
      entry.silent = true
      if (newcomer === undefined) continue
      this.#do({ kind: 'spare', neighbour: entry.neighbour })
      this.neighbours.remove(entry.neighbour)
      this.#adds(newcomer, nowMs)
    }
    if (this.#refreshAtMs === undefined || this.#refreshAtMs > nowMs) return
    this.#refreshedAtMs = nowMs
    this.#do({ kind: 'wanted', buckets: this.neighbours.empty, nearest: this.#isLonely })
    this.#refreshAtMs = nowMs + MESH_REFRESH_MS
    this.#plansRefresh(nowMs)
  }

  #adds(newcomer: Newcomer, nowMs: number): void {
    const { neighbour, node, roundTripMs } = newcomer
    const added = this.neighbours.add(neighbour, node, roundTripMs, nowMs)
    if (added.kind === 'added') return
    // One newcomer at a time may hope for a place.
    const isHopeless = added.oldest === undefined || this.#pings.isPinged(added.oldest)
    if (isHopeless) this.#do({ kind: 'spare', neighbour })
    else this.#pingsEntry(added.oldest, newcomer, nowMs)
  }

  #removes(
    neighbour: Neighbour,
    pings: readonly { readonly newcomer: Newcomer | undefined }[],
    nowMs: number,
  ) {
    this.neighbours.remove(neighbour)
    for (const { newcomer } of pings) if (newcomer !== undefined) this.#adds(newcomer, nowMs)
    this.#plansRefresh(nowMs)
  }

  #pingsEntry(entry: Entry, newcomer: Newcomer | undefined, nowMs: number): void {
    if (newcomer === undefined && this.#pings.isPinged(entry)) return
    let token = randomU32(this.#random)
    while (!this.#pings.isFree(token)) token = (token + 1) >>> 0
    this.#pings.wait(token, entry, newcomer, nowMs)
    this.#do({ kind: 'send', neighbour: entry.neighbour, bytes: encodeMesh({ kind: 'ping', token }) })
  }

  get #isLonely(): boolean {
    return this.neighbours.size < MESH_NEAREST_WANTED
  }

  #plansRefresh(nowMs: number): void {
    const isWanted = this.#isLonely || this.neighbours.empty.length > 0
    if (!isWanted) this.#refreshAtMs = undefined
    else this.#refreshAtMs ??= Math.max(nowMs, this.#refreshedAtMs + MESH_REFRESH_MS)
  }
}
