// Every primitive in JavaScript, by noble: with blake3.ts the only file that imports it, and loaded only where something is
// missing natively, or where a test wants to choose the randomness.

import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { expand, extract } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { sha3_256, shake256 } from '@noble/hashes/sha3.js'
import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js'
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import {
  type Aead,
  CryptoError,
  checkSize,
  concat,
  type Encapsulated,
  type Hash,
  type Kem,
  SIZES,
  type Signatures,
} from './suite.ts'

export const pureHash: Hash = {
  sha256: async (...parts) => sha256(concat(parts)),
  hmac: async (key, ...parts) => hmac(sha256, key, concat(parts)),
  extract: async (salt, secret) => extract(sha256, secret, salt),
  expand: async (key, info, length) => expand(sha256, key, info, length),
}

export const pureAead: Aead = {
  key: async (bytes) => {
    checkSize('a ChaCha20-Poly1305 key', bytes, SIZES.aeadKey)
    const key = bytes.slice()
    return {
      seal: async (nonce, aad, plaintext) => chacha20poly1305(key, nonce, aad).encrypt(plaintext),
      open: async (nonce, aad, sealed) => {
        if (sealed.length < SIZES.tag) return undefined
        try {
          return chacha20poly1305(key, nonce, aad).decrypt(sealed)
        } catch {
          return undefined
        }
      },
    }
  },
}

/** X-Wing as noble has it, with the randomness from outside. */
export function pureKem(random: (length: number) => Uint8Array): Kem {
  return {
    keyPair: async (seed) => {
      checkSize('an X-Wing seed', seed, SIZES.kemSeed)
      const { publicKey, secretKey } = ml_kem768_x25519.keygen(seed)
      return {
        publicKey,
        decapsulate: async (ciphertext) => {
          if (ciphertext.length !== SIZES.kemCiphertext) return undefined
          try {
            return ml_kem768_x25519.decapsulate(ciphertext, secretKey)
          } catch {
            return undefined
          }
        },
      }
    },
    encapsulate: async (publicKey) => encapsulateWith(publicKey, random(64)),
  }
}

/** For tests and golden bytes: the 64 bytes an encapsulation draws, given. */
export function encapsulateWith(publicKey: Uint8Array, randomness: Uint8Array): Encapsulated | undefined {
  if (publicKey.length !== SIZES.kemPublicKey) return undefined
  try {
    const { cipherText, sharedSecret } = ml_kem768_x25519.encapsulate(publicKey, randomness)
    return { ciphertext: cipherText, sharedSecret }
  } catch {
    return undefined
  }
}

export function pureSignatures(random: (length: number) => Uint8Array): Signatures {
  return {
    signingKey: async (seed) => {
      checkSize('an ML-DSA-65 seed', seed, SIZES.signatureSeed)
      const { publicKey, secretKey } = ml_dsa65.keygen(seed)
      return {
        publicKey,
        sign: async (context, message) =>
          ml_dsa65.sign(message, secretKey, { context, extraEntropy: random(32) }),
      }
    },
    verify: async (publicKey, context, message, signature) => {
      if (publicKey.length !== SIZES.signaturePublicKey || signature.length !== SIZES.signature) return false
      try {
        return ml_dsa65.verify(signature, message, publicKey, { context })
      } catch {
        return false
      }
    },
  }
}

/** For tests and golden bytes. `entropy` undefined: the deterministic variant. */
export function signWith(
  seed: Uint8Array,
  context: Uint8Array,
  message: Uint8Array,
  entropy: Uint8Array | undefined,
): Uint8Array {
  const { secretKey } = ml_dsa65.keygen(seed)
  return ml_dsa65.sign(message, secretKey, { context, extraEntropy: entropy ?? false })
}

// ---- what the mixed X-Wing takes from here -----------------------------------------------------------------------

const XWING_LABEL = Uint8Array.of(0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c) // \.//^\ as the draft draws it

/** The two seeds an X-Wing seed stands for. */
export function expandKemSeed(seed: Uint8Array): {
  readonly lattice: Uint8Array
  readonly curve: Uint8Array
} {
  checkSize('an X-Wing seed', seed, SIZES.kemSeed)
  const expanded = shake256(seed, { dkLen: 96 })
  return { lattice: expanded.slice(0, 64), curve: expanded.slice(64) }
}

/** X-Wing's combiner over what the two halves agreed on. */
export function combineKem(
  latticeSecret: Uint8Array,
  curveSecret: Uint8Array,
  curveCiphertext: Uint8Array,
  curvePublicKey: Uint8Array,
): Uint8Array {
  return sha3_256(concat([latticeSecret, curveSecret, curveCiphertext, curvePublicKey, XWING_LABEL]))
}

/** ML-KEM-768 alone, for a platform that has X25519 and no lattice. */
export const lattice = {
  keyPair: (seed: Uint8Array) => ml_kem768.keygen(seed),
  encapsulate(publicKey: Uint8Array, message: Uint8Array) {
    try {
      return ml_kem768.encapsulate(publicKey, message)
    } catch (error) {
      throw new CryptoError('not an ML-KEM-768 public key', { cause: error })
    }
  },
  decapsulate: (ciphertext: Uint8Array, secretKey: Uint8Array) =>
    ml_kem768.decapsulate(ciphertext, secretKey),
}
