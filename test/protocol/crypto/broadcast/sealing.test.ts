// Broadcasts from one member to the others: which way they go, in which order they are delivered, and what becomes of those
// whose key, or whose sender, is late.

import { beforeAll, describe, expect, it } from 'vitest'
import { SERVICE } from '../../../../protocol/crypto/broadcast/layout.ts'
import { BROADCAST_BYTES_MAX } from '../../../../protocol/crypto/broadcast/padding.ts'
import { roomOfService } from '../../../../protocol/crypto/broadcast/sealing.ts'
import type { Backend, Suite } from '../../../../protocol/crypto/suite.ts'
import { WaypostError } from '../../../../protocol/errors.ts'
import {
  BROADCAST_DEPARTED_MS,
  BROADCAST_GENERATION_MAX,
  BROADCAST_GENERATION_MS,
  BROADCAST_GENERATIONS_KEPT,
  BROADCAST_HELD_BYTES_MAX,
  BROADCAST_ORDER_MS,
} from '../../../../protocol/limits/broadcast.ts'
import { MESSAGE_BYTES_MAX } from '../../../../protocol/limits/wire.ts'
import { utf8 } from '../../../../protocol/wire/bytes.ts'
import { PAYLOAD_AT } from '../../../../protocol/wire/registry.ts'
import { BACKENDS, suiteOf } from '../suites.ts'
import { carry, carryFrames, carryService, company, joins, leaves, Member } from './company.ts'

const suites = {} as Record<Backend, Suite>
let suite: Suite
beforeAll(async () => {
  for (const backend of BACKENDS) suites[backend] = await suiteOf(backend)
  suite = suites.pure
})

type Six = [Member, Member, Member, Member, Member, Member]
const six = async () => (await company(suite, 6)) as Six

describe.each(BACKENDS)('with %s cryptography', (backend) => {
  it.each([2, 3, 5])('in a company of %i the room carries nothing', async (size) => {
    const members = await company(suites[backend], size)
    const [alice] = members as Six
    await alice.says('hello')
    expect(alice.frames).toEqual([])
    expect(alice.service.map(({ to }) => to)).toEqual(members.slice(1).map(({ id }) => id))
    await carry(alice, members)
    for (const member of members.slice(1))
      expect(member.heard).toEqual([{ from: alice.id, said: 'hello', by: 'link' }])
  })

  it.each([6, 9])('in a company of %i one frame is for all, and a key for each, once', async (size) => {
    const members = await company(suites[backend], size)
    const [alice] = members as Six
    await alice.says('hello')
    await alice.says('and again')
    expect(alice.frames.length).toBe(2)
    expect(alice.service.length).toBe(size - 1)
    await carry(alice, members)
    for (const member of members.slice(1)) {
      expect(member.said).toEqual(['hello', 'and again'])
      expect(member.heard[0]).toEqual({ from: alice.id, said: 'hello', by: 'room' })
    }
  })
})

