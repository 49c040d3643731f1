// What a thief gets who reads all that a peer has kept, its identity included: nothing of before, and nothing of after both have had
// a turn.

import { beforeAll, describe, expect, it } from 'vitest'
import type { Correspondence } from '../../../../protocol/crypto/mail/correspondence.ts'
import { forgetOldKeys } from '../../../../protocol/crypto/mail/correspondence.ts'
import { forgetOldPrekeys } from '../../../../protocol/crypto/mail/prekeys.ts'
import { doorsOf, speak } from '../../../../protocol/crypto/mail/ratchet.ts'
import type { Speaking } from '../../../../protocol/crypto/mail/session.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import { MAIL_CHAINS_MAX, MAIL_LATE_MS, MAIL_SKIPPED_MAX } from '../../../../protocol/limits/mail.ts'
import { suiteOf } from '../suites.ts'
import { acquainted, type Correspondent, DAY, NOW, pairOf } from './correspondents.ts'

let suite: Suite
beforeAll(async () => {
  suite = await suiteOf('native')
})

const skippedOf = (correspondence: Correspondence) =>
  correspondence.sessions.flatMap(({ hearing }) => hearing.flatMap(({ skipped }) => skipped))

/** What the thief can read of them, whatever it forgets to go by. */
async function canRead(thief: Correspondent, envelopes: readonly Uint8Array[]): Promise<string[]> {
  const all: string[] = []
  for (const envelope of envelopes) {
    const opened = await thief.opens(envelope)
    if (opened.kind === 'opened') all.push(new TextDecoder().decode(opened.content))
  }
  return all
}

describe('what was', () => {
  it('cannot be read with everything that was kept since', async () => {
    const { alice, bob } = await pairOf(suite)
    const envelopes: Uint8Array[] = []
    for (const text of ['first', 'again first']) envelopes.push(await alice.writes(bob, text))
    for (const envelope of envelopes) await bob.reads(envelope)
    for (let turn = 0; turn < 2; turn++) {
      await alice.reads(await bob.writes(alice, 'go on'))
      for (const number of [1, 2]) {
        const envelope = await alice.writes(bob, `${turn} ${number}`)
        envelopes.push(envelope)
        await bob.reads(envelope)
      }
    }
    const thief = bob.stolen()
    expect(await canRead(thief, envelopes)).toEqual([])
    thief.book = []
    thief.prekeys = { ...thief.prekeys, remembered: [] }
    expect(await canRead(thief, envelopes)).toEqual([])
  })

  it('with a one-time prekey, cannot be with the signed one alone, not even who wrote', async () => {
    const { alice, bob } = await pairOf(suite)
    const envelope = await alice.writes(bob, 'first')
    const thief = bob.stolen()
    thief.prekeys = {
      ...thief.prekeys,
      oneTime: thief.prekeys.oneTime.map((one) => ({ ...one, seed: suite.random(32) })),
    }
    expect(await thief.reads(envelope)).toBe('(unopened)')
    expect(await bob.reads(envelope)).toBe('first')
  })

  it('without a one-time prekey, can be until the signed prekey is erased: that is what those are for', async () => {
    const { alice, bob } = await pairOf(suite)
    const envelope = await alice.writes(bob, 'first', { oneTime: false })
    await bob.reads(envelope)
    const thief = bob.stolen()
    thief.book = []
    thief.prekeys = { ...thief.prekeys, remembered: [] }
    expect(await canRead(thief, [envelope])).toEqual(['first'])
    bob.prekeys = forgetOldPrekeys(bob.prekeys, NOW + 67 * DAY)
    expect(bob.prekeys.signed).toEqual([])
    expect(await canRead(bob.stolen(), [envelope])).toEqual([])
  })

  it('can be as far as it is late: those keys are kept, for thirty days and no more than a thousand', async () => {
    const { alice, bob } = await acquainted(suite)
    const late = await alice.writes(bob, 'late')
    await bob.reads(await alice.writes(bob, 'on time'))
    expect(await canRead(bob.stolen(), [late])).toEqual(['late'])
    expect((await bob.opens(late, NOW + MAIL_LATE_MS - 1)).kind).toBe('opened')
    expect(await bob.opens(late, NOW + MAIL_LATE_MS)).toMatchObject({ kind: 'drop', reason: 'replayed' })
    const tidied = forgetOldKeys(bob.with(alice)!, NOW + MAIL_LATE_MS)
    expect([skippedOf(bob.with(alice)!).length, skippedOf(tidied).length]).toEqual([1, 0])
    expect(forgetOldKeys(tidied, NOW + MAIL_LATE_MS)).toBe(tidied)
  })

  it('is not kept of more than a thousand messages, over all turns: the oldest go', async () => {
    const { alice, bob } = await acquainted(suite)
    const late: Uint8Array[] = []
    for (const [turn, nowMs] of [
      [0, NOW],
      [1, NOW + 1_000],
    ] as const) {
      for (const lost of [199, 0, 399]) {
        await loses(alice, lost)
        late.push(await alice.writes(bob, `${turn} after ${lost}`))
      }
      await bob.reads(await alice.writes(bob, 'heard'), nowMs)
      await alice.reads(await bob.writes(alice, 'next turn'))
    }
    // 601 each were stepped over, so the first 202 are gone, of which two were kept.
    expect(skippedOf(bob.with(alice)!).length).toBe(MAIL_SKIPPED_MAX)
    expect(await Promise.all(late.map(async (one) => (await bob.opens(one)).kind))).toEqual([
      'drop',
      'drop',
      'opened',
      'opened',
      'opened',
      'opened',
    ])
  })

  /** Has so many messages less to say: their keys are gone, and nobody had them. */
  async function loses(speaker: Correspondent, count: number): Promise<void> {
    const [correspondence] = speaker.book
    let session = correspondence!.sessions[0]!
    for (let lost = 0; lost < count; lost++) session = (await speak(suite, session)).session
    speaker.keeps({ ...correspondence!, sessions: [session] })
  }

  it('is not kept of more than a few turns', async () => {
    const { alice, bob } = await acquainted(suite)
    for (let turn = 0; turn < MAIL_CHAINS_MAX + 3; turn++) {
      await alice.writes(bob, 'lost')
      await bob.reads(await alice.writes(bob, 'heard'))
      await alice.reads(await bob.writes(alice, 'next turn'))
    }
    const hearing = bob.with(alice)!.sessions[0]!.hearing
    expect(hearing.length).toBe(MAIL_CHAINS_MAX)
    // And of a turn that is over nothing more can come.
    expect(hearing.map(({ key }) => key !== undefined)).toEqual(hearing.map((_, i) => i === 0))
  })
})

