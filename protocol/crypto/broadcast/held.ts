// What waits: frames for their key. And the one bound on all bytes that wait in a room, whoever they are of, since the edge may
// name any member as their sender.

import { BROADCAST_HELD_BYTES_MAX, BROADCAST_HELD_MAX, BROADCAST_HELD_MS } from '../../limits/broadcast.ts'
import { LINK_OVERHEAD_BYTES } from '../../limits/link.ts'
import { Queue } from '../../queue.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { SealedFrame } from './layout.ts'

export class Budget {
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** For one thing that waits, however small. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes + LINK_OVERHEAD_BYTES > BROADCAST_HELD_BYTES_MAX) return false
    this.#bytes += bytes + LINK_OVERHEAD_BYTES
    return true
  }

  give(bytes: number): void {
    this.#bytes -= bytes + LINK_OVERHEAD_BYTES
  }
}

interface Held {
  readonly frame: SealedFrame
  readonly untilMs: number
}

/** Those of one sender, in the order in which they came. */
export class HeldFrames {
  readonly #budget: Budget
  readonly #held = new Queue<Held>()

  constructor(budget: Budget) {
    this.#budget = budget
  }

  get length(): number {
    return this.#held.length
  }

  /** When the first has waited long enough. */
  get wakeAtMs(): number | undefined {
    return this.#held.at(0)?.untilMs
  }

  /** False when too much waits already. */
  hold(frame: SealedFrame, nowMs: number): boolean {
    if (this.#held.length >= BROADCAST_HELD_MAX || !this.#budget.take(frame.sealed.length)) return false
    this.#held.push({ frame, untilMs: nowMs + BROADCAST_HELD_MS })
    return true
  }

  /** Those under that key wait no longer; in order, whatever order they came in. */
  release(id: Uint8Array): readonly SealedFrame[] {
    const frames = [...this.#held].map(({ frame }) => frame).filter((frame) => equalBytes(frame.id, id))
    this.#held.retain(({ frame }) => !equalBytes(frame.id, id))
    for (const { sealed } of frames) this.#budget.give(sealed.length)
    return frames.sort((one, other) => one.counter - other.counter)
  }

  /** How many had waited long enough. */
  expire(nowMs: number): number {
    let expired = 0
    for (
      let first = this.#held.at(0);
      first !== undefined && first.untilMs <= nowMs;
      first = this.#held.at(0)
    ) {
      this.#held.shift()
      this.#budget.give(first.frame.sealed.length)
      expired++
    }
    return expired
  }

  clear(): number {
    return this.expire(Number.POSITIVE_INFINITY)
  }
}
