// With whom there is a link, with whom one is being made, and with whom none came about.

import {
  MEETING_AVOIDED_MAX,
  MEETING_AVOIDED_MS,
  MEETING_CONNECT_MS,
  MEETING_CONNECTING_MAX,
} from '../../limits/meeting.ts'
import { sharedBits } from '../place.ts'
import type { Bits } from './contract.ts'
import { type Linked, leastMissed } from './least-missed.ts'

export class Suitors {
  readonly #self: Uint8Array
  readonly #linked = new Map<string, Linked<string>>()
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
    for (const { node } of this.#linked.values()) if (sharedBits(this.#self, node) === bucket) return true
    return false
  }

  connects(peer: string, room: Bits, nowMs: number): void {
    this.#connecting.set(peer, { room, untilMs: nowMs + MEETING_CONNECT_MS })
  }

  linked(peer: string, node: Uint8Array): void {
    const cameToUs = !this.#connecting.delete(peer)
    this.#linked.set(peer, { peer, node, cameToUs })
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

  /** Of those that are ours alone; undefined: there is none. */
  leastMissed(nearest: number, isMet: (peer: string) => boolean): string | undefined {
    return leastMissed(this.#self, [...this.#linked.values()], nearest, (peer) => !isMet(peer))
  }
}
