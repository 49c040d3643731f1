// Seals what leaves by one channel of a way: frames that come while a record is being sealed share the next one, so the more
// there is to say, the fewer records it takes.

import type { Channel, RecordLayer } from '../protocol/crypto/records/layer.ts'
import { messageOfPieces, type Pieces } from '../protocol/wire/batch.ts'

const NOTHING = new Uint8Array()
/** Smaller bodies are cheap, and most links have nothing else to say. */
const SHARED_FROM_BYTES = 16 * 1024

export class Sealer {
  readonly #layer: RecordLayer
  readonly #channel: Channel
  readonly #bytesMax: number
  readonly #send: (record: Uint8Array) => void
  readonly #nowMs: () => number
  #frames: Pieces[] = []
  /** Where large bodies are put together, one after the other: fresh memory for each costs more than filling it. Kept while busy. */
  #room: Uint8Array<ArrayBuffer> | undefined
  #busy = false
  #over = false
  #greets = false

  /** `send` is given records in order, and none after `close`. */
  constructor(
    layer: RecordLayer,
    channel: Channel,
    bytesMax: number,
    send: (record: Uint8Array) => void,
    nowMs: () => number,
  ) {
    this.#layer = layer
    this.#channel = channel
    this.#bytesMax = bytesMax
    this.#send = send
    this.#nowMs = nowMs
  }

  push(frame: Pieces): void {
    this.#frames.push(frame)
    this.#start()
  }

  /** A record, be there anything to say or not. */
  greet(): void {
    this.#greets = true
    this.#start()
  }

  close(): void {
    this.#over = true
    this.#frames = []
  }

  #start(): void {
    if (this.#busy || this.#over) return
    this.#busy = true
    // What else is said in this turn comes along.
    queueMicrotask(() => void this.#run())
  }

  async #run(): Promise<void> {
    try {
      while (!this.#over && (this.#frames.length > 0 || this.#greets)) {
        this.#greets = false
        const record = await this.#layer.seal(this.#channel, 'data', this.#next(), this.#nowMs())
        if (!this.#over) this.#send(record)
      }
    } catch {
      // The link or the way is over: what was not acknowledged goes another way.
      this.close()
    } finally {
      this.#busy = false
      this.#room = undefined
    }
  }

  #next(): Uint8Array {
    if (this.#frames.length === 0) return NOTHING
    const { message, to } = messageOfPieces(this.#frames, this.#bytesMax, (bytes) => {
      if (bytes < SHARED_FROM_BYTES || bytes > this.#bytesMax) return new Uint8Array(bytes)
      this.#room ??= new Uint8Array(this.#bytesMax)
      return this.#room
    })
    this.#frames.splice(0, to)
    return message
  }
}
