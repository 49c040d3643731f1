// What goes over a stream that blocks are asked for on, as bytes: wants one way, and as many answers the other, in their order.
//
//   want     1 kind (1) ‖ 1 hash code ‖ 32 digest
//   block    1 kind (2) ‖ 4 length ‖ bytes
//   missing  1 kind (3)
//
// Exact; whoever sends anything else is not listened to any more.

import { BLAKE3, type HashCode, SHA2_256 } from '../dht/contract.ts'
import { BLOCK_BYTES_MAX } from '../limits/content.ts'
import { toBase64url } from '../wire/base64url.ts'
import { Writer } from '../wire/bytes.ts'

const KIND = { want: 1, block: 2, missing: 3 } as const
const DIGEST_BYTES = 32
const WANT_BYTES = 2 + DIGEST_BYTES
export const BLOCK_HEAD_BYTES = 5

/** By which a block is asked for: whatever codec reads it, its bytes are the same. */
export interface BlockName {
  readonly code: HashCode
  readonly digest: Uint8Array
}

export function isHashCode(code: number): code is HashCode {
  return code === SHA2_256 || code === BLAKE3
}

/** As text. */
export function blockText({ code, digest }: BlockName): string {
  return `${code.toString(16)}${toBase64url(digest)}`
}

export function encodeWant({ code, digest }: BlockName): Uint8Array<ArrayBuffer> {
  return new Writer(WANT_BYTES).u8(KIND.want).u8(code).bytes(digest).done()
}

/** Before the block's bytes. */
export function encodeBlockHead(length: number): Uint8Array<ArrayBuffer> {
  return new Writer(BLOCK_HEAD_BYTES).u8(KIND.block).u32(length).done()
}

export function encodeMissing(): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(KIND.missing)
}

export type BlockAnswer =
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  | { readonly kind: 'missing' }
export type FrameProblem = 'malformed' | 'too-large'

/** Takes frames out of what a stream brings, in whatever pieces: at most one is held in part. */
abstract class FrameReader<Frame> {
  readonly #room: Uint8Array<ArrayBuffer>
  #buffer: Uint8Array<ArrayBuffer>
  #length = 0

  constructor(firstBytes: number) {
    this.#room = new Uint8Array(firstBytes)
    this.#buffer = this.#room
  }

  /** So many bytes its frame has that begins so; 0 while that is not known. */
  protected abstract lengthOf(start: Uint8Array): number | FrameProblem
  protected abstract frameOf(bytes: Uint8Array<ArrayBuffer>): Frame

  /** The frames that are complete with these bytes; or what is wrong with them, for good. */
  push(bytes: Uint8Array): readonly Frame[] | FrameProblem {
    const frames: Frame[] = []
    for (let at = 0; at < bytes.length; ) {
      const known = this.lengthOf(this.#buffer.subarray(0, this.#length))
      if (typeof known === 'string') return known
      const wanted = known === 0 ? this.#length + 1 : known
      if (wanted > this.#buffer.length) this.#grow(wanted)
      const taken = Math.min(bytes.length - at, wanted - this.#length)
      this.#buffer.set(bytes.subarray(at, at + taken), this.#length)
      this.#length += taken
      at += taken
      const length = this.lengthOf(this.#buffer.subarray(0, this.#length))
      if (typeof length === 'string') return length
      if (length > 0 && this.#length === length) frames.push(this.#take(length))
    }
    return frames
  }

  #grow(length: number): void {
    const larger = new Uint8Array(length)
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }

  #take(length: number): Frame {
    const isLarge = this.#buffer !== this.#room
    const bytes = isLarge ? this.#buffer : this.#buffer.slice(0, length)
    this.#buffer = this.#room
    this.#length = 0
    return this.frameOf(bytes)
  }
}

export class WantReader extends FrameReader<BlockName> {
  constructor() {
    super(WANT_BYTES)
  }

  protected lengthOf([kind, code]: Uint8Array): number | FrameProblem {
    if (kind === undefined) return 0
    if (kind !== KIND.want) return 'malformed'
    return code === undefined || isHashCode(code) ? WANT_BYTES : 'malformed'
  }

  protected frameOf(bytes: Uint8Array<ArrayBuffer>): BlockName {
    return { code: bytes[1] as HashCode, digest: bytes.subarray(2) }
  }
}

export class AnswerReader extends FrameReader<BlockAnswer> {
  constructor() {
    super(BLOCK_HEAD_BYTES)
  }

  protected lengthOf(start: Uint8Array): number | FrameProblem {
    const [kind] = start
    if (kind === undefined) return 0
    if (kind === KIND.missing) return 1
    if (kind !== KIND.block) return 'malformed'
    if (start.length < BLOCK_HEAD_BYTES) return 0
    const length = new DataView(start.buffer, start.byteOffset).getUint32(1)
    return length > BLOCK_BYTES_MAX ? 'too-large' : BLOCK_HEAD_BYTES + length
  }

  protected frameOf(bytes: Uint8Array<ArrayBuffer>): BlockAnswer {
    if (bytes[0] === KIND.missing) return { kind: 'missing' }
    return { kind: 'block', bytes: bytes.subarray(BLOCK_HEAD_BYTES) }
  }
}
