// The messages as bytes. Layouts are exact: one length each, every reserved byte zero, one spelling of each content. Anything
// else reads as undefined, before any work is done for it.

import { equalBytes, utf8 } from '../../wire/bytes.ts'
import { concat, SIZES } from '../suite.ts'
import { SUITES_OFFERED } from './suites.ts'

const MAGIC = utf8('WPH1')
const NO_FLAGS = 0
export const RANDOM_BYTES = 32
export const DIAL_TAG_BYTES = 16
export const TICKET_ID_BYTES = 16
export const LINK_ID_BYTES = 16
export const MAC_BYTES = SIZES.hash
/** What a peer may say of itself beside its proof, sealed and authenticated with it; opaque here. Beyond it: a RangeError. */
export const EXT_BYTES_MAX = 257

export const TYPE = { m1: 1, m2: 2, m3: 3, r1: 4, r2: 5, join: 6, accept: 7 } as const
export type MessageType = keyof typeof TYPE

const HEAD = MAGIC.length + 2 // magic ‖ type ‖ flags
const BOX = SIZES.signaturePublicKey + SIZES.signature + 2 + EXT_BYTES_MAX + SIZES.tag

/** How many bytes at the front what follows is computed over. */
export const COVERED = {
  m1: HEAD + 2 * SUITES_OFFERED + RANDOM_BYTES + SIZES.kemPublicKey, // by the dial tag: 1262
  m2: HEAD + 2 + RANDOM_BYTES + SIZES.kemCiphertext, // by h2, before the box: 1160
  m3: HEAD, // before the box: 6
  r1: HEAD + 2 + RANDOM_BYTES + SIZES.kemPublicKey + TICKET_ID_BYTES, // by the binder: 1272
  r2: HEAD + 2 + RANDOM_BYTES + SIZES.kemCiphertext, // by h2, before finished: 1160
  join: HEAD + 2 + LINK_ID_BYTES + RANDOM_BYTES, // by the MAC: 56
  accept: HEAD + 2 + LINK_ID_BYTES + RANDOM_BYTES, // 56
} as const

export const LENGTH = {
  m1: COVERED.m1 + DIAL_TAG_BYTES + 2, // 1280
  m2: COVERED.m2 + BOX, // 6696
  m3: COVERED.m3 + BOX, // 5542
  r1: COVERED.r1 + MAC_BYTES, // 1304
  r2: COVERED.r2 + MAC_BYTES, // 1192
  join: COVERED.join + MAC_BYTES, // 88
  accept: COVERED.accept + MAC_BYTES, // 88
} as const

/** Which message this is, by its length and head alone. */
export function typeOf(bytes: Uint8Array): MessageType | undefined {
  const type = (Object.keys(TYPE) as MessageType[]).find((name) => TYPE[name] === bytes[MAGIC.length])
  return type !== undefined && isMessage(type, bytes) ? type : undefined
}

function isMessage(type: MessageType, bytes: Uint8Array): boolean {
  return (
    bytes.length === LENGTH[type] &&
    equalBytes(bytes.subarray(0, MAGIC.length), MAGIC) &&
    bytes[MAGIC.length] === TYPE[type] &&
    bytes[MAGIC.length + 1] === NO_FLAGS
  )
}

function head(type: MessageType): Uint8Array {
  return concat([MAGIC, Uint8Array.of(TYPE[type], NO_FLAGS)])
}

/** Cuts a message whose length is known into fields. */
function cutter(bytes: Uint8Array) {
  let at = HEAD
  const take = (length: number) => {
    at += length
    return bytes.subarray(at - length, at)
  }
  const u16 = () => u16At(take(2), 0)
  return { take, u16 }
}

function u16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value)
}

const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)

// ---- the handshake ------------------------------------------------------------------------------------------------

export interface M1 {
  readonly suites: readonly number[]
  readonly publicKey: Uint8Array
  readonly dialTag: Uint8Array
}

/** Without the dial tag, which is over exactly this. */
export function coveredM1(suites: readonly number[], random: Uint8Array, publicKey: Uint8Array): Uint8Array {
  return concat([head('m1'), ...suites.map(u16), random, publicKey])
}

export function writeM1(covered: Uint8Array, dialTag: Uint8Array): Uint8Array {
  return concat([covered, dialTag, u16(0)])
}

export function readM1(bytes: Uint8Array): M1 | undefined {
  if (!isMessage('m1', bytes)) return undefined
  const fields = cutter(bytes)
  const suites = Array.from({ length: SUITES_OFFERED }, fields.u16)
  fields.take(RANDOM_BYTES)
  const publicKey = fields.take(SIZES.kemPublicKey)
  const dialTag = fields.take(DIAL_TAG_BYTES)
  return fields.u16() === 0 ? { suites, publicKey, dialTag } : undefined
}

