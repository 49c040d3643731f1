// One message of a socket holds one frame, or a batch of them: the platform charges by the message. Splitting and
// packing are here because both ends of a socket do both.

import { BATCH_FRAMES_MAX, MESSAGE_BYTES_MAX } from '../limits.ts'
import { Reader, WireError, Writer } from './bytes.ts'
import { FRAME } from './registry.ts'

const LENGTH_BYTES = 2

/** The frames of a message, as views of it. Throws WireError for an empty or nested or overfull batch. */
export function framesOf(message: Uint8Array): readonly Uint8Array[] {
  if (message[0] !== FRAME.batch) {
    if (message.length === 0) throw new WireError('empty', 'a message has at least one frame')
    return [message]
  }
  const from = new Reader(message.subarray(1))
  const frames: Uint8Array[] = []
  while (from.remaining > 0) {
    const frame = from.bytes(from.u16())
    if (frame.length === 0) throw new WireError('empty', 'a frame in a batch has at least its type')
    if (frame[0] === FRAME.batch) throw new WireError('bad-value', 'a batch inside a batch')
    frames.push(frame)
    if (frames.length > BATCH_FRAMES_MAX) throw new WireError('bad-value', 'too many frames in a batch')
  }
  if (frames.length === 0) throw new WireError('empty', 'a batch of nothing')
  return frames
}

/** As few messages as carry the frames in order. */
export function messagesOf(frames: readonly Uint8Array[]): Uint8Array[] {
  const messages: Uint8Array[] = []
  for (let from = 0; from < frames.length; ) {
    const { message, to } = messageFrom(frames, from, MESSAGE_BYTES_MAX)
    messages.push(message)
    from = to
  }
  return messages
}

/**
 * A message of the frames from there, as many as it holds, and which is next. At least one: a frame that shares no message
 * goes out as it is, uncopied.
 */
export function messageFrom(frames: readonly Uint8Array[], from: number, bytesMax: number) {
  let to = from
  let bytes = 1
  while (to < frames.length && to - from < BATCH_FRAMES_MAX) {
    const more = LENGTH_BYTES + (frames[to] as Uint8Array).length
    if (to > from && bytes + more > bytesMax) break
    bytes += more
    to++
  }
  const message = to - from === 1 ? (frames[from] as Uint8Array) : packed(frames, from, to, bytes)
  return { message, to }
}

function packed(frames: readonly Uint8Array[], from: number, to: number, bytes: number): Uint8Array {
  const writer = new Writer(bytes).u8(FRAME.batch)
  for (let i = from; i < to; i++) {
    const frame = frames[i] as Uint8Array
    writer.u16(frame.length).bytes(frame)
  }
  return writer.done()
}
