// What an edge may try with envelopes it carries: every check is met by an attack that would succeed without it. And that no bytes
// whatever throw.

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { bodyAt, HEADER_BYTES, headerAt } from '../../../../protocol/crypto/mail/envelope.ts'
import { openEnvelope } from '../../../../protocol/crypto/mail/opening.ts'
import { unpackCorrespondence } from '../../../../protocol/crypto/mail/packing.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import { flipped, patched } from '../handshake/meeting.ts'
import { suiteOf } from '../suites.ts'
import { acquainted, Correspondent, DAY, NOW, pairOf } from './correspondents.ts'

let suite: Suite
beforeAll(async () => {
  suite = await suiteOf('native')
})

const KIB = 1024
const FIRST = {
  outside: 0,
  salt: 1,
  tag: 17,
  slot: 33,
  address: 1_153,
  introduction: 2_317,
  body: 8_884,
} as const

/** How many bytes of two are the same at the same place, and how many of them in a row. */
function likeness(one: Uint8Array, other: Uint8Array): { readonly equal: number; readonly longest: number } {
  const now = { equal: 0, longest: 0, run: 0 }
  for (let at = 0; at < one.length; at++) {
    now.run = one[at] === other[at] ? now.run + 1 : 0
    if (now.run > 0) now.equal++
    now.longest = Math.max(now.longest, now.run)
  }
  return now
}

