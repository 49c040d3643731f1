// What goes to a member, gathered: frames for one receiver that arise while others are still being handled leave as one
// message, since the platform's price is the message, not its bytes. A quiet room sends at once and adds no delay.

import { UNREAD_BYTES_CEILING, UNREAD_BYTES_MAX } from '../protocol/limits.ts'
import { messagesOf } from '../protocol/wire/batch.ts'
import { sendTo } from './host.ts'
import type { Seat, Seats } from './seats.ts'

/** Messages closer together than this mean there are more behind them, so waiting for the turn's end gathers some. */
const BUSY_WITHIN_MS = 1

export class Outbox {
  readonly #seats: Seats
  readonly #overflowing: (seat: Seat) => void
  #waiting: Seat[] = []
  #lastTurnMs = 0
  #busy = false

  constructor(seats: Seats, overflowing: (seat: Seat) => void) {
    this.#seats = seats
    this.#overflowing = overflowing
  }

  /** At the start of each event. */
  turn(nowMs: number): void {
    this.#busy = nowMs - this.#lastTurnMs <= BUSY_WITHIN_MS
    this.#lastTurnMs = nowMs
  }

  send(seat: Seat, frame: Uint8Array): void {
    seat.unreadBytes += frame.length
    if (this.#busy) {
      this.#wait(seat)
      seat.queue.push(frame)
    } else {
      if (seat.queue.length > 0) this.#flush(seat)
      sendTo(seat.socket, frame)
    }
    if (seat.unreadBytes > UNREAD_BYTES_CEILING) this.#overflowing(seat)
  }

  sendAll(except: Seat | undefined, frame: Uint8Array, lossy: boolean): void {
    for (const seat of this.#seats.every().values()) {
      if (seat === except) continue
      if (lossy && seat.unreadBytes + frame.length > UNREAD_BYTES_MAX) continue
      this.send(seat, frame)
    }
  }

  /** The seat's record is to be saved: at once in a quiet room, once for many changes in a busy one. */
  remember(seat: Seat): void {
    if (this.#busy) {
      this.#wait(seat)
      seat.stale = true
    } else {
      this.#seats.save(seat)
    }
  }

  /** What waits for a seat that is about to be closed goes out before the close. */
  #flush(seat: Seat): void {
    const frames = seat.queue
    seat.queue = []
    for (const message of messagesOf(frames)) sendTo(seat.socket, message)
  }

  finish(seat: Seat): void {
    if (seat.queue.length > 0) this.#flush(seat)
    seat.stale = false
  }

  #wait(seat: Seat): void {
    if (seat.queue.length > 0 || seat.stale) return
    if (this.#waiting.length === 0) setTimeout(() => this.#flushAll(), 0)
    this.#waiting.push(seat)
  }

  #flushAll(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const seat of waiting) {
      if (seat.queue.length > 0) this.#flush(seat)
      if (seat.stale) this.#seats.save(seat)
    }
  }
}
