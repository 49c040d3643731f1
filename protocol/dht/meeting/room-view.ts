// One room where nodes of the mesh meet, as we see it: who is in it, who lives there, and since when.

import { MEETING_MEMBERS_MAX, MEETING_NEWCOMER_MS } from '../../limits/meeting.ts'
import { compareDistance } from '../place.ts'
import type { Bits, Member } from './contract.ts'
import { livesIn } from './place.ts'

export class RoomView {
  readonly bits: Bits
  readonly #self: Uint8Array
  /** We have asked somebody here for a link. */
  hasMet = false
  readonly #members = new Map<string, { readonly member: Member; readonly seenAtMs: number }>()
  /** As long as nobody comes or goes: there are a hundred of them, and they are looked at with all that happens. */
  #residents: readonly Member[] | undefined
  #nearest: readonly Member[] | undefined
  #enteredAtMs: number | undefined
  #lastSeenAtMs = 0

  constructor(bits: Bits, self: Uint8Array) {
    this.bits = bits
    this.#self = self
  }

  get isIn(): boolean {
    return this.#enteredAtMs !== undefined
  }

  get enteredAtMs(): number | undefined {
    return this.#enteredAtMs
  }

  get members(): readonly Member[] {
    return [...this.#members.values()].map(({ member }) => member)
  }

  /** Others whose neighbourhood it is: who comes from elsewhere is on a visit. */
  get residents(): readonly Member[] {
    this.#residents ??= this.members.filter(({ node }) => livesIn(this.bits, node))
    return this.#residents
  }

  /** The same, those nearest to us first. */
  get nearest(): readonly Member[] {
    this.#nearest ??= this.residents.toSorted((a, b) => compareDistance(a.node, b.node, this.#self))
    return this.#nearest
  }

  enters(nowMs: number): void {
    this.#enteredAtMs = nowMs
  }

  sees(member: Member, nowMs: number): void {
    const known = this.#members.get(member.peer)
    if (known === undefined && this.#members.size >= MEETING_MEMBERS_MAX) return
    this.#members.set(member.peer, { member, seenAtMs: known?.seenAtMs ?? nowMs })
    this.#lastSeenAtMs = nowMs
    this.#forgets()
  }

  misses(peer: string): void {
    if (this.#members.delete(peer)) this.#forgets()
  }

  /** Whether it is for us to ask: of two the one who came later does so first. */
  isRipe(peer: string, nowMs: number): boolean {
    const seenAtMs = this.#members.get(peer)?.seenAtMs
    if (seenAtMs === undefined || this.#enteredAtMs === undefined) return false
    return seenAtMs <= this.#enteredAtMs || nowMs >= seenAtMs + MEETING_NEWCOMER_MS
  }

  #forgets(): void {
    this.#residents = undefined
    this.#nearest = undefined
  }

  hasNewcomers(nowMs: number): boolean {
    return nowMs < this.#lastSeenAtMs + MEETING_NEWCOMER_MS
  }
}
