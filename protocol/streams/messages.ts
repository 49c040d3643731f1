// Makes messages of the lane out of what streams have to say: first what each has to tell, then data, in turns. A turn is a
// message's worth of bytes, whatever pieces they were written in, so streams share by bytes. Nothing here looks at a stream
// that has nothing to say.

import { STREAM_LABEL_BYTES_MAX, STREAMS_MESSAGE_BYTES_MAX } from '../limits/streams.ts'
import { Queue } from '../queue.ts'
import { Writer } from '../wire/bytes.ts'
import type { StreamRefusal } from '../wire/registry.ts'
import {
  DATA_HEADER_BYTES,
  END_BYTES,
  type StreamFrame,
  writeDataHeader,
  writeFrame,
  writeHeader,
} from './frames.ts'
import type { Stream } from './stream.ts'

const HEADER_BYTES = 8
const REFUSE_BYTES = 6
/** All that can be told of one stream: its opening, and three frames of nine bytes. */
const TOLD_BYTES_MAX = 6 + STREAM_LABEL_BYTES_MAX + 27
const TURN_BYTES = STREAMS_MESSAGE_BYTES_MAX - HEADER_BYTES - DATA_HEADER_BYTES
/** Forgotten streams that may stand in a line: fewer are not worth clearing away. */
const GONE_MAX = 1_024
/** A message for control frames alone begins so large, and grows. */
const SMALL_BYTES = 256

export interface Made {
  readonly message: Uint8Array
  /** Streams whose end it carries. */
  readonly ends: readonly number[]
  /** Streams that had been full and have room again. */
  readonly drained: readonly number[]
  /** Streams that may now be over. */
  readonly told: readonly Stream[]
}

interface Making extends Omit<Made, 'message'> {
  readonly writer: Writer
  readonly ends: number[]
  readonly drained: number[]
  readonly told: Stream[]
}

export class MessageMaker {
  readonly refusals = new Queue<{ readonly id: number; readonly reason: StreamRefusal }>()
  over: StreamFrame | undefined
  readonly #urgent = new Queue<Stream>()
  readonly #ring = new Queue<Stream>()
  #gone = 0

  /** It has something to tell. */
  tell(stream: Stream): void {
    if (stream.urgent || !stream.owes) return
    stream.urgent = true
    this.#urgent.push(stream)
  }

  /** It has something to send, perhaps. */
  offer(stream: Stream): void {
    if (stream.ringed || !stream.ready) return
    stream.ringed = true
    this.#ring.push(stream)
  }

  /** It is no more: its places in line are passed over, and cleared when there are many such. */
  forget(stream: Stream): void {
    stream.gone = true
    if (!stream.urgent && !stream.ringed) return
    if (++this.#gone < GONE_MAX || this.#gone * 2 < this.#urgent.length + this.#ring.length) return
    this.#gone = 0
    this.#urgent.retain(({ gone }) => !gone)
    this.#ring.retain(({ gone }) => !gone)
  }

  clear(): void {
    this.refusals.clear()
    this.#urgent.clear()
    this.#ring.clear()
    this.#gone = 0
  }

  /**
   * The next message, if there is anything to say. `patient`: a single stream's less than a message may wait for more.
   * `evenEmpty`: the header alone is worth saying.
   */
  next(from: number, to: number, how: { patient: boolean; evenEmpty: boolean }): Made | undefined {
    const head = this.#ring.at(0)
    const writer = new Writer(
      head && head.pendingBytes > TURN_BYTES / 2 ? STREAMS_MESSAGE_BYTES_MAX : SMALL_BYTES,
    )
    const making: Making = { writer, ends: [], drained: [], told: [] }
    writeHeader(from, to, writer)
    if (this.over !== undefined) writeFrame(this.over, writer)
    this.over = undefined
    this.#writeRefusals(making)
    if (this.#writeTold(making) && !(how.patient && this.#mayWait())) this.#writeTurns(making)
    if (writer.length === HEADER_BYTES && !how.evenEmpty) return undefined
    return { ...making, message: writer.done() }
  }

  #writeRefusals({ writer }: Making): void {
    while (STREAMS_MESSAGE_BYTES_MAX - writer.length >= REFUSE_BYTES) {
      const refusal = this.refusals.shift()
      if (refusal === undefined) return
      writeFrame({ kind: 'refuse', stream: refusal.id, reason: refusal.reason }, writer)
    }
  }

  /** False when not all of it fitted: then no data yet, since an opening goes before what is sent on it. */
  #writeTold({ writer, told }: Making): boolean {
    for (let stream = this.#urgent.at(0); stream !== undefined; stream = this.#urgent.at(0)) {
      if (STREAMS_MESSAGE_BYTES_MAX - writer.length < TOLD_BYTES_MAX) return false
      this.#urgent.shift()
      stream.urgent = false
      if (stream.gone) continue
      this.#tellAll(stream, writer)
      told.push(stream)
    }
    return true
  }

  #tellAll(stream: Stream, writer: Writer): void {
    const { id, openDue, resetDue, stopDue } = stream
    if (openDue !== undefined) writeFrame({ kind: 'open', stream: id, label: openDue }, writer)
    if (resetDue !== undefined) writeFrame({ kind: 'reset', stream: id, code: resetDue }, writer)
    if (stopDue !== undefined) writeFrame({ kind: 'stop', stream: id, code: stopDue }, writer)
    if (stream.windowDue) writeFrame({ kind: 'window', stream: id, moreBytes: stream.grant() }, writer)
    stream.openDue = stream.resetDue = stream.stopDue = undefined
    stream.windowDue = false
  }

  #mayWait(): boolean {
    const [head, second] = [this.#ring.at(0), this.#ring.at(1)]
    return head !== undefined && second === undefined && head.pendingBytes < TURN_BYTES && !head.endReady
  }

  #writeTurns(making: Making): void {
    for (let stream = this.#ring.at(0); stream !== undefined; stream = this.#ring.at(0)) {
      if (!stream.gone && !this.#writeTurn(stream, making)) return
      this.#ring.shift()
      stream.ringed = false
      stream.turnBytes = 0
      if (!stream.gone) this.offer(stream)
    }
  }

  /** False when the message is full before its turn is over: it goes on in the next. */
  #writeTurn(stream: Stream, { writer, ends, drained, told }: Making): boolean {
    if (stream.turnBytes === 0) stream.turnBytes = TURN_BYTES
    const space = STREAMS_MESSAGE_BYTES_MAX - writer.length - DATA_HEADER_BYTES
    if (space <= 0) return false
    const bytes = Math.min(stream.sendableBytes, stream.turnBytes, space)
    if (bytes > 0) {
      const full = stream.full
      writeDataHeader(stream.id, bytes, writer)
      stream.moveTo(writer, bytes)
      stream.turnBytes -= bytes
      if (full && !stream.full) drained.push(stream.id)
    }
    if (stream.endReady) {
      if (STREAMS_MESSAGE_BYTES_MAX - writer.length < END_BYTES) return false
      writeFrame({ kind: 'end', stream: stream.id }, writer)
      stream.sending = 'done'
      ends.push(stream.id)
      told.push(stream)
      return true
    }
    return stream.sendableBytes === 0 || stream.turnBytes === 0
  }
}
