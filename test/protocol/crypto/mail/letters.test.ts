// Mail as it should go: first messages, answers, what is late, lost or sent at once from both sides, and states that are put away
// and taken out again between any two steps.

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Bundle } from '../../../../protocol/crypto/mail/bundle.ts'
import {
  needsBundle,
  newCorrespondence,
  nextKind,
  seal,
  sessionToSpeakOn,
} from '../../../../protocol/crypto/mail/correspondence.ts'
import { packCorrespondence, packPrekeys } from '../../../../protocol/crypto/mail/packing.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import { MAIL_REPEAT_MS, MAIL_SESSIONS_MAX } from '../../../../protocol/limits/mail.ts'
import { utf8 } from '../../../../protocol/wire/bytes.ts'
import { hex } from '../golden.ts'
import { suiteOf } from '../suites.ts'
import { acquainted, Correspondent, DAY, HOUR, NOW, pairOf } from './correspondents.ts'

let suite: Suite
beforeAll(async () => {
  suite = await suiteOf('native')
})

/** On which session each would write. */
const settledOn = ({ alice, bob }: { alice: Correspondent; bob: Correspondent }) =>
  [alice.with(bob), bob.with(alice)].map((one) => hex(sessionToSpeakOn(one!, NOW)?.id ?? utf8('none')))

describe('a first message', () => {
  it.each([true, false])('is read, with a one-time prekey: %s', async (oneTime) => {
    const { alice, bob } = await pairOf(suite)
    const opened = await bob.opens(await alice.writes(bob, 'hello', { oneTime }))
    expect(opened).toMatchObject({ kind: 'opened', from: alice.id, content: utf8('hello'), introduced: true })
    expect(opened.kind === 'opened' && opened.correspondence.mailbox).toEqual(alice.mailbox)
  })

  it('uses up its one-time prekey, or is remembered; no more', async () => {
    const { alice, bob } = await pairOf(suite)
    const before = bob.prekeys
    await bob.reads(await alice.writes(bob, 'hello'))
    expect([bob.prekeys.oneTime.length, bob.prekeys.remembered.length]).toEqual([1, 0])
    bob.prekeys = before
    bob.book = []
    alice.book = []
    await bob.reads(await alice.writes(bob, 'hello', { oneTime: false }))
    expect([bob.prekeys.oneTime.length, bob.prekeys.remembered.length]).toEqual([2, 1])
  })

  it('is repeated until it is answered, whichever of them arrives, in whatever order', async () => {
    const { alice, bob } = await pairOf(suite)
    const said = [0, 1, 2, 3].map((number) => `${number}`)
    const envelopes: Uint8Array[] = []
    for (const text of said) envelopes.push(await alice.writes(bob, text))
    expect(needsBundle(alice.with(bob)!, NOW)).toBe(false)
    for (const number of [2, 0, 3]) expect(await bob.reads(envelopes[number]!)).toBe(`${number}`)
    expect(bob.with(alice)?.sessions.length).toBe(1)
    expect(bob.prekeys.oneTime.length).toBe(1)
    expect(nextKind(alice.with(bob)!, NOW)).toBe('first')
    expect(await alice.reads(await bob.writes(alice, 'yes?'))).toBe('yes?')
    expect(nextKind(alice.with(bob)!, NOW)).toBe('later')
    expect(await bob.reads(await alice.writes(bob, 'go on'))).toBe('go on')
    expect(await bob.reads(envelopes[1]!)).toBe('1')
  })

  it('that nobody answers is begun anew with a fresh bundle, after a week', async () => {
    const { alice, bob } = await pairOf(suite)
    const first = await alice.writes(bob, 'first')
    const correspondence = alice.with(bob)!
    expect(needsBundle(correspondence, NOW + MAIL_REPEAT_MS - 1)).toBe(false)
    expect(needsBundle(correspondence, NOW + MAIL_REPEAT_MS)).toBe(true)
    const nowMs = NOW + MAIL_REPEAT_MS
    const second = await alice.writes(bob, 'second', { nowMs })
    expect([await bob.reads(second, nowMs), await bob.reads(first, nowMs)]).toEqual(['second', 'first'])
  })

  it('opens thirty days late, after its prekey was replaced four times', async () => {
    const { alice, bob } = await pairOf(suite)
    const envelope = await alice.writes(bob, 'hello', { nowMs: NOW + 7 * DAY - HOUR })
    for (let week = 1; week <= 5; week++) await bob.publishes(1, NOW + week * 7 * DAY)
    expect(await bob.reads(envelope, NOW + 37 * DAY - HOUR)).toBe('hello')
  })
})

