// One lane's sending side: messages become fragments, fragments stay until acknowledged.

import type { DropReason } from '../drops.ts'
import {
  FRAGMENT_BYTES_MAX,
  LINK_OVERHEAD_BYTES,
  LINK_WINDOW_BYTES,
  RESEND_MAX_MS,
  RESEND_MIN_MS,
} from '../limits/link.ts'
import type { PathName } from '../path.ts'
import { type Priority, PriorityQueue } from '../priority.ts'
import { Queue } from '../queue.ts'
import type { Lane, LinkDataFrame } from '../wire/frames.ts'

export interface Message {
  /** The host's name for it, given back when it is settled. */
  readonly token: number
  readonly data: Uint8Array
  readonly deadlineMs: number
  readonly priority: Priority
  /** Bytes already cut into fragments. */
  cut: number
  /** Its time is over and the host has been told; fragments under way are still finished. */
  expired: boolean
}

interface Fragment {
  readonly seq: number
  readonly first: boolean
  readonly bytes: Uint8Array
  readonly message: Message
  readonly last: boolean
  sentAtMs: number
  via: PathName
  /** Sent more than once: its acknowledgement says nothing about the round trip. */
  repeated: boolean
}

/** What a loss is being made good with: from its beginning, twice as many fragments each time they arrived. */
interface Recovery {
  /** Everything before was sent again. */
  sentTo: number
  fragments: number
  /** They arrived, and what follows is missing too: on with it. */
  due: boolean
}

/** Fragments sent again when nothing is acknowledged: enough to get going, not enough to drown a bad path. */
const RESEND_FRAGMENTS = 8

export interface Settled {
  readonly message: Message
  readonly via: PathName
}

export interface Acknowledged {
  readonly settled: Settled[]
  /** A round trip, when one was measured, and where. */
  readonly roundTrip?: { readonly ms: number; readonly via: PathName }
  readonly drop?: DropReason
}

export class SendingLane {
  readonly lane: Lane
  readonly #waiting = new PriorityQueue<Message>()
  readonly #flying = new Queue<Fragment>()
  #flyingBytes = 0
  #nextSeq = 0
  #windowBytes = LINK_WINDOW_BYTES
  #resendMs = RESEND_MIN_MS
  #resendAtMs: number | undefined
  #recovery: Recovery | undefined
  #unanswered = false
  /** No message's time is over before. Perhaps none's then either: the one it was of may have been acknowledged. */
  #soonestMs = Number.POSITIVE_INFINITY

  constructor(lane: Lane) {
    this.lane = lane
  }

  get base(): number {
    return this.#flying.at(0)?.seq ?? this.#nextSeq
  }

  get waitingMessages(): number {
    return this.#waiting.length
  }

  get flyingBytes(): number {
    return this.#flyingBytes
  }

  get resendAtMs(): number | undefined {
    return this.#resendAtMs
  }

  /** True once each time that all patience came to nothing. */
  takeUnanswered(): boolean {
    const unanswered = this.#unanswered
    this.#unanswered = false
    return unanswered
  }

  push(message: Message): void {
    this.#waiting.push(message)
    this.#soonestMs = Math.min(this.#soonestMs, message.deadlineMs)
  }

