// What waits: frames for their key, what links brought for its sender to be shown by the room; how long, how much of it, and how
// a key is asked for that does not come.

import { beforeAll, describe, expect, it } from 'vitest'
import { Hearing } from '../../../../protocol/crypto/broadcast/hearing.ts'
import { Budget, HeldFrames } from '../../../../protocol/crypto/broadcast/held.ts'
import { BROADCAST_BYTES_MAX } from '../../../../protocol/crypto/broadcast/padding.ts'
import { ReceivingChain } from '../../../../protocol/crypto/broadcast/receiving-chain.ts'
import { Timeline } from '../../../../protocol/crypto/broadcast/timeline.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import {
  BROADCAST_ASK_AGAIN_MS,
  BROADCAST_ASK_MS,
  BROADCAST_DEPARTED_MS,
  BROADCAST_HELD_BYTES_MAX,
  BROADCAST_HELD_MAX,
  BROADCAST_HELD_MS,
  BROADCAST_OPENING_BYTES_MAX,
  BROADCAST_ORDER_MS,
  BROADCAST_STEPS_MAX,
} from '../../../../protocol/limits/broadcast.ts'
import { suiteOf } from '../suites.ts'
import { carry, carryFrames, carryService, company, idOf, leaves, Member } from './company.ts'

let suite: Suite
beforeAll(async () => {
  suite = await suiteOf('pure')
})

type Six = [Member, Member, Member, Member, Member, Member]
const six = async () => (await company(suite, 6)) as Six

describe('the bytes that wait', () => {
  const id = new Uint8Array(8).fill(1)
  const frame = { id, counter: 0, sealed: new Uint8Array(80) }
  const said = { kind: 'said', id, counter: 9, body: new Uint8Array(50) } as const

  it('of frames are given back when they are opened, and when nobody waits for them any more', () => {
    const budget = new Budget()
    const held = new HeldFrames(budget)
    for (let i = 0; i < 2; i++) held.hold(frame, 0)
    expect(budget.bytes).toBe(2 * (80 + 64))
    held.release(id)
    expect(budget.bytes).toBe(0)
    held.hold(frame, 0)
    expect(held.expire(BROADCAST_HELD_MS)).toBe(1)
    expect(budget.bytes).toBe(0)
  })

  it('of what is to be said in order are given back when it is said', () => {
    const budget = new Budget()
    const timeline = new Timeline(budget)
    timeline.begin(new ReceivingChain(suite, { id, counter: 0 }, new Uint8Array(32)), 0)
    expect(timeline.say(said.body, said, 0)).toEqual([])
    expect(budget.bytes).toBe(50 + 64)
    expect(timeline.settle(BROADCAST_ORDER_MS)).toEqual([said.body])
    expect(budget.bytes).toBe(0)
  })

  it('of a stranger are given back when it comes, and when it does not', () => {
    for (const comes of [true, false]) {
      const budget = new Budget()
      const hearing = new Hearing({ suite, tag: new Uint8Array(32) }, idOf(1), budget, 0)
      hearing.wait(said)
      expect(budget.bytes).toBe(50 + 64)
      if (comes) expect(hearing.arrived()).toEqual([said])
      else expect(hearing.wake(BROADCAST_HELD_MS).length).toBe(1)
      expect(budget.bytes).toBe(0)
    }
  })
})

describe('an erased chain', () => {
  it('opens nothing: what comes of zeros is known to all', async () => {
    const id = new Uint8Array(8)
    const chain = new ReceivingChain(suite, { id, counter: 0 }, new Uint8Array(32).fill(1))
    chain.erase()
    expect(await chain.open(id, { id, counter: 0, sealed: new Uint8Array(80) })).toBe('key-erased')
  })
})

