// Every way in which admission says no, each for its own reason and no other.

import { describe, expect, it } from 'vitest'
import {
  checkChallenge,
  makeChallenge,
  readChallenge,
  SCOPE,
} from '../../../../protocol/crypto/admission/challenge.ts'
import { edgeKeys, parseSecret } from '../../../../protocol/crypto/admission/keys.ts'
import { audienceOf } from '../../../../protocol/crypto/admission/names.ts'
import { CAPABILITY, checkPass, mintPass, readPass } from '../../../../protocol/crypto/admission/pass.ts'
import type { AdmissionRefusal } from '../../../../protocol/crypto/admission/refusals.ts'
import { isKeyOf, peerIdOf } from '../../../../protocol/crypto/identity.ts'
import { CHALLENGE_TRIES_MAX } from '../../../../protocol/limits/admission.ts'
import { random } from '../suites.ts'
import {
  counting,
  decide,
  deskWith,
  hash,
  keysOf,
  NETWORK,
  NOW_MS,
  ORIGIN,
  requestOf,
  signatures,
} from './edge.ts'

const keys = await keysOf(1)
const key = await signatures.signingKey(counting(32))
const resource = await audienceOf(hash, ORIGIN, NETWORK)
const terms = { scope: SCOPE.pass, resource }
const challengeAt = (nowMs: number) => makeChallenge(hash, keys, terms, 4, nowMs, random)
const changed = (bytes: Uint8Array, at: number, by = 1) =>
  bytes.map((byte, i) => (i === at ? byte ^ by : byte))

describe('a challenge', () => {
  const check = (bytes: Uint8Array, nowMs = NOW_MS, ring = { current: keys }) =>
    checkChallenge(hash, ring, bytes, terms, nowMs)

  it('is good for ten minutes, for whoever made it', async () => {
    const bytes = await challengeAt(NOW_MS)
    for (const laterMs of [-30_000, 0, 600_000])
      expect(await check(bytes, NOW_MS + laterMs)).toMatchObject({ bits: 4, timeMs: NOW_MS })
    for (const laterMs of [-30_001, 600_001, 86_400_000])
      expect(await check(bytes, NOW_MS + laterMs)).toBe('expired')
  })

  it('of yesterday is good after midnight', async () => {
    const midnight = Date.UTC(2026, 10, 22)
    const bytes = await challengeAt(midnight - 1_000)
    expect(await check(bytes, midnight + 300_000)).toMatchObject({ timeMs: midnight - 1_000 })
    // And from a machine whose clock is ahead, before.
    expect(await check(await challengeAt(midnight), midnight - 5_000)).toMatchObject({ timeMs: midnight })
  })

  it('of another use, origin or network is foreign', async () => {
    const bytes = await challengeAt(NOW_MS)
    expect(
      await checkChallenge(hash, { current: keys }, bytes, { ...terms, scope: SCOPE.mail }, NOW_MS),
    ).toBe('foreign')
    for (const [origin, network] of [
      ['https://other.example', NETWORK],
      ['http://edge.example', NETWORK],
      [ORIGIN, 'other'],
    ] as const) {
      const elsewhere = await audienceOf(hash, origin, network)
      expect(
        await checkChallenge(hash, { current: keys }, bytes, { ...terms, resource: elsewhere }, NOW_MS),
      ).toBe('foreign')
    }
  })

  it('by another secret is forged, and by the previous one is not', async () => {
    const bytes = await challengeAt(NOW_MS)
    const others = await keysOf(2)
    expect(await check(bytes, NOW_MS, { current: others })).toBe('forged')
    expect(
      await checkChallenge(hash, { current: others, previous: keys }, bytes, terms, NOW_MS),
    ).toMatchObject({ bits: 4 })
  })

  it('with any bit changed is refused', async () => {
    const bytes = await challengeAt(NOW_MS)
    const refusals = new Set<unknown>()
    for (let bit = 0; bit < 256; bit++) {
      const answer = await check(changed(bytes, bit >> 3, 1 << (bit & 7)))
      expect(answer).toBeTypeOf('string')
      refusals.add(answer)
    }
    expect(refusals).toEqual(new Set(['malformed', 'foreign', 'expired', 'forged']))
  })

  it('of another length, count or difficulty than we ever give is malformed', async () => {
    const bytes = await challengeAt(NOW_MS)
    for (const wrong of [new Uint8Array(), bytes.subarray(1), Uint8Array.of(...bytes, 0)])
      expect(await check(wrong)).toBe('malformed')
    expect(await check(changed(bytes, 5, 16 + 4 + 8))).toBe('malformed') // 24 bits
    expect(await check(changed(bytes, 6))).toBe('malformed')
    expect(await check(changed(bytes, 7))).toBe('malformed')
    expect(readChallenge(changed(bytes, 7))).toBeUndefined()
    await expect(makeChallenge(hash, keys, terms, 23, NOW_MS, random)).rejects.toThrow(RangeError)
  })
})