  /** The next fragment that may leave, if any. With nothing under way one always may: it asks whether the window reopened. */
  next(epoch: number, via: PathName, nowMs: number): LinkDataFrame | undefined {
    const message = this.#waiting.first()
    if (message === undefined) return undefined
    const bytes = message.data.subarray(message.cut, message.cut + FRAGMENT_BYTES_MAX)
    const cost = this.#flyingBytes + bytes.length + (this.#flying.length + 1) * LINK_OVERHEAD_BYTES
    if (this.#flying.length > 0 && cost > this.#windowBytes) return undefined
    const first = message.cut === 0
    message.cut += bytes.length
    const last = message.cut === message.data.length
    if (last) this.#waiting.shift()
    const seq = this.#nextSeq++
    const fragment = { seq, first, last, bytes, message, sentAtMs: nowMs, via, repeated: false }
    this.#flying.push(fragment)
    this.#flyingBytes += bytes.length
    this.#resendAtMs ??= nowMs + this.#resendMs
    return this.#frame(fragment, epoch)
  }

  acknowledge(next: number, windowBytes: number, nowMs: number): Acknowledged {
    if (next > this.#nextSeq) return { settled: [], drop: 'unexpected' } // We sent no such thing.
    if (next < this.base) return { settled: [] } // A later one overtook it: its window is an old one.
    this.#windowBytes = Math.min(windowBytes, LINK_WINDOW_BYTES)
    const settled: Settled[] = []
    let roundTrip: Acknowledged['roundTrip']
    let progress = false
    for (let fragment = this.#flying.at(0); fragment !== undefined; fragment = this.#flying.at(0)) {
      if (fragment.seq >= next) break
      this.#flying.shift()
      this.#flyingBytes -= fragment.bytes.length
      progress = true
      if (!fragment.repeated) roundTrip = { ms: nowMs - fragment.sentAtMs, via: fragment.via }
      if (fragment.last) settled.push({ message: fragment.message, via: fragment.via })
    }
    if (roundTrip !== undefined) this.#resendMs = patienceFor(roundTrip.ms)
    if (progress) this.#progressed(next, nowMs)
    return roundTrip === undefined ? { settled } : { settled, roundTrip }
  }

  /** What is sent again now: because nothing was acknowledged in time, or to go on with making good a loss. */
  resend(epoch: number, via: PathName, roundTripMs: number, nowMs: number): LinkDataFrame[] {
    if (this.#resendAtMs !== undefined && nowMs >= this.#resendAtMs) {
      this.#resendMs = Math.min(RESEND_MAX_MS, Math.max(this.#resendMs * 2, roundTripMs * 2))
      this.#resendAtMs = nowMs + this.#resendMs
      this.#recovery = { sentTo: this.base, fragments: RESEND_FRAGMENTS, due: true }
      this.#unanswered = this.#resendMs === RESEND_MAX_MS
    }
    const recovery = this.#recovery
    if (recovery?.due !== true) return []
    recovery.due = false
    const frames: LinkDataFrame[] = []
    for (let i = recovery.sentTo - this.base; frames.length < recovery.fragments; i++) {
      const fragment = this.#flying.at(i)
      if (fragment === undefined) break
      frames.push(this.#again(fragment, epoch, via, nowMs))
    }
    recovery.sentTo += frames.length
    return frames
  }

  /** The path changed: everything under way again, on the new one. */
  resendAll(epoch: number, via: PathName, nowMs: number): LinkDataFrame[] {
    this.#recovery = undefined
    if (this.#flying.length === 0) return []
    this.#resendMs = RESEND_MIN_MS
    this.#resendAtMs = nowMs + this.#resendMs
    return [...this.#flying].map((fragment) => this.#again(fragment, epoch, via, nowMs))
  }

  /** No path: nothing to resend until there is one. */
  pause(): void {
    this.#resendAtMs = undefined
  }

  /** The peer began anew and knows nothing: so do we, with every message that is not settled. */
  restart(): void {
    const messages = this.#unsettled()
    this.#forget()
    this.#nextSeq = 0
    this.#windowBytes = LINK_WINDOW_BYTES
    for (const message of messages) {
      message.cut = 0
      this.push(message)
    }
  }

  /** Everything not settled, for good. The numbers of what was under way are never used again: `base` says so. */
  abandon(): Message[] {
    const messages = this.#unsettled()
    this.#forget()
    return messages
  }

  /** Messages whose time is over, each given once. What no fragment was sent of is forgotten; the rest is finished. */
  expire(nowMs: number): Message[] {
    if (nowMs < this.#soonestMs) return []
    const overdue: Message[] = []
    let soonestMs = Number.POSITIVE_INFINITY
    const check = (message: Message) => {
      if (message.expired) return
      if (message.deadlineMs > nowMs) {
        soonestMs = Math.min(soonestMs, message.deadlineMs)
      } else {
        message.expired = true
        overdue.push(message)
      }
    }
    for (const { message } of this.#flying) check(message)
    for (const message of this.#waiting) check(message)
    this.#soonestMs = soonestMs
    if (overdue.length > 0) this.#dropExpired()
    return overdue
  }

  /** Nobody waits for it any more: it is over, as if its time were. */
  cancel(token: number): void {
    for (const { message } of this.#flying) if (message.token === token) message.expired = true
    for (const message of this.#waiting) if (message.token === token) message.expired = true
    this.#dropExpired()
  }

  /** When to look whether a message's time is over: never later than it is. */
  nextDeadlineMs(): number | undefined {
    return this.#flying.length + this.#waiting.length > 0 && Number.isFinite(this.#soonestMs)
      ? this.#soonestMs
      : undefined
  }

  #progressed(next: number, nowMs: number): void {
    this.#resendAtMs = this.#flying.length > 0 ? nowMs + this.#resendMs : undefined
    const recovery = this.#recovery
    if (recovery === undefined || next < recovery.sentTo) return
    if (next > recovery.sentTo || this.#flying.length === 0) {
      this.#recovery = undefined // What follows had arrived before.
    } else {
      recovery.fragments *= 2
      recovery.due = true
    }
  }

  #dropExpired(): void {
    this.#waiting.retain((message) => !message.expired || message.cut > 0)
  }

  /** In the order they were given. A message in pieces is both under way and waiting. */
  #unsettled(): Message[] {
    const messages = new Set<Message>()
    for (const { message } of this.#flying) messages.add(message)
    for (const message of this.#waiting) messages.add(message)
    return [...messages].filter((message) => !message.expired)
  }

  #forget(): void {
    this.#waiting.clear()
    this.#flying.clear()
    this.#flyingBytes = 0
    this.#resendMs = RESEND_MIN_MS
    this.#resendAtMs = undefined
    this.#recovery = undefined
    this.#soonestMs = Number.POSITIVE_INFINITY
  }

  #again(fragment: Fragment, epoch: number, via: PathName, nowMs: number): LinkDataFrame {
    fragment.repeated = true
    fragment.via = via
    fragment.sentAtMs = nowMs
    return this.#frame(fragment, epoch)
  }

  #frame({ seq, first, last, bytes }: Fragment, epoch: number): LinkDataFrame {
    return { kind: 'linkData', epoch, lane: this.lane, first, last, seq, base: this.base, fragment: bytes }
  }
}

/** Only a round trip that was measured shortens the wait: on a path slower than it, everything would be sent twice for ever. */
function patienceFor(roundTripMs: number): number {
  return Math.min(RESEND_MAX_MS, Math.max(RESEND_MIN_MS, 2 * roundTripMs))
}