describe('a broadcast', () => {
  it('with nobody else there goes nowhere', async () => {
    const alice = await Member.of(suite, 1)
    await alice.says('anybody?')
    expect([alice.frames, alice.service]).toEqual([[], []])
  })

  it('may be empty, and as large as a frame of the room, whichever way it goes', async () => {
    for (const size of [2, 6]) {
      const members = await company(suite, size)
      const [alice, bob] = members as Six
      const largest = new Uint8Array(BROADCAST_BYTES_MAX).fill(0x61)
      await alice.says('')
      await alice.says(largest)
      for (const frame of alice.frames)
        expect(frame.length).toBeLessThanOrEqual(MESSAGE_BYTES_MAX - PAYLOAD_AT)
      await carry(alice, members)
      expect(bob.said).toEqual(['', 'a'.repeat(BROADCAST_BYTES_MAX)])
    }
  })

  it('larger than that is refused, and nothing is sent', async () => {
    const [alice] = await six()
    const refuse = () => alice.sealed.broadcast(new Uint8Array(BROADCAST_BYTES_MAX + 1), 0)
    expect(refuse).toThrow(WaypostError)
    expect(refuse).toThrow(expect.objectContaining({ code: 'too-large' }))
    expect(alice.frames).toEqual([])
  })

  it('says what it said when it was asked for, though its bytes are changed after', async () => {
    const members = await six()
    const [alice, bob] = members
    const bytes = utf8('as it was')
    const saying = alice.says(bytes)
    bytes.fill(0)
    await saying
    await carry(alice, members)
    expect(bob.said).toEqual(['as it was'])
  })

  it('leaves in the order in which it was asked for, without waiting', async () => {
    const members = (await company(suites.native, 6)) as Six
    const [alice, bob] = members
    const numbers = Array.from({ length: 40 }, (_, i) => `${i}`)
    await Promise.all(numbers.map((number) => alice.says(number)))
    await carryService(alice, members)
    await Promise.all(alice.frames.map((frame) => bob.hears(alice.id, frame)))
    expect(bob.said).toEqual(numbers)
  })

  it('names its room to the host, and nothing else does', async () => {
    const [alice, bob] = (await company(suite, 2)) as Six
    const elsewhere = await Member.of(suite, 2, { network: 'demo', room: 'other' })
    await alice.says('hello')
    const [message] = alice.service
    expect(roomOfService(message?.bytes ?? new Uint8Array())).toBe(bob.sealed.tag)
    expect(elsewhere.sealed.tag).not.toBe(bob.sealed.tag)
    expect(roomOfService(utf8('something else that a link may bring, of sufficient length'))).toBeUndefined()
    await elsewhere.sees(alice.id)
    await elsewhere.reads(alice.id, message?.bytes ?? new Uint8Array())
    expect([elsewhere.said, elsewhere.drops]).toEqual([[], ['wrong-room']])
  })

  it('after the end has no effect, and erases what there was', async () => {
    const members = await six()
    const [alice, bob] = members
    await alice.says('hello')
    bob.sealed.close()
    alice.sealed.close()
    await carry(alice, members)
    await alice.says('more')
    expect([alice.frames, bob.said, bob.sealed.wakeAtMs]).toEqual([[], [], undefined])
  })
})

describe('effects', () => {
  it('come in the order in which they are to be done: keys before what is sealed under them', async () => {
    const [alice] = await six()
    const effects = await alice.sealed.broadcast(utf8('hello'), 0)
    expect(effects.map(({ kind }) => kind)).toEqual([...Array(5).fill('toMember'), 'toRoom'])
  })
})