describe('a pass', () => {
  const subject = counting(32)
  const expiresAtMs = NOW_MS + 3_600_000
  const mint = (of = keys) =>
    mintPass(hash, of, NETWORK, { subject, capabilities: CAPABILITY.rooms, expiresAtMs })
  const check = (
    text: string,
    nowMs = NOW_MS,
    asked: { network: string; subject?: Uint8Array } = { network: NETWORK },
  ) => checkPass(hash, { current: keys }, text, asked, nowMs)

  it('says who, what and until when, until then', async () => {
    const said = { subject, capabilities: 1, expiresAtMs }
    expect(await check(await mint())).toEqual(said)
    expect(await check(await mint(), expiresAtMs - 1)).toEqual(said)
    expect(await check(await mint(), expiresAtMs)).toBe('expired')
    expect(readPass(await mint())).toEqual(said)
  })

  it('of another network is foreign, for another peer has the wrong key', async () => {
    expect(await check(await mint(), NOW_MS, { network: 'other' })).toBe('foreign')
    expect(await check(await mint(), NOW_MS, { network: NETWORK, subject })).toMatchObject({ subject })
    expect(await check(await mint(), NOW_MS, { network: NETWORK, subject: counting(32, 1) })).toBe(
      'wrong-key',
    )
  })

  it('outlives a rotation of the secret, and not two', async () => {
    const [second, third] = [await keysOf(2), await keysOf(3)]
    const pass = await mint()
    const asked = { network: NETWORK }
    expect(await checkPass(hash, { current: second, previous: keys }, pass, asked, NOW_MS)).toMatchObject({
      subject,
    })
    expect(await checkPass(hash, { current: third, previous: second }, pass, asked, NOW_MS)).toBe('forged')
  })

  it('with any letter changed is refused, and has one spelling', async () => {
    const pass = await mint()
    const refusals = new Set<unknown>()
    for (let i = 0; i < pass.length; i++) {
      const answer = await check(`${pass.slice(0, i)}${pass[i] === 'A' ? 'B' : 'A'}${pass.slice(i + 1)}`)
      expect(answer).toBeTypeOf('string')
      refusals.add(answer)
    }
    expect(
      [...refusals].every((refusal) =>
        ['malformed', 'foreign', 'forged', 'expired'].includes(refusal as string),
      ),
    ).toBe(true)
    for (const wrong of [
      '',
      pass.slice(1),
      `${pass}A`,
      `${pass}=`,
      ` ${pass}`,
      `${pass.slice(0, 83)}+`,
      `${pass.slice(0, 83)}\n`,
    ])
      expect(await check(wrong)).toBe('malformed')
  })
})

