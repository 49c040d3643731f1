// One stream as the platform's own: a ReadableStream and a WritableStream over what the streams machine says and asks.

import { WaypostError } from '../protocol/errors.ts'
import { STREAM_PENDING_BYTES_MAX } from '../protocol/limits/streams.ts'
import type { PeerId } from '../protocol/peer-id.ts'
import type { StreamsInput } from '../protocol/streams/contract.ts'
import { ByteQueue } from './byte-queue.ts'
import type { WaypostStream } from './types.ts'

/** Written and not yet asked for: two messages, so that the next is there when one has left. */
const WRITE_AHEAD_BYTES = 64 * 1024
const CODE_MOST = 2 ** 32 - 1

export interface StreamPort {
  give(input: StreamsInput): void
  isFull(stream: number): boolean
  /** Both halves are over. */
  over(stream: PeerStream): void
}

interface Waiting {
  resolve(): void
  reject(error: unknown): void
}

export class PeerStream implements WaypostStream {
  readonly id: number
  readonly peer: PeerId
  readonly label: string
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly writable: WritableStream<Uint8Array>
  readonly #port: StreamPort
  readonly #received = new ByteQueue()
  /** A reader waits, and there was nothing. */
  #wanted = false
  #reader!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>
  #writer!: WritableStreamDefaultController
  /** A write that waits for room, or a close that waits to be acknowledged. */
  #waiting: Waiting | undefined
  #receiving: 'open' | 'ended' | 'over' = 'open'
  #sending: 'open' | 'over' = 'open'

  constructor(id: number, peer: PeerId, label: string, port: StreamPort) {
    this.id = id
    this.peer = peer
    this.label = label
    this.#port = port
    this.readable = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (controller) => {
          this.#reader = controller
        },
        pull: () => this.#pull(),
        cancel: (reason) => this.#cancel(codeOf(reason)),
      },
      // Nothing ahead of the reader: what it took is what makes room for more, and the window is the buffer.
      { highWaterMark: 0 },
    )
    this.writable = new WritableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#writer = controller
        },
        write: (chunk) => this.#write(chunk),
        close: () => this.#close(),
        abort: (reason) => this.#abort(codeOf(reason)),
      },
      { highWaterMark: WRITE_AHEAD_BYTES, size: (chunk?: Uint8Array) => chunk?.byteLength ?? 0 },
    )
  }

  reset(code = 0): void {
    if (!isCode(code)) throw new RangeError(`reset: the code must be a whole number from 0 to ${CODE_MOST}`)
    this.breakOff(
      new WaypostError('stream-reset', 'the stream was reset by this side', { cause: code }),
      code,
    )
  }

  /** Both halves, as our side's doing. */
  breakOff(error: WaypostError, code = 0): void {
    this.#port.give({ kind: 'reset', stream: this.id, code })
    this.#port.give({ kind: 'stop', stream: this.id, code })
    if (this.#receiving === 'ended') this.#receiving = 'open' // What came whole and was not read is let go too.
    this.failed('both', error)
  }

  // ---- what the machine says ----------------------------------------------------------------------------------

  data(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#receiving !== 'open') return
    if (this.#wanted) this.#hand(bytes)
    else this.#received.push(bytes)
  }

  /** The peer's half is complete; it closes when all of it is read. */
  ended(): void {
    if (this.#receiving !== 'open') return
    this.#receiving = 'ended'
    this.#closeIfRead()
    this.#endIfOver()
  }

  drained(): void {
    this.#waiting?.resolve()
    this.#waiting = undefined
  }

  acknowledged(): void {
    if (this.#sending === 'over') return
    this.#sending = 'over'
    this.drained()
    this.#endIfOver()
  }

  failed(half: 'sending' | 'receiving' | 'both', error: WaypostError): void {
    if (half !== 'receiving' && this.#sending === 'open') {
      this.#sending = 'over'
      this.#waiting?.reject(error)
      this.#waiting = undefined
      this.#writer.error(error)
    }
    if (half !== 'sending' && this.#receiving === 'open') {
      this.#receiving = 'over'
      this.#received.clear()
      this.#reader.error(error)
    }
    this.#endIfOver()
  }

  // ---- what the reader does -----------------------------------------------------------------------------------

  #pull(): void {
    const bytes = this.#received.shift()
    if (bytes === undefined) this.#wanted = true
    else this.#hand(bytes)
    this.#closeIfRead()
  }

  #hand(bytes: Uint8Array<ArrayBuffer>): void {
    this.#wanted = false
    const { length } = bytes // Before it is the reader's, who may give its buffer away.
    this.#reader.enqueue(bytes)
    this.#port.give({ kind: 'read', stream: this.id, bytes: length })
  }

  #closeIfRead(): void {
    if (this.#receiving !== 'ended' || !this.#received.empty) return
    this.#receiving = 'over'
    this.#reader.close()
  }

  #cancel(code: number): void {
    this.#receiving = 'over'
    this.#received.clear()
    this.#port.give({ kind: 'stop', stream: this.id, code })
    this.#endIfOver()
  }

  // ---- what the writer does -----------------------------------------------------------------------------------

  #write(chunk: unknown): Promise<void> | undefined {
    const bytes = bytesOf(chunk)
    // The application may use its array again once this write resolved: by then all but the copied rest has left.
    const cut = Math.max(0, bytes.length - STREAM_PENDING_BYTES_MAX)
    if (cut > 0) this.#port.give({ kind: 'write', stream: this.id, bytes: bytes.subarray(0, cut) })
    this.#port.give({ kind: 'write', stream: this.id, bytes: bytes.slice(cut) })
    if (this.#sending === 'over' || !this.#port.isFull(this.id)) return undefined
    return this.#wait()
  }

  #close(): Promise<void> | undefined {
    if (this.#sending === 'over') return undefined
    const acknowledged = this.#wait()
    this.#port.give({ kind: 'end', stream: this.id })
    return acknowledged
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  #abort(code: number): void {
    this.#sending = 'over'
    this.#waiting = undefined
    this.#port.give({ kind: 'reset', stream: this.id, code })
    this.#endIfOver()
  }

  #endIfOver(): void {
    if (this.#sending === 'over' && this.#receiving !== 'open') this.#port.over(this)
  }
}

function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk)
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  throw new TypeError('a stream takes bytes: a Uint8Array, another view, or an ArrayBuffer')
}

/** An abort or cancel may give any reason; a number is told to the peer. */
function codeOf(reason: unknown): number {
  return isCode(reason) ? reason : 0
}

function isCode(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= CODE_MOST
}
