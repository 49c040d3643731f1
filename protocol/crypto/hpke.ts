// Sealed boxes: HPKE (RFC 9180), one suite, single shot. Base mode, and PSK mode for whoever shares a secret already.

import { utf8 } from '../wire/bytes.ts'
import { concat, type Encapsulated, type KemKeyPair, SIZES, type Suite } from './suite.ts'

const SUITE_ID = concat([utf8('HPKE'), Uint8Array.of(0x64, 0x7a, 0x00, 0x01, 0x00, 0x03)])
const VERSION = utf8('HPKE-v1')
const MODE = { base: 0, psk: 1 } as const
const EMPTY = new Uint8Array()

export interface Psk {
  readonly id: Uint8Array
  /** At least 32 bytes of real secret. */
  readonly key: Uint8Array
}

export interface Sealing {
  readonly info: Uint8Array
  readonly aad?: Uint8Array
  readonly psk?: Psk
}

/** Encapsulated key and ciphertext in one piece. Undefined for a recipient key that is none. */
export async function seal(
  suite: Suite,
  recipient: Uint8Array,
  plaintext: Uint8Array,
  how: Sealing,
): Promise<Uint8Array | undefined> {
  const encapsulated = await suite.kem.encapsulate(recipient)
  return encapsulated && sealWith(suite, encapsulated, plaintext, how)
}

/** For golden bytes: with an encapsulation made elsewhere. */
export async function sealWith(
  suite: Suite,
  { ciphertext, sharedSecret }: Encapsulated,
  plaintext: Uint8Array,
  how: Sealing,
): Promise<Uint8Array> {
  const { key, nonce } = await schedule(suite, sharedSecret, how)
  return concat([ciphertext, await key.seal(nonce, how.aad ?? EMPTY, plaintext)])
}

/** Undefined for anything not sealed to this key with the same info, aad and psk. */
export async function open(
  suite: Suite,
  recipient: KemKeyPair,
  sealed: Uint8Array,
  how: Sealing,
): Promise<Uint8Array | undefined> {
  const sharedSecret = await recipient.decapsulate(sealed.subarray(0, SIZES.kemCiphertext))
  if (sharedSecret === undefined) return undefined
  const { key, nonce } = await schedule(suite, sharedSecret, how)
  return key.open(nonce, how.aad ?? EMPTY, sealed.subarray(SIZES.kemCiphertext))
}

/** RFC 9180 section 5.1; the exporter is not used here. */
export async function schedule(suite: Suite, sharedSecret: Uint8Array, { info, psk }: Sealing) {
  const { hash, aead } = suite
  const labeledExtract = (salt: Uint8Array, label: string, secret: Uint8Array) =>
    hash.extract(salt, concat([VERSION, SUITE_ID, utf8(label), secret]))
  const labeledExpand = (prk: Uint8Array, label: string, context: Uint8Array, length: number) =>
    hash.expand(
      prk,
      concat([Uint8Array.of(length >>> 8, length), VERSION, SUITE_ID, utf8(label), context]),
      length,
    )

  const mode = Uint8Array.of(psk === undefined ? MODE.base : MODE.psk)
  const pskIdHash = await labeledExtract(EMPTY, 'psk_id_hash', psk?.id ?? EMPTY)
  const infoHash = await labeledExtract(EMPTY, 'info_hash', info)
  const context = concat([mode, pskIdHash, infoHash])
  const secret = await labeledExtract(sharedSecret, 'secret', psk?.key ?? EMPTY)
  const keyBytes = await labeledExpand(secret, 'key', context, SIZES.aeadKey)
  const nonce = await labeledExpand(secret, 'base_nonce', context, SIZES.nonce)
  return { key: await aead.key(keyBytes), keyBytes, nonce }
}
