// Records whose keys and signatures are as they may be: what the tests of layouts are about is where things stand.

import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../../../protocol/dht/records/fields.ts'
import { coveredProvided, encodeHead, type ProvidedTerms } from '../../../protocol/dht/records/provided.ts'
import { coveredRecord, encodeSigned, type SignedTerms } from '../../../protocol/dht/records/signed.ts'
import { utf8 } from '../../../protocol/wire/bytes.ts'

export const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte)
export const PUBLIC_KEY = filled(PUBLIC_KEY_BYTES, 0xaa)
export const SIGNATURE = filled(SIGNATURE_BYTES, 0xbb)

export function signedOf(
  terms: SignedTerms,
  publicKey: Uint8Array = PUBLIC_KEY,
  signature: Uint8Array = SIGNATURE,
) {
  return encodeSigned(coveredRecord(terms, publicKey), signature)
}

export function headOf(
  terms: ProvidedTerms,
  publicKey: Uint8Array = PUBLIC_KEY,
  signature: Uint8Array = SIGNATURE,
) {
  return encodeHead(coveredProvided(terms, publicKey), signature)
}

export const TERMS = {
  sequence: 0x0102030405060708n,
  createdMs: 1_800_000_000_000,
  ttlSeconds: 3_600,
  salt: utf8('news'),
  value: utf8('{}'),
} as const
