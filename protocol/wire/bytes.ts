// Reading and writing of big-endian bytes. A reader never reads past its end, and throws only WireError.

export type WireProblem =
  | 'empty' // no bytes at all
  | 'unknown-type' // a frame number the registry does not have
  | 'truncated' // ends before its layout does
  | 'trailing' // goes on after its layout ends
  | 'bad-value' // a field outside its allowed values
  | 'bad-text' // not UTF-8, or not JSON where JSON is said

export class WireError extends Error {
  override readonly name = 'WireError'
  readonly problem: WireProblem

  constructor(problem: WireProblem, detail: string) {
    super(`${problem}: ${detail}`)
    this.problem = problem
  }
}

const encoder = new TextEncoder()
// ignoreBOM keeps a leading U+FEFF as what it is: text. Otherwise decoding would not be the inverse of encoding.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2))
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  /** Exact up to 2^53, which is what Writer.u64 may be given: times and counts are far below. */
  u64(): number {
    return this.u32() * 2 ** 32 + this.u32()
  }

  /** A view of the next bytes, not a copy: whoever keeps it keeps the whole message. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length)
    return this.#bytes.subarray(at, at + length)
  }

  rest(): Uint8Array {
    return this.bytes(this.remaining)
  }

  text(length: number): string {
    const bytes = this.bytes(length)
    try {
      return decoder.decode(bytes)
    } catch {
      throw new WireError('bad-text', 'not UTF-8')
    }
  }

  /** For frames whose layout is exact. */
  end(): void {
    if (this.remaining > 0) throw new WireError('trailing', `${this.remaining} bytes after the frame's end`)
  }

  #advance(length: number): number {
    if (length > this.remaining)
      throw new WireError('truncated', `${length} bytes wanted, ${this.remaining} left`)
    const at = this.#at
    this.#at += length
    return at
  }
}

export class Writer {
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView
  #length = 0

  /** Into bytes of its own, or over what is in those given; into larger ones where they are too few. */
  constructor(room: number | Uint8Array<ArrayBuffer> = 64) {
    this.#bytes = typeof room === 'number' ? new Uint8Array(room) : room
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length)
  }

  get length(): number {
    return this.#length
  }

  u8(value: number): this {
    const at = this.#grow(1)
    this.#view.setUint8(at, value)
    return this
  }

  u16(value: number): this {
    const at = this.#grow(2)
    this.#view.setUint16(at, value)
    return this
  }

  u32(value: number): this {
    const at = this.#grow(4)
    this.#view.setUint32(at, value)
    return this
  }

  u64(value: number): this {
    return this.u32(Math.floor(value / 2 ** 32)).u32(value % 2 ** 32)
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  text(text: string): this {
    return this.bytes(encoder.encode(text))
  }

  /** What was written. A view of the writer's own buffer: write nothing after. */
  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length)
  }

  #grow(by: number): number {
    const at = this.#length
    this.#length += by
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    return at
  }
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
