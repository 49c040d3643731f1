// The handshake when it goes well, over every pair of implementations, and when messages are lost or come twice.

import { beforeAll, describe, expect, it } from 'vitest'
import { LENGTH, typeOf } from '../../../../protocol/crypto/handshake/layout.ts'
import { eraseSession, type Session } from '../../../../protocol/crypto/handshake/session.ts'
import { choose, isGrease, offer } from '../../../../protocol/crypto/handshake/suites.ts'
import type { Backend, Suite } from '../../../../protocol/crypto/suite.ts'
import { utf8 } from '../../../../protocol/wire/bytes.ts'
import { BACKENDS, suiteOf } from '../suites.ts'
import { type Cast, cast, DTLS, dial, drop, listen, m2Of, meet, NOW } from './meeting.ts'

const suites = {} as Record<Backend, Suite>
const casts = {} as Record<Backend, Cast>
beforeAll(async () => {
  for (const backend of BACKENDS) {
    suites[backend] = await suiteOf(backend)
    casts[backend] = await cast(suites[backend])
  }
})

const PAIRS = BACKENDS.flatMap((one) => BACKENDS.map((other) => [one, other] as const))

function expectSame(alices: Session, bobs: Session): void {
  expect(alices.send).toEqual(bobs.receive)
  expect(alices.receive).toEqual(bobs.send)
  expect(alices.root).toEqual(bobs.root)
  expect(alices.paths).toEqual(bobs.paths)
  expect(alices.link).toEqual(bobs.link)
  expect(alices.tickets.ours.secret).toEqual(bobs.tickets.theirs.secret)
  expect(alices.tickets.theirs.id).toEqual(bobs.tickets.ours.id)
}

describe.each(PAIRS)('%s dials %s', (one, other) => {
  it('and both end with the same secrets, each knowing the other', async () => {
    const alice = casts[one].alice
    const bob = casts[other].bob
    const met = await meet(
      await dial(suites[one], alice, bob, { ext: utf8('from alice'), binding: DTLS }),
      await listen(suites[other], bob, { ext: new Uint8Array(257).fill(7), binding: DTLS }),
    )
    expect([met.m1.length, met.m2.length, met.m3.length]).toEqual([1280, 6696, 5542])
    expect([met.m1, met.m2, met.m3].map(typeOf)).toEqual(['m1', 'm2', 'm3'])
    expectSame(met.alices, met.bobs)
    expect(met.alices).toMatchObject({ role: 'initiator', suite: 1, authenticatedAtMs: NOW })
    expect(met.alices.peer).toEqual(bob.id)
    expect(met.bobs.peer).toEqual(alice.id)
    expect(met.bobs.ext).toEqual(utf8('from alice'))
    expect(met.alices.ext).toEqual(new Uint8Array(257).fill(7))
  })
})

describe('the layouts', () => {
  it('add up to what the design says', () => {
    expect(LENGTH).toEqual({ m1: 1280, m2: 6696, m3: 5542, r1: 1304, r2: 1192, join: 88, accept: 88 })
  })
})