describe('an edge', () => {
  it.each([
    ['version', FIRST.outside, 'malformed'],
    ['salt', FIRST.salt, 'not-for-us'],
    ['tag', FIRST.tag, 'not-for-us'],
    ['ciphertext', FIRST.slot, 'not-for-us'],
    ["ciphertext's curve point", FIRST.address - 8, 'not-for-us'],
    ['address', FIRST.address, 'not-for-us'],
    ["address's tag", FIRST.introduction - 1, 'not-for-us'],
    ['introduction', FIRST.introduction, 'unopened'],
    ["introduction's tag", FIRST.body - 1, 'unopened'],
    ['body', FIRST.body, 'unopened'],
    ['padding', 16_000, 'unopened'],
    ["body's tag", 16 * KIB - 1, 'unopened'],
  ])('can flip no bit in the %s of a first message, nor burn its prekeys by it', async (_, at, reason) => {
    for (const oneTime of [true, false]) {
      const { alice, bob } = await pairOf(suite)
      const envelope = await alice.writes(bob, 'hello', { oneTime })
      const before = bob.kept()
      expect(await bob.reads(flipped(envelope, 8 * at))).toBe(`(${reason})`)
      expect(bob.kept()).toEqual(before)
      expect(await bob.reads(envelope)).toBe('hello')
    }
  })

  it.each([4, 16])('can flip no bit of a later message of %i KiB', async (kib) => {
    const { alice, bob } = await acquainted(suite)
    const text = 'x'.repeat(kib === 4 ? 5 : 3_000)
    const envelope = await alice.writes(bob, text)
    expect(envelope.length).toBe(kib * KIB)
    const before = bob.kept()
    const [header, body] = [headerAt(envelope.length), bodyAt('later', envelope.length)]
    const places: Record<number, string> = {
      0: 'malformed',
      1: 'not-for-us',
      16: 'not-for-us',
      17: 'not-for-us',
    }
    for (const at of [
      header - 1,
      header,
      header + HEADER_BYTES,
      body - 1,
      body,
      body + 4,
      body + 2_000 * (kib >> 4),
    ])
      places[at] = at === 32 ? 'not-for-us' : 'unopened'
    places[envelope.length - 1] = 'unopened'
    for (const [at, reason] of Object.entries(places))
      expect([at, await bob.reads(flipped(envelope, 8 * Number(at)))]).toEqual([at, `(${reason})`])
    expect(bob.kept()).toEqual(before)
    expect(await bob.reads(envelope)).toBe(text)
  })

  it('can neither cut an envelope nor make it longer', async () => {
    const { alice, bob } = await acquainted(suite)
    const envelope = await alice.writes(bob, 'x'.repeat(3_000))
    for (const length of [0, 1, 33, 4_095, 16_383])
      expect(await bob.reads(envelope.slice(0, length))).toBe('(malformed)')
    expect(await bob.reads(new Uint8Array([...envelope, 0]))).toBe('(malformed)')
    expect(await bob.reads(envelope.slice(0, 4 * KIB))).toBe('(unopened)')
    expect(await bob.reads(patched(new Uint8Array(64 * KIB), 0, envelope))).toBe('(unopened)')
    expect(await bob.reads(new Uint8Array(512 * KIB).fill(1))).toBe('(malformed)')
  })

  it('can give an envelope to nobody else', async () => {
    const { alice, bob } = await acquainted(suite)
    const carol = await Correspondent.no(suite, 3)
    await carol.reads(await alice.writes(carol, 'hello, carol'))
    await alice.reads(await carol.writes(alice, 'hello'))
    for (const size of [1, 3_000]) {
      const envelope = await alice.writes(bob, 'x'.repeat(size))
      expect(await carol.reads(envelope)).toBe('(not-for-us)')
      expect(await alice.reads(envelope)).toBe('(not-for-us)')
    }
    const dave = await Correspondent.no(suite, 4)
    expect(await carol.reads(await dave.writes(bob, 'hello'))).toBe('(not-for-us)')
  })

  it('can repeat nothing: not a first message, with a one-time prekey or without', async () => {
    for (const oneTime of [true, false]) {
      const { alice, bob } = await pairOf(suite)
      const envelope = await alice.writes(bob, 'hello', { oneTime })
      await bob.reads(envelope)
      expect(await bob.reads(envelope)).toBe('(replayed)')
      await alice.reads(await bob.writes(alice, 'hello'))
      await bob.reads(await alice.writes(bob, 'go on'))
      expect(await bob.reads(envelope)).toBe('(replayed)')
      // Even where all of the correspondence was deleted.
      bob.book = []
      expect(await bob.reads(envelope)).toBe(oneTime ? '(prekey-used)' : '(replayed)')
      expect(await bob.reads(envelope, NOW + 38 * DAY)).toBe(oneTime ? '(prekey-used)' : '(replayed)')
      expect(await bob.reads(envelope, NOW + 67 * DAY)).toBe('(not-for-us)')
    }
  })

  it('can repeat no later message', async () => {
    const { alice, bob } = await acquainted(suite)
    const envelopes = [await alice.writes(bob, '1'), await alice.writes(bob, '2')]
    for (const number of [1, 0]) expect(await bob.reads(envelopes[number]!)).toBe(`${number + 1}`)
    for (const envelope of envelopes) expect(await bob.reads(envelope)).toBe('(replayed)')
    await alice.reads(await bob.writes(alice, 'over'))
    await bob.reads(await alice.writes(bob, 'next turn'))
    for (const envelope of envelopes) expect(await bob.reads(envelope)).toBe('(not-for-us)')
  })

  it('cannot tell a first message from a later one of its size, nor two of one session from two of two', async () => {
    const { alice, bob } = await acquainted(suite)
    const carol = await Correspondent.no(suite, 3, 20)
    const envelopes: Uint8Array[] = []
    for (let time = 0; time < 16; time++) {
      envelopes.push(await alice.writes(bob, 'x'.repeat(3_000)))
      envelopes.push(await alice.writes(carol, 'x'.repeat(3_000)))
    }
    expect(new Set(envelopes.map(({ length }) => length))).toEqual(new Set([16 * KIB]))
    // A curve point has its highest bit clear: chance in its place would show in every second envelope.
    for (const envelope of envelopes) expect((envelope[FIRST.address - 1] ?? 0) >> 7).toBe(0)
    // Of any two, bytes at the same place are equal as often as chance has it (64 of 16,384), and never six in a row.
    for (const [i, one] of envelopes.entries()) {
      for (const other of envelopes.slice(i + 1)) {
        const { equal, longest } = likeness(one.subarray(1), other.subarray(1))
        expect([equal < 160, longest < 6]).toEqual([true, true])
      }
    }
  })
})

