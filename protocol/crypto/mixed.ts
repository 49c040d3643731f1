// X-Wing of parts: X25519 by WebCrypto, which has it everywhere and is twenty times as fast as JavaScript; ML-KEM by
// WebCrypto where it has that too (Node 24, workerd), else by noble.

import { fromBase64url } from '../wire/base64url.ts'
import { kemCalls } from './native.ts'
import { combineKem, expandKemSeed, lattice } from './pure.ts'
import type { Subtle } from './subtle.ts'
import { CryptoError, concat, type Kem, SIZES } from './suite.ts'

const LATTICE_PUBLIC = 1184
const LATTICE_CIPHERTEXT = 1088
const CURVE_BYTES = 32

/** ML-KEM-768, by whomever. */
interface Lattice {
  keyPair(
    seed: Uint8Array,
  ): Promise<{ publicKey: Uint8Array; decapsulate(ct: Uint8Array): Promise<Uint8Array> }>
  encapsulate(publicKey: Uint8Array): Promise<{ ciphertext: Uint8Array; secret: Uint8Array }>
}

export function noblesLattice(random: (length: number) => Uint8Array): Lattice {
  return {
    keyPair: async (seed) => {
      const { publicKey, secretKey } = lattice.keyPair(seed)
      return { publicKey, decapsulate: async (ciphertext) => lattice.decapsulate(ciphertext, secretKey) }
    },
    encapsulate: async (publicKey) => {
      const { cipherText, sharedSecret } = lattice.encapsulate(publicKey, random(32))
      return { ciphertext: cipherText, secret: sharedSecret }
    },
  }
}

const MLKEM = 'ML-KEM-768'

export function nativeLattice(subtle: Subtle): Lattice {
  const { encapsulateBits, decapsulateBits } = kemCalls(subtle)
  return {
    keyPair: async (seed) => {
      const key = await subtle.importKey('raw-seed', seed, MLKEM, true, ['decapsulateBits'])
      if (subtle.getPublicKey === undefined) throw new CryptoError('no getPublicKey here')
      const raw = await subtle.exportKey('raw-public', await subtle.getPublicKey(key, ['encapsulateBits']))
      if (!(raw instanceof ArrayBuffer)) throw new CryptoError('the platform gave no ML-KEM public key')
      return {
        publicKey: new Uint8Array(raw),
        decapsulate: async (ciphertext) => new Uint8Array(await decapsulateBits(MLKEM, key, ciphertext)),
      }
    },
    encapsulate: async (publicKey) => {
      const key = await subtle.importKey('raw-public', publicKey, MLKEM, false, ['encapsulateBits'])
      const { sharedKey, ciphertext } = await encapsulateBits(MLKEM, key)
      return { ciphertext: new Uint8Array(ciphertext), secret: new Uint8Array(sharedKey) }
    },
  }
}

export function mixedKem(subtle: Subtle, mlkem: Lattice): Kem {
  return {
    keyPair: async (seed) => {
      const seeds = expandKemSeed(seed)
      const half = await mlkem.keyPair(seeds.lattice)
      const curve = await curveKey(subtle, seeds.curve)
      return {
        publicKey: concat([half.publicKey, curve.publicKey]),
        decapsulate: async (ciphertext) => {
          if (ciphertext.length !== SIZES.kemCiphertext) return undefined
          const theirs = ciphertext.subarray(LATTICE_CIPHERTEXT)
          const secret = await half.decapsulate(ciphertext.subarray(0, LATTICE_CIPHERTEXT))
          const agreed = await agree(subtle, curve.key, theirs)
          return agreed && combineKem(secret, agreed, theirs, curve.publicKey)
        },
      }
    },
    encapsulate: async (publicKey) => {
      if (publicKey.length !== SIZES.kemPublicKey) return undefined
      const theirs = publicKey.subarray(LATTICE_PUBLIC)
      try {
        const { ciphertext, secret } = await mlkem.encapsulate(publicKey.subarray(0, LATTICE_PUBLIC))
        const ephemeral = await subtle.generateKey('X25519', false, ['deriveBits'])
        const ours = new Uint8Array((await subtle.exportKey('raw', ephemeral.publicKey)) as ArrayBuffer)
        const agreed = await agree(subtle, ephemeral.privateKey, theirs)
        if (agreed === undefined) return undefined
        return {
          ciphertext: concat([ciphertext, ours]),
          sharedSecret: combineKem(secret, agreed, ours, theirs),
        }
      } catch {
        return undefined
      }
    },
  }
}

/** RFC 8410's wrapping of a private key of 32 bytes: WebCrypto takes no bare one. */
const PKCS8_X25519 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20)

async function curveKey(subtle: Subtle, secret: Uint8Array): Promise<{ key: object; publicKey: Uint8Array }> {
  const key = await subtle.importKey('pkcs8', concat([PKCS8_X25519, secret]), 'X25519', true, ['deriveBits'])
  const jwk = await subtle.exportKey('jwk', key)
  const publicKey = 'x' in jwk && jwk.x !== undefined ? fromBase64url(jwk.x) : undefined
  if (publicKey?.length !== CURVE_BYTES) throw new CryptoError('the platform gave no X25519 public key')
  return { key, publicKey }
}

/** Undefined for a public key of small order, as everywhere: WebCrypto refuses what would be an agreement of zeros. */
async function agree(subtle: Subtle, key: object, theirs: Uint8Array): Promise<Uint8Array | undefined> {
  const their = await subtle.importKey('raw', theirs, 'X25519', false, [])
  return subtle.deriveBits({ name: 'X25519', public: their }, key, 8 * CURVE_BYTES).then(
    (bits) => new Uint8Array(bits),
    () => undefined,
  )
}
