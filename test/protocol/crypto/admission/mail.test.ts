// Proofs of puts: who is taken for a contact, who for a stranger, and that a proof is good for one letter to one mailbox.

import { describe, expect, it } from 'vitest'
import { type ChallengeFor, makeChallenge, SCOPE } from '../../../../protocol/crypto/admission/challenge.ts'
import { edgeKeys } from '../../../../protocol/crypto/admission/keys.ts'
import {
  accessMac,
  checkAccess,
  dayOf,
  envelopeHash,
  letterId,
  mailResource,
  type ProofDesk,
  verifyProof,
} from '../../../../protocol/crypto/admission/mail.ts'
import { sha256Block, stampSearcher } from '../../../../protocol/crypto/admission/search.ts'
import { stampPlace } from '../../../../protocol/crypto/admission/stamp.ts'
import type { Hash } from '../../../../protocol/crypto/suite.ts'
import { CHALLENGE_LIFETIME_MS, STAMP_PUZZLES } from '../../../../protocol/limits/admission.ts'
import type { Proof } from '../../../../protocol/wire/mail-frames.ts'
import { random, suiteOf } from '../suites.ts'

const NOW_MS = 1_764_000_000_000
const DAY_MS = 86_400_000
const BITS = 6
const { hash } = await suiteOf('native')
const ring = { current: await edgeKeys(hash, random(32)) }
const audience = random(32)
const [mailbox, other] = [random(32), random(32)]
const keys = [random(32), random(32), random(32)]
const envelope = random(4_096)
const ofEnvelope = await envelopeHash(hash, envelope)
const deskOf = async (mailbox: Uint8Array): Promise<ProofDesk> => ({
  hash,
  ring,
  mailbox,
  resource: await mailResource(hash, audience, mailbox),
})
const desk = await deskOf(mailbox)
const BOTH = { keys, strangers: true }

const day = dayOf(NOW_MS)
async function access(key = keys[0] as Uint8Array, on = day, to = mailbox): Promise<Proof> {
  return { kind: 'access', day: on, mac: await accessMac(hash, key, to, on, ofEnvelope) }
}

interface Stamping {
  readonly on?: Uint8Array
  readonly to?: Uint8Array
  readonly scope?: ChallengeFor['scope']
}

async function stamped({ on = ofEnvelope, to = mailbox, scope = SCOPE.mail }: Stamping = {}): Promise<Proof> {
  const resource = await mailResource(hash, audience, to)
  const challenge = await makeChallenge(hash, ring.current, { scope, resource }, BITS, NOW_MS, random)
  const place = await stampPlace(hash, resource, on)
  const search = stampSearcher(sha256Block(), challenge, place, BITS, STAMP_PUZZLES)
  while (!search.step(10_000));
  return { kind: 'stamp', challenge, stamp: search.stamp() }
}

const verify = (proof: Proof, rules = BOTH, nowMs = NOW_MS, at = desk, sealed = envelope) =>
  verifyProof(at, { proof, envelope: sealed }, rules, nowMs)