describe('one order', () => {
  it('is kept when the company grows: frames wait for the key, which comes behind what was said before', async () => {
    const members = (await company(suite, 5)) as Six
    const [alice, bob] = members
    await alice.says('1')
    const frank = await Member.of(suite, 6)
    await joins(frank, members)
    await alice.says('2')
    await alice.says('3')
    await carryFrames(alice, [bob, frank])
    expect([bob.said, frank.said]).toEqual([[], []])
    await carryService(alice, [bob, frank])
    expect([bob.said, frank.said]).toEqual([
      ['1', '2', '3'],
      ['2', '3'],
    ])
  })

  it('is kept when the company shrinks: what the link brings waits for the frames before it', async () => {
    const members = await six()
    const [alice, bob, , , , frank] = members
    for (const number of ['1', '2', '3']) await alice.says(number)
    await leaves(frank, members)
    await alice.says('4')
    await alice.says('5')
    await carryService(alice, [bob])
    expect(bob.said).toEqual([])
    await carryFrames(alice, [bob])
    expect(bob.said).toEqual(['1', '2', '3', '4', '5'])
    expect(bob.sealed.wakeAtMs).toBe(BROADCAST_DEPARTED_MS) // to forget Frank, and for nothing else
  })

  it('is kept when those frames are lost: the link waits only so long, and what comes after that is dropped', async () => {
    const members = await six()
    const [alice, bob, , , , frank] = members
    await alice.says('1')
    await alice.says('2')
    await leaves(frank, members)
    await alice.says('3')
    await carryService(alice, [bob])
    const [one, two] = alice.frames
    await bob.hears(alice.id, one as Uint8Array)
    await bob.waits(BROADCAST_ORDER_MS - 1)
    expect(bob.said).toEqual(['1'])
    await bob.waits(1)
    expect(bob.said).toEqual(['1', '3'])
    await bob.hears(alice.id, two as Uint8Array)
    expect([bob.said, bob.drops]).toEqual([['1', '3'], ['key-erased']])
  })

  it('is kept when it shrinks and grows again at once', async () => {
    const members = await six()
    const [alice, bob, carol, , , frank] = members
    await alice.says('1')
    await leaves(frank, members)
    await alice.says('2')
    await joins(frank, members)
    await alice.says('3')
    await carryService(alice, [bob])
    await carryFrames(alice, [bob])
    expect(bob.said).toEqual(['1', '2', '3'])
    expect(carol.said).toEqual([])
  })

  it('does not wait for what a later key proves to be lost', async () => {
    const members = await six()
    const [alice, bob, , , , frank] = members
    await alice.says('lost')
    await leaves(frank, members)
    await alice.says('2')
    await joins(frank, members)
    await alice.says('3')
    alice.frames.shift()
    await carryService(alice, [bob])
    expect(bob.said).toEqual([])
    await carryFrames(alice, [bob])
    expect(bob.said).toEqual(['2', '3'])
  })

  it('has no place for what was overtaken, nor for what was heard', async () => {
    const members = await six()
    const [alice, bob] = members
    for (const number of ['1', '2', '3']) await alice.says(number)
    await carryService(alice, [bob])
    const [one, two, three] = alice.frames as [Uint8Array, Uint8Array, Uint8Array]
    for (const frame of [one, one, three, two, three]) await bob.hears(alice.id, frame)
    expect([bob.said, bob.drops]).toEqual([
      ['1', '3'],
      ['passed', 'passed', 'passed'],
    ])
  })

  it('is that of the counters for what waited for its key, however the room mixed it up', async () => {
    const members = await six()
    const [alice, bob] = members
    for (const number of ['1', '2', '3']) await alice.says(number)
    for (const frame of alice.frames.toReversed()) await bob.hears(alice.id, frame)
    await carryService(alice, [bob])
    expect(bob.said).toEqual(['1', '2', '3'])
  })

  it('does not hold up a sender that started anew', async () => {
    const members = await six()
    const [alice, bob] = members
    await alice.says('before')
    await carryService(alice, [bob])
    const again = await Member.of(suite, 1)
    await bob.misses(again.id)
    await bob.sees(again.id)
    await again.sees(bob.id)
    await again.says('after')
    await carry(again, [bob])
    expect(bob.said).toEqual(['after'])
  })

  it('gives way where too much would wait: all goes at once, in order, without the missing frames', async () => {
    const members = await six()
    const [alice, bob, , , , frank] = members
    await alice.says('missing')
    await leaves(frank, members)
    const large = new Uint8Array(BROADCAST_BYTES_MAX).fill(0x62)
    const fitting = Math.floor(BROADCAST_HELD_BYTES_MAX / (large.length + 64))
    for (let i = 0; i < fitting; i++) await alice.says(large)
    await carryService(alice, [bob])
    expect(bob.said).toEqual([])
    await alice.says(Uint8Array.of(...large.subarray(1), 0x63))
    await carryService(alice, [bob])
    expect(bob.said.length).toBe(fitting + 1)
    expect(bob.said.at(-1)?.at(-1)).toBe('c')
  })
})