describe('a correspondence', () => {
  it('goes on turn by turn', async () => {
    const { alice, bob } = await acquainted(suite)
    for (let turn = 0; turn < 3; turn++) {
      for (const number of [1, 2]) {
        expect(await bob.reads(await alice.writes(bob, `a${turn}${number}`))).toBe(`a${turn}${number}`)
        expect(await alice.reads(await bob.writes(alice, `b${turn}${number}`))).toBe(`b${turn}${number}`)
      }
    }
    expect([...alice.book, ...bob.book].map(({ sessions }) => sessions[0]?.turn)).toEqual([13, 13])
  })

  it('takes what is late from turns that are over, each once', async () => {
    const { alice, bob } = await acquainted(suite)
    const late: Uint8Array[] = []
    for (const turn of [1, 2, 3]) {
      late.push(await alice.writes(bob, `late ${turn}`))
      await bob.reads(await alice.writes(bob, 'on time'))
      await alice.reads(await bob.writes(alice, 'answer'))
    }
    for (const [i, envelope] of late.entries()) expect(await bob.reads(envelope)).toBe(`late ${i + 1}`)
    for (const envelope of late) expect(await bob.reads(envelope)).toMatch(/replayed|not-for-us/)
    expect(await bob.reads(await alice.writes(bob, 'still here'))).toBe('still here')
  })

  it('takes the end of a turn after the next has begun', async () => {
    const { alice, bob } = await pairOf(suite)
    const ends: Uint8Array[] = []
    for (const turn of [0, 1, 2]) {
      await bob.reads(await alice.writes(bob, 'begins'))
      for (const number of [1, 2]) ends.push(await alice.writes(bob, `${turn} ${number}`))
      await alice.reads(await bob.writes(alice, 'answer'))
    }
    await bob.reads(await alice.writes(bob, 'begins'))
    const read: string[] = []
    for (const envelope of ends.reverse()) read.push(await bob.reads(envelope))
    expect(read).toEqual(['2 2', '2 1', '1 2', '1 1', '0 2', '0 1'])
  })

  it('goes on when whole turns are lost', async () => {
    const { alice, bob } = await acquainted(suite)
    for (let lost = 0; lost < 3; lost++) await alice.writes(bob, 'lost')
    expect(await bob.reads(await alice.writes(bob, 'here'))).toBe('here')
    for (let lost = 0; lost < 3; lost++) await bob.writes(alice, 'lost')
    expect(await alice.reads(await bob.writes(alice, 'there'))).toBe('there')
  })

  it('survives whatever order, loss and repetition, with states put away after each step', async () => {
    const step = fc.record({
      who: fc.boolean(),
      what: fc.constantFrom('write', 'write', 'deliver', 'deliver', 'lose', 'repeat'),
      which: fc.nat(10),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const { alice, bob } = await pairOf(suite)
        const ways = [
          {
            from: alice,
            to: bob,
            under: [] as { envelope: Uint8Array; text: string }[],
            had: [] as Uint8Array[],
          },
          {
            from: bob,
            to: alice,
            under: [] as { envelope: Uint8Array; text: string }[],
            had: [] as Uint8Array[],
          },
        ]
        for (const [i, { who, what, which }] of steps.entries()) {
          const way = ways[who ? 1 : 0]!
          const { from, to, under, had } = way
          const at = under.length === 0 ? 0 : which % under.length
          if (what === 'write') under.push({ envelope: await from.writes(to, `${i}`), text: `${i}` })
          else if (what === 'lose') under.splice(at, 1)
          else if (what === 'deliver' && under.length > 0) {
            const [{ envelope, text }] = under.splice(at, 1) as [{ envelope: Uint8Array; text: string }]
            expect(await to.reads(envelope)).toBe(text)
            had.push(envelope)
          } else if (what === 'repeat' && had.length > 0) {
            const [before, answer] = [to.kept(), await to.reads(had[which % had.length]!)]
            expect(answer).toMatch(/^\((replayed|not-for-us|prekey-used)\)$/)
            expect(to.kept()).toEqual(before)
          }
          for (const one of [alice, bob]) one.restores(one.kept())
        }
      }),
      { numRuns: 25 },
    )
  }, 60_000)
})

describe('two who write first at once', () => {
  it('have both sessions, and settle on the same one', async () => {
    for (let round = 0; round < 4; round++) {
      const { alice, bob } = await pairOf(suite)
      const [hers, his] = [await alice.writes(bob, 'hers'), await bob.writes(alice, 'his')]
      expect([await alice.reads(his), await bob.reads(hers)]).toEqual(['his', 'hers'])
      const [answer, reply] = [await alice.writes(bob, 'answer'), await bob.writes(alice, 'reply')]
      expect([await alice.reads(reply), await bob.reads(answer)]).toEqual(['reply', 'answer'])
      const [one, other] = settledOn({ alice, bob })
      expect(one).toBe(other)
      expect(alice.with(bob)?.sessions.length).toBe(2)
      expect(await bob.reads(await alice.writes(bob, 'settled'))).toBe('settled')
    }
  })

  it('are understood although nothing of the one ever arrives', async () => {
    const { alice, bob } = await pairOf(suite)
    await alice.writes(bob, 'lost')
    expect(await alice.reads(await bob.writes(alice, 'his'))).toBe('his')
    expect(await bob.reads(await alice.writes(bob, 'answer'))).toBe('answer')
    expect(await alice.reads(await bob.writes(alice, 'settled'))).toBe('settled')
  })
})