describe('a forged envelope', () => {
  it('costs an HMAC for each turn that is listened to, a decapsulation for each signed prekey, and no more', async () => {
    const { alice, bob } = await acquainted(suite)
    for (let week = 1; week < 7; week++) await bob.publishes(0, NOW + week * 7 * DAY)
    const [correspondence] = bob.book
    bob.book = Array.from({ length: 100 }, () => correspondence!)
    const done = { hmac: 0, decapsulate: 0, opened: 0, verify: 0 }
    const count = <T>(what: keyof typeof done, by: number, result: T): T => {
      done[what] += by
      return result
    }
    const { hash, kem, aead, signatures } = suite
    const counting: Suite = {
      ...suite,
      hash: { ...hash, hmac: (...parts) => count('hmac', 1, hash.hmac(...parts)) },
      kem: {
        ...kem,
        keyPair: async (seed) => {
          const pair = await kem.keyPair(seed)
          return { ...pair, decapsulate: (bytes) => count('decapsulate', 1, pair.decapsulate(bytes)) }
        },
      },
      aead: {
        key: async (bytes) => {
          const key = await aead.key(bytes)
          return { ...key, open: (...all) => count('opened', all[2].length, key.open(...all)) }
        },
      },
      signatures: { ...signatures, verify: (...all) => count('verify', 1, signatures.verify(...all)) },
    }
    const me = { id: bob.id, prekeys: bob.prekeys, correspondences: bob.book }
    const forged = (size: number) => new Uint8Array(size).fill(9).fill(1, 0, 1)
    await openEnvelope(counting, me, forged(4 * KIB), NOW)
    expect(done).toEqual({ hmac: 100, decapsulate: 0, opened: 0, verify: 0 })
    await openEnvelope(counting, me, forged(256 * KIB), NOW)
    // HPKE's schedule is HMACs as well, through the port's other functions; of the body not a byte is read.
    expect(done).toEqual({ hmac: 200, decapsulate: 7, opened: 7 * 1_164, verify: 0 })
    // A real one from whom we heard last is found among the first.
    done.hmac = 0
    expect((await openEnvelope(counting, me, await alice.writes(bob, 'x'), NOW)).kind).toBe('opened')
    expect(done.hmac).toBe(64)
  })
})

describe('any bytes', () => {
  it('are dropped by name, and never throw', async () => {
    const { alice, bob } = await acquainted(suite)
    const real = [await alice.writes(bob, 'x'), await alice.writes(bob, 'x'.repeat(3_000))]
    const noise = (size: number) =>
      fc.uint8Array({ minLength: 64, maxLength: 64 }).map((seed) => {
        const bytes = new Uint8Array(size).map((_, i) => (seed[i % 64] ?? 0) ^ (i * 31))
        bytes[0] = 1
        return bytes
      })
    const spoilt = fc
      .tuple(fc.constantFrom(...real), fc.nat(16 * KIB), fc.uint8Array({ minLength: 8, maxLength: 40 }))
      .map(([envelope, at, bytes]) => patched(envelope, Math.min(at, envelope.length - bytes.length), bytes))
    const any = fc.oneof(fc.uint8Array({ maxLength: 5_000 }), noise(4 * KIB), noise(16 * KIB), spoilt)
    await fc.assert(
      fc.asyncProperty(any, async (bytes) => {
        expect((await bob.opens(bytes)).kind).toBe('drop')
        expect(unpackCorrespondence(bytes)).toBeUndefined()
      }),
      { numRuns: 200 },
    )
    for (const envelope of real) expect((await bob.opens(envelope)).kind).toBe('opened')
  }, 30_000)
})
