// Envelopes from outside: four sizes, and bytes that look like chance. A first message and a later one differ only in what the
// sealed parts hold; where a first one has a ciphertext, a later one of the same size has a decoy, so that the two look alike.

import { MAIL_ENVELOPE_CLASSES } from '../../limits/mail.ts'
import { type AeadKey, concat, type Hash, SIZES, type Suite } from '../suite.ts'
import { expand, ID_BYTES, isZero, LIFE_BYTES, MAILBOX_BYTES, SESSION_ID_BYTES, u32 } from './fields.ts'

export const VERSION = 1
export const SALT_BYTES = 16
export const TAG_BYTES = 16
export const SLOT_AT = 1 + SALT_BYTES + TAG_BYTES
export const HEADER_BYTES = SIZES.kemCiphertext + SIZES.kemPublicKey + LIFE_BYTES + 4 + 4
const ADDRESS_BYTES = ID_BYTES + SIZES.kemCiphertext + SESSION_ID_BYTES + 4
export const INTRODUCTION_BYTES =
  SIZES.signaturePublicKey + SIZES.signature + 4 + LIFE_BYTES + MAILBOX_BYTES + SIZES.kemPublicKey + 32

export const ADDRESS_AT = SLOT_AT + SIZES.kemCiphertext
export const INTRODUCTION_AT = ADDRESS_AT + ADDRESS_BYTES + SIZES.tag
const FIRST_BODY_AT = INTRODUCTION_AT + INTRODUCTION_BYTES + SIZES.tag
const LENGTH_BYTES = 4

/** First: until the other has answered. */
export type MessageKind = 'first' | 'later'
export type EnvelopeSize = (typeof MAIL_ENVELOPE_CLASSES)[number]
const [LEAST] = MAIL_ENVELOPE_CLASSES

/** The least has no room for what only large ones carry: a ciphertext in the open. */
export function hasSlot(size: number): boolean {
  return size > LEAST
}

export function headerAt(size: number): number {
  return hasSlot(size) ? SLOT_AT + SIZES.kemCiphertext : SLOT_AT
}

export function bodyAt(kind: MessageKind, size: number): number {
  return kind === 'first' ? FIRST_BODY_AT : headerAt(size) + HEADER_BYTES + SIZES.tag
}

/** How many bytes of content an envelope of that size holds; undefined where it cannot hold such a message at all. */
export function contentMax(kind: MessageKind, size: EnvelopeSize): number | undefined {
  const room = size - bodyAt(kind, size) - SIZES.tag - LENGTH_BYTES
  return room < 0 ? undefined : room
}

/** The least that holds it. */
export function sizeFor(kind: MessageKind, contentBytes: number): EnvelopeSize {
  const size = MAIL_ENVELOPE_CLASSES.find((each) => (contentMax(kind, each) ?? -1) >= contentBytes)
  if (size !== undefined) return size
  const most = contentMax(kind, MAIL_ENVELOPE_CLASSES[MAIL_ENVELOPE_CLASSES.length - 1] ?? LEAST)
  throw new RangeError(`a ${kind} message holds at most ${most} bytes, not ${contentBytes}`)
}

export interface Outside {
  readonly salt: Uint8Array
  readonly tag: Uint8Array
}

/** What can be seen of an envelope; undefined for what is none. */
export function readOutside(envelope: Uint8Array): Outside | undefined {
  const isClass = MAIL_ENVELOPE_CLASSES.some((size) => size === envelope.length)
  if (!isClass || envelope[0] !== VERSION) return undefined
  return { salt: envelope.slice(1, 1 + SALT_BYTES), tag: envelope.slice(1 + SALT_BYTES, SLOT_AT) }
}

export function writeOutside({ salt, tag }: Outside): Uint8Array {
  return concat([Uint8Array.of(VERSION), salt, tag])
}

export interface SealingKey {
  readonly key: AeadKey
  readonly nonce: Uint8Array
}

/**
 * Of a key that seals one message, or one turn's headers, and the envelope's salt: even a host that seals twice from one state never
 * has two texts under one key and nonce.
 */
export async function salted(
  { hash, aead }: { readonly hash: Hash; readonly aead: Suite['aead'] },
  secret: Uint8Array,
  label: Uint8Array,
  salt: Uint8Array,
): Promise<SealingKey> {
  const both = await expand(hash, secret, label, [salt], SIZES.aeadKey + SIZES.nonce)
  const made = {
    key: await aead.key(both.subarray(0, SIZES.aeadKey)),
    nonce: both.slice(SIZES.aeadKey),
  }
  both.fill(0)
  return made
}

/** The whole envelope: what stands before, and the content, padded to what is left. */
export async function sealBody(
  { key, nonce }: SealingKey,
  before: Uint8Array,
  content: Uint8Array,
  size: EnvelopeSize,
): Promise<Uint8Array> {
  const padded = new Uint8Array(size - before.length - SIZES.tag)
  padded.set(u32(content.length))
  padded.set(content, LENGTH_BYTES)
  return concat([before, await key.seal(nonce, before, padded)])
}

export async function openBody(
  { key, nonce }: SealingKey,
  envelope: Uint8Array,
  at: number,
): Promise<Uint8Array | 'unopened' | 'malformed'> {
  const padded = await key.open(nonce, envelope.slice(0, at), envelope.slice(at))
  if (padded === undefined) return 'unopened'
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0)
  const end = LENGTH_BYTES + length
  if (end > padded.length || !isZero(padded.subarray(end))) return 'malformed'
  return padded.slice(LENGTH_BYTES, end)
}