describe('generations', () => {
  const typeOf = ({ bytes }: { readonly bytes: Uint8Array }) => bytes[0]
  const idOfFrame = (frame: Uint8Array | undefined) =>
    Buffer.from(frame?.subarray(1, 9) ?? []).toString('hex')

  it('end when somebody leaves who had the key, and many leaving at once cost one', async () => {
    const members = (await company(suite, 9)) as Six
    const [alice, , , , , frank] = members
    await alice.says('1')
    alice.service.splice(0)
    await leaves(frank, members)
    await leaves(members.at(-1) as Member, members)
    await alice.says('2')
    expect(alice.service.map(typeOf)).toEqual(Array(6).fill(SERVICE.key))
    expect(idOfFrame(alice.frames[0])).not.toBe(idOfFrame(alice.frames[1]))
  })

  it('do not end when somebody comes, or leaves who never had the key', async () => {
    const members = (await company(suite, 7)) as Six
    const [alice] = members
    await alice.says('1')
    const late = await Member.of(suite, 20)
    await joins(late, members)
    await leaves(late, members)
    await alice.says('2')
    expect(idOfFrame(alice.frames[0])).toBe(idOfFrame(alice.frames[1]))
    expect(alice.service.length).toBe(6)
  })

  it('end after an hour', async () => {
    const [alice] = await six()
    await alice.says('1')
    alice.nowMs = BROADCAST_GENERATION_MS - 1
    await alice.says('2')
    alice.nowMs++
    await alice.says('3')
    const [one, two, three] = alice.frames.map(idOfFrame)
    expect(one).toBe(two)
    expect(three).not.toBe(one)
  })

  it('end after so many broadcasts', async () => {
    // Only counted here: sealing them in earnest takes seconds.
    const expand: Suite['hash']['expand'] = async (_key, _info, length) => new Uint8Array(length).fill(1)
    const key = { seal: async () => new Uint8Array(80), open: async () => undefined }
    const free = { ...suite, hash: { ...suite.hash, expand }, aead: { key: async () => key } }
    const [alice] = (await company(free, 6)) as Six
    for (let i = 0; i < BROADCAST_GENERATION_MAX; i++) await alice.says('')
    const before = alice.frames.splice(0).map(idOfFrame)
    await alice.says('')
    expect(new Set(before).size).toBe(1)
    expect(idOfFrame(alice.frames[0])).not.toBe(before[0])
  })

  it('are erased by a receiver a while after the next one came, and at once when it is used', async () => {
    const members = (await company(suite, 7)) as Six
    const [alice, bob, carol, , , frank] = members
    await alice.says('1')
    await alice.says('late')
    await leaves(frank, members)
    await alice.says('2')
    const [one, late, two] = alice.frames as [Uint8Array, Uint8Array, Uint8Array]
    await carryService(alice, [bob, carol])
    for (const member of [bob, carol]) await member.hears(alice.id, one)
    await bob.waits(BROADCAST_ORDER_MS)
    await carol.hears(alice.id, two)
    for (const member of [bob, carol]) await member.hears(alice.id, late)
    expect([bob.said, bob.drops]).toEqual([['1'], ['key-erased']])
    expect([carol.said, carol.drops]).toEqual([['1', '2'], ['key-erased']])
  })

  it('are kept by a receiver only so many at once', async () => {
    const members = (await company(suite, 6 + BROADCAST_GENERATIONS_KEPT)) as Six
    const [alice, bob] = members
    for (let i = 0; i <= BROADCAST_GENERATIONS_KEPT; i++) {
      await alice.says(`${i}`)
      await leaves(members[5 + i] as Member, members)
    }
    expect(new Set(alice.frames.map(idOfFrame)).size).toBe(BROADCAST_GENERATIONS_KEPT + 1)
    await carry(alice, [bob])
    expect([bob.said, bob.drops]).toEqual([['1', '2', '3', '4', '5', '6', '7', '8'], ['key-erased']])
  })
})