describe('a request', () => {
  const refusal = async (body: Uint8Array, wanted: AdmissionRefusal, nowMs = NOW_MS) =>
    expect(await decide(await deskWith(keys), body, nowMs)).toBe(wanted)

  it('that is stamped and signed gets a pass of its key', async () => {
    const given = await decide(await deskWith(keys), await requestOf({ keys, key }))
    const subject = await peerIdOf(hash, key.publicKey)
    expect(given).toEqual({ pass: expect.any(String), expiresAtMs: NOW_MS + 3_600_000, subject })
    const pass = typeof given === 'string' ? '' : given.pass
    const asked = { network: NETWORK, subject }
    expect(await checkPass(hash, { current: keys }, pass, asked, NOW_MS)).toMatchObject({ capabilities: 7 })
  })

  it('of another length is malformed', async () => {
    const body = await requestOf({ keys, key })
    for (const wrong of [new Uint8Array(), body.subarray(1), Uint8Array.of(...body, 0)])
      await refusal(wrong, 'malformed')
  })

  it('with any part changed is refused by the cheapest check that sees it', async () => {
    const body = await requestOf({ keys, key, bits: 8 })
    await refusal(changed(body, 3), 'forged') // time, by a second
    await refusal(changed(body, 5), 'forged') // bits
    await refusal(changed(body, 8), 'forged') // salt
    await refusal(changed(body, 12), 'foreign') // resource tag
    await refusal(changed(body, 31), 'forged') // MAC
    await refusal(changed(body, 32 + 1), 'wrong-stamp') // a nonce
    await refusal(changed(body, 32 + 64), 'wrong-stamp') // the key: the stamp was made for another
    await refusal(changed(body, body.length - 1_000), 'wrong-signature')
    await refusal(body, 'expired', NOW_MS + 600_001)
  })

  it('made for another origin or network has a stamp and a signature of no use here', async () => {
    await refusal(await requestOf({ keys, key, origin: 'https://evil.example' }), 'wrong-stamp')
    await refusal(await requestOf({ keys, key, network: 'other' }), 'wrong-stamp')
    // Even where the work is nothing, the signature holds.
    await refusal(await requestOf({ keys, key, bits: 0, origin: 'https://evil.example' }), 'wrong-signature')
    const body = await requestOf({ keys, key })
    expect(await decide(await deskWith(keys), body, NOW_MS, 'https://evil.example')).toBe('foreign')
    expect(await decide(await deskWith(keys), body, NOW_MS, ORIGIN, 'other')).toBe('foreign')
  })

  it('with another’s key has a stamp of no use, and where there is no work the signature holds', async () => {
    const other = await signatures.signingKey(counting(32, 50))
    const mine = await requestOf({ keys, key, bits: 0 })
    const stolen = Uint8Array.from(mine)
    stolen.set(other.publicKey, 96)
    await refusal(stolen, 'wrong-signature')
  })

  it('sent again gets a pass for the same peer, and that only so often', async () => {
    const desk = await deskWith(keys)
    const body = await requestOf({ keys, key })
    const subject = await peerIdOf(hash, key.publicKey)
    for (let i = 0; i < CHALLENGE_TRIES_MAX; i++) {
      const given = await decide(desk, body, NOW_MS + i * 1_000)
      const pass = typeof given === 'string' ? '' : given.pass
      expect(
        await checkPass(hash, { current: keys }, pass, { network: NETWORK, subject }, NOW_MS),
      ).toBeTypeOf('object')
    }
    expect(await decide(desk, body)).toBe('spent')
    // So many and no more when they all come at once, too.
    const again = await requestOf({ keys, key })
    const atOnce = await Promise.all(Array.from({ length: 20 }, () => decide(desk, again)))
    expect(atOnce.filter((answer) => answer === 'spent')).toHaveLength(20 - CHALLENGE_TRIES_MAX)
    // Wrong signatures under one paid stamp are bounded the same.
    const wrong = changed(await requestOf({ keys, key }), 4_000)
    const answers: unknown[] = []
    for (let i = 0; i <= CHALLENGE_TRIES_MAX; i++) answers.push(await decide(desk, wrong))
    expect(answers.filter((answer) => answer === 'wrong-signature')).toHaveLength(CHALLENGE_TRIES_MAX)
    expect(answers.at(-1)).toBe('spent')
  })

  it('on a challenge of before a rotation is good after it', async () => {
    const rotated = await deskWith(await keysOf(2), keys)
    expect(await decide(rotated, await requestOf({ keys, key }))).toMatchObject({ pass: expect.any(String) })
  })
})

describe('a key', () => {
  it('is that of the id it hashes to, and of no other', async () => {
    const id = await peerIdOf(hash, key.publicKey)
    expect(await isKeyOf(hash, id, key.publicKey)).toBe(true)
    expect(await isKeyOf(hash, changed(id, 0), key.publicKey)).toBe(false)
    expect(await isKeyOf(hash, id, changed(key.publicKey, 1_951))).toBe(false)
    expect(await isKeyOf(hash, id, key.publicKey.subarray(1))).toBe(false)
  })
})

describe('a secret', () => {
  it('has 32 bytes at least', async () => {
    expect(parseSecret('A'.repeat(43))).toHaveLength(32)
    for (const wrong of [
      '',
      'A'.repeat(42),
      `${'A'.repeat(42)}B`,
      `${'A'.repeat(43)}=`,
      'A'.repeat(40).concat('+/+'),
    ])
      expect(parseSecret(wrong)).toBeUndefined()
    await expect(edgeKeys(hash, new Uint8Array(31))).rejects.toThrow(RangeError)
  })
})
