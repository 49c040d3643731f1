// A record: `type 1 ‖ epoch 1 ‖ sequence 6 ‖ ciphertext ‖ tag 16`. The first eight bytes are authenticated as they stand.

import { PAYLOAD_AT } from '../../wire/registry.ts'
import { SIZES } from '../suite.ts'

export const HEADER_BYTES = 8
export const OVERHEAD_BYTES = HEADER_BYTES + SIZES.tag
/** Before a sealed record its buffer has as many bytes to spare: a room's frame begins there, and the record is not copied into it. */
export const RECORD_FRONT_BYTES = PAYLOAD_AT
export const SEQUENCE_MAX = 2 ** 48 - 1

/** Never reused. What a handshake sends begins with 'W', 0x57, and is no type. */
export const RECORD = {
  data: 0x01, // link frames
  rekeyOffer: 0x02, // an X-Wing public key
  rekeyAnswer: 0x03, // a ciphertext to it
  rekeyDone: 0x04, // nothing: a first record under the new keys, one from each side
} as const
export type RecordType = keyof typeof RECORD

export interface Header {
  readonly type: RecordType
  readonly epoch: number
  readonly sequence: number
}

export function writeHeader({ type, epoch, sequence }: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, RECORD[type])
  view.setUint8(1, epoch)
  view.setUint16(2, Math.floor(sequence / 2 ** 32))
  view.setUint32(4, sequence % 2 ** 32)
  return bytes
}

/** Undefined for what is too short to be a record, or of no type there is. */
export function readHeader(bytes: Uint8Array): Header | undefined {
  if (bytes.length < OVERHEAD_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const number = view.getUint8(0)
  const type = (Object.keys(RECORD) as RecordType[]).find((name) => RECORD[name] === number)
  if (type === undefined) return undefined
  return { type, epoch: view.getUint8(1), sequence: view.getUint16(2) * 2 ** 32 + view.getUint32(4) }
}

/** As TLS has it: the sequence number, over the last bytes of the IV. */
export function nonceOf(iv: Uint8Array, header: Uint8Array): Uint8Array {
  const nonce = iv.slice()
  for (let i = 0; i < 6; i++)
    nonce[SIZES.nonce - 6 + i] = (nonce[SIZES.nonce - 6 + i] ?? 0) ^ (header[2 + i] ?? 0)
  return nonce
}
