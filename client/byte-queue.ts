// What was received and not read. Small pieces are put together, so that a stream of single bytes costs what its bytes
// do, and not a thousand arrays.

import { Queue } from '../protocol/queue.ts'

const SMALL_BYTES = 1_024
const SHARED_BYTES = 4_096

export class ByteQueue {
  readonly #pieces = new Queue<Uint8Array<ArrayBuffer>>()
  /** The last piece while it can still grow: room for it, and how much of that is taken. */
  #growing: { readonly room: Uint8Array<ArrayBuffer>; length: number } | undefined

  get empty(): boolean {
    return this.#pieces.length === 0 && this.#growing === undefined
  }

  push(bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.length > SMALL_BYTES) {
      this.#settle()
      this.#pieces.push(bytes)
      return
    }
    if (this.#growing !== undefined && this.#growing.length + bytes.length > SHARED_BYTES) this.#settle()
    this.#growing ??= { room: new Uint8Array(SHARED_BYTES), length: 0 }
    this.#growing.room.set(bytes, this.#growing.length)
    this.#growing.length += bytes.length
  }

  shift(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#pieces.length === 0) this.#settle()
    return this.#pieces.shift()
  }

  clear(): void {
    this.#pieces.clear()
    this.#growing = undefined
  }

  #settle(): void {
    if (this.#growing === undefined) return
    this.#pieces.push(this.#growing.room.slice(0, this.#growing.length))
    this.#growing = undefined
  }
}
