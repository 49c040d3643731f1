// One stream as one side knows it: what waits to be sent and may be, what may be received and was not read yet, and what
// the peer has still to be told of it.

import {
  STREAM_PENDING_BYTES_MAX,
  STREAM_WINDOW_GROWTH,
  STREAM_WINDOW_LEAST_BYTES,
  STREAM_WINDOW_MOST_BYTES,
} from '../limits/streams.ts'
import { Queue } from '../queue.ts'
import type { Writer } from '../wire/bytes.ts'

/** What the record of a piece costs beside its bytes, so that a million tiny writes are not a million records. */
const PIECE_BYTES = 64
const CREDIT_MOST_BYTES = 2 ** 32 - 1

/** What windows of a link's streams may still grow by. */
export interface GrowthPool {
  bytes: number
}

export class Stream {
  readonly id: number
  readonly mine: boolean
  /** `ending`: all was written, and not all of it handed over. */
  sending: 'open' | 'ending' | 'done' = 'open'
  receiving: 'open' | 'done' = 'open'

  // What the peer has still to be told, besides data.
  openDue: string | undefined
  resetDue: number | undefined
  stopDue: number | undefined
  windowDue = false

  /** In the line of those with something to tell; in the ring of those with something to send. */
  urgent = false
  ringed = false
  /** No longer a stream: whoever still has it in a line passes over it. */
  gone = false
  /** What is left of its turn. */
  turnBytes = 0

  readonly #pending = new Queue<Uint8Array>()
  /** Of the first piece, handed over already. */
  #taken = 0
  #pendingBytes = 0
  #creditBytes = STREAM_WINDOW_LEAST_BYTES

  readonly #pool: GrowthPool
  #windowBytes = STREAM_WINDOW_LEAST_BYTES
  /** What the peer may still send. */
  #remainingBytes = STREAM_WINDOW_LEAST_BYTES
  #unreadBytes = 0

  constructor(id: number, mine: boolean, pool: GrowthPool) {
    this.id = id
    this.mine = mine
    this.#pool = pool
  }

  // ---- sending ------------------------------------------------------------------------------------------------

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** More should not be written now: it waits here already. */
  get full(): boolean {
    return this.#pendingBytes + this.#pending.length * PIECE_BYTES > STREAM_PENDING_BYTES_MAX
  }

  get sendableBytes(): number {
    return Math.min(this.#pendingBytes, this.#creditBytes)
  }

  get ready(): boolean {
    return this.sendableBytes > 0 || this.endReady
  }

  get endReady(): boolean {
    return this.sending === 'ending' && this.#pendingBytes === 0
  }

  write(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.#pending.push(piece)
    this.#pendingBytes += piece.length
  }

  credit(moreBytes: number): void {
    this.#creditBytes = Math.min(CREDIT_MOST_BYTES, this.#creditBytes + moreBytes)
  }

  /** The next so many bytes, into a message: at most `sendableBytes`. The pieces they were written in are forgotten. */
  moveTo(writer: Writer, bytes: number): void {
    this.#pendingBytes -= bytes
    this.#creditBytes -= bytes
    for (let left = bytes; left > 0; ) {
      const piece = this.#pending.at(0) as Uint8Array
      const length = Math.min(left, piece.length - this.#taken)
      writer.bytes(piece.subarray(this.#taken, this.#taken + length))
      left -= length
      this.#taken += length
      if (this.#taken < piece.length) return
      this.#pending.shift()
      this.#taken = 0
    }
  }

  /** Nothing more is sent, neither what waits nor an end. */
  breakOff(): void {
    this.sending = 'done'
    this.#pending.clear()
    this.#pendingBytes = 0
    this.#taken = 0
  }

  // ---- receiving ----------------------------------------------------------------------------------------------

  get unreadBytes(): number {
    return this.#unreadBytes
  }

  /** False: it is more than the peer may send. */
  received(bytes: number): boolean {
    if (bytes > this.#remainingBytes) return false
    this.#remainingBytes -= bytes
    this.#unreadBytes += bytes
    return true
  }

  /** True when the peer should be told that it may send more: not for every byte, but before it has to wait. */
  read(bytes: number): boolean {
    this.#unreadBytes = Math.max(0, this.#unreadBytes - bytes)
    return this.receiving === 'open' && this.#grantableBytes >= this.#windowBytes / 2
  }

  /** What the peer may send more from now on. A window that was used is the one worth growing. */
  grant(): number {
    const grown = Math.min(STREAM_WINDOW_MOST_BYTES, this.#windowBytes * STREAM_WINDOW_GROWTH)
    const growth = Math.min(grown - this.#windowBytes, this.#pool.bytes)
    this.#windowBytes += growth
    this.#pool.bytes -= growth
    const moreBytes = this.#grantableBytes
    this.#remainingBytes += moreBytes
    return moreBytes
  }

  /** Nothing more is received, and what was is not read. */
  breakOffReceiving(): void {
    this.receiving = 'done'
    this.#unreadBytes = 0
    this.windowDue = false
  }

  /** What its window had grown by is for others now. */
  release(): void {
    this.#pool.bytes += this.#windowBytes - STREAM_WINDOW_LEAST_BYTES
    this.#windowBytes = STREAM_WINDOW_LEAST_BYTES
  }

  get #grantableBytes(): number {
    return this.#windowBytes - this.#remainingBytes - this.#unreadBytes
  }

  // ---- both ---------------------------------------------------------------------------------------------------

  get owes(): boolean {
    return (
      this.openDue !== undefined ||
      this.resetDue !== undefined ||
      this.stopDue !== undefined ||
      this.windowDue
    )
  }

  /** Nobody will say or ask anything about it again. */
  get over(): boolean {
    return this.sending === 'done' && this.receiving === 'done' && this.#unreadBytes === 0 && !this.owes
  }
}
