// One lane's receiving side: fragments in any order and number become messages, once each and in order.

import type { DropReason } from '../drops.ts'
import { FRAGMENT_BYTES_MAX, LINK_MESSAGE_BYTES_MAX, LINK_WINDOW_BYTES } from '../limits.ts'
import type { LinkDataFrame } from '../wire/frames.ts'

/** How far ahead of its turn a fragment may be: no honest sender has more fragments than this in a window. */
const AHEAD_MAX = 4 * Math.ceil(LINK_WINDOW_BYTES / 64)

export interface Arrived {
  readonly data: Uint8Array
  /** Of its first fragment: with the epoch and lane, the message's name. */
  readonly seq: number
}

export type Taken = { readonly messages: Arrived[]; readonly drop?: DropReason }

export class ReceivingLane {
  #next = 0
  #early = new Map<number, LinkDataFrame>()
  #earlyBytes = 0
  #parts: Uint8Array[] = []
  #partsBytes = 0
  #partsSeq = 0
  #unconsumedBytes = 0

  constructor(base: number) {
    this.#next = base
  }

  get next(): number {
    return this.#next
  }

  get windowBytes(): number {
    return Math.max(0, LINK_WINDOW_BYTES - this.#unconsumedBytes - this.#earlyBytes)
  }

  take(frame: LinkDataFrame): Taken {
    if (frame.seq < this.#next || this.#early.has(frame.seq)) return { messages: [], drop: 'duplicate' }
    const full = this.#unconsumedBytes >= LINK_WINDOW_BYTES || this.#earlyBytes > LINK_WINDOW_BYTES
    if (full || frame.seq - this.#next > AHEAD_MAX) return { messages: [], drop: 'over-window' }
    if (frame.fragment.length > FRAGMENT_BYTES_MAX) return { messages: [], drop: 'too-large' }
    if (frame.seq > this.#next) {
      this.#early.set(frame.seq, frame)
      this.#earlyBytes += frame.fragment.length
      return { messages: [] }
    }
    const messages: Arrived[] = []
    for (let next: LinkDataFrame | undefined = frame; next !== undefined; next = this.#takeEarly()) {
      this.#next++
      this.#append(next, messages)
    }
    return { messages }
  }

  /** The application is done with that much. */
  consumed(bytes: number): void {
    this.#unconsumedBytes = Math.max(0, this.#unconsumedBytes - bytes)
  }

  #takeEarly(): LinkDataFrame | undefined {
    const frame = this.#early.get(this.#next)
    if (frame === undefined) return undefined
    this.#early.delete(this.#next)
    this.#earlyBytes -= frame.fragment.length
    return frame
  }

  #append(frame: LinkDataFrame, messages: Arrived[]): void {
    if (frame.first) {
      this.#parts = []
      this.#partsBytes = 0
      this.#partsSeq = frame.seq
    } else if (this.#parts.length === 0) {
      return // The rest of a message whose beginning was over the bound, or before our time.
    }
    this.#parts.push(frame.fragment)
    this.#partsBytes += frame.fragment.length
    if (this.#partsBytes > LINK_MESSAGE_BYTES_MAX) this.#parts = []
    else if (frame.last) {
      messages.push({ data: joined(this.#parts, this.#partsBytes), seq: this.#partsSeq })
      this.#unconsumedBytes += this.#partsBytes
      this.#parts = []
    }
  }
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