describe('what waits', () => {
  it('for a key waits ten seconds, not longer', async () => {
    const members = await six()
    const [alice, bob, carol] = members
    await alice.says('hello')
    await carryFrames(alice, [bob, carol])
    await bob.waits(BROADCAST_HELD_MS - 1)
    await carol.waits(BROADCAST_HELD_MS)
    await carryService(alice, [bob, carol])
    expect([bob.said, bob.drops]).toEqual([['hello'], []])
    expect([carol.said, carol.drops]).toEqual([[], ['no-key']])
    await alice.says('again')
    await carryFrames(alice, [bob, carol])
    expect([bob.said, carol.said]).toEqual([['hello', 'again'], ['again']])
  })

  it('for a key is bounded in number', async () => {
    const members = await six()
    const [alice, bob] = members
    for (let i = 0; i <= BROADCAST_HELD_MAX; i++) await alice.says(`${i}`)
    await carryFrames(alice, [bob])
    expect(bob.drops).toEqual(['too-much-held'])
    await carryService(alice, [bob])
    expect(bob.said.length).toBe(BROADCAST_HELD_MAX)
  })

  it('for keys is bounded in bytes over all senders, and room is given back', async () => {
    const members = (await company(suite, 7)) as Six
    const [alice, bob, carol, , , frank] = members
    const large = new Uint8Array(BROADCAST_BYTES_MAX)
    const half = Math.ceil(BROADCAST_HELD_BYTES_MAX / large.length / 2) + 1
    const fill = async () => {
      for (let i = 0; i < half; i++) await Promise.all([alice.says(large), carol.says(large)])
      await carryFrames(alice, [bob])
      await carryFrames(carol, [bob])
    }
    await fill()
    const dropped = bob.drops.length
    expect(bob.drops).toEqual(Array(dropped).fill('too-much-held'))
    expect(dropped).toBeGreaterThan(0)
    expect(dropped).toBeLessThan(half)
    for (const sender of [alice, carol]) await carryService(sender, [bob])
    expect(bob.said.length).toBe(2 * half - dropped)
    await leaves(frank, members)
    await fill()
    expect(bob.drops.length).toBe(2 * dropped)
  })

  it('to be opened is bounded in bytes', async () => {
    const [alice, bob] = await six()
    const frame = new Uint8Array(BROADCAST_OPENING_BYTES_MAX / 64).fill(0xb1)
    await Promise.all(Array.from({ length: 65 }, () => bob.hears(alice.id, frame)))
    expect(bob.drops.filter((reason) => reason === 'overloaded').length).toBe(1)
    await bob.hears(alice.id, frame)
    expect(bob.drops.at(-1)).toBe('malformed')
  })

  it('for its sender to be shown by the room is delivered then, and dropped if that is never', async () => {
    const [alice, bob, carol] = [
      await Member.of(suite, 1),
      await Member.of(suite, 2),
      await Member.of(suite, 3),
    ]
    for (const other of [bob, carol]) await alice.sees(other.id)
    await alice.says('hello')
    await carryService(alice, [bob, carol])
    expect([bob.said, bob.drops]).toEqual([[], []])
    await bob.sees(alice.id)
    await carol.waits(BROADCAST_HELD_MS)
    expect([bob.said, bob.drops]).toEqual([['hello'], []])
    expect([carol.said, carol.drops, carol.sealed.wakeAtMs]).toEqual([[], ['not-a-member'], undefined])
  })

  it('for a stranger is bounded too', async () => {
    const [alice, bob] = [await Member.of(suite, 1), await Member.of(suite, 2)]
    await alice.sees(bob.id)
    for (let i = 0; i <= BROADCAST_HELD_MAX; i++) await alice.says(`${i}`)
    await carryService(alice, [bob])
    expect(bob.drops).toEqual(['too-much-held'])
    await bob.sees(alice.id)
    expect(bob.said.length).toBe(BROADCAST_HELD_MAX)
  })

  it('on the link of one who left is delivered for a while', async () => {
    const members = (await company(suite, 2)) as Six
    const [alice, bob] = members
    await alice.says('goodbye')
    await bob.misses(alice.id)
    await carry(alice, [bob])
    expect(bob.said).toEqual(['goodbye'])
    await alice.says('from beyond')
    await bob.waits(BROADCAST_DEPARTED_MS)
    expect(bob.sealed.wakeAtMs).toBeUndefined()
    await carry(alice, [bob])
    await bob.waits(BROADCAST_HELD_MS)
    expect([bob.said, bob.drops]).toEqual([['goodbye'], ['not-a-member']])
  })
})

describe('asking', () => {
  it('for a key that got lost brings what comes from then on', async () => {
    const members = await six()
    const [alice, bob] = members
    await alice.says('unheard')
    alice.service.splice(0)
    await carryFrames(alice, [bob])
    await bob.waits(BROADCAST_ASK_MS - 1)
    expect(bob.service).toEqual([])
    await bob.waits(1)
    expect(bob.service.map(({ to }) => to)).toEqual([alice.id])
    await carryService(bob, [alice])
    await carryService(alice, [bob])
    expect([bob.said, bob.drops]).toEqual([[], ['earlier']])
    await alice.says('heard')
    await carry(alice, [bob])
    expect(bob.said).toEqual(['heard'])
  })

  it('is seldom, and what is asked twice is answered once', async () => {
    const members = await six()
    const [alice, bob] = members
    await alice.says('1')
    alice.service.splice(0)
    await carryFrames(alice, [bob])
    await bob.waits(BROADCAST_ASK_MS)
    await alice.says('2')
    await carryFrames(alice, [bob])
    await bob.waits(BROADCAST_ASK_AGAIN_MS - 1)
    expect(bob.service.length).toBe(1)
    await bob.waits(1)
    expect(bob.service.length).toBe(2)
    await carryService(bob, [alice])
    expect([alice.service.length, alice.drops]).toEqual([1, ['unwanted']])
  })

  it('is not needed when the key comes by itself; one that crosses it skips nothing that is under way', async () => {
    const members = await six()
    const [alice, bob] = members
    await alice.says('1')
    await carryFrames(alice, [bob])
    await bob.waits(BROADCAST_ASK_MS)
    await alice.says('2')
    await carryService(bob, [alice])
    await carry(alice, [bob])
    expect([bob.said, bob.drops]).toEqual([['1', '2'], ['key-known']])
    expect(alice.sealed.wakeAtMs).toBeUndefined()
  })

  it('helps when more was lost than is stepped over', async () => {
    const members = await six()
    const [alice, bob, carol] = members
    await alice.says('first')
    await carry(alice, [bob, carol])
    for (let i = 0; i < BROADCAST_STEPS_MAX; i++) await alice.says('lost')
    alice.frames.splice(0)
    await alice.says('just')
    await carryFrames(alice, [carol])
    expect(carol.said).toEqual(['first', 'just'])
    await alice.says('too far')
    await carryFrames(alice, [bob])
    await bob.waits(BROADCAST_ASK_MS)
    await carryService(bob, [alice])
    await alice.says('back')
    await carry(alice, [bob])
    expect([bob.said, bob.drops]).toEqual([['first', 'back'], ['too-far']])
  })

  it('is in vain for who is not there, and for a generation that has ended', async () => {
    const members = (await company(suite, 7)) as Six
    const [alice, bob, , , , frank] = members
    await alice.says('1')
    alice.service.splice(0)
    await carryFrames(alice, [bob, frank])
    for (const member of [bob, frank]) await member.waits(BROADCAST_ASK_MS)
    await leaves(frank, members)
    await carryService(frank, [alice])
    await carryService(bob, [alice])
    expect([alice.service, alice.drops]).toEqual([[], ['unwanted', 'unwanted']])
  })
})
