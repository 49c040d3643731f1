// Broadcasts of one room, sealed: what hosts use. Calls are queued, so callers need not wait for one before the next, and answers
// come in the order of the calls: whoever performs effects as they come keeps every order promised here.

import { WaypostError } from '../../errors.ts'
import { BROADCAST_OPENING_BYTES_MAX } from '../../limits/broadcast.ts'
import { type PeerId, parsePeerId } from '../../peer-id.ts'
import { toBase64url } from '../../wire/base64url.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { wipe } from '../handshake/schedule.ts'
import type { Suite } from '../suite.ts'
import type { BroadcastEffect } from './contract.ts'
import type { BroadcastDrop } from './drops.ts'
import { Hearing } from './hearing.ts'
import { Budget } from './held.ts'
import { readFrame, readService, roomTag, type ServiceMessage, serviceTag } from './layout.ts'
import { BROADCAST_BYTES_MAX } from './padding.ts'
import { type Place, Speaking } from './speaking.ts'

type Effects = readonly BroadcastEffect[]

export interface SealedRoomOptions {
  readonly network: string
  readonly room: string
  /** Ourselves. */
  readonly self: PeerId
}

export class SealedRoom {
  /** Where service messages for this room go: what `roomOfService` says of them. */
  readonly tag: string
  readonly #place: Place
  readonly #self: PeerId
  readonly #speaking: Speaking
  readonly #budget = new Budget()
  readonly #members = new Map<PeerId, Hearing>()
  /** Those who want to be woken: few of many. */
  readonly #restless = new Set<Hearing>()
  #calls: Promise<unknown> = Promise.resolve()
  #openingBytes = 0
  #closed = false

  private constructor(place: Place, self: PeerId) {
    this.#place = place
    this.#self = self
    this.tag = toBase64url(place.tag)
    this.#speaking = new Speaking(place, parsePeerId(self))
  }

  static async open(suite: Suite, { network, room, self }: SealedRoomOptions): Promise<SealedRoom> {
    return new SealedRoom({ suite, tag: await roomTag(suite.hash, network, room) }, self)
  }

  /** As of the calls that were answered. */
  get wakeAtMs(): number | undefined {
    let next: number | undefined
    for (const { wakeAtMs } of this.#restless)
      if (wakeAtMs !== undefined && (next === undefined || wakeAtMs < next)) next = wakeAtMs
    return next
  }

  /** The room shows a member, or again one that departed: another session of a peer departs before it arrives. */
  arrived(member: PeerId, nowMs: number): Promise<Effects> {
    return this.#queue(async () => {
      if (member === this.#self) return []
      this.#speaking.arrived(member)
      const hearing = this.#hearing(member, nowMs)
      const effects: BroadcastEffect[] = []
      for (const message of hearing.arrived()) effects.push(...(await this.#service(member, message, nowMs)))
      return this.#settled(hearing, effects)
    })
  }

  departed(member: PeerId, nowMs: number): Promise<Effects> {
    return this.#queue(async () => {
      this.#speaking.departed(member)
      const hearing = this.#members.get(member)
      hearing?.departed(nowMs)
      return hearing === undefined ? [] : this.#settled(hearing, [])
    })
  }

  /** To all members that have arrived and not departed, by the calls before this one. Throws WaypostError `too-large`. */
  broadcast(data: Uint8Array, nowMs: number): Promise<Effects> {
    if (data.length > BROADCAST_BYTES_MAX)
      throw new WaypostError('too-large', `a broadcast holds at most ${BROADCAST_BYTES_MAX} bytes`)
    const ours = data.slice()
    return this.#queue(() => this.#speaking.broadcast(ours, nowMs))
  }

  /** A service message of that peer's link. Whatever the bytes are, this resolves; the link may acknowledge it then. */
  heardService(from: PeerId, bytes: Uint8Array, nowMs: number): Promise<Effects> {
    const ours = bytes.slice()
    return this.#queue(async () => {
      const message = readService(ours)
      const tag = serviceTag(ours)
      const meant = tag !== undefined && equalBytes(tag, this.#place.tag)
      wipe(ours)
      if (message === undefined) return [drop(from, 'malformed')]
      if (!meant) return [drop(from, 'wrong-room')]
      if (from === this.#self) return [drop(from, 'not-a-member')]
      const hearing = this.#hearing(from, nowMs)
      const effects =
        hearing.presence === 'early' ? hearing.wait(message) : await this.#service(from, message, nowMs)
      return this.#settled(hearing, effects)
    })
  }

  /** A broadcast frame's payload, and who the room says sent it. Whatever the bytes are, this resolves. */
  heardRoom(from: PeerId, bytes: Uint8Array, nowMs: number): Promise<Effects> {
    if (this.#openingBytes + bytes.length > BROADCAST_OPENING_BYTES_MAX)
      return Promise.resolve([drop(from, 'overloaded')])
    this.#openingBytes += bytes.length
    const ours = bytes.slice()
    return this.#queue(async () => {
      this.#openingBytes -= ours.length
      const frame = readFrame(ours)
      if (frame === undefined) return [drop(from, 'malformed')]
      const hearing = this.#members.get(from)
      if (hearing === undefined || hearing.presence === 'early') return [drop(from, 'not-a-member')]
      return this.#settled(hearing, await hearing.frame(frame, nowMs))
    })
  }

  /** To be called at wakeAtMs: erases old keys, and ends what has waited long enough. */
  wake(nowMs: number): Promise<Effects> {
    return this.#queue(async () => {
      const effects: BroadcastEffect[] = []
      for (const hearing of [...this.#restless]) {
        effects.push(...this.#settled(hearing, hearing.wake(nowMs)))
        if (!hearing.isOver(nowMs)) continue
        this.#members.delete(hearing.from)
        this.#restless.delete(hearing)
      }
      return effects
    })
  }

  /** Nothing has effects any more; keys are erased when nothing is being made of them. */
  close(): void {
    this.#closed = true
    this.#calls = this.#calls.then(() => {
      this.#speaking.erase()
      for (const hearing of this.#members.values()) hearing.erase()
      this.#members.clear()
      this.#restless.clear()
    })
  }

  #queue(call: () => Promise<Effects>): Promise<Effects> {
    const answer = this.#calls.then(() => (this.#closed ? [] : call()))
    this.#calls = answer.catch(() => undefined)
    return answer
  }

  #hearing(member: PeerId, nowMs: number): Hearing {
    const known = this.#members.get(member)
    if (known !== undefined) return known
    const made = new Hearing(this.#place, member, this.#budget, nowMs)
    this.#members.set(member, made)
    return made
  }

  async #service(from: PeerId, message: ServiceMessage, nowMs: number): Promise<Effects> {
    const hearing = this.#hearing(from, nowMs)
    if (message.kind === 'said') return hearing.said(message, nowMs)
    if (message.kind === 'key') return hearing.key(message, nowMs)
    return [this.#speaking.wanted(from, message.id) ?? drop(from, 'unwanted')]
  }

  #settled(hearing: Hearing, effects: Effects): Effects {
    if (hearing.wakeAtMs === undefined) this.#restless.delete(hearing)
    else this.#restless.add(hearing)
    return effects
  }
}

/** For which room a service message is: the `tag` of its SealedRoom. Undefined for what is none of broadcasts. */
export function roomOfService(bytes: Uint8Array): string | undefined {
  const tag = serviceTag(bytes)
  return tag === undefined ? undefined : toBase64url(tag)
}

function drop(from: PeerId, reason: BroadcastDrop): BroadcastEffect {
  return { kind: 'drop', from, reason }
}
