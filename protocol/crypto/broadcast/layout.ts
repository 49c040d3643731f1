// What of broadcasts goes through the room, and what over links. Exact: what is shorter, longer or of another class is none.

import { utf8 } from '../../wire/bytes.ts'
import { concat, type Hash, SIZES } from '../suite.ts'
import { BROADCAST_ROOM } from './labels.ts'
import { CLASSES, pad, SEALED_HEADER_BYTES, unpad } from './padding.ts'

/** Never reused, and unlike any tag of unsealed data. */
export const SEALED_FRAME = 0xb1 // 8 key id + 4 counter + ciphertext + 16 tag
export const SERVICE = {
  said: 0xb2, // 32 room tag + 8 key id + 4 counter of the mark + the padded data
  key: 0xb3, // 32 room tag + 8 key id + 4 counter + the padded chain key
  want: 0xb4, // 32 room tag + 8 key id + 4 counter + padding
} as const
export type ServiceKind = keyof typeof SERVICE

export const KEY_ID_BYTES = 8
const COUNTER_BYTES = 4
const TAG_AT = 1
const POSITION_AT = TAG_AT + SIZES.hash
export const SERVICE_HEADER_BYTES = POSITION_AT + KEY_ID_BYTES + COUNTER_BYTES

/** A chain and how far it has gone. */
export interface Position {
  readonly id: Uint8Array
  readonly counter: number
}

/** Of a sender that had no generation, or did not give it to whom this is for. */
export const NO_MARK: Position = { id: new Uint8Array(KEY_ID_BYTES), counter: 0 }

export interface SealedFrame extends Position {
  readonly sealed: Uint8Array
}

export interface ServiceMessage extends Position {
  readonly kind: ServiceKind
  readonly body: Uint8Array
}

/** Says for which room a service message is, and nothing to who does not know the room. */
export function roomTag(hash: Hash, network: string, room: string): Promise<Uint8Array> {
  const name = utf8(network)
  return hash.sha256(BROADCAST_ROOM, Uint8Array.of(name.length >>> 8, name.length), name, utf8(room))
}

export function associatedData(tag: Uint8Array, sender: Uint8Array, position: Position): Uint8Array {
  return concat([Uint8Array.of(SEALED_FRAME), tag, sender, writePosition(position)])
}

export function writeFrame(position: Position, sealed: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(SEALED_FRAME), writePosition(position), sealed])
}

export function readFrame(bytes: Uint8Array): SealedFrame | undefined {
  if (bytes[0] !== SEALED_FRAME) return undefined
  if (!CLASSES.includes(bytes.length - SEALED_HEADER_BYTES - SIZES.tag)) return undefined
  return { ...readPosition(bytes, 1), sealed: bytes.subarray(SEALED_HEADER_BYTES) }
}

export function writeService(
  tag: Uint8Array,
  kind: ServiceKind,
  position: Position,
  body: Uint8Array,
): Uint8Array {
  return concat([Uint8Array.of(SERVICE[kind]), tag, writePosition(position), pad(body)])
}

export function readService(bytes: Uint8Array): ServiceMessage | undefined {
  const kind = kindOf(bytes)
  const body = bytes.length < SERVICE_HEADER_BYTES ? undefined : unpad(bytes.subarray(SERVICE_HEADER_BYTES))
  if (kind === undefined || body === undefined) return undefined
  if (kind === 'key' && body.length !== SIZES.hash) return undefined
  if (kind === 'want' && body.length !== 0) return undefined
  return { kind, ...readPosition(bytes, POSITION_AT), body }
}

/** The tag of a service message's room, by which a host finds the room; undefined for what is no service message of broadcasts. */
export function serviceTag(bytes: Uint8Array): Uint8Array | undefined {
  const short = bytes.length < SERVICE_HEADER_BYTES
  return short || kindOf(bytes) === undefined ? undefined : bytes.subarray(TAG_AT, POSITION_AT)
}

function kindOf(bytes: Uint8Array): ServiceKind | undefined {
  return (Object.keys(SERVICE) as ServiceKind[]).find((kind) => SERVICE[kind] === bytes[0])
}

function writePosition({ id, counter }: Position): Uint8Array {
  const bytes = new Uint8Array(KEY_ID_BYTES + COUNTER_BYTES)
  bytes.set(id)
  new DataView(bytes.buffer).setUint32(KEY_ID_BYTES, counter)
  return bytes
}

/** The id is a copy: positions are kept long after the message they came in. */
function readPosition(bytes: Uint8Array, at: number): Position {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { id: bytes.slice(at, at + KEY_ID_BYTES), counter: view.getUint32(at + KEY_ID_BYTES) }
}
