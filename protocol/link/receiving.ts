// One lane's receiving side: fragments in any order and number become messages, once each and in order.

import type { DropReason } from '../drops.ts'
import {
  FRAGMENT_BYTES_MAX,
  LINK_MESSAGE_BYTES_MAX,
  LINK_OVERHEAD_BYTES,
  LINK_WINDOW_BYTES,
} from '../limits/link.ts'
import type { LinkDataFrame } from '../wire/frames.ts'

/** How far ahead of its turn a fragment may be: no honest sender has more fragments than this in a window. */
const AHEAD_MAX = Math.ceil(LINK_WINDOW_BYTES / LINK_OVERHEAD_BYTES)
/** Pieces of one message. A sender fills its fragments; four times as many are patience, and a bound for empty ones. */
const PIECES_MAX = 4 * Math.ceil(LINK_MESSAGE_BYTES_MAX / FRAGMENT_BYTES_MAX)

/** What the application holds of a lane. It outlives the peer's epochs, or each new one would bring a new window. */
export interface Held {
  bytes: number
}

export interface Arrived {
  readonly data: Uint8Array
  /** Of its first fragment: with the epoch and lane, the message's name. */
  readonly seq: number
}

export type Taken = { readonly messages: Arrived[]; readonly drop?: DropReason }

export class ReceivingLane {
  readonly #held: Held
  #next: number
  readonly #early = new Map<number, LinkDataFrame>()
  #earlyBytes = 0
  #pieces: Uint8Array[] = []
  #piecesBytes = 0
  #piecesSeq = 0

  constructor(base: number, held: Held) {
    this.#next = base
    this.#held = held
  }

  get next(): number {
    return this.#next
  }

  get windowBytes(): number {
    return Math.max(0, LINK_WINDOW_BYTES - this.#held.bytes - this.#earlyBytes)
  }

  take(frame: LinkDataFrame): Taken {
    if (frame.base > this.#next) this.#skipTo(frame.base)
    if (frame.seq < this.#next || this.#early.has(frame.seq)) return { messages: [], drop: 'duplicate' }
    const ahead = frame.seq - this.#next // Who fills the gap is let in, however much waits behind it.
    const full = this.#held.bytes >= LINK_WINDOW_BYTES || (ahead > 0 && this.#earlyBytes > LINK_WINDOW_BYTES)
    if (full || ahead > AHEAD_MAX) return { messages: [], drop: 'over-window' }
    if (frame.fragment.length > FRAGMENT_BYTES_MAX) return { messages: [], drop: 'too-large' }
    this.#early.set(frame.seq, { ...frame, fragment: alone(frame.fragment) })
    this.#earlyBytes += costOf(frame.fragment)
    const messages: Arrived[] = []
    let tooLarge = false
    for (let next = this.#takeEarly(); next !== undefined; next = this.#takeEarly()) {
      if (!this.#append(next, messages)) tooLarge = true
    }
    return tooLarge ? { messages, drop: 'too-large' } : { messages }
  }

  /** What is before that was abandoned by its sender, and never comes. */
  #skipTo(base: number): void {
    for (const [seq, { fragment }] of this.#early) {
      if (seq >= base) continue
      this.#early.delete(seq)
      this.#earlyBytes -= costOf(fragment)
    }
    this.#pieces = []
    this.#next = base
  }

  #takeEarly(): LinkDataFrame | undefined {
    const frame = this.#early.get(this.#next)
    if (frame === undefined) return undefined
    this.#early.delete(this.#next)
    this.#earlyBytes -= costOf(frame.fragment)
    this.#next++
    return frame
  }

  /** False when that made the message larger than one may be. */
  #append(frame: LinkDataFrame, messages: Arrived[]): boolean {
    if (frame.first) {
      this.#pieces = []
      this.#piecesBytes = 0
      this.#piecesSeq = frame.seq
    } else if (this.#pieces.length === 0) {
      return true // The rest of a message whose beginning was over the bound, or before our time.
    }
    this.#pieces.push(frame.fragment)
    this.#piecesBytes += frame.fragment.length
    if (this.#piecesBytes > LINK_MESSAGE_BYTES_MAX || this.#pieces.length > PIECES_MAX) {
      this.#pieces = []
      return false
    }
    if (frame.last) {
      messages.push({ data: joined(this.#pieces, this.#piecesBytes), seq: this.#piecesSeq })
      this.#held.bytes += this.#piecesBytes + LINK_OVERHEAD_BYTES
      this.#pieces = []
    }
    return true
  }
}

function costOf(fragment: Uint8Array): number {
  return fragment.length + LINK_OVERHEAD_BYTES
}

/** A small view would keep the whole message that it came in: many of them, far more memory than was counted. */
function alone(fragment: Uint8Array): Uint8Array {
  return fragment.buffer.byteLength > 2 * costOf(fragment) ? fragment.slice() : fragment
}

function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined) return only
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
