// Every implementation against every other: what one makes, the others take; what is wrong, none takes.

import { beforeAll, describe, expect, it } from 'vitest'
import { chooseSuite } from '../../../protocol/crypto/choose.ts'
import { open, seal } from '../../../protocol/crypto/hpke.ts'
import { pureAead, pureHash } from '../../../protocol/crypto/pure.ts'
import { type Backend, CryptoError, SIZES, type Suite } from '../../../protocol/crypto/suite.ts'
import { utf8 } from '../../../protocol/wire/bytes.ts'
import { BACKENDS, random, suiteOf } from './suites.ts'

const suites = {} as Record<Backend, Suite>
beforeAll(async () => {
  for (const backend of BACKENDS) suites[backend] = await suiteOf(backend)
})

const PAIRS = BACKENDS.flatMap((one) => BACKENDS.map((other) => [one, other] as const))
const flipped = (bytes: Uint8Array, bit: number) => {
  const copy = bytes.slice()
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
  return copy
}

describe('the choice of implementations', () => {
  it('takes the platform where it has the algorithm, and says so', () => {
    expect(suites.native.status).toMatchObject({ hash: 'native', aead: 'native', signature: 'native' })
    expect(['native', 'mixed']).toContain(suites.native.status.kem)
    expect(suites.mixed.status).toEqual({ hash: 'native', aead: 'pure', kem: 'mixed', signature: 'pure' })
    expect(suites.pure.status).toEqual({ hash: 'pure', aead: 'pure', kem: 'pure', signature: 'pure' })
  })

  it('refuses rather than degrade when only native is allowed', async () => {
    const nothing = chooseSuite({ subtle: undefined, random, requireNative: true })
    await expect(nothing).rejects.toThrow(CryptoError)
  })

  it('does not trust a platform that answers wrongly', async () => {
    const real = crypto.subtle as unknown as Parameters<typeof chooseSuite>[0]['subtle']
    const lying = new Proxy(real as object, {
      get: (target, name) => {
        const value = Reflect.get(target, name)
        if (name === 'encrypt') return async () => new ArrayBuffer(20)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const suite = await chooseSuite({ subtle: lying as typeof real, random })
    expect(suite.status).toMatchObject({ aead: 'pure', signature: 'native' })
  })
})

describe('hashes', () => {
  it('are the same by all', async () => {
    for (const length of [0, 1, 31, 64, 65, 1_000]) {
      const bytes = random(length)
      const native = suites.native.hash
      expect(await native.sha256(bytes)).toEqual(await pureHash.sha256(bytes))
      expect(await native.hmac(bytes, utf8('x'), bytes)).toEqual(await pureHash.hmac(bytes, utf8('x'), bytes))
      expect(await native.extract(bytes, bytes)).toEqual(await pureHash.extract(bytes, bytes))
      expect(await native.expand(random(32).fill(7), bytes, 100)).toEqual(
        await pureHash.expand(new Uint8Array(32).fill(7), bytes, 100),
      )
    }
  })
})

describe.each(PAIRS)('%s with %s', (one, other) => {
  it('opens what the other sealed, and nothing that was touched', async () => {
    const [bytes, nonce, aad, text] = [random(32), random(12), random(20), random(100)]
    const sealed = await (await suites[one].aead.key(bytes)).seal(nonce, aad, text)
    const key = await suites[other].aead.key(bytes)
    expect(await key.open(nonce, aad, sealed)).toEqual(text)
    expect(await key.open(nonce, aad, flipped(sealed, 3))).toBeUndefined()
    expect(await key.open(nonce, aad, flipped(sealed, sealed.length * 8 - 1))).toBeUndefined()
    expect(await key.open(nonce, flipped(aad, 0), sealed)).toBeUndefined()
    expect(await key.open(flipped(nonce, 0), aad, sealed)).toBeUndefined()
    expect(await key.open(nonce, aad, sealed.subarray(0, 15))).toBeUndefined()
    expect(await key.open(nonce, aad, new Uint8Array())).toBeUndefined()
    const wrong = await suites[other].aead.key(flipped(bytes, 255))
    expect(await wrong.open(nonce, aad, sealed)).toBeUndefined()
  })

  it('agrees on a secret, and on another for another ciphertext', async () => {
    const seed = random(SIZES.kemSeed)
    const pair = await suites[one].kem.keyPair(seed)
    expect((await suites[other].kem.keyPair(seed)).publicKey).toEqual(pair.publicKey)
    const made = await suites[other].kem.encapsulate(pair.publicKey)
    expect(made?.ciphertext.length).toBe(SIZES.kemCiphertext)
    expect(await pair.decapsulate(made?.ciphertext as Uint8Array)).toEqual(made?.sharedSecret)
    for (const bit of [0, 8 * 1_087, 8 * 1_100]) {
      expect(await pair.decapsulate(flipped(made?.ciphertext as Uint8Array, bit))).not.toEqual(
        made?.sharedSecret,
      )
    }
    expect(await pair.decapsulate(new Uint8Array(1_119))).toBeUndefined()
    expect(await suites[other].kem.encapsulate(new Uint8Array(10))).toBeUndefined()
  })

  it('verifies what the other signed, in its context, and nothing else', async () => {
    const seed = random(SIZES.signatureSeed)
    const [context, message] = [utf8('waypost/1 test'), random(50)]
    const key = await suites[one].signatures.signingKey(seed)
    const signature = await key.sign(context, message)
    const { verify } = suites[other].signatures
    expect(await verify(key.publicKey, context, message, signature)).toBe(true)
    expect(await verify(key.publicKey, utf8('waypost/1 other'), message, signature)).toBe(false)
    expect(await verify(key.publicKey, context, flipped(message, 9), signature)).toBe(false)
    expect(await verify(key.publicKey, context, message, flipped(signature, 0))).toBe(false)
    expect(await verify(flipped(key.publicKey, 100), context, message, signature)).toBe(false)
    expect(await verify(key.publicKey, context, message, signature.subarray(1))).toBe(false)
    expect(await verify(new Uint8Array(), context, message, signature)).toBe(false)
  })

  it('opens the sealed box of the other, with its info, aad and psk alone', async () => {
    const pair = await suites[one].kem.keyPair(random(32))
    const psk = { id: utf8('which'), key: random(32) }
    const how = { info: utf8('info'), aad: utf8('aad'), psk }
    const box = (await seal(suites[other], pair.publicKey, utf8('text'), how)) as Uint8Array
    expect(await open(suites[one], pair, box, how)).toEqual(utf8('text'))
    expect(await open(suites[one], pair, box, { ...how, info: utf8('other') })).toBeUndefined()
    expect(await open(suites[one], pair, box, { ...how, aad: utf8('other') })).toBeUndefined()
    expect(await open(suites[one], pair, box, { info: how.info, aad: how.aad })).toBeUndefined()
    expect(await open(suites[one], pair, box, { ...how, psk: { ...psk, key: random(32) } })).toBeUndefined()
    expect(await open(suites[one], pair, flipped(box, 5), how)).toBeUndefined()
    expect(await open(suites[one], pair, box.subarray(0, 100), how)).toBeUndefined()
  })
})

describe('two signatures of one message', () => {
  it.each(BACKENDS)('differ by %s, since they are hedged', async (backend) => {
    const key = await suites[backend].signatures.signingKey(random(32))
    expect(await key.sign(utf8('c'), utf8('m'))).not.toEqual(await key.sign(utf8('c'), utf8('m')))
  })
})

it('a ciphertext with a curve point of small order gives the same secret everywhere, and makes nobody throw', async () => {
  const seed = random(SIZES.kemSeed)
  const { publicKey } = await suites.pure.kem.keyPair(seed)
  const made = await suites.pure.kem.encapsulate(publicKey)
  const ciphertext = made?.ciphertext.fill(0, 1_088) as Uint8Array
  const secrets: (Uint8Array | undefined)[] = []
  for (const backend of BACKENDS) {
    secrets.push(await (await suites[backend].kem.keyPair(seed)).decapsulate(ciphertext))
  }
  expect(secrets[0]).toHaveLength(32)
  for (const secret of secrets) expect(secret).toEqual(secrets[0])
})

it('a key of the wrong size is refused by name', async () => {
  for (const backend of BACKENDS) {
    await expect(suites[backend].aead.key(new Uint8Array(31))).rejects.toThrow('32 bytes, not 31')
    await expect(suites[backend].kem.keyPair(new Uint8Array(64))).rejects.toThrow(CryptoError)
    await expect(suites[backend].signatures.signingKey(new Uint8Array(33))).rejects.toThrow(CryptoError)
  }
  await expect(pureAead.key(new Uint8Array(0))).rejects.toThrow(CryptoError)
})
