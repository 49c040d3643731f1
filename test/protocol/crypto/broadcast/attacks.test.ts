// What an edge, a newcomer, a leaver or a member may try: to read what was not for them, to say what another said, to change,
// repeat or withhold it. And that no bytes whatever throw.

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { NO_MARK, SERVICE, writeFrame, writeService } from '../../../../protocol/crypto/broadcast/layout.ts'
import { SEALED_HEADER_BYTES } from '../../../../protocol/crypto/broadcast/padding.ts'
import { ReceivingChain } from '../../../../protocol/crypto/broadcast/receiving-chain.ts'
import { SendingChain } from '../../../../protocol/crypto/broadcast/sending-chain.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import { BROADCAST_STEPS_LEAST, BROADCAST_STEPS_MAX } from '../../../../protocol/limits/broadcast.ts'
import { fromBase64url } from '../../../../protocol/wire/base64url.ts'
import { utf8 } from '../../../../protocol/wire/bytes.ts'
import { flipped } from '../handshake/meeting.ts'
import { suiteOf } from '../suites.ts'
import {
  carry,
  carryFrames,
  carryService,
  company,
  idBytes,
  idOf,
  joins,
  leaves,
  Member,
  PLACE,
} from './company.ts'

let suite: Suite
beforeAll(async () => {
  suite = await suiteOf('pure')
})

type Six = [Member, Member, Member, Member, Member, Member]
const six = async () => (await company(suite, 6)) as Six
const first = (frames: readonly Uint8Array[]) => frames[0] as Uint8Array

/** One broadcast of Alice's, whose key Bob has. */
async function sealedHello(): Promise<{ readonly members: Six; readonly frame: Uint8Array }> {
  const members = await six()
  const [alice] = members
  await alice.says('hello')
  await carryService(alice, members)
  return { members, frame: first(alice.frames) }
}

describe('a newcomer', () => {
  it('reads nothing that was sent before it came, given all that the room ever saw and every key it gets', async () => {
    const members = await six()
    const [alice, bob] = members
    const saw: Uint8Array[] = []
    for (const number of ['1', '2', '3']) await alice.says(number)
    saw.push(...alice.frames)
    await carry(alice, members)
    const grace = await Member.of(suite, 7)
    for (const frame of saw) await grace.hears(alice.id, frame)
    await joins(grace, members)
    for (const frame of saw) await grace.hears(alice.id, frame)
    await alice.says('4')
    saw.push(...alice.frames)
    await carry(alice, [bob, grace])
    for (const frame of saw) await grace.hears(alice.id, frame)
    expect(grace.said).toEqual(['4'])
    expect(new Set(grace.drops)).toEqual(new Set(['not-a-member', 'earlier', 'passed']))
    expect(bob.said).toEqual(['1', '2', '3', '4'])
  })

  it('who asks is given where the chain is now, not where it was', async () => {
    const members = await six()
    const [alice] = members
    await alice.says('before')
    const grace = await Member.of(suite, 7)
    await joins(grace, members)
    const before = first(alice.frames)
    const id = before.slice(1, 9)
    const tag = fromBase64url(grace.sealed.tag) as Uint8Array
    await alice.reads(grace.id, writeService(tag, 'want', { id, counter: 0 }, new Uint8Array()))
    await carryService(alice, [grace])
    await grace.hears(alice.id, before)
    expect([grace.said, grace.drops]).toEqual([[], ['earlier']])
  })
})

describe('a leaver', () => {
  it('reads nothing that was sent after it left, given all that the room ever saw', async () => {
    const members = (await company(suite, 8)) as Six
    const [alice, bob, , , , frank] = members
    await alice.says('1')
    await carry(alice, members)
    await leaves(frank, members)
    for (const number of ['2', '3']) await alice.says(number)
    expect(alice.service.map(({ to }) => to)).not.toContain(frank.id)
    await carry(alice, members)
    await frank.waits(5_000)
    await carryService(frank, members)
    await carryService(alice, members)
    expect([frank.said, bob.said]).toEqual([['1'], ['1', '2', '3']])
    expect(alice.drops).toEqual(['unwanted'])
  })

  it('who comes back reads what is sent from then on', async () => {
    const members = (await company(suite, 8)) as Six
    const [alice, , , , , frank] = members
    await alice.says('1')
    await leaves(frank, members)
    await alice.says('2')
    await joins(
      frank,
      members.filter((member) => member !== frank),
    )
    await alice.says('3')
    await carry(alice, members)
    expect(frank.said).toEqual(['1', '3'])
  })
})

