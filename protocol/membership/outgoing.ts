// What waits to be sent to a room: frames gathered into messages, paid for with the tokens the room gives us, urgent
// ones first. An honest client therefore hears no refusal, unless its network held back seconds of what it sent.

import { FULL, type Rate, take } from '../bucket.ts'
import { LINK_OVERHEAD_BYTES } from '../limits/link.ts'
import { PRICE } from '../limits/room.ts'
import { MIB } from '../limits/units.ts'
import { BATCH_FRAMES_MAX, MESSAGE_BYTES_MAX } from '../limits/wire.ts'
import { Queue } from '../queue.ts'
import { messagesOf } from '../wire/batch.ts'
import { FRAME } from '../wire/registry.ts'

/** Relayed frames beyond this are let go; links notice and send again. */
const WAITING_BYTES_MAX = 16 * MIB
/** Of what the room allows per second: clocks differ a little, and a turn away costs more than it gains. */
const RATE_SHARE = 0.9
/** Of what it allows at once: what a network holds back for a second arrives at once, too. */
const BURST_SHARE = 0.5
/** What a full message of relayed frames costs. No part costs more, unless one frame does: nobody saves up for several. */
const PART_PRICE_MAX = PRICE.message + PRICE.batchedFrame * (BATCH_FRAMES_MAX - 1)

interface Waiting {
  readonly frame: Uint8Array
  /** The room hands it to everybody, and charges for it. */
  readonly fansOut: boolean
  /** Relayed frames and broadcasts leave in the order they were given, unless broadcasts are held. */
  readonly order: number
}

interface Part {
  readonly frames: Uint8Array[]
  /** Where each is first in line, once those before it are taken away. */
  readonly from: Queue<Waiting>[]
  bytes: number
  price: number
}

export class Outgoing {
  readonly #urgent = new Queue<Waiting>()
  readonly #relayed = new Queue<Waiting>()
  readonly #broadcasts = new Queue<Waiting>()
  #order = 0
  #held = false
  #bytes = 0
  #relayedCost = 0
  #tokens: Rate = { perSecond: 1, burst: 1 }
  #bytesRate: Rate = { perSecond: 1, burst: 1 }
  #tokensPaidUntilMs = FULL
  #bytesPaidUntilMs = FULL
  #notBeforeMs = 0
  #dropped = 0

  get queuedBroadcasts(): number {
    return this.#broadcasts.length
  }

  /** Some would leave if they were let. */
  get broadcastsHeld(): boolean {
    return this.#held && this.#broadcasts.length > 0
  }

  get waitingBytes(): number {
    return this.#bytes
  }

  /** Relayed frames let go because too much was waiting. */
  get dropped(): number {
    return this.#dropped
  }

  /** What the room allows a socket, as its welcome says. A new socket starts with what the last one left: the room may remember. */
  allow(tokens: Rate, bytes: Rate): void {
    this.#tokens = prudent(tokens)
    this.#bytesRate = prudent(bytes)
  }

