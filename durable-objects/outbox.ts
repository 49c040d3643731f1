// What goes to a member, gathered: frames for one receiver leave as one message, since the platform's price is the
// message, not its bytes. Frames of one event always share. Frames of several do when the room is busy: a zero-delay
// timer fires when the platform has handed out every event it holds, so waiting for it gathers whatever had queued up.
//
// In a quiet room that timer would cost about what a message does and gather nothing. Nobody says which it is, so it is
// tried when events come close together, and goes on for as long as it saves more than it costs.

import { UNREAD_BYTES_CEILING, UNREAD_BYTES_MAX } from '../protocol/limits/room.ts'
import { BATCH_FRAMES_MAX } from '../protocol/limits/wire.ts'
import { messagesOf } from '../protocol/wire/batch.ts'
import { sendTo } from './host.ts'
import type { Seat, Seats } from './seats.ts'

/** Events this close together may have more behind them. A lone frame, or one of a few a second, never waits. */
const NEAR_MS = 2
/** After this long without an event, what used to be busy is not: the next one starts afresh. */
const QUIET_AFTER_MS = 10
/** Messages a gathering must save to be worth its timer. */
const SAVED_MIN = 2
/** Gatherings in vain make the next attempt wait for twice as many near events, up to so many. */
const PATIENCE_MAX = 64
/** Should the platform's queue not run empty, frames leave after this long all the same. At saturation a round of it is half that. */
const WAIT_MS_MAX = 100

export class Outbox {
  readonly #seats: Seats
  readonly #overflowing: (seat: Seat) => void
  #waiting: Seat[] = []
  /** Counts events, so that a seat knows whether it was sent something in this one. */
  #turn = 0
  #turnMs = 0
  #gathering = false
  #timerSet = false
  #waitingSinceMs = 0
  /** Messages that flushing after each event would have made of what is gathered, less those it has become. */
  #saved = 0
  #patience = 1
  #nearUntilTry = 1
  #packedFrames: readonly Uint8Array[] = []
  #packedMessages: readonly Uint8Array[] = []

  constructor(seats: Seats, overflowing: (seat: Seat) => void) {
    this.#seats = seats
    this.#overflowing = overflowing
  }

  /** At the start of each event. */
  begin(nowMs: number): void {
    const sinceMs = nowMs - this.#turnMs
    this.#turn++
    this.#turnMs = nowMs
    if (this.#gathering) {
      if (sinceMs > QUIET_AFTER_MS && this.#waiting.length === 0) this.#gathering = false
    } else if (sinceMs <= NEAR_MS) {
      this.#nearUntilTry--
      this.#gathering = this.#nearUntilTry <= 0
    }
  }

  send(seat: Seat, frame: Uint8Array): void {
    seat.unreadBytes += frame.length
    this.#wait(seat)
    if (seat.turn !== this.#turn) {
      seat.turn = this.#turn
      this.#saved++
    }
    seat.queue.push(frame)
    // A full message gains nothing by waiting longer.
    if (seat.queue.length === BATCH_FRAMES_MAX) this.#flush(seat)
    if (seat.unreadBytes > UNREAD_BYTES_CEILING) this.#overflowing(seat)
  }

  /** Gives back how many were passed over, because they have too much unread. */
  sendAll(except: Seat | undefined, frame: Uint8Array, lossy: boolean): number {
    let passedOver = 0
    for (const seat of this.#seats.every().values()) {
      if (seat === except) continue
      if (lossy && seat.unreadBytes + frame.length > UNREAD_BYTES_MAX) passedOver++
      else this.send(seat, frame)
    }
    return passedOver
  }

  /** The seat's record is to be saved: once for the event's changes, in a busy room once for those of many. */
  remember(seat: Seat): void {
    this.#wait(seat)
    seat.stale = true
  }

  /** At the end of each event. */
  end(): void {
    if (this.#waiting.length === 0) return
    if (!this.#gathering || this.#turnMs - this.#waitingSinceMs > WAIT_MS_MAX) {
      this.#flushAll()
    } else if (!this.#timerSet) {
      this.#timerSet = true
      setTimeout(() => this.#gathered(), 0)
    }
  }

  /** What waits for a seat that is about to lose its socket goes out before. */
  finish(seat: Seat): void {
    if (seat.queue.length > 0) this.#flush(seat)
    seat.stale = false
  }

  #wait(seat: Seat): void {
    if (seat.queue.length > 0 || seat.stale) return
    if (this.#waiting.length === 0) {
      this.#waitingSinceMs = this.#turnMs
      this.#saved = 0
    }
    this.#waiting.push(seat)
  }

  #gathered(): void {
    this.#timerSet = false
    this.#flushAll()
    this.#gathering = this.#saved >= SAVED_MIN
    this.#patience = this.#gathering ? 1 : Math.min(this.#patience * 2, PATIENCE_MAX)
    this.#nearUntilTry = this.#patience
  }

  #flushAll(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const seat of waiting) {
      if (seat.queue.length > 0) this.#flush(seat)
      if (seat.stale) this.#seats.save(seat)
    }
    this.#packedFrames = []
    this.#packedMessages = []
  }

  #flush(seat: Seat): void {
    // One frame is what most flushes are, a hundred of them for a broadcast: it costs no new queue.
    if (seat.queue.length === 1) {
      sendTo(seat.socket, seat.queue.pop() as Uint8Array)
      this.#saved--
      return
    }
    const frames = seat.queue
    seat.queue = []
    const messages = this.#packed(frames)
    for (const message of messages) sendTo(seat.socket, message)
    this.#saved -= messages.length
  }

  /** Broadcasts gathered are the same for most seats, one after another: they are packed once. */
  #packed(frames: readonly Uint8Array[]): readonly Uint8Array[] {
    const before = this.#packedFrames
    if (frames.length !== before.length || frames.some((frame, i) => frame !== before[i])) {
      this.#packedFrames = frames
      this.#packedMessages = messagesOf(frames)
    }
    return this.#packedMessages
  }
}