describe('the edge', () => {
  it('can change no bit of any field', async () => {
    const { members, frame } = await sealedHello()
    const [alice, bob] = members
    for (let bit = 0; bit < frame.length * 8; bit++) await bob.hears(alice.id, flipped(frame, bit))
    expect(bob.said).toEqual([])
    // Of the type: malformed. Of the key's id: held, in vain. Of the counter: too far, or not under that step's key. Then the tag.
    await bob.waits(60_000)
    expect(bob.drops.length).toBe(frame.length * 8)
    expect(new Set(bob.drops)).toEqual(new Set(['malformed', 'no-key', 'too-far', 'unopened']))
    await bob.hears(alice.id, frame)
    expect(bob.said).toEqual(['hello'])
  })

  it('can neither cut a frame nor make it longer', async () => {
    const { members, frame } = await sealedHello()
    const [alice, bob] = members
    for (let length = 0; length < frame.length; length++) await bob.hears(alice.id, frame.subarray(0, length))
    await bob.hears(alice.id, Uint8Array.of(...frame, 0))
    await bob.hears(alice.id, Uint8Array.of(...frame, ...new Uint8Array(64)))
    expect(new Set(bob.drops)).toEqual(new Set(['malformed', 'unopened']))
    await bob.hears(alice.id, frame)
    expect(bob.said).toEqual(['hello'])
  })

  it('can say no frame a second time', async () => {
    const { members, frame } = await sealedHello()
    const [alice, bob] = members
    for (let time = 0; time < 3; time++) await bob.hears(alice.id, frame)
    expect([bob.said, bob.drops]).toEqual([['hello'], ['passed', 'passed']])
  })

  it('can put no frame into the mouth of another member, nor of nobody', async () => {
    const { members, frame } = await sealedHello()
    const [alice, bob, carol] = members
    await carol.says('mine')
    await carry(carol, [bob])
    for (const other of [carol.id, idOf(99), bob.id]) await bob.hears(other, frame)
    await bob.waits(60_000)
    expect([bob.said, bob.drops]).toEqual([['mine'], ['not-a-member', 'not-a-member', 'no-key']])
    await bob.hears(alice.id, frame)
    expect(bob.said).toEqual(['mine', 'hello'])
  })

  it.each([
    { ...PLACE, room: 'other' },
    { ...PLACE, network: 'other' },
    { network: 'demol', room: 'obby' },
  ])('can carry nothing to $network/$room, even where the key is known', async (place) => {
    const members = await six()
    const [alice] = members
    await alice.says('hello')
    const bob = await Member.of(suite, 2, place)
    await bob.sees(alice.id)
    const key = first(alice.service.map(({ bytes }) => bytes))
    const moved = key.slice()
    moved.set(fromBase64url(bob.sealed.tag) as Uint8Array, 1)
    for (const given of [key, moved]) await bob.reads(alice.id, given)
    await bob.hears(alice.id, first(alice.frames))
    expect([bob.said, bob.drops]).toEqual([[], ['wrong-room', 'unopened']])
    const here = await Member.of(suite, 2)
    await here.sees(alice.id)
    await here.reads(alice.id, key)
    await here.hears(alice.id, first(alice.frames))
    expect(here.said).toEqual(['hello'])
  })

  it('makes nobody hash more than so often for a frame that is nobody’s', async () => {
    let hashes = 0
    const expand: Suite['hash']['expand'] = (key, info, length) => {
      hashes++
      return suite.hash.expand(key, info, length)
    }
    const counting = { ...suite, hash: { ...suite.hash, expand } }
    const key = () => new Uint8Array(32).fill(5)
    const id = new Uint8Array(8)
    const sealed = new Uint8Array(80)
    const chain = new ReceivingChain(counting, { id, counter: 7 }, key())
    const forge = (ahead: number) => chain.open(utf8(''), { id, counter: 7 + ahead, sealed })
    expect(await forge(BROADCAST_STEPS_MAX + 1)).toBe('too-far')
    expect(hashes).toBe(0)
    expect(await forge(BROADCAST_STEPS_MAX)).toBe('unopened')
    expect(hashes).toBe(BROADCAST_STEPS_MAX + 1)
    expect(await forge(BROADCAST_STEPS_MAX)).toBe('too-far')
    for (let reach = BROADCAST_STEPS_MAX / 2; reach >= BROADCAST_STEPS_LEAST; reach /= 2)
      expect(await forge(reach)).toBe('unopened')
    hashes = 0
    for (let ahead = 0; ahead <= BROADCAST_STEPS_MAX; ahead++) await forge(ahead)
    expect(hashes).toBe(45) // 0 to 8 steps, and a message's key each time
  })

  it('that sent forgeries has not made anybody deaf: what opens restores what may be lost', async () => {
    const { members, frame } = await sealedHello()
    const [alice, bob] = members
    for (let time = 0; time < 8; time++) await bob.hears(alice.id, flipped(frame, 300))
    await bob.hears(alice.id, frame)
    for (let i = 0; i < BROADCAST_STEPS_MAX; i++) await alice.says('lost')
    await alice.says('heard')
    await bob.hears(alice.id, alice.frames.at(-1) as Uint8Array)
    expect(bob.said).toEqual(['hello', 'heard'])
  })

  it('sees of what is said only its class, whichever way it goes', async () => {
    const sizes = [0, 1, 62, 63, 126, 127, 500, 1_022, 4_000, 40_000]
    const [alice] = await six()
    const [amy] = (await company(suite, 2)) as Six
    for (const size of sizes) for (const one of [alice, amy]) await one.says(new Uint8Array(size))
    const room = alice.frames.map((frame) => frame.length - SEALED_HEADER_BYTES - 16)
    expect(room).toEqual([64, 64, 64, 128, 128, 256, 512, 1_024, 4_096, 65_501])
    expect(amy.service.map(({ bytes }) => bytes.length - 45)).toEqual(room)
    expect(alice.service.map(({ bytes }) => bytes.length - 45)).toEqual([64, 64, 64, 64, 64])
  })

  it('sees no two frames alike, though they say the same', async () => {
    const [alice] = await six()
    for (let time = 0; time < 20; time++) await alice.says('the same')
    const bodies = alice.frames.map((frame) => String(frame.subarray(SEALED_HEADER_BYTES)))
    expect(new Set(bodies).size).toBe(20)
  })
})

