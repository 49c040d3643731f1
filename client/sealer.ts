// Seals what leaves by one channel of a way: frames that come while a record is being sealed share the next one, so the more
// there is to say, the fewer records it takes.

import type { Channel, RecordLayer } from '../protocol/crypto/records/layer.ts'
import { messageFrom } from '../protocol/wire/batch.ts'

const NOTHING = new Uint8Array()

export class Sealer {
  readonly #layer: RecordLayer
  readonly #channel: Channel
  readonly #bytesMax: number
  readonly #send: (record: Uint8Array) => void
  readonly #nowMs: () => number
  #frames: Uint8Array[] = []
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

  push(frame: Uint8Array): void {
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
    }
  }

  #next(): Uint8Array {
    if (this.#frames.length === 0) return NOTHING
    const { message, to } = messageFrom(this.#frames, 0, this.#bytesMax)
    this.#frames.splice(0, to)
    return message
  }
}