  push(frame: Uint8Array, urgent = false): void {
    const type = frame[0]
    const broadcast = type === FRAME.broadcast
    const fansOut = broadcast || type === FRAME.metadata || type === FRAME.sweep
    const waiting = { frame, fansOut, order: this.#order++ }
    if (urgent) {
      if (fansOut) this.#replaceUrgent(type)
      this.#urgent.push(waiting)
    } else if (broadcast) {
      this.#broadcasts.push(waiting)
    } else if (this.#relayedCost <= WAITING_BYTES_MAX) {
      this.#relayed.push(waiting)
      this.#relayedCost += costOf(waiting)
    } else {
      this.#dropped++
      return
    }
    this.#bytes += frame.length
  }

  /** While held, broadcasts wait, and all else passes them. */
  holdBroadcasts(held: boolean): void {
    this.#held = held
  }

  /** The room said we were too fast after all. */
  holdUntil(ms: number): void {
    this.#notBeforeMs = Math.max(this.#notBeforeMs, ms)
  }

  /** Only broadcasts outlive a socket: addresses, sweeps and reports were meant for that one. */
  socketGone(): void {
    this.#urgent.clear()
    this.#relayed.clear()
    this.#relayedCost = 0
    this.#bytes = 0
    for (const { frame } of this.#broadcasts) this.#bytes += frame.length
  }

  /** The messages that may leave now. */
  take(members: number, nowMs: number): Uint8Array[] {
    const messages: Uint8Array[] = []
    while (this.#ready && nowMs >= this.#notBeforeMs) {
      const part = this.#nextPart(members, nowMs)
      const tokens = take(this.#tokensPaidUntilMs, this.#tokens, part.price, nowMs)
      const room = take(this.#bytesPaidUntilMs, this.#bytesRate, part.bytes, nowMs)
      if (!tokens.ok || !room.ok) {
        const waitMs = Math.max(tokens.ok ? 0 : tokens.retryAfterMs, room.ok ? 0 : room.retryAfterMs)
        this.#notBeforeMs = nowMs + Math.max(1, waitMs)
        break
      }
      this.#tokensPaidUntilMs = tokens.paidUntilMs
      this.#bytesPaidUntilMs = room.paidUntilMs
      this.#remove(part)
      messages.push(...messagesOf(part.frames))
    }
    return messages
  }

  wakeAtMs(): number | undefined {
    return this.#ready ? this.#notBeforeMs : undefined
  }

  /** Something may leave as soon as it can be paid. */
  get #ready(): boolean {
    return this.#urgent.length + this.#relayed.length + (this.#held ? 0 : this.#broadcasts.length) > 0
  }

  /** The next message's worth, in order. What is not urgent comes along where it can be paid now, and is not waited for. */
  #nextPart(members: number, nowMs: number): Part {
    const part: Part = { frames: [], from: [], bytes: 1, price: PRICE.message }
    for (const waiting of this.#urgent) {
      if (!this.#add(part, waiting, this.#urgent, members)) return part
    }
    const alongAtMs = part.frames.length > 0 ? nowMs : undefined
    for (let relayed = 0, broadcasts = 0; ; ) {
      const relay = this.#relayed.at(relayed)
      const broadcast = this.#held ? undefined : this.#broadcasts.at(broadcasts)
      const relayIsNext = relay !== undefined && !(broadcast !== undefined && broadcast.order < relay.order)
      const next = relayIsNext ? relay : broadcast
      const from = relayIsNext ? this.#relayed : this.#broadcasts
      if (next === undefined || !this.#add(part, next, from, members, alongAtMs)) return part
      if (relayIsNext) relayed++
      else broadcasts++
    }
  }

  /** False: it does not fit, or costs too much. */
  #add(
    part: Part,
    waiting: Waiting,
    from: Queue<Waiting>,
    members: number,
    affordableAtMs?: number,
  ): boolean {
    const { frame, fansOut } = waiting
    const alone = part.frames.length === 0
    const bytes = part.bytes + 2 + frame.length
    const extra = fansOut ? PRICE.delivery * members : frame[0] === FRAME.passWanted ? PRICE.pass : 0
    const price = part.price + (alone ? 0 : PRICE.batchedFrame) + extra
    if (!alone) {
      if (part.frames.length === BATCH_FRAMES_MAX || bytes > MESSAGE_BYTES_MAX || price > PART_PRICE_MAX)
        return false
      if (affordableAtMs !== undefined && !this.#affordable(price, bytes, affordableAtMs)) return false
    }
    part.frames.push(frame)
    part.from.push(from)
    part.bytes = bytes
    part.price = price
    return true
  }

  #affordable(price: number, bytes: number, nowMs: number): boolean {
    return (
      take(this.#tokensPaidUntilMs, this.#tokens, price, nowMs).ok &&
      take(this.#bytesPaidUntilMs, this.#bytesRate, bytes, nowMs).ok
    )
  }

  /** Of sweeps, and of what we say of ourselves, only the newest is worth sending. */
  #replaceUrgent(type: number | undefined): void {
    this.#urgent.retain(({ frame }) => {
      const replaced = frame[0] === type
      if (replaced) this.#bytes -= frame.length
      return !replaced
    })
  }

  #remove(part: Part): void {
    for (const queue of part.from) {
      const gone = queue.shift() as Waiting
      this.#bytes -= gone.frame.length
      if (queue === this.#relayed) this.#relayedCost -= costOf(gone)
    }
  }
}

function costOf({ frame }: Waiting): number {
  return frame.length + LINK_OVERHEAD_BYTES
}

/** At least one a second of each: a rate of nothing would have us wait for a time that is no number. */
function prudent({ perSecond, burst }: Rate): Rate {
  return { perSecond: Math.max(1, perSecond) * RATE_SHARE, burst: Math.max(1, burst) * BURST_SHARE }
}