describe('a handshake', () => {
  it('has secrets that are all different, and different the next time', async () => {
    const { alice, bob } = casts.native
    const seen = new Set<string>()
    for (let time = 0; time < 2; time++) {
      const { alices } = await meet(await dial(suites.native, alice, bob), await listen(suites.native, bob))
      const { ours, theirs } = alices.tickets
      const all = [alices.send, alices.receive, alices.root, alices.paths, ours.secret, theirs.secret]
      for (const secret of [...all, alices.link, ours.id, theirs.id])
        seen.add(Buffer.from(secret).toString('hex'))
    }
    expect(seen.size).toBe(18)
  })

  it('survives the loss of its second and third message, at no cost', async () => {
    const { alice, bob } = casts.native
    const initiator = await dial(suites.native, alice, bob)
    const responder = await listen(suites.native, bob)
    const lost = await m2Of(responder, initiator.m1)
    const m2 = await m2Of(responder, initiator.m1)
    expect(m2).toEqual(lost)
    const first = await initiator.receive(m2, NOW)
    const again = await initiator.receive(m2, NOW)
    expect(again).toEqual({ kind: 'again', m3: 'm3' in first && first.m3 })
    expect(await responder.receive('m3' in again ? again.m3 : m2, NOW)).toMatchObject({ kind: 'established' })
  })

  it('gives one session, however often and fast the messages come', async () => {
    const { alice, bob } = casts.native
    const initiator = await dial(suites.native, alice, bob)
    const responder = await listen(suites.native, bob)
    const answers = await Promise.all([1, 2, 3].map(() => responder.receive(initiator.m1, NOW)))
    const m2 = answers.flatMap((answer) => (answer.kind === 'answer' ? [answer.m2] : []))[0] as Uint8Array
    expect(answers.filter(({ kind }) => kind === 'answer')).toHaveLength(1)
    const told = await Promise.all([1, 2, 3].map(() => initiator.receive(m2, NOW)))
    const m3s = told.flatMap((answer) => (answer.kind === 'established' ? [answer.m3] : []))
    expect(m3s).toHaveLength(1)
    const done = await Promise.all([1, 2, 3].map(() => responder.receive(m3s[0] as Uint8Array, NOW)))
    expect(done.filter(({ kind }) => kind === 'established')).toHaveLength(1)
    expect(await responder.receive(m3s[0] as Uint8Array, NOW)).toEqual(drop('unexpected'))
  })

  it('asks the host before it costs anything, and only for whom it is meant', async () => {
    const { alice, bob, mallory } = casts.native
    let asked = 0
    const admits = () => {
      asked++
      return false
    }
    const responder = await listen(suites.native, bob, { admits })
    const elsewhere = await dial(suites.native, alice, mallory)
    expect(await responder.receive(elsewhere.m1, NOW)).toEqual(drop('dial-tag'))
    expect(asked).toBe(0)
    const here = await dial(suites.native, alice, bob)
    expect(await responder.receive(here.m1, NOW)).toEqual(drop('rate-limited'))
    expect(asked).toBe(1)
  })

  it('is over once closed, on both sides', async () => {
    const { alice, bob } = casts.native
    const [initiator, responder] = [await dial(suites.native, alice, bob), await listen(suites.native, bob)]
    const m2 = await m2Of(responder, initiator.m1)
    initiator.close()
    expect(await initiator.receive(m2, NOW)).toEqual(drop('unexpected'))
    responder.close()
    expect(await responder.receive(initiator.m1, NOW)).toEqual(drop('unexpected'))
  })

  it('leaves nothing of a session that was erased', async () => {
    const { alice, bob } = casts.native
    const { alices } = await meet(await dial(suites.native, alice, bob), await listen(suites.native, bob))
    eraseSession(alices)
    for (const secret of [alices.send, alices.receive, alices.root, alices.paths])
      expect(secret).toEqual(new Uint8Array(32))
  })
})

describe('misuse', () => {
  it('throws, and names what is wrong', async () => {
    const { alice, bob } = casts.native
    const suite = suites.native
    await expect(dial(suite, alice, alice)).rejects.toThrow('itself')
    await expect(dial(suite, alice, { ...bob, id: new Uint8Array(31) })).rejects.toThrow('32 bytes')
    await expect(dial(suite, alice, bob, { ext: new Uint8Array(258) })).rejects.toThrow('257')
    await expect(dial(suite, alice, bob, { suites: [] })).rejects.toThrow(RangeError)
    await expect(dial(suite, alice, bob, { suites: [0x1a1a] })).rejects.toThrow('GREASE')
    await expect(
      dial(suite, alice, bob, { binding: { ...DTLS, initiator: new Uint8Array(20) } as never }),
    ).rejects.toThrow('fingerprint')
  })
})

describe('the list of suites', () => {
  it('holds ours once and GREASE beside it, wherever chance puts it', () => {
    const places = new Set<number>()
    for (let chance = 0; chance < 256; chance++) {
      const list = offer([1], Uint8Array.of(chance, chance))
      expect(list).toHaveLength(4)
      expect(list.filter(isGrease)).toHaveLength(3)
      expect(new Set(list).size).toBe(4)
      places.add(list.indexOf(1))
    }
    expect(places.size).toBe(4)
  })

  it('is GREASE for exactly the sixteen numbers TLS keeps for it', () => {
    const all = Array.from({ length: 0x10000 }, (_, number) => number).filter(isGrease)
    expect(all.map((number) => number.toString(16).padStart(4, '0')).join(' ')).toBe(
      '0a0a 1a1a 2a2a 3a3a 4a4a 5a5a 6a6a 7a7a 8a8a 9a9a aaaa baba caca dada eaea fafa',
    )
  })

  it('gives the highest that both have, and never GREASE', () => {
    expect(choose([0x1a1a, 1, 2, 3], [1, 2])).toBe(2)
    expect(choose([0x1a1a, 3, 4, 5], [1, 2])).toBeUndefined()
  })
})