describe('a contact', () => {
  it('is who has any of the access keys, and the letter’s id is the beginning of its hash', async () => {
    const contact = { sender: 'contact', id: ofEnvelope.slice(0, 16) }
    for (const key of keys) expect(await verify(await access(key))).toEqual(contact)
    expect(letterId(ofEnvelope)).toEqual(contact.id)
    expect(await verify(await access(), { keys, strangers: false })).toEqual(contact)
  })

  it('may be a day off, either way, and no more', async () => {
    for (const off of [-1, 0, 1]) expect(await verify(await access(keys[0], day + off))).toBeTypeOf('object')
    for (const off of [-2, 2]) expect(await verify(await access(keys[0], day + off))).toBe('bad-access')
    expect(await verify(await access(), BOTH, NOW_MS + 3 * DAY_MS)).toBe('bad-access')
  })

  it('has a key of this mailbox, and a MAC of this letter, day and mailbox', async () => {
    expect(await verify(await access(random(32)))).toBe('bad-access')
    expect(await verify(await access(), { keys: [], strangers: true })).toBe('bad-access')
    expect(await verify(await access(keys[0], day, other))).toBe('bad-access')
    expect(await verify(await access(), BOTH, NOW_MS, await deskOf(other))).toBe('bad-access')
    expect(await verify(await access(), BOTH, NOW_MS, desk, random(4_096))).toBe('bad-access')
    const moved = { ...(await access(keys[0], day)), day: day + 1 } as Proof
    expect(await verify(moved)).toBe('bad-access')
    const proof = await access()
    if (proof.kind !== 'access') throw new Error('an access proof')
    for (let bit = 0; bit < 128; bit += 17) {
      const mac = proof.mac.slice()
      mac[bit >> 3] = (mac[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(await verify({ ...proof, mac })).toBe('bad-access')
    }
  })

  it('is compared with every key, whichever fits', async () => {
    let macs = 0
    const hmac: Hash['hmac'] = (...parts) => {
      macs++
      return hash.hmac(...parts)
    }
    const counting: Hash = { ...hash, hmac }
    for (const key of [...keys, random(32)]) {
      const shown = { day, mac: await accessMac(hash, key, mailbox, day, ofEnvelope) }
      macs = 0
      await checkAccess(counting, keys, mailbox, shown, ofEnvelope, NOW_MS)
      expect(macs).toBe(keys.length)
    }
  })
})

describe('a stranger', () => {
  it('is who has made the stamp of this letter', async () => {
    expect(await verify(await stamped())).toEqual({ sender: 'stranger', id: letterId(ofEnvelope) })
  })

  it('is blocked if the owner says so, before anything is computed', async () => {
    const none = new Proxy(hash, {
      get: () => {
        throw new Error('a hash for nothing')
      },
    })
    const rules = { keys, strangers: false }
    expect(await verify(await stamped(), rules, NOW_MS, { ...desk, hash: none })).toBe('blocked')
  })

  it('cannot use a stamp of another letter, mailbox, use, edge, or none', async () => {
    expect(await verify(await stamped({ on: random(32) }))).toBe('bad-stamp')
    expect(await verify(await stamped({ to: other }))).toBe('bad-stamp')
    expect(await verify(await stamped({ scope: SCOPE.pass }))).toBe('bad-stamp')
    const foreign = { ...desk, ring: { current: await edgeKeys(hash, random(32)) } }
    expect(await verify(await stamped(), BOTH, NOW_MS, foreign)).toBe('bad-stamp')
    const proof = await stamped()
    if (proof.kind !== 'stamp') throw new Error('a stamp')
    expect(await verify({ ...proof, stamp: new Uint8Array(64) })).toBe('bad-stamp')
  })

  it('must be in time, and is told when only that is wrong', async () => {
    const proof = await stamped()
    expect(await verify(proof, BOTH, NOW_MS + CHALLENGE_LIFETIME_MS)).toBeTypeOf('object')
    expect(await verify(proof, BOTH, NOW_MS + CHALLENGE_LIFETIME_MS + 1_000)).toBe('stale-stamp')
  })
})

it('an envelope of no size class is refused before its proof is looked at', async () => {
  const proof = await access()
  expect(await verify(proof, BOTH, NOW_MS, desk, new Uint8Array(4_097))).toBe('malformed')
  expect(await verify(proof, BOTH, NOW_MS, desk, new Uint8Array(256 * 1_024 + 1))).toBe('too-large')
})

it('the bytes of an access MAC and of a challenge’s resource are what the page says', async () => {
  const text = (words: string) => new TextEncoder().encode(words)
  const dayBytes = Uint8Array.of(0, 0, day >> 8, day & 255)
  const key = keys[0] as Uint8Array
  const macOf = await hash.hmac(key, text('waypost/1 mailbox access'), mailbox, dayBytes, ofEnvelope)
  expect(await accessMac(hash, key, mailbox, day, ofEnvelope)).toEqual(macOf.slice(0, 16))
  const resource = await hash.sha256(text('waypost/1 mailbox stamp'), audience, mailbox)
  expect(await mailResource(hash, audience, mailbox)).toEqual(resource)
})
