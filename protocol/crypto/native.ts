// The primitives by WebCrypto, where it has them. Nothing here asks whether it does: choose.ts tries each against a known
// answer first.

import { fromBase64url } from '../wire/base64url.ts'
import type { Subtle, SubtleKey } from './subtle.ts'
import {
  type Aead,
  CryptoError,
  checkSize,
  concat,
  type Hash,
  type Kem,
  SIZES,
  type Signatures,
} from './suite.ts'

/** `keysKept`: how many HMAC keys are kept imported, for who signs with few, again and again. Importing costs as much as signing. */
export function nativeHash(subtle: Subtle, keysKept = 0): Hash {
  const imports = new HmacKeys(subtle, keysKept)
  const hmac = async (key: Uint8Array, ...parts: readonly Uint8Array[]) => {
    const imported = imports.kept(key) ?? (await imports.import(key))
    return new Uint8Array(await subtle.sign('HMAC', imported, joined(parts)))
  }
  return {
    sha256: async (...parts) => new Uint8Array(await subtle.digest('SHA-256', joined(parts))),
    hmac,
    extract: (salt, secret) => hmac(salt, secret),
    // By HMAC and not WebCrypto's HKDF, which cannot expand a key without extracting it first.
    expand: async (key, info, length) => {
      const blocks: Uint8Array[] = []
      for (let i = 1; (i - 1) * SIZES.hash < length; i++) {
        blocks.push(await hmac(key, blocks.at(-1) ?? new Uint8Array(), info, Uint8Array.of(i)))
      }
      return concat(blocks).slice(0, length)
    },
  }
}

/** WebCrypto copies what it is given before it returns: a lone part need not be copied for it. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? (parts[0] as Uint8Array) : concat(parts)
}

class HmacKeys {
  readonly #subtle: Subtle
  readonly #keptMax: number
  readonly #byBytes = new Map<string, SubtleKey>()

  constructor(subtle: Subtle, keptMax: number) {
    this.#subtle = subtle
    this.#keptMax = keptMax
  }

  kept(key: Uint8Array): SubtleKey | undefined {
    return this.#byBytes.size === 0 ? undefined : this.#byBytes.get(String.fromCharCode(...key))
  }

  /** A key and not its promise is kept: in a Worker, one made while one request is served may never resolve for another. */
  async import(key: Uint8Array): Promise<SubtleKey> {
    // HMAC pads a key with zeros, and WebCrypto refuses an empty one: one zero is the same key.
    const bytes = key.length === 0 ? new Uint8Array(1) : key
    const how = { name: 'HMAC', hash: 'SHA-256' }
    const name = this.#keptMax === 0 ? undefined : String.fromCharCode(...key)
    const imported = await this.#subtle.importKey('raw', bytes, how, false, ['sign'])
    if (name === undefined) return imported
    for (const oldest of this.#byBytes.keys())
      if (this.#byBytes.size >= this.#keptMax) this.#byBytes.delete(oldest)
    this.#byBytes.set(name, imported)
    return imported
  }
}

const CHACHA = 'ChaCha20-Poly1305'

export function nativeAead(subtle: Subtle): Aead {
  return {
    key: async (bytes) => {
      checkSize('a ChaCha20-Poly1305 key', bytes, SIZES.aeadKey)
      const key = await subtle.importKey('raw-secret', bytes, CHACHA, false, ['encrypt', 'decrypt'])
      const how = (iv: Uint8Array, additionalData: Uint8Array) => ({
        name: CHACHA,
        iv,
        additionalData,
        tagLength: 128,
      })
      return {
        seal: async (nonce, aad, plaintext) =>
          new Uint8Array(await subtle.encrypt(how(nonce, aad), key, plaintext)),
        open: (nonce, aad, sealed) =>
          subtle.decrypt(how(nonce, aad), key, sealed).then(
            (plaintext) => new Uint8Array(plaintext),
            () => undefined,
          ),
      }
    },
  }
}

const XWING = 'MLKEM768-X25519'

export function nativeKem(subtle: Subtle): Kem {
  const { encapsulateBits, decapsulateBits } = kemCalls(subtle)
  return {
    keyPair: async (seed) => {
      checkSize('an X-Wing seed', seed, SIZES.kemSeed)
      const key = await subtle.importKey('raw-seed', seed, XWING, true, ['decapsulateBits'])
      return {
        publicKey: await xwingPublicKey(subtle, key),
        decapsulate: async (ciphertext) => {
          if (ciphertext.length !== SIZES.kemCiphertext) return undefined
          return decapsulateBits(XWING, key, ciphertext).then(
            (secret) => new Uint8Array(secret),
            () => undefined,
          )
        },
      }
    },
    encapsulate: async (publicKey) => {
      if (publicKey.length !== SIZES.kemPublicKey) return undefined
      try {
        const key = await subtle.importKey('raw-public', publicKey, XWING, false, ['encapsulateBits'])
        const { sharedKey, ciphertext } = await encapsulateBits(XWING, key)
        return { ciphertext: new Uint8Array(ciphertext), sharedSecret: new Uint8Array(sharedKey) }
      } catch {
        return undefined
      }
    },
  }
}

export function kemCalls(subtle: Subtle) {
  const { encapsulateBits, decapsulateBits } = subtle
  if (encapsulateBits === undefined || decapsulateBits === undefined)
    throw new CryptoError('no key encapsulation here')
  return { encapsulateBits: encapsulateBits.bind(subtle), decapsulateBits: decapsulateBits.bind(subtle) }
}

/** Runtimes import X-Wing keys raw but give the public one back only as a JWK. */
async function xwingPublicKey(subtle: Subtle, key: object): Promise<Uint8Array> {
  const jwk = await subtle.exportKey('jwk', key)
  const bytes = 'pub' in jwk && jwk.pub !== undefined ? fromBase64url(jwk.pub) : undefined
  if (bytes?.length !== SIZES.kemPublicKey) throw new CryptoError('the platform gave no X-Wing public key')
  return bytes
}

const MLDSA = 'ML-DSA-65'

export function nativeSignatures(subtle: Subtle): Signatures {
  return {
    signingKey: async (seed) => {
      checkSize('an ML-DSA-65 seed', seed, SIZES.signatureSeed)
      const key = await subtle.importKey('raw-seed', seed, MLDSA, true, ['sign'])
      const publicKey = await mldsaPublicKey(subtle, key)
      return {
        publicKey,
        sign: async (context, message) =>
          new Uint8Array(await subtle.sign({ name: MLDSA, context }, key, message)),
      }
    },
    verify: async (publicKey, context, message, signature) => {
      if (publicKey.length !== SIZES.signaturePublicKey || signature.length !== SIZES.signature) return false
      try {
        const key = await subtle.importKey('raw-public', publicKey, MLDSA, false, ['verify'])
        return await subtle.verify({ name: MLDSA, context }, key, signature, message)
      } catch {
        return false
      }
    },
  }
}

async function mldsaPublicKey(subtle: Subtle, key: object): Promise<Uint8Array> {
  if (subtle.getPublicKey === undefined) throw new CryptoError('no getPublicKey here')
  const raw = await subtle.exportKey('raw-public', await subtle.getPublicKey(key, ['verify']))
  if (!(raw instanceof ArrayBuffer)) throw new CryptoError('the platform gave no ML-DSA public key')
  return new Uint8Array(raw)
}
