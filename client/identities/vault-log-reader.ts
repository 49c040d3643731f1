// Reading a vault's log from its beginning: what each commit left where. Frames are whole, and the last may be a beginning.
//
// Damage in the middle is no crash's doing, since each commit is on the disk before the next is begun. Then what is whole
// after it is found again by its mark, and the changes in between are taken for what they seem to be: their seals tell.

import { WaypostError } from '../../protocol/errors.ts'
import { equalBytes } from '../../protocol/wire/bytes.ts'
import type { FileHandle } from './node.ts'
import {
  bodyLength,
  changesOf,
  type Extent,
  FRAME_HEAD_BYTES,
  FRAME_MARK,
  isWhole,
  LOG_HEAD,
  type Placed,
  type Sha256,
} from './vault-frames.ts'

export interface FoundLog {
  readonly extents: ReadonlyMap<string, Extent>
  /** Of what is whole. */
  readonly end: number
}

/** What is read at a time: far more than a frame, so that a log of small ones is not read in small pieces. */
const WINDOW_BYTES = 1_048_576
/** More than any commit makes: a length that says more was never one of ours. */
const BODY_BYTES_MAX = 64 * 1_048_576

export async function readLog(handle: FileHandle, sha256: Sha256): Promise<FoundLog> {
  const { size } = await handle.stat()
  const log = new LogReader(handle, size, sha256)
  const extents = new Map<string, Extent>()
  const place = (placed: readonly Placed[]) => {
    for (const [slot, extent] of placed) {
      if (extent === undefined) extents.delete(slot)
      else extents.set(slot, extent)
    }
  }
  let at = await log.begin()
  for (;;) {
    const body = await log.frameAt(at)
    if (body !== undefined) {
      place(changesOf(body, at + FRAME_HEAD_BYTES).placed)
      at += FRAME_HEAD_BYTES + body.length
      continue
    }
    const next = at < size ? await log.nextFrame(at) : undefined
    if (next === undefined) return { extents, end: at }
    const from = Math.min(at + FRAME_HEAD_BYTES, next)
    const damaged = await readFully(handle, from, Math.min(next - from, BODY_BYTES_MAX))
    const { placed, read } = changesOf(damaged, from)
    place(placed)
    // A slot of no name, so that it is counted.
    if (from + read < next) extents.set(`damaged-${at}`, { at: from + read, length: damaged.length - read })
    at = next
  }
}

class LogReader {
  readonly #handle: FileHandle
  readonly #size: number
  readonly #sha256: Sha256
  #window: Uint8Array = new Uint8Array()
  #windowAt = 0

  constructor(handle: FileHandle, size: number, sha256: Sha256) {
    this.#handle = handle
    this.#size = size
    this.#sha256 = sha256
  }

  /** Where the first frame should be. What is no log of ours is left alone: a later version may know what it is. */
  async begin(): Promise<number> {
    const head = await this.#bytes(0, LOG_HEAD.length)
    if (head !== undefined && equalBytes(head, LOG_HEAD)) return LOG_HEAD.length
    if ((await this.nextFrame(0)) !== undefined) return LOG_HEAD.length
    throw new WaypostError('storage-failed', 'the file of the vault is none, or one of a later version')
  }

  /** The body of a whole frame that begins here. */
  async frameAt(at: number): Promise<Uint8Array | undefined> {
    const head = (await this.#bytes(at, FRAME_HEAD_BYTES))?.slice()
    const length = head && bodyLength(head)
    if (head === undefined || length === undefined || length > BODY_BYTES_MAX) return undefined
    const body = await this.#bytes(at + FRAME_HEAD_BYTES, length)
    return body !== undefined && isWhole(this.#sha256, head, body) ? body : undefined
  }

  /** Where the next whole frame begins, from here on. */
  async nextFrame(from: number): Promise<number | undefined> {
    for (let at = from; at + FRAME_HEAD_BYTES <= this.#size; ) {
      const some = await this.#bytes(at, Math.min(WINDOW_BYTES, this.#size - at))
      const marks = some === undefined ? [] : marksIn(some).map((mark) => at + mark)
      for (const mark of marks) if ((await this.frameAt(mark)) !== undefined) return mark
      at += WINDOW_BYTES - FRAME_MARK.length + 1 // A mark may lie across two windows.
    }
    return undefined
  }

  /** A view into the window: the next call may take it away. */
  async #bytes(at: number, length: number): Promise<Uint8Array | undefined> {
    if (at + length > this.#size) return undefined
    const from = at - this.#windowAt
    if (from < 0 || from + length > this.#window.length) {
      this.#window = await readFully(
        this.#handle,
        at,
        Math.min(Math.max(length, WINDOW_BYTES), this.#size - at),
      )
      this.#windowAt = at
      return this.#window.subarray(0, length)
    }
    return this.#window.subarray(from, from + length)
  }
}

function marksIn(bytes: Uint8Array): readonly number[] {
  const found: number[] = []
  const first = FRAME_MARK[0] as number
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1))
    if (equalBytes(bytes.subarray(at, at + FRAME_MARK.length), FRAME_MARK)) found.push(at)
  return found
}

/** All of it: a file that ends before is not the one that was opened. */
export async function readFully(handle: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, length - done, at + done)
    if (bytesRead === 0) throw new Error('the file of the vault ended early')
    done += bytesRead
  }
  return bytes
}
