// What waits to be sent to a room: frames gathered into messages, paid for with the tokens the room gives us, urgent
// ones first. An honest client therefore never hears a refusal.

import { FULL, type Rate, take } from '../bucket.ts'
import { BATCH_FRAMES_MAX, MESSAGE_BYTES_MAX, MIB, PRICE } from '../limits.ts'
import { messagesOf } from '../wire/batch.ts'
import { FRAME } from '../wire/registry.ts'

/** Relayed frames beyond this are dropped, oldest first; links notice and send again. */
const WAITING_BYTES_MAX = 16 * MIB
/** Of what the room allows: our clock and the room's differ a little, and a turn away costs more than it gains. */
const PRUDENCE = 0.9

interface Waiting {
  readonly frame: Uint8Array
  readonly broadcast: boolean
}

export class Outgoing {
  #urgent: Waiting[] = []
  #normal: Waiting[] = []
  #bytes = 0
  #tokens: Rate = { perSecond: 1, burst: 1 }
  #bytesRate: Rate = { perSecond: 1, burst: 1 }
  #tokensPaidUntilMs = FULL
  #bytesPaidUntilMs = FULL
  #notBeforeMs = 0
  #queuedBroadcasts = 0
  #dropped = 0

  get queuedBroadcasts(): number {
    return this.#queuedBroadcasts
  }

  get waitingBytes(): number {
    return this.#bytes
  }

  /** Relayed frames let go because too much was waiting. */
  get dropped(): number {
    return this.#dropped
  }

  /** What the room allows a socket, as its welcome says. A new socket starts with full buckets, as the room's view of us does at worst. */
  allow(tokens: Rate, bytes: Rate): void {
    this.#tokens = { perSecond: tokens.perSecond * PRUDENCE, burst: tokens.burst * PRUDENCE }
    this.#bytesRate = { perSecond: bytes.perSecond * PRUDENCE, burst: bytes.burst * PRUDENCE }
  }

  push(frame: Uint8Array, urgent = false): void {
    const broadcast = frame[0] === FRAME.broadcast
    if (broadcast) this.#queuedBroadcasts++
    ;(urgent ? this.#urgent : this.#normal).push({ frame, broadcast })
    this.#bytes += frame.length
    while (this.#bytes > WAITING_BYTES_MAX && this.#dropOldestRelay()) this.#dropped++
  }

  /** The room said we were too fast after all. */
  holdUntil(ms: number): void {
    this.#notBeforeMs = Math.max(this.#notBeforeMs, ms)
  }

  /** Only broadcasts outlive a socket: addresses, sweeps and reports were meant for that one. */
  socketGone(): void {
    this.#urgent = []
    this.#normal = this.#normal.filter(({ broadcast }) => broadcast)
    this.#bytes = this.#normal.reduce((sum, { frame }) => sum + frame.length, 0)
  }

  /** The messages that may leave now. */
  take(members: number, nowMs: number): Uint8Array[] {
    const messages: Uint8Array[] = []
    while (this.#urgent.length + this.#normal.length > 0 && nowMs >= this.#notBeforeMs) {
      const { part, bytes, price } = this.#nextPart(members)
      const tokens = take(this.#tokensPaidUntilMs, this.#tokens, price, nowMs)
      const room = take(this.#bytesPaidUntilMs, this.#bytesRate, bytes, nowMs)
      if (!tokens.ok || !room.ok) {
        const waitMs = Math.max(tokens.ok ? 0 : tokens.retryAfterMs, room.ok ? 0 : room.retryAfterMs)
        this.#notBeforeMs = nowMs + Math.max(1, waitMs)
        break
      }
      this.#tokensPaidUntilMs = tokens.paidUntilMs
      this.#bytesPaidUntilMs = room.paidUntilMs
      this.#remove(part.length)
      messages.push(...messagesOf(part.map(({ frame }) => frame)))
    }
    return messages
  }

  wakeAtMs(): number | undefined {
    return this.#urgent.length + this.#normal.length > 0 ? this.#notBeforeMs : undefined
  }

  /** The next message's worth: what fits one batch, in order. */
  #nextPart(members: number): { part: Waiting[]; bytes: number; price: number } {
    const part: Waiting[] = []
    let bytes = 1
    let price: number = PRICE.message
    for (const queue of [this.#urgent, this.#normal]) {
      for (const waiting of queue) {
        const full = part.length === BATCH_FRAMES_MAX || bytes + 2 + waiting.frame.length > MESSAGE_BYTES_MAX
        if (part.length > 0 && full) return { part, bytes, price }
        if (part.length > 0) price += PRICE.batchedFrame
        if (waiting.broadcast) price += PRICE.delivery * members
        bytes += 2 + waiting.frame.length
        part.push(waiting)
      }
    }
    return { part, bytes, price }
  }

  #remove(count: number): void {
    const urgent = this.#urgent.splice(0, count)
    const normal = this.#normal.splice(0, count - urgent.length)
    for (const { frame, broadcast } of [...urgent, ...normal]) {
      this.#bytes -= frame.length
      if (broadcast) this.#queuedBroadcasts--
    }
  }

  #dropOldestRelay(): boolean {
    const at = this.#normal.findIndex(({ broadcast }) => !broadcast)
    if (at < 0) return false
    const [gone] = this.#normal.splice(at, 1)
    this.#bytes -= gone?.frame.length ?? 0
    return true
  }
}
