// One lane's sending side: messages become fragments, fragments stay until acknowledged.

import { FRAGMENT_BYTES_MAX, LINK_WINDOW_BYTES, RESEND_MAX_MS, RESEND_MIN_MS } from '../limits.ts'
import type { Lane, LinkDataFrame } from '../wire/frames.ts'

export type PathName = 'webrtc' | 'relay'

export interface Message {
  /** The host's name for it, given back when it is settled. */
  readonly token: number
  readonly data: Uint8Array
  readonly deadlineMs: number
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
}

export class SendingLane {
  readonly lane: Lane
  #waiting: Message[] = []
  #flying: Fragment[] = []
  #flyingBytes = 0
  #nextSeq = 0
  #windowBytes = LINK_WINDOW_BYTES
  #resendMs = RESEND_MIN_MS
  #resendAtMs: number | undefined

  constructor(lane: Lane) {
    this.lane = lane
  }

  get base(): number {
    return this.#flying[0]?.seq ?? this.#nextSeq
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

  push(message: Message): void {
    this.#waiting.push(message)
  }

  /** The next fragment that may leave, if any. With nothing under way one always may: it asks whether the window reopened. */
  next(epoch: number, via: PathName, nowMs: number): LinkDataFrame | undefined {
    const message = this.#waiting[0]
    if (message === undefined) return undefined
    const bytes = message.data.subarray(message.cut, message.cut + FRAGMENT_BYTES_MAX)
    if (this.#flying.length > 0 && this.#flyingBytes + bytes.length > this.#windowBytes) return undefined
    const first = message.cut === 0
    message.cut += bytes.length
    const last = message.cut === message.data.length
    if (last) this.#waiting.shift()
    const fragment = {
      seq: this.#nextSeq++,
      first,
      last,
      bytes,
      message,
      sentAtMs: nowMs,
      via,
      repeated: false,
    }
    this.#flying.push(fragment)
    this.#flyingBytes += bytes.length
    this.#resendAtMs ??= nowMs + this.#resendMs
    return this.#frame(fragment, epoch)
  }

  acknowledge(next: number, windowBytes: number, nowMs: number): Acknowledged {
    this.#windowBytes = windowBytes
    const settled: Settled[] = []
    let roundTrip: Acknowledged['roundTrip']
    while (this.#flying.length > 0 && (this.#flying[0] as Fragment).seq < next) {
      const fragment = this.#flying.shift() as Fragment
      this.#flyingBytes -= fragment.bytes.length
      if (!fragment.repeated) roundTrip = { ms: nowMs - fragment.sentAtMs, via: fragment.via }
      if (fragment.last) settled.push({ message: fragment.message, via: fragment.via })
      this.#resendMs = RESEND_MIN_MS
      this.#resendAtMs = this.#flying.length > 0 ? nowMs + this.#resendMs : undefined
    }
    if (this.#flying.length === 0) this.#resendAtMs = undefined
    return roundTrip === undefined ? { settled } : { settled, roundTrip }
  }

  /** Nothing was acknowledged in time: the beginning again, and more patience. */
  resendSome(epoch: number, via: PathName, roundTripMs: number, nowMs: number): LinkDataFrame[] {
    this.#resendMs = Math.min(RESEND_MAX_MS, Math.max(this.#resendMs * 2, roundTripMs * 2))
    this.#resendAtMs = nowMs + this.#resendMs
    return this.#flying.slice(0, RESEND_FRAGMENTS).map((fragment) => this.#again(fragment, epoch, via, nowMs))
  }

  /** The path changed: everything under way again, on the new one. */
  resendAll(epoch: number, via: PathName, nowMs: number): LinkDataFrame[] {
    if (this.#flying.length === 0) return []
    this.#resendMs = RESEND_MIN_MS
    this.#resendAtMs = nowMs + this.#resendMs
    return this.#flying.map((fragment) => this.#again(fragment, epoch, via, nowMs))
  }

  /** No path: nothing to resend until there is one. */
  pause(): void {
    this.#resendAtMs = undefined
  }

  /** The peer began anew and knows nothing: so do we, with every message that is not settled. */
  restart(): void {
    const messages = new Set<Message>()
    for (const { message } of this.#flying) messages.add(message)
    for (const message of this.#waiting) messages.add(message)
    for (const message of messages) message.cut = 0
    this.#waiting = [...messages].filter((message) => !message.expired)
    this.#flying = []
    this.#flyingBytes = 0
    this.#nextSeq = 0
    this.#windowBytes = LINK_WINDOW_BYTES
    this.#resendMs = RESEND_MIN_MS
    this.#resendAtMs = undefined
  }

  /** Messages whose time is over, each given once. What no fragment was sent of is forgotten; the rest is finished. */
  expire(nowMs: number): Message[] {
    const overdue: Message[] = []
    const check = (message: Message) => {
      if (message.expired || message.deadlineMs > nowMs) return
      message.expired = true
      overdue.push(message)
    }
    for (const { message } of this.#flying) check(message)
    this.#waiting.forEach(check)
    if (overdue.length > 0)
      this.#waiting = this.#waiting.filter((message) => !message.expired || message.cut > 0)
    return overdue
  }

  /** Nobody waits for it any more: it is over, as if its time were. */
  cancel(token: number): void {
    for (const { message } of this.#flying) if (message.token === token) message.expired = true
    for (const message of this.#waiting) if (message.token === token) message.expired = true
    this.#waiting = this.#waiting.filter((message) => !message.expired || message.cut > 0)
  }

  /** When the next message's time is over. */
  nextDeadlineMs(): number | undefined {
    let next: number | undefined
    const look = (message: Message) => {
      if (!message.expired && (next === undefined || message.deadlineMs < next)) next = message.deadlineMs
    }
    // Every message under way has a fragment flying, and those waiting were mostly given in the order of their deadlines:
    // looking at the first few of a long queue is enough to wake in time for the next look.
    for (let i = 0; i < Math.min(this.#flying.length, LOOK); i++) look((this.#flying[i] as Fragment).message)
    for (let i = 0; i < Math.min(this.#waiting.length, LOOK); i++) look(this.#waiting[i] as Message)
    return next
  }

  /** Everything not settled, for good. */
  abandon(): Message[] {
    const messages = new Set<Message>()
    for (const { message } of this.#flying) messages.add(message)
    for (const message of this.#waiting) messages.add(message)
    this.restart()
    this.#waiting = []
    return [...messages].filter((message) => !message.expired)
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

const LOOK = 64