describe('a peer that lost its state', () => {
  it('starts afresh, and is answered on what it has', async () => {
    for (let round = 0; round < 4; round++) {
      const { alice, bob } = await acquainted(suite)
      bob.loses()
      await bob.publishes(2, NOW + 1_000)
      const lost = await alice.writes(bob, 'to nobody')
      expect(await bob.reads(lost, NOW + 1_000)).toBe('(not-for-us)')
      const afresh = await bob.writes(alice, 'it is me', { nowMs: NOW + 1_000 })
      expect(await alice.reads(afresh, NOW + 1_000)).toBe('it is me')
      expect(await bob.reads(await alice.writes(bob, 'welcome'))).toBe('welcome')
      expect(await alice.reads(await bob.writes(alice, 'thank you'))).toBe('thank you')
    }
  })

  it('again and again has at most four sessions, and the latest works', async () => {
    const { alice, bob } = await acquainted(suite)
    for (let time = 1; time <= 6; time++) {
      const nowMs = NOW + time * HOUR
      bob.loses()
      await bob.publishes(1, nowMs)
      await alice.publishes(1, nowMs)
      await alice.reads(await bob.writes(alice, 'it is me', { nowMs }), nowMs)
      expect(await bob.reads(await alice.writes(bob, `welcome ${time}`, { nowMs }), nowMs)).toBe(
        `welcome ${time}`,
      )
    }
    expect(alice.with(bob)?.sessions.length).toBe(MAIL_SESSIONS_MAX)
  })
})

describe('a crash', () => {
  it('before the commit of what was read loses nothing: it is read again', async () => {
    const { alice, bob } = await pairOf(suite)
    const envelope = await alice.writes(bob, 'hello')
    const [once, again] = [await bob.opens(envelope), await bob.opens(envelope)]
    expect(once).toEqual(again)
    expect(await bob.reads(envelope)).toBe('hello')
  })

  it('before the commit of what was sealed loses nothing: what is sealed then is read', async () => {
    const { alice, bob } = await acquainted(suite)
    const before = alice.kept()
    await alice.writes(bob, 'never left')
    alice.restores(before)
    expect(await bob.reads(await alice.writes(bob, 'left'))).toBe('left')
    expect(await alice.reads(await bob.writes(alice, 'came'))).toBe('came')
  })

  it('changes nothing that was given: a state is a value', async () => {
    const { alice, bob } = await acquainted(suite)
    const correspondence = alice.with(bob)!
    const before = packCorrespondence(correspondence)
    const sealed = await seal(suite, alice, correspondence, utf8('x'), { nowMs: NOW })
    expect(packCorrespondence(correspondence)).toEqual(before)
    const [keys, kept] = [packPrekeys(bob.prekeys), bob.kept()]
    await bob.opens(sealed.envelope)
    expect([packPrekeys(bob.prekeys), bob.kept()]).toEqual([keys, kept])
  })
})

describe('misuse', () => {
  it('of a bundle, or of none, is told by name', async () => {
    const { alice, bob } = await pairOf(suite)
    const carol = await Correspondent.no(suite, 3)
    const [ofBob, ofCarol] = [await alice.draws(bob), await alice.draws(carol)]
    const sealing = (bundle: Bundle | undefined, nowMs = NOW) =>
      seal(suite, alice, newCorrespondence(bob.id, NOW), utf8('x'), { nowMs, bundle })
    await expect(sealing(undefined)).rejects.toThrow('needs a bundle')
    await expect(sealing(ofCarol)).rejects.toThrow('of another peer')
    await expect(sealing(ofBob, NOW + 30 * DAY)).rejects.toThrow('past its end')
    expect(await bob.reads((await sealing(ofBob)).envelope)).toBe('x')
    const me = { ...alice, identity: alice.identity, mailbox: new Uint8Array(31) }
    const wrong = seal(suite, me, newCorrespondence(bob.id, NOW), utf8('x'), { nowMs: NOW, bundle: ofBob })
    await expect(wrong).rejects.toThrow(RangeError)
    expect(() => newCorrespondence(new Uint8Array(31), NOW)).toThrow(RangeError)
  })
})
