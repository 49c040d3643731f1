// What a stranger, a correspondent or a thief may write: every check is met by an attack that would succeed without it.

import { beforeAll, describe, expect, it } from 'vitest'
import type { Identity } from '../../../../protocol/crypto/identity.ts'
import { newCorrespondence, seal } from '../../../../protocol/crypto/mail/correspondence.ts'
import { bodyAt, HEADER_BYTES, headerAt } from '../../../../protocol/crypto/mail/envelope.ts'
import { makePrekeys, NO_PREKEYS } from '../../../../protocol/crypto/mail/prekeys.ts'
import type { Session, Speaking } from '../../../../protocol/crypto/mail/session.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import { MAIL_REMEMBERED_MAX, MAIL_SKIPPED_MAX } from '../../../../protocol/limits/mail.ts'
import { utf8 } from '../../../../protocol/wire/bytes.ts'
import { suiteOf } from '../suites.ts'
import { acquainted, Correspondent, DAY, HOUR, NOW, pairOf } from './correspondents.ts'

let suite: Suite
beforeAll(async () => {
  suite = await suiteOf('native')
})

/** Writes to one as if it were another: what it says of itself is `as`'s, what it signs with is its own. */
const posing = (mallory: Identity, as: Identity): Identity => ({
  id: as.id,
  key: { publicKey: as.key.publicKey, sign: mallory.key.sign },
})

/** Of its only session, changed: as one would who does not follow the rules. */
function cheats(cheater: Correspondent, change: (speaking: Speaking, session: Session) => object): void {
  const [correspondence] = cheater.book
  const session = correspondence!.sessions[0]!
  const phase = { ...session.phase, ...change(session.phase as Speaking, session) } as Speaking
  cheater.keeps({ ...correspondence!, sessions: [{ ...session, phase }] })
}