describe('a member', () => {
  it('that gives another’s key for its own cannot say what the other said as its own', async () => {
    const members = await six()
    const [alice, bob, mallory] = members
    await alice.says('hello')
    const given = alice.service.find(({ to }) => to === mallory.id)?.bytes as Uint8Array
    await bob.reads(mallory.id, given)
    await bob.hears(mallory.id, first(alice.frames))
    expect([bob.said, bob.drops]).toEqual([[], ['unopened']])
    await carry(alice, [bob])
    expect(bob.said).toEqual(['hello'])
  })

  it('cannot replace another’s key, nor its own by an old one', async () => {
    const { members, frame } = await sealedHello()
    const [alice, bob, mallory] = members
    const tag = fromBase64url(bob.sealed.tag) as Uint8Array
    const id = frame.slice(1, 9)
    const fake = writeService(tag, 'key', { id, counter: 0 }, new Uint8Array(32).fill(9))
    await bob.reads(mallory.id, fake)
    await bob.reads(alice.id, fake)
    await bob.hears(alice.id, frame)
    expect([bob.said, bob.drops]).toEqual([['hello'], ['key-known']])
  })

  // Stated in the page, and so a test: who changes it should know.
  it('that has the key, with the edge’s help, can forge', async () => {
    const members = await six()
    const [alice, bob] = members
    await alice.says('hello')
    const chain = new SendingChain(suite, 0)
    const tag = fromBase64url(bob.sealed.tag) as Uint8Array
    await bob.reads(alice.id, writeService(tag, 'key', chain.position, chain.key))
    const position = chain.position
    const aad = Uint8Array.of(0xb1, ...tag, ...idBytes(1), ...position.id, 0, 0, 0, 0)
    const padded = new Uint8Array(64)
    padded.set([0, 6, ...utf8('forged')])
    await bob.hears(alice.id, writeFrame(position, await chain.seal(aad, padded)))
    expect(bob.said).toEqual(['forged'])
  })

  it('that pads otherwise than all do is not heard', async () => {
    const [alice, bob] = await six()
    const tag = fromBase64url(bob.sealed.tag) as Uint8Array
    for (const spoil of [
      [0, 5, 1, 1, 1, 1, 1, 1],
      [0, 63],
      [255, 255],
    ]) {
      const chain = new SendingChain(suite, 0)
      await bob.reads(alice.id, writeService(tag, 'key', chain.position, chain.key))
      const position = chain.position
      const aad = Uint8Array.of(0xb1, ...tag, ...idBytes(1), ...position.id, 0, 0, 0, 0)
      const padded = new Uint8Array(64)
      padded.set(spoil)
      await bob.hears(alice.id, writeFrame(position, await chain.seal(aad, padded)))
    }
    expect([bob.said, bob.drops]).toEqual([[], ['malformed', 'malformed', 'malformed']])
  })

  it('that says that very much came before delays nobody but itself, and not for long', async () => {
    const { members, frame } = await sealedHello()
    const [alice, bob, carol] = members
    const tag = fromBase64url(bob.sealed.tag) as Uint8Array
    const mark = { id: frame.slice(1, 9), counter: 0xffff_ffff }
    await bob.reads(alice.id, writeService(tag, 'said', mark, utf8('slow')))
    await bob.reads(carol.id, writeService(tag, 'said', NO_MARK, utf8('quick')))
    expect(bob.said).toEqual(['quick'])
    await bob.waits(5_000)
    expect(bob.said).toEqual(['quick', 'slow'])
  })
})

