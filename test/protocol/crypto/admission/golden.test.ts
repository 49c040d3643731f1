// The bytes of admission, each made here a second time with Node's own crypto from nothing but the layouts of README.md.

import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { makeChallenge, readChallenge, SCOPE } from '../../../../protocol/crypto/admission/challenge.ts'
import { edgeKeys } from '../../../../protocol/crypto/admission/keys.ts'
import { audienceOf } from '../../../../protocol/crypto/admission/names.ts'
import { EVERY_CAPABILITY, mintPass } from '../../../../protocol/crypto/admission/pass.ts'
import { bidForPass, encodePassRequest } from '../../../../protocol/crypto/admission/request.ts'
import { CONTEXTS } from '../../../../protocol/crypto/contexts.ts'
import { peerIdOf, seedsOf } from '../../../../protocol/crypto/identity.ts'
import { counting, hash, hex, NETWORK, NOW_MS, ORIGIN, signatures, stampOf } from './edge.ts'

const sha256 = (...parts: (string | Uint8Array)[]) => {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return digest.digest()
}
const hmac = (key: Uint8Array, ...parts: (string | Uint8Array)[]) => {
  const digest = createHmac('sha256', key)
  for (const part of parts) digest.update(part)
  return digest.digest()
}
const u16 = (value: number) => Buffer.from([value >> 8, value & 255])
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
/** One block of HKDF-Expand. */
const expand = (key: Uint8Array, info: string | Uint8Array) => hmac(key, info, Uint8Array.of(1))

const SECRET = counting(32)
const root = hmac(Buffer.from('waypost/1 edge secret'), SECRET)
const key = await signatures.signingKey(counting(32, 100))
const keys = await edgeKeys(hash, SECRET)
const audience = sha256('waypost/1 audience', u16(ORIGIN.length), ORIGIN, u16(NETWORK.length), NETWORK)
const id = sha256(Uint8Array.of(0x91, 0x24), key.publicKey)
const made = () =>
  makeChallenge(hash, keys, { scope: SCOPE.pass, resource: audience }, 6, NOW_MS + 999, (n) => counting(n, 7))

it('a peer’s id is the hash of its key under the key’s codec', async () => {
  expect(hex(await peerIdOf(hash, key.publicKey))).toBe(hex(id))
  expect(hex(id)).toBe(GOLDEN.id)
})

it('the seeds of a root are HKDF-Expand of it, a label each', async () => {
  const { identity, mailbox, backup } = await seedsOf(hash, SECRET)
  expect(hex(identity)).toBe(hex(expand(SECRET, 'waypost/1 identity')))
  expect(hex(mailbox)).toBe(hex(expand(SECRET, 'waypost/1 mailbox')))
  expect(hex(backup)).toBe(hex(expand(SECRET, 'waypost/1 backup')))
  expect(hex(identity)).toBe(GOLDEN.identity)
  // The same in other words: Extract and Expand together, which differ from Expand alone.
  expect(hex(identity)).not.toBe(
    hex(new Uint8Array(hkdfSync('sha256', SECRET, '', 'waypost/1 identity', 32))),
  )
})

it('a challenge', async () => {
  expect(hex(await audienceOf(hash, ORIGIN, NETWORK))).toBe(hex(audience))
  const timeS = NOW_MS / 1_000
  const prefix = Buffer.concat([
    u32(timeS),
    Uint8Array.of(SCOPE.pass, 6, 16, 0),
    counting(4, 7),
    audience.subarray(0, 4),
  ])
  const day = expand(
    root,
    Buffer.concat([Buffer.from('waypost/1 challenge key'), u32(Math.floor(timeS / 86_400))]),
  )
  const mac = hmac(day, prefix, audience).subarray(0, 16)
  expect(hex(await made())).toBe(hex(Buffer.concat([prefix, mac])))
  expect(hex(await made())).toBe(GOLDEN.challenge)
})

it('a stamp has the first nonce for each puzzle that hashes to the zeros asked for', async () => {
  const bytes = await made()
  const challenge = readChallenge(bytes)!
  const { place } = await bidForPass(hash, ORIGIN, NETWORK, key.publicKey)
  expect(hex(place)).toBe(hex(sha256('waypost/1 stamp', audience, id)))
  const nonces = Array.from({ length: 16 }, (_, i) => {
    for (let nonce = 0; ; nonce++) {
      if ((sha256(bytes, Uint8Array.of(i), place, u32(nonce))[0] ?? 0) >> 2 === 0) return u32(nonce)
    }
  })
  expect(hex(stampOf(challenge, place))).toBe(hex(Buffer.concat(nonces)))
  expect(hex(stampOf(challenge, place))).toBe(GOLDEN.stamp)
})

it('a request, whose signature is of challenge and audience', async () => {
  const bytes = await made()
  const challenge = readChallenge(bytes)!
  const bid = await bidForPass(hash, ORIGIN, NETWORK, key.publicKey)
  const stamp = stampOf(challenge, bid.place)
  const request = await encodePassRequest(challenge, bid, stamp, key)
  expect(request.length).toBe(5_357)
  expect(hex(request.subarray(0, 32 + 64 + 1952))).toBe(hex(Buffer.concat([bytes, stamp, key.publicKey])))
  const signed = Buffer.concat([bytes, audience])
  expect(await signatures.verify(key.publicKey, CONTEXTS.pass, signed, request.subarray(-3309))).toBe(true)
})

it('a pass', async () => {
  const expiresAtMs = NOW_MS + 3_600_000
  const claims = Buffer.concat([
    Uint8Array.of(1),
    id,
    sha256('waypost/1 network', NETWORK).subarray(0, 8),
    u16(EVERY_CAPABILITY),
    u32(expiresAtMs / 1_000),
  ])
  const mac = hmac(expand(root, 'waypost/1 pass key'), claims).subarray(0, 16)
  const pass = await mintPass(hash, keys, NETWORK, {
    subject: id,
    capabilities: EVERY_CAPABILITY,
    expiresAtMs,
  })
  expect(pass).toBe(Buffer.concat([claims, mac]).toString('base64url'))
  expect(pass).toBe(GOLDEN.pass)
  expect(pass.length).toBe(84)
})

it('every context of a signature is its own', () => {
  const texts = Object.values(CONTEXTS).map((context) => Buffer.from(context).toString())
  expect(texts).toEqual([
    'waypost/1 pass',
    'waypost/1 handshake responder',
    'waypost/1 handshake initiator',
    'waypost/1 prekeys',
    'waypost/1 record',
    'waypost/1 first message',
    'waypost/1 batch',
    'waypost/1 vote',
  ])
})

const GOLDEN = {
  id: '539cbd716cf6ad4cf0fd249978ca36697032a6b431e181a81a335de7d1791d42',
  identity: '0784bbb6070f4a7b23e144e48d0531de2712e0564458cad4cc833d9cfb4eb2cd',
  challenge: '6b0187c0010610000708090a505bdfd0f17a38cbef06e4f05de95e65aca0e07a',
  stamp:
    '0000000c0000000b000000230000001e0000002d000000bd000000370000002a00000046000000080000002e000000600000000c0000001900000077000000b8',
  pass: 'AVOcvXFs9q1M8P0kmXjKNmlwMqa0MeGBqBozXefReR1CAnCKYfgRRi0AB2sBldBXuSLakgTtA2XDScjyq9es',
}
