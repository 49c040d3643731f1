// The streams' own frames, as values and as bytes. Many travel in one message of the lane, so unlike the frames of a
// socket each has a length of its own; and this codec stands alone, loaded only where streams are.

import { Reader, utf8, WireError, type Writer } from '../wire/bytes.ts'
import { nameOf, STREAM_FRAME, STREAM_REFUSAL, type StreamRefusal } from '../wire/registry.ts'

export type StreamFrame =
  | { readonly kind: 'open'; readonly stream: number; readonly label: string }
  | { readonly kind: 'data'; readonly stream: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly stream: number }
  | { readonly kind: 'reset' | 'stop'; readonly stream: number; readonly code: number }
  | { readonly kind: 'refuse'; readonly stream: number; readonly reason: StreamRefusal }
  | { readonly kind: 'window'; readonly stream: number; readonly moreBytes: number }
  | {
      readonly kind: 'over'
      readonly instance: number
      readonly mineBelow: number
      readonly yoursBelow: number
    }

export interface StreamsMessage {
  /** The sender's instance. */
  readonly from: number
  /** The receiver's, as the sender knows it; 0: not yet. */
  readonly to: number
  readonly frames: readonly StreamFrame[]
}

/** Before the bytes of a data frame. */
export const DATA_HEADER_BYTES = 7
export const END_BYTES = 5

export function writeHeader(from: number, to: number, writer: Writer): void {
  writer.u32(from).u32(to)
}

/** The bytes are written behind it, from wherever they are. */
export function writeDataHeader(stream: number, length: number, writer: Writer): void {
  writer.u8(STREAM_FRAME.data).u32(stream).u16(length)
}

export function writeFrame(frame: StreamFrame, to: Writer): void {
  to.u8(STREAM_FRAME[frame.kind])
  switch (frame.kind) {
    case 'open': {
      const label = utf8(frame.label)
      to.u32(frame.stream).u8(label.length).bytes(label)
      return
    }
    case 'data':
      to.u32(frame.stream).u16(frame.bytes.length).bytes(frame.bytes) // As writeDataHeader and its bytes.
      return
    case 'end':
      to.u32(frame.stream)
      return
    case 'reset':
    case 'stop':
      to.u32(frame.stream).u32(frame.code)
      return
    case 'refuse':
      to.u32(frame.stream).u8(STREAM_REFUSAL[frame.reason])
      return
    case 'window':
      to.u32(frame.stream).u32(frame.moreBytes)
      return
    case 'over':
      to.u32(frame.instance).u32(frame.mineBelow).u32(frame.yoursBelow)
      return
  }
}

/** Throws WireError and nothing else. Bytes of data are views of what was given. */
export function decodeStreams(message: Uint8Array): StreamsMessage {
  const from = new Reader(message)
  const header = { from: from.u32(), to: from.u32() }
  const frames: StreamFrame[] = []
  while (from.remaining > 0) frames.push(readFrame(from))
  return { ...header, frames }
}

function readFrame(from: Reader): StreamFrame {
  const type = from.u8()
  const kind = nameOf(STREAM_FRAME, type)
  switch (kind) {
    case undefined:
      throw new WireError('unknown-type', `0x${type.toString(16).padStart(2, '0')}`)
    case 'open':
      return { kind, stream: from.u32(), label: from.text(from.u8()) }
    case 'data':
      return { kind, stream: from.u32(), bytes: from.bytes(from.u16()) }
    case 'end':
      return { kind, stream: from.u32() }
    case 'reset':
    case 'stop':
      return { kind, stream: from.u32(), code: from.u32() }
    case 'refuse': {
      const stream = from.u32()
      const number = from.u8()
      const reason = nameOf(STREAM_REFUSAL, number)
      if (reason === undefined) throw new WireError('bad-value', `no such reason: ${number}`)
      return { kind, stream, reason }
    }
    case 'window':
      return { kind, stream: from.u32(), moreBytes: from.u32() }
    case 'over':
      return { kind, instance: from.u32(), mineBelow: from.u32(), yoursBelow: from.u32() }
  }
}
