// A toy in the place of cryptography: every port of a suite, of the right sizes and with the right dependences, out of one hash,
// and as good as a lock drawn on a door. It hides nothing and anybody can forge it. It exists so that a hundred
// thousand schedules of real handshakes and real records are affordable, and so that they come out the same each time: it
// does all its work in the turn it is called in. Nothing outside test/sim may import it.

import { hash } from 'node:crypto'
import {
  type AeadKey,
  concat,
  type KemKeyPair,
  SIZES,
  type SigningKey,
  type Suite,
} from '../../protocol/crypto/suite.ts'
import { equalBytes, utf8 } from '../../protocol/wire/bytes.ts'

const [KEM, SIGN, SEAL, MAC] = ['toy kem', 'toy signature', 'toy seal', 'toy mac'].map(utf8) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]

/** Deterministic, given where it takes its randomness from. */
export function toySuite(random: (length: number) => Uint8Array): Suite {
  return {
    hash: {
      sha256: async (...parts) => sha256(parts),
      hmac: async (key, ...parts) => mac(key, parts),
      extract: async (salt, secret) => mac(salt, [secret]),
      expand: async (key, info, length) => stretched(key, info, length),
    },
    aead: { key: async (bytes) => aeadKey(bytes.slice()) },
    kem: {
      keyPair: async (seed) => kemKeyPair(seed),
      encapsulate: async (publicKey) => {
        const ciphertext = padded(random(32), SIZES.kemCiphertext)
        return { ciphertext, sharedSecret: sha256([KEM, publicKey, ciphertext]) }
      },
    },
    signatures: {
      signingKey: async (seed) => signingKey(seed),
      verify: async (publicKey, context, message, signature) =>
        equalBytes(signature, signed(publicKey, context, message)),
    },
    random,
    status: { hash: 'pure', aead: 'pure', kem: 'pure', signature: 'pure' },
  }
}

function kemKeyPair(seed: Uint8Array): KemKeyPair {
  const publicKey = padded(sha256([KEM, seed]), SIZES.kemPublicKey)
  return {
    publicKey,
    decapsulate: async (ciphertext) =>
      ciphertext.length === SIZES.kemCiphertext ? sha256([KEM, publicKey, ciphertext]) : undefined,
  }
}

function signingKey(seed: Uint8Array): SigningKey {
  const publicKey = padded(sha256([SIGN, seed]), SIZES.signaturePublicKey)
  return { publicKey, sign: async (context, message) => signed(publicKey, context, message) }
}

function signed(publicKey: Uint8Array, context: Uint8Array, message: Uint8Array): Uint8Array {
  return padded(sha256([SIGN, publicKey, context, message]), SIZES.signature)
}

/** The plaintext as it is, and a tag over everything: what is not the same at both ends does not open. */
function aeadKey(key: Uint8Array): AeadKey {
  const tag = (nonce: Uint8Array, aad: Uint8Array, text: Uint8Array) =>
    sha256([SEAL, key, nonce, Uint8Array.of(aad.length), aad, text]).subarray(0, SIZES.tag)
  return {
    seal: async (nonce, aad, plaintext) => {
      const sealed = new Uint8Array(plaintext.length + SIZES.tag)
      sealed.set(plaintext)
      sealed.set(tag(nonce, aad, plaintext), plaintext.length)
      return sealed
    },
    open: async (nonce, aad, sealed) => {
      if (sealed.length < SIZES.tag) return undefined
      const plaintext = sealed.slice(0, sealed.length - SIZES.tag)
      return equalBytes(tag(nonce, aad, plaintext), sealed.subarray(plaintext.length)) ? plaintext : undefined
    },
  }
}

function stretched(key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += SIZES.hash)
    bytes.set(mac(key, [info, Uint8Array.of(at / SIZES.hash)]).subarray(0, length - at), at)
  return bytes
}

function mac(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  return sha256([MAC, key, ...parts])
}

function sha256(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hash('sha256', concat(parts), 'buffer'))
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(length)
  whole.set(bytes)
  return whole
}