describe('bytes', () => {
  it('whatever they are, and from whomever, throw nothing', async () => {
    const { members, frame } = await sealedHello()
    const [alice, bob] = members
    const tag = fromBase64url(bob.sealed.tag) as Uint8Array
    const header = fc.constantFrom(...Object.values(SERVICE)).map((type) => Uint8Array.of(type, ...tag))
    const service = fc
      .tuple(
        header,
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        fc.constantFrom(64, 128),
        fc.uint8Array(),
      )
      .map(([head, position, size, body]) => {
        const padded = new Uint8Array(size)
        padded.set([0, body.length % 62, ...body.subarray(0, body.length % 62)])
        return Uint8Array.of(...head, ...position, ...padded)
      })
    const sealed = fc
      .tuple(fc.nat(2 * BROADCAST_STEPS_MAX), fc.uint8Array({ minLength: 80, maxLength: 80 }))
      .map(([counter, body]) => writeFrame({ id: frame.slice(1, 9), counter }, body))
    const sender = fc.constantFrom(alice.id, bob.id, idOf(77))
    await fc.assert(
      fc.asyncProperty(
        sender,
        fc.oneof(fc.uint8Array({ maxLength: 200 }), service, sealed),
        async (from, bytes) => {
          await bob.hears(from, bytes)
          await bob.reads(from, bytes)
          await bob.waits(50)
        },
      ),
      { numRuns: 500 },
    )
    expect(bob.said.filter((said) => said === 'hello')).toEqual([])
    const carol = members[2]
    await carryFrames(alice, [carol])
    expect(carol.said).toEqual(['hello'])
  })
})
