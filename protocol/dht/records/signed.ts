// Names and announcements: what one peer says, signed, with a sequence number. One layout, and a kind that is under the
// signature, so that neither can be shown as the other.
//
//   1 tag (2) ‖ "WPM1" ‖ 1 kind ‖ 1 flags (0) ‖ 1 suite (1) ‖ 8 sequence ‖ 8 created in ms ‖ 4 TTL in seconds
//   ‖ 1 length ‖ salt ‖ 2 length ‖ value ‖ 1952 public key ‖ 3309 signature over all before it but the tag

import { DHT_ANNOUNCEMENT_BYTES_MAX, DHT_NAME_BYTES_MAX, DHT_SALT_BYTES_MAX } from '../../limits/dht.ts'
import { equalBytes, utf8, Writer } from '../../wire/bytes.ts'
import { nameOf } from '../../wire/registry.ts'
import {
  check,
  demand,
  isMs,
  isTtl,
  isU64,
  PUBLIC_KEY_BYTES,
  parsed,
  readMs,
  readU64,
  SIGNATURE_BYTES,
  SUITE,
  writeU64,
} from './fields.ts'

export const SIGNED_TAG = 2
/** Numbers are never reused. */
export const SIGNED_KIND = { name: 1, announcement: 2 } as const
export type SignedKind = keyof typeof SIGNED_KIND

const MAGIC = utf8('WPM1')
/** Of both: where the kind stands, for who asks before reading. */
export const SIGNED_KIND_AT = 1 + MAGIC.length
const FIXED_BYTES = SIGNED_KIND_AT + 3 + 8 + 8 + 4 + 1 + 2 + PUBLIC_KEY_BYTES + SIGNATURE_BYTES // 5,292
const VALUE_BYTES_MAX = { name: DHT_NAME_BYTES_MAX, announcement: DHT_ANNOUNCEMENT_BYTES_MAX } as const
const SALT_BYTES_MAX = { name: DHT_SALT_BYTES_MAX, announcement: 0 } as const
export const SIGNED_RECORD_BYTES_MAX = {
  name: FIXED_BYTES + DHT_SALT_BYTES_MAX + DHT_NAME_BYTES_MAX,
  announcement: FIXED_BYTES + DHT_ANNOUNCEMENT_BYTES_MAX,
} as const

/** What is signed, but for the signer's key. */
export interface SignedTerms {
  readonly kind: SignedKind
  readonly sequence: bigint
  readonly createdMs: number
  readonly ttlSeconds: number
  readonly salt: Uint8Array
  readonly value: Uint8Array
}

export interface ReadSigned extends SignedTerms {
  readonly publicKey: Uint8Array
  /** What the signature is over. */
  readonly covered: Uint8Array
  readonly signature: Uint8Array
}

/** What is to be signed. */
export function coveredRecord(terms: SignedTerms, publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  const { kind, sequence, createdMs, ttlSeconds, salt, value } = terms
  demand(isU64(sequence), 'a sequence number is one of 64 bits')
  demand(isMs(createdMs), 'a time is a whole number of milliseconds')
  demand(isTtl(ttlSeconds), 'a TTL is a whole number of seconds')
  demand(salt.length <= SALT_BYTES_MAX[kind], `a salt of ${kind} has at most ${SALT_BYTES_MAX[kind]} bytes`)
  demand(value.length <= VALUE_BYTES_MAX[kind], `a ${kind} holds at most ${VALUE_BYTES_MAX[kind]} bytes`)
  demand(publicKey.length === PUBLIC_KEY_BYTES, `a public key has ${PUBLIC_KEY_BYTES} bytes`)
  const to = new Writer(FIXED_BYTES + salt.length + value.length)
  to.bytes(MAGIC).u8(SIGNED_KIND[kind]).u8(0).u8(SUITE)
  writeU64(to, sequence).u64(createdMs).u32(ttlSeconds)
  to.u8(salt.length).bytes(salt).u16(value.length).bytes(value)
  return to.bytes(publicKey).done()
}

export function encodeSigned(covered: Uint8Array, signature: Uint8Array): Uint8Array<ArrayBuffer> {
  demand(signature.length === SIGNATURE_BYTES, `a signature has ${SIGNATURE_BYTES} bytes`)
  return new Writer(1 + covered.length + signature.length)
    .u8(SIGNED_TAG)
    .bytes(covered)
    .bytes(signature)
    .done()
}

export function readSigned(bytes: Uint8Array): ReadSigned | undefined {
  return parsed(bytes, (from) => {
    check(from.u8() === SIGNED_TAG && equalBytes(from.bytes(MAGIC.length), MAGIC), 'no signed record')
    const kind = nameOf(SIGNED_KIND, from.u8())
    check(from.u8() === 0 && from.u8() === SUITE, 'no flags and suite of ours')
    if (kind === undefined) return undefined
    const [sequence, createdMs, ttlSeconds] = [readU64(from), readMs(from), from.u32()]
    const salt = from.bytes(from.u8())
    const value = from.bytes(from.u16())
    check(salt.length <= SALT_BYTES_MAX[kind], 'a salt too long')
    check(value.length <= VALUE_BYTES_MAX[kind], 'a value too long')
    const publicKey = from.bytes(PUBLIC_KEY_BYTES)
    const covered = bytes.subarray(1, bytes.length - from.remaining)
    const signature = from.bytes(SIGNATURE_BYTES)
    return { kind, sequence, createdMs, ttlSeconds, salt, value, publicKey, covered, signature }
  })
}
