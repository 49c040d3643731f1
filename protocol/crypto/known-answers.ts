// What an implementation must answer before it is trusted: a few calls whose results are fixed, small enough to ask at
// every start. They catch what is missing, misnamed or of another draft; correctness at large is the tests' business.

import { equalBytes, utf8 } from '../wire/bytes.ts'
import { type Aead, type Hash, type Kem, SIZES, type Signatures } from './suite.ts'

const SEED = Uint8Array.from({ length: 32 }, (_, i) => i)

export async function answersHash(hash: Hash): Promise<boolean> {
  const prk = await hash.extract(utf8('salt'), utf8('secret'))
  const okm = await hash.expand(prk, utf8('info'), 42)
  return hex(await hash.sha256(utf8('a'), utf8('bc')), okm) === KNOWN.hash
}

export async function answersAead(aead: Aead): Promise<boolean> {
  const key = await aead.key(SEED)
  const nonce = SEED.subarray(0, SIZES.nonce)
  const sealed = await key.seal(nonce, utf8('aad'), utf8('text'))
  const opened = await key.open(nonce, utf8('aad'), sealed)
  const refused = await key.open(nonce, utf8('add'), sealed)
  return (
    hex(sealed) === KNOWN.aead &&
    opened !== undefined &&
    equalBytes(opened, utf8('text')) &&
    refused === undefined
  )
}

/** A ciphertext of chance decapsulates too, to a secret that is fixed by it: both halves are in the answer. */
export async function answersKem(kem: Kem): Promise<boolean> {
  const pair = await kem.keyPair(SEED)
  const rejected = await pair.decapsulate(Uint8Array.from({ length: SIZES.kemCiphertext }, (_, i) => i & 255))
  if (
    rejected === undefined ||
    hex(pair.publicKey.subarray(0, 8), pair.publicKey.subarray(-8), rejected) !== KNOWN.kem
  ) {
    return false
  }
  const encapsulated = await kem.encapsulate(pair.publicKey)
  const secret = encapsulated && (await pair.decapsulate(encapsulated.ciphertext))
  return secret !== undefined && equalBytes(secret, encapsulated?.sharedSecret ?? new Uint8Array())
}

export async function answersSignatures(signatures: Signatures): Promise<boolean> {
  const key = await signatures.signingKey(SEED)
  if (hex(key.publicKey.subarray(0, 8), key.publicKey.subarray(-8)) !== KNOWN.signature) return false
  const signature = await key.sign(utf8('context'), utf8('message'))
  const good = await signatures.verify(key.publicKey, utf8('context'), utf8('message'), signature)
  const bad = await signatures.verify(key.publicKey, utf8('another'), utf8('message'), signature)
  return good && !bad
}

/** Made with noble, and held to the platforms' own by the tests. */
const KNOWN = {
  hash: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adf6d2fcc47cb939deafe3853a1e641a27e6924aff7a63d09cb04ccfffbe4776efdda39ae362b1346092d8',
  aead: 'fd9e7074e698869031cc91e99ab67bd7ee1ee5c5',
  kem: '6f54098a0a0e6411c3a6d7764fe81d7a1761a6ea181dd3fbeca4f2198d0d6d5528d6a11e3a888292681b43e86aa99ac1',
  signature: '48683d91978e31eb0a051e02f2e8444f',
}

function hex(...parts: readonly Uint8Array[]): string {
  let text = ''
  for (const part of parts) for (const byte of part) text += byte.toString(16).padStart(2, '0')
  return text
}