export interface M2 {
  readonly suite: number
  readonly ciphertext: Uint8Array
  readonly covered: Uint8Array
  readonly box: Uint8Array
}

export function coveredM2(suite: number, random: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return concat([head('m2'), u16(suite), random, ciphertext])
}

export function readM2(bytes: Uint8Array): M2 | undefined {
  if (!isMessage('m2', bytes)) return undefined
  const fields = cutter(bytes)
  const suite = fields.u16()
  fields.take(RANDOM_BYTES)
  const ciphertext = fields.take(SIZES.kemCiphertext)
  return { suite, ciphertext, covered: bytes.subarray(0, COVERED.m2), box: fields.take(BOX) }
}

export function writeM3(box: Uint8Array): Uint8Array {
  return concat([head('m3'), box])
}

/** The box: it is all there is. */
export function readM3(bytes: Uint8Array): Uint8Array | undefined {
  return isMessage('m3', bytes) ? bytes.subarray(COVERED.m3) : undefined
}

/** What a box holds: who, the proof, and whatever else the sender says of itself. */
export interface Auth {
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
  readonly ext: Uint8Array
}

export function writeAuth({ publicKey, signature, ext }: Auth): Uint8Array {
  const padding = new Uint8Array(EXT_BYTES_MAX - ext.length)
  return concat([publicKey, signature, u16(ext.length), ext, padding])
}

export function readAuth(bytes: Uint8Array): Auth | undefined {
  if (bytes.length !== BOX - SIZES.tag) return undefined
  const publicKey = bytes.slice(0, SIZES.signaturePublicKey)
  const after = SIZES.signaturePublicKey + SIZES.signature
  const length = u16At(bytes, after)
  if (length > EXT_BYTES_MAX || !isZero(bytes.subarray(after + 2 + length))) return undefined
  const ext = bytes.slice(after + 2, after + 2 + length)
  return { publicKey, signature: bytes.slice(SIZES.signaturePublicKey, after), ext }
}

// ---- the resumption -----------------------------------------------------------------------------------------------

export interface R1 {
  readonly suite: number
  readonly publicKey: Uint8Array
  readonly ticket: Uint8Array
  readonly covered: Uint8Array
  readonly binder: Uint8Array
}

export function coveredR1(
  suite: number,
  random: Uint8Array,
  publicKey: Uint8Array,
  ticket: Uint8Array,
): Uint8Array {
  return concat([head('r1'), u16(suite), random, publicKey, ticket])
}

export function readR1(bytes: Uint8Array): R1 | undefined {
  if (!isMessage('r1', bytes)) return undefined
  const fields = cutter(bytes)
  const suite = fields.u16()
  fields.take(RANDOM_BYTES)
  const publicKey = fields.take(SIZES.kemPublicKey)
  const ticket = fields.take(TICKET_ID_BYTES)
  const covered = bytes.subarray(0, COVERED.r1)
  return { suite, publicKey, ticket, covered, binder: fields.take(MAC_BYTES) }
}

export interface R2 {
  readonly suite: number
  readonly ciphertext: Uint8Array
  readonly covered: Uint8Array
  readonly finished: Uint8Array
}

export function coveredR2(suite: number, random: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return concat([head('r2'), u16(suite), random, ciphertext])
}

export function readR2(bytes: Uint8Array): R2 | undefined {
  if (!isMessage('r2', bytes)) return undefined
  const fields = cutter(bytes)
  const suite = fields.u16()
  fields.take(RANDOM_BYTES)
  const ciphertext = fields.take(SIZES.kemCiphertext)
  return { suite, ciphertext, covered: bytes.subarray(0, COVERED.r2), finished: fields.take(MAC_BYTES) }
}

// ---- joining a path -----------------------------------------------------------------------------------------------

/** A join and its acceptance look alike. */
export interface Joining {
  readonly path: number
  readonly link: Uint8Array
  readonly covered: Uint8Array
  readonly mac: Uint8Array
}

export function coveredJoining(
  type: 'join' | 'accept',
  path: number,
  link: Uint8Array,
  random: Uint8Array,
): Uint8Array {
  return concat([head(type), u16(path), link, random])
}

export function readJoining(type: 'join' | 'accept', bytes: Uint8Array): Joining | undefined {
  if (!isMessage(type, bytes)) return undefined
  const fields = cutter(bytes)
  const path = fields.u16()
  const link = fields.take(LINK_ID_BYTES)
  fields.take(RANDOM_BYTES)
  return { path, link, covered: bytes.subarray(0, COVERED[type]), mac: fields.take(MAC_BYTES) }
}
