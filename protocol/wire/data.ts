// What applications send: bytes, text, or anything JSON can say. One byte tells the receiver which, so that it gets
// what was sent.

import { Reader, WireError, Writer } from './bytes.ts'

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }
/** An application's value. Typed arrays and ArrayBuffers arrive as Uint8Array. */
export type Data = string | ArrayBuffer | ArrayBufferView | Json
/** What the receiver is given. */
export type Received = string | Uint8Array | Json

const TAG = { bytes: 0, text: 1, json: 2 } as const

/** Before data that has a name, which is the same on every way it may take: this, 16 bytes, and the data (mail/README.md). */
export const NAMED_DATA = 3
export const DATA_NAME_BYTES = 16

export function encodeData(data: Data): Uint8Array {
  if (typeof data === 'string') return new Writer(1 + data.length).u8(TAG.text).text(data).done()
  if (data instanceof ArrayBuffer) return tagged(new Uint8Array(data))
  if (ArrayBuffer.isView(data)) return tagged(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  const json = data === undefined ? undefined : JSON.stringify(data)
  if (json === undefined) throw new TypeError('data must be a string, bytes, or a value that JSON can say')
  return new Writer(1 + json.length).u8(TAG.json).text(json).done()
}

/** Bytes are a copy, the application's own. Throws WireError. */
export function decodeData(bytes: Uint8Array): Received {
  const from = new Reader(bytes)
  const tag = from.u8()
  if (tag === TAG.bytes) return from.rest().slice()
  const text = from.text(from.remaining)
  if (tag === TAG.text) return text
  if (tag !== TAG.json) throw new WireError('bad-value', `no such data tag: ${tag}`)
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new WireError('bad-text', 'not JSON')
  }
}

function tagged(bytes: Uint8Array): Uint8Array {
  return new Writer(1 + bytes.length).u8(TAG.bytes).bytes(bytes).done()
}
