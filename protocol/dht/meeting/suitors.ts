// With whom there is a link, with whom one is being made, and with whom none came about.

import {
  MEETING_AVOIDED_MAX,
  MEETING_AVOIDED_MS,
  MEETING_CONNECT_MS,
  MEETING_CONNECTING_MAX,
} from '../../limits/meeting.ts'
import { compareDistance, sharedBits } from '../place.ts'
import type { Bits } from './contract.ts'

export class Suitors {
  readonly #self: Uint8Array
  readonly #linked = new Map<string, Uint8Array>()
  readonly #connecting = new Map<string, { readonly room: Bits; readonly untilMs: number }>()
  readonly #avoided = new Map<string, number>()

  constructor(self: Uint8Array) {
    this.#self = self
  }

  get connecting(): number {
    return this.#connecting.size
  }

  get hasTurn(): boolean {
    return this.#connecting.size < MEETING_CONNECTING_MAX
  }

  /** Neither linked nor about to be. */
  isFree(peer: string): boolean {
    return !this.#linked.has(peer) && !this.#connecting.has(peer)
  }

  /** Whether anybody of that room is being connected to. */
  isConnecting(room: Bits): boolean {
    return [...this.#connecting.values()].some((one) => one.room === room)
  }

  isFilled(bucket: number): boolean {
    for (const node of this.#linked.values()) if (sharedBits(this.#self, node) === bucket) return true
    return false
  }

  connects(peer: string, room: Bits, nowMs: number): void {
    this.#connecting.set(peer, { room, untilMs: nowMs + MEETING_CONNECT_MS })
  }

  linked(peer: string, node: Uint8Array): void {
    this.#connecting.delete(peer)
    this.#linked.set(peer, node)
  }

  unlinked(peer: string): void {
    this.#linked.delete(peer)
  }

  /** Those with whom there should have been a link by now. */
  takeOverdue(nowMs: number): readonly string[] {
    return [...this.#connecting].filter(([, { untilMs }]) => nowMs >= untilMs).map(([peer]) => peer)
  }

  avoids(peer: string, nowMs: number): void {
    this.#connecting.delete(peer)
    this.#avoided.set(peer, nowMs + MEETING_AVOIDED_MS)
    if (this.#avoided.size <= MEETING_AVOIDED_MAX) return
    const [first] = this.#avoided.keys()
    this.#avoided.delete(first as string)
  }

  isAvoided(peer: string, nowMs: number): boolean {
    return (this.#avoided.get(peer) ?? 0) > nowMs
  }

  /** One of the fullest bucket, of those that are ours alone and not among the nearest; undefined: there is none. */
  leastMissed(nearest: number, isMet: (peer: string) => boolean): string | undefined {
    const far = [...this.#linked].sort((a, b) => compareDistance(a[1], b[1], this.#self)).slice(nearest)
    const buckets = Map.groupBy(far, ([, node]) => sharedBits(this.#self, node))
    const fullest = [...buckets.values()].sort((a, b) => b.length - a.length)
    for (const bucket of fullest) for (const [peer] of bucket) if (!isMet(peer)) return peer
    return undefined
  }
}
