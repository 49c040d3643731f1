// The port: every primitive the protocol uses, and nothing about who computes it.

export const ALGORITHMS = ['hash', 'aead', 'kem', 'signature'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

/** `mixed`: the platform's X25519 (and ML-KEM, if it has one) with the rest in JavaScript. */
export type Backend = 'native' | 'mixed' | 'pure'

export const SIZES = {
  hash: 32,
  aeadKey: 32,
  nonce: 12,
  tag: 16,
  kemSeed: 32,
  kemPublicKey: 1216,
  kemCiphertext: 1120,
  sharedSecret: 32,
  signatureSeed: 32,
  signaturePublicKey: 1952,
  signature: 3309,
} as const

/** SHA-256, and HMAC and HKDF over it. */
export interface Hash {
  sha256(...parts: readonly Uint8Array[]): Promise<Uint8Array>
  hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Promise<Uint8Array>
  /** HKDF-Extract: HMAC with the salt as key. */
  extract(salt: Uint8Array, secret: Uint8Array): Promise<Uint8Array>
  expand(key: Uint8Array, info: Uint8Array, length: number): Promise<Uint8Array>
}

/** ChaCha20-Poly1305 with one key. */
export interface AeadKey {
  /** Ciphertext and tag. */
  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Promise<Uint8Array>
  /** Undefined for anything but what seal made with the same key, nonce and aad. */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Promise<Uint8Array | undefined>
}

export interface Aead {
  key(bytes: Uint8Array): Promise<AeadKey>
}

export interface KemKeyPair {
  readonly publicKey: Uint8Array
  /**
   * Undefined for a ciphertext of the wrong length, or whose curve point is of small order; any other gives some secret, as
   * the scheme has it. Whatever the bytes are, this resolves.
   */
  decapsulate(ciphertext: Uint8Array): Promise<Uint8Array | undefined>
}

/** X-Wing. */
export interface Kem {
  keyPair(seed: Uint8Array): Promise<KemKeyPair>
  /** Undefined for a public key that is none, or whose curve point is of small order. */
  encapsulate(publicKey: Uint8Array): Promise<Encapsulated | undefined>
}

export interface Encapsulated {
  readonly ciphertext: Uint8Array
  readonly sharedSecret: Uint8Array
}

export interface SigningKey {
  readonly publicKey: Uint8Array
  /** Hedged. The context says what the signature is for; one made for one use is worthless for another. */
  sign(context: Uint8Array, message: Uint8Array): Promise<Uint8Array>
}

/** ML-DSA-65. */
export interface Signatures {
  signingKey(seed: Uint8Array): Promise<SigningKey>
  verify(
    publicKey: Uint8Array,
    context: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ): Promise<boolean>
}

export interface Suite {
  readonly hash: Hash
  readonly aead: Aead
  readonly kem: Kem
  readonly signatures: Signatures
  readonly random: (length: number) => Uint8Array
  readonly status: Readonly<Record<Algorithm, Backend>>
}

/** What was asked for cannot be had here, or a key is none. */
export class CryptoError extends Error {
  override readonly name = 'CryptoError'
}

export function checkSize(what: string, bytes: Uint8Array, size: number): void {
  if (bytes.length !== size) throw new CryptoError(`${what} has ${size} bytes, not ${bytes.length}`)
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