describe('a stranger', () => {
  it('cannot say it is somebody else', async () => {
    const { alice, bob } = await pairOf(suite)
    const mallory = await Correspondent.no(suite, 3)
    const me = { identity: posing(mallory.identity, alice.identity), mailbox: mallory.mailbox }
    const bundle = await mallory.draws(bob)
    const forged = await seal(suite, me, newCorrespondence(bob.id, NOW), utf8('I am alice'), {
      nowMs: NOW,
      bundle,
    })
    expect(await bob.reads(forged.envelope)).toBe('(signature)')
    expect(bob.book).toEqual([])
  })

  it('cannot say it is somebody else even to one whose every secret it has', async () => {
    const { alice, bob } = await pairOf(suite)
    const thief = bob.stolen()
    const me = { identity: posing(thief.identity, alice.identity), mailbox: alice.mailbox }
    const bundle = await alice.draws(bob)
    const forged = await seal(suite, me, newCorrespondence(bob.id, NOW), utf8('I am alice'), {
      nowMs: NOW,
      bundle,
    })
    expect(await bob.reads(forged.envelope)).toBe('(signature)')
  })

  it('to whom one introduced itself cannot pass the introduction on', async () => {
    const { alice, bob } = await pairOf(suite)
    const mallory = await Correspondent.no(suite, 3)
    await alice.writes(mallory, 'hello, mallory')
    // All that Mallory read, sealed again to Bob's prekey.
    const bundle = await mallory.draws(bob, false)
    const { sessions } = alice.with(mallory)!
    const [session] = sessions
    const phase = session!.phase as Speaking
    const introduction = {
      ...phase.introduction!,
      signedPrekey: bundle.signedPrekey,
      oneTimeId: new Uint8Array(8),
      ciphertext: new Uint8Array(1_120),
    }
    const moved = { ...session!, phase: { ...phase, introduction } }
    const stolen = { ...newCorrespondence(bob.id, NOW), sessions: [moved] }
    const { envelope } = await seal(suite, mallory, stolen, utf8('I am alice'), { nowMs: NOW })
    expect(await bob.reads(envelope)).toBe('(misaddressed)')
    // And under the right transcript there is no signature of hers.
    const letter = phase.introduction!.letter
    const signature = letter.slice(1_952, 1_952 + 3_309)
    const replaying = {
      id: alice.id,
      key: { publicKey: alice.identity.key.publicKey, sign: async () => signature },
    }
    const me = { identity: replaying, mailbox: alice.mailbox }
    const again = await seal(suite, me, newCorrespondence(bob.id, NOW), utf8('x'), { nowMs: NOW, bundle })
    expect(await bob.reads(again.envelope)).toBe('(signature)')
  })

  it('cannot have what was meant for it pass for what was meant for another, whose prekey it published as its own', async () => {
    const { alice, bob } = await pairOf(suite)
    const mallory = await Correspondent.no(suite, 3, 0)
    const { seed } = bob.prekeys.signed[0]!
    const { publicKey } = await suite.kem.keyPair(seed)
    const kem = {
      ...suite.kem,
      keyPair: async (one: Uint8Array) => ({ ...(await suite.kem.keyPair(one)), publicKey }),
    }
    mallory.gives(await makePrekeys({ ...suite, kem }, mallory.identity, NOW, NO_PREKEYS, 0))
    const envelope = await alice.writes(mallory, 'for mallory', { oneTime: false })
    expect(await bob.reads(envelope)).toBe('(not-for-us)')
  })

  it('cannot write from tomorrow, nor from long ago', async () => {
    for (const [atMs, reason] of [
      [NOW + 2 * DAY, '(hour)'],
      [NOW + DAY - HOUR, 'hello'],
      [NOW - 2 * DAY, 'hello'],
    ] as const) {
      const { alice, bob } = await pairOf(suite)
      await bob.publishes(1, NOW - 3 * DAY)
      expect(await bob.reads(await alice.writes(bob, 'hello', { nowMs: atMs }), NOW)).toBe(reason)
    }
    const { alice, bob } = await pairOf(suite)
    const envelope = await alice.writes(bob, 'hello')
    expect((await bob.opens(envelope, NOW + 38 * DAY)).kind).toBe('opened')
    expect(await bob.reads(envelope, NOW + 39 * DAY)).toBe('(hour)')
  })

  it('cannot have a life in the future, which would outlive all that are to come', async () => {
    const { alice, bob } = await pairOf(suite)
    const bundle = await alice.draws(bob)
    const ahead = newCorrespondence(bob.id, NOW + 2 * DAY)
    const { envelope } = await seal(suite, alice, ahead, utf8('x'), { nowMs: NOW, bundle })
    expect(await bob.reads(envelope)).toBe('(hour)')
  })

  it('cannot write under our own name', async () => {
    const { bob } = await pairOf(suite)
    const thief = bob.stolen()
    const bundle = await bob.draws(bob)
    const to = newCorrespondence(bob.id, NOW)
    await expect(seal(suite, thief, to, utf8('x'), { nowMs: NOW, bundle })).rejects.toThrow(TypeError)
    // Getting past that by another id in its own head.
    const lying = { identity: { ...thief.identity, id: new Uint8Array(32) }, mailbox: thief.mailbox }
    const { envelope } = await seal(suite, lying, to, utf8('x'), { nowMs: NOW, bundle })
    expect(await bob.reads(envelope)).toBe('(self)')
  })

  it('cannot use a one-time prekey twice, nor one that never was', async () => {
    const { alice, bob } = await pairOf(suite)
    const carol = await Correspondent.no(suite, 3)
    const [bundle] = [await alice.draws(bob)]
    const write = (from: Correspondent) =>
      seal(suite, from, newCorrespondence(bob.id, NOW), utf8(''), { nowMs: NOW, bundle })
    expect(await bob.reads((await write(alice)).envelope)).toBe('')
    expect(await bob.reads((await write(carol)).envelope)).toBe('(prekey-used)')
  })

  it('cannot write one first message in two ways', async () => {
    const { alice, bob } = await pairOf(suite)
    await alice.writes(bob, 'begins', { oneTime: false })
    cheats(alice, ({ introduction }) => ({
      introduction: { ...introduction, ciphertext: suite.random(1_120) },
    }))
    expect(await bob.reads(await alice.writes(bob, 'x'))).toBe('(malformed)')
  })

  it('cannot fill the memory so that something is forgotten: then none without a one-time prekey is taken', async () => {
    const { alice, bob } = await pairOf(suite)
    const carol = await Correspondent.no(suite, 3)
    const one = { session: new Uint8Array(16), eraseHour: 600_000 }
    bob.prekeys = { ...bob.prekeys, remembered: Array.from({ length: MAIL_REMEMBERED_MAX }, () => one) }
    expect(await bob.reads(await alice.writes(bob, 'hello', { oneTime: false }))).toBe('(too-much-held)')
    expect(await bob.reads(await carol.writes(bob, 'hello'))).toBe('hello')
  })

  it('cannot give a ratchet key that is none', async () => {
    const none = {
      ...suite,
      kem: {
        ...suite.kem,
        keyPair: async (seed: Uint8Array) => {
          const pair = await suite.kem.keyPair(seed)
          return { ...pair, publicKey: pair.publicKey.slice().fill(0, 1_184) }
        },
      },
    }
    const { alice, bob } = await pairOf(suite)
    const bundle = await alice.draws(bob)
    const begun = await seal(none, alice, newCorrespondence(bob.id, NOW), utf8('x'), { nowMs: NOW, bundle })
    expect(await bob.reads(begun.envelope)).toBe('(not-a-key)')
    const later = await acquainted(suite)
    cheats(later.bob, ({ ratchetKey }) => ({ ratchetKey: ratchetKey.slice().fill(0, 1_184) }))
    const before = later.alice.kept()
    // Bob's turn was heard already; in a turn that was not, it is refused.
    expect(await later.alice.reads(await later.bob.writes(later.alice, 'same turn'))).toBe('same turn')
    later.alice.restores(before)
    await later.bob.reads(await later.alice.writes(later.bob, 'your turn'))
    await later.bob.writes(later.alice, 'begins it')
    cheats(later.bob, ({ ratchetKey }) => ({ ratchetKey: ratchetKey.slice().fill(0, 1_184) }))
    const own = later.alice.kept()
    expect(await later.alice.reads(await later.bob.writes(later.alice, 'x'))).toBe('(not-a-key)')
    expect(later.alice.kept()).toEqual(own)
  })
})