/** The other end, as one can make it who has this end's secrets: all but the seed of the other's last ratchet key. */
async function mirrored(thief: Correspondent): Promise<Correspondent> {
  const [correspondence] = thief.book
  const session = correspondence!.sessions[0]!
  const phase: Speaking = {
    kind: 'speaking',
    key: new Uint8Array(32),
    next: 1,
    before: 0,
    doors: undefined,
    introduction: undefined,
    ciphertext: new Uint8Array(1_120),
    ratchetKey: new Uint8Array(1_216),
    seed: suite.random(32),
    answer: await doorsOf(suite.hash, session.root, session.turn + 1),
  }
  const mirror = thief.stolen()
  mirror.book = [{ ...correspondence!, sessions: [{ ...session, phase, hearing: [] }] }]
  return mirror
}

describe('what will be', () => {
  it('is safe again from who read everything, after each side had a turn', async () => {
    const { alice, bob } = await acquainted(suite)
    const thief = bob.stolen()
    const follows = async (envelope: Uint8Array) => thief.reads(envelope)
    // To the key the thief has: it reads, as it must.
    const hers = await alice.writes(bob, 'still open')
    expect([await bob.reads(hers), await follows(hers)]).toEqual(['still open', 'still open'])
    // Bob answers with fresh randomness. The thief finds it, since it knew the root before, reads which keys are in it, and no more.
    const asAlice = await mirrored(thief)
    const answer = await bob.writes(alice, 'healing')
    expect([await alice.reads(answer), await asAlice.reads(answer)]).toEqual(['healing', '(unopened)'])
    // Alice writes to a key made after the theft, under a root that the thief does not know.
    const healed = await alice.writes(bob, 'closed')
    expect([await bob.reads(healed), await follows(healed)]).toEqual(['closed', '(not-for-us)'])
    // And what Bob wrote was never open to one who only has what Bob had.
    const his = await bob.writes(alice, 'his')
    expect([await alice.reads(his), await follows(his)]).toEqual(['his', '(not-for-us)'])
  })

  it('of the sender: who read everything of hers before her turn cannot read on in the other’s', async () => {
    const { alice, bob } = await acquainted(suite)
    const thief = alice.stolen()
    await bob.reads(await alice.writes(bob, 'with fresh randomness'))
    const answer = await bob.writes(alice, 'to a fresh key')
    expect([await alice.reads(answer), await thief.reads(answer)]).toEqual(['to a fresh key', '(not-for-us)'])
  })

  it('takes the root before as well: who has the secret of a ratchet key, and not the root, reads nothing', async () => {
    const { alice, bob } = await acquainted(suite)
    await bob.reads(await alice.writes(bob, 'your turn'))
    const thief = alice.stolen()
    const [correspondence] = thief.book
    const sessions = correspondence!.sessions.map((session) => ({ ...session, root: suite.random(32) }))
    thief.book = [{ ...correspondence!, sessions }]
    const answer = await bob.writes(alice, 'to a key that was stolen')
    expect([await thief.reads(answer), await alice.reads(answer)]).toEqual([
      '(unopened)',
      'to a key that was stolen',
    ])
  })
})
