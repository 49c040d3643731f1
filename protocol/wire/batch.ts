// One message of a socket holds one frame, or a batch of them: the platform charges by the message. Splitting and
// packing are here because both ends of a socket do both.

import { BATCH_FRAMES_MAX, MESSAGE_BYTES_MAX } from '../limits/wire.ts'
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

/** A frame's bytes, in pieces that are not joined before they are packed. */
export type Pieces = readonly Uint8Array[]

/**
 * A message of the frames from there, as many as it holds, and which is next. At least one: a frame that shares no message
 * goes out as it is, uncopied.
 */
export function messageFrom(frames: readonly Uint8Array[], from: number, bytesMax: number) {
  const { to, bytes } = shareFrom(frames.length, (i) => (frames[i] as Uint8Array).length, from, bytesMax)
  if (to - from === 1) return { message: frames[from] as Uint8Array, to }
  const writer = new Writer(bytes).u8(FRAME.batch)
  for (let i = from; i < to; i++) {
    const frame = frames[i] as Uint8Array
    writer.u16(frame.length).bytes(frame)
  }
  return { message: writer.done(), to }
}

/** The same of frames in pieces, from the first: copied, into the room it is given for so many bytes at most. */
export function messageOfPieces(
  frames: readonly Pieces[],
  bytesMax: number,
  roomFor: (bytes: number) => Uint8Array<ArrayBuffer>,
) {
  const { to, bytes } = shareFrom(frames.length, (i) => lengthOf(frames[i] as Pieces), 0, bytesMax)
  const writer = new Writer(roomFor(bytes))
  if (to > 1) writer.u8(FRAME.batch)
  for (let i = 0; i < to; i++) {
    const frame = frames[i] as Pieces
    if (to > 1) writer.u16(lengthOf(frame))
    for (const piece of frame) writer.bytes(piece)
  }
  return { message: writer.done(), to }
}

export function lengthOf(pieces: Pieces): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}

/** How far a message goes that begins there, and how long a batch of so many is. */
function shareFrom(count: number, lengthAt: (index: number) => number, from: number, bytesMax: number) {
  let to = from
  let bytes = 1
  while (to < count && to - from < BATCH_FRAMES_MAX) {
    const more = LENGTH_BYTES + lengthAt(to)
    if (to > from && bytes + more > bytesMax) break
    bytes += more
    to++
  }
  return { to, bytes }
}