describe('a correspondent', () => {
  it('can make us step over a thousand messages, and not one more', async () => {
    for (const [ahead, answer] of [
      [MAIL_SKIPPED_MAX, '(unopened)'],
      [MAIL_SKIPPED_MAX + 1, '(too-far)'],
    ] as const) {
      const { alice, bob } = await acquainted(suite)
      await alice.writes(bob, 'begins a turn')
      cheats(alice, () => ({ next: ahead }))
      const before = bob.kept()
      expect(await bob.reads(await alice.writes(bob, 'far'))).toBe(answer)
      expect(bob.kept()).toEqual(before)
    }
  })

  it('can say of no turn before that it was much longer than what came of it', async () => {
    const { alice, bob } = await acquainted(suite)
    await bob.reads(await alice.writes(bob, 'a turn of one'))
    await alice.reads(await bob.writes(alice, 'an answer'))
    await alice.writes(bob, 'a turn')
    cheats(alice, () => ({ before: MAIL_SKIPPED_MAX + 2 }))
    expect(await bob.reads(await alice.writes(bob, 'x'))).toBe('(too-far)')
    cheats(alice, () => ({ before: 1 }))
    expect(await bob.reads(await alice.writes(bob, 'x'))).toBe('x')
  })

  it('whose clock is years ahead when it answers is believed for a day, not for years', async () => {
    const { alice, bob } = await pairOf(suite)
    await bob.reads(await alice.writes(bob, 'hello'))
    bob.keeps({ ...bob.with(alice)!, life: NOW + 1_000 * DAY })
    await alice.reads(await bob.writes(alice, 'from the future'))
    bob.loses()
    const nowMs = NOW + DAY + HOUR
    await bob.publishes(1, nowMs)
    await alice.reads(await bob.writes(alice, 'it is me', { nowMs }), nowMs)
    expect(await bob.reads(await alice.writes(bob, 'welcome', { nowMs }), nowMs)).toBe('welcome')
  })

  it('can hide nothing in what is padding, nor claim more than there is', async () => {
    for (const spoil of [
      (padded: Uint8Array) => padded.fill(1, padded.length - 1),
      (padded: Uint8Array) => padded.fill(0xff, 0, 4),
    ]) {
      const { alice, bob } = await acquainted(suite)
      const key = async (bytes: Uint8Array) => {
        const right = await suite.aead.key(bytes)
        const seal: typeof right.seal = (nonce, aad, text) =>
          right.seal(nonce, aad, text.length === HEADER_BYTES ? text : spoil(text.slice()))
        return { ...right, seal }
      }
      const cheat = { ...suite, aead: { key } }
      const sealed = await seal(cheat, alice, alice.with(bob)!, utf8('x'), { nowMs: NOW })
      expect(await bob.reads(sealed.envelope)).toBe('(malformed)')
    }
  })

  it('that goes back to an old state loses its turn, and breaks no key', async () => {
    const { alice, bob } = await acquainted(suite)
    const before = alice.kept()
    const one = await alice.writes(bob, 'one')
    alice.restores(before)
    const other = await alice.writes(bob, 'other')
    expect([await bob.reads(one), await bob.reads(other)]).toEqual(['one', '(replayed)'])
    // Within a turn it is one message that is lost.
    const { alice: carol, bob: dave } = await acquainted(suite)
    await dave.reads(await carol.writes(dave, 'the turn begins'))
    const kept = carol.kept()
    expect(await dave.reads(await carol.writes(dave, 'one'))).toBe('one')
    carol.restores(kept)
    expect(await dave.reads(await carol.writes(dave, 'other'))).toBe('(replayed)')
    expect(await dave.reads(await carol.writes(dave, 'next'))).toBe('next')
  })

  it('that seals twice from one state has two texts under two keys', async () => {
    for (const { alice, bob } of [await acquainted(suite), await pairOf(suite)]) {
      await alice.writes(bob, 'the turn begins')
      const [kept, kind] = [
        alice.kept(),
        alice.with(bob)!.sessions[0]!.turn === 0 ? 'first' : 'later',
      ] as const
      const [text, other] = [new Uint8Array(1_000), new Uint8Array(1_000).fill(0xff)]
      const one = await alice.writes(bob, text)
      alice.restores(kept)
      const two = await alice.writes(bob, other)
      // Under one key and nonce, what differs of the two would be what differs of the texts.
      const at = bodyAt(kind, one.length)
      const differs = one.subarray(at, at + 1_000).map((byte, i) => byte ^ (two[at + i] ?? 0))
      expect(differs.filter((byte) => byte === 0xff).length).toBeLessThan(100)
      const headers = one
        .subarray(headerAt(one.length), at - 16)
        .map((byte, i) => byte ^ (two[headerAt(one.length) + i] ?? 0))
      expect(headers.filter((byte) => byte === 0).length).toBeLessThan(100)
    }
  })
})
