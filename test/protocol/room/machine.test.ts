// The signaling room's decisions, arrow by arrow (protocol/room/README.md): coming, going, and what is said between.

import { describe, expect, it } from 'vitest'
import {
  KEEP_ALIVE_MS,
  METADATA_BYTES_MAX,
  PRESENCE_TIMEOUT_MS,
  ROOM_PEERS_MAX,
} from '../../../protocol/limits/room.ts'
import { utf8 } from '../../../protocol/wire/bytes.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import { REFUSAL } from '../../../protocol/wire/registry.ts'
import { expectAgreement, expectClosed, expectGone, Person, Room } from './vocabulary.ts'

function meeting(room = new Room()) {
  const alice = new Person('alice').joins(room)
  const bob = new Person('bob').joins(room)
  const carol = new Person('carol').joins(room)
  return { room, alice, bob, carol }
}

describe('joining', () => {
  it('shows the newcomer who is here, and tells them of the newcomer', () => {
    const { room, alice, carol } = meeting()
    expect(carol.view.members.size).toBe(2)
    expect(alice.hears('joined').map(({ member }) => member.peer)).toContainEqual(carol.peer)
    expectAgreement(room)
  })

  it('tells the newcomer the limits it is under, and a keep-alive that fits the timeout', () => {
    const room = new Room({ presenceTimeoutMs: 6_000, peersMax: 7 })
    const [welcome] = new Person('alice').joins(room).hears('welcome')
    expect(welcome).toMatchObject({
      resumed: false,
      keepAliveMs: 2_000,
      presenceTimeoutMs: 6_000,
      peersMax: 7,
    })
    expect(welcome).toMatchObject({ tokensPerSecond: 100, tokensBurst: 200, bytesPerSecond: 4_194_304 })
  })

  it('is refused in another version of the wire', () => {
    const { room, alice } = meeting()
    const late = new Person('late').joins(room, { version: 2 })
    expectClosed(late, 4007, 'version-mismatch')
    expect(alice.hears('joined').length).toBe(2)
    expectAgreement(room)
  })

  it('is refused with more metadata than the bound, and not with as much', () => {
    const { room } = meeting()
    const much = new Person('much').joins(room, { metadata: new Uint8Array(METADATA_BYTES_MAX).fill(7) })
    expect(much.isHere).toBe(true)
    const more = new Person('more').joins(room, { metadata: new Uint8Array(METADATA_BYTES_MAX + 1) })
    expectClosed(more, 4003, 'too-large')
    expectAgreement(room)
  })

  it('is refused when the room is full, until somebody leaves', () => {
    const { room, bob } = meeting(new Room({ peersMax: 3 }))
    expectClosed(new Person('dave').joins(room), 4005, 'room-full')
    bob.closes()
    expect(new Person('dave').joins(room).isHere).toBe(true)
    expectAgreement(room)
  })

  it('finds room in a full room when somebody in it has vanished', () => {
    const { room, bob } = meeting(new Room({ peersMax: 3 }))
    bob.vanishes()
    room.passes(PRESENCE_TIMEOUT_MS + 1)
    const dave = new Person('dave').joins(room)
    expect(dave.isHere).toBe(true)
    expectGone(bob, 'vanished')
    expectClosed(bob, 4009, 'vanished')
    expectAgreement(room)
  })

  it('of a thousand is shown whole, in parts that fit a message', () => {
    const room = new Room()
    const metadata = new Uint8Array(100)
    for (let i = 1; i < ROOM_PEERS_MAX; i++) {
      const deaf = { send: () => {}, close: () => {} } // what a thousand tell each other is not the subject here
      const peer = new Uint8Array(32)
      new DataView(peer.buffer).setUint32(28, i)
      const join = { kind: 'join', version: 1, peer, session: new Uint8Array(8), metadata } as const
      room.host.connect(deaf, join, room.nowMs)
      room.effects.length = 0
    }
    const last = new Person('last').joins(room)
    expect(last.view.members.size).toBe(ROOM_PEERS_MAX - 1)
    for (const part of last.hears('roster')) expect(encode(part).length).toBeLessThanOrEqual(33_000)
    expectClosed(new Person('one more').joins(room), 4005, 'room-full')
  })

  it('gives the lowest free slot, with another tag than its last owner had', () => {
    const { room, bob } = meeting()
    const { address } = bob
    bob.closes()
    const dave = new Person('dave').joins(room)
    expect(dave.address >>> 16).toBe(address >>> 16)
    expect(dave.address).not.toBe(address)
  })
})

describe('coming back', () => {
  it('as the same session on a new socket, others notice nothing and the address stays', () => {
    const { room, alice, bob, carol } = meeting()
    const { address, line: before } = bob
    for (const other of [alice, carol]) other.hears('joined')
    bob.resumes(room)
    expect(bob.hears('welcome')).toMatchObject([{ resumed: true, address }])
    expect(before?.closedWith).toEqual({ code: 4000 + REFUSAL.superseded, reason: 'superseded' })
    for (const other of [alice, carol]) expect(other.heard.slice(-1)).not.toMatchObject([{ kind: 'left' }])
    expect(carol.hears('left')).toEqual([])
    expectAgreement(room)
    alice.tells(bob, 'still here?')
    expect(bob.hears('relay')).toMatchObject([{ address: alice.address, payload: utf8('still here?') }])
  })

  it('as the same session with other metadata, others hear of the metadata', () => {
    const { room, alice, bob } = meeting()
    bob.resumes(room, { metadata: utf8('moved') })
    expect(alice.hears('metadata')).toEqual([
      { kind: 'metadata', address: bob.address, metadata: utf8('moved') },
    ])
    expectAgreement(room)
  })

  it('as the same session counts as a sign of life, as joining does', () => {
    const { room, alice, bob } = meeting()
    room.passes(10 * KEEP_ALIVE_MS)
    bob.resumes(room)
    bob.vanishes()
    alice.sweeps()
    expect(bob.isHere).toBe(true)
    room.passes(PRESENCE_TIMEOUT_MS + 1)
    alice.sweeps()
    expectGone(bob, 'vanished')
  })

  it('as the same session does not give back what was spent', () => {
    const room = new Room({ tokens: { perSecond: 1, burst: 4 } })
    const alice = new Person('alice').joins(room)
    for (let i = 0; i < 3; i++) alice.says('much')
    alice.resumes(room)
    alice.says('more')
    expect(alice.hears('refusal')).toMatchObject([{ code: 'rate-limited' }])
  })

  it('as another session supersedes: the older is told, the others see it leave and join', () => {
    const { room, alice, bob } = meeting()
    const { address, line: before, heard } = bob
    alice.hears('joined')
    bob.joins(room)
    expect(before?.closedWith).toEqual({ code: 4006, reason: 'superseded' })
    expect(heard.at(-1)).toMatchObject({ kind: 'refusal', code: 'superseded' })
    expect(alice.heard.slice(-2)).toMatchObject([
      { kind: 'left', address, reason: 'superseded' },
      { kind: 'joined', member: { address: bob.address } },
    ])
    expectAgreement(room)
  })

  it('supersedes in a full room too, since the room is no fuller for it', () => {
    const { room, bob } = meeting(new Room({ peersMax: 3 }))
    bob.joins(room)
    expect(bob.isHere).toBe(true)
    expectAgreement(room)
  })
})

describe('going', () => {
  it('by closing, by breaking and by vanishing is told to all as what it is', () => {
    const { room, alice, bob, carol } = meeting()
    bob.closes()
    expectGone(bob, 'closed')
    carol.breaks()
    expectGone(carol, 'lost')
    const dave = new Person('dave').joins(room)
    dave.vanishes()
    room.passes(PRESENCE_TIMEOUT_MS)
    alice.sweeps()
    expect(dave.isHere).toBe(true)
    room.passes(1)
    alice.sweeps()
    expectGone(dave, 'vanished')
    expectClosed(dave, 4009, 'vanished')
    expectAgreement(room)
  })

  it('is told once, though it is noticed twice in one message', () => {
    const { room, alice, bob, carol } = meeting()
    bob.vanishes()
    room.passes(PRESENCE_TIMEOUT_MS + 1)
    const sweep = encode({ kind: 'sweep' })
    alice.sends({ kind: 'batch', frames: [sweep, sweep] })
    expect(carol.hears('left')).toEqual([{ kind: 'left', address: bob.address, reason: 'vanished' }])
    expectAgreement(room)
  })

  it('is noticed before what follows in the same message', () => {
    const { room, alice, bob } = meeting()
    bob.vanishes()
    room.passes(PRESENCE_TIMEOUT_MS + 1)
    const relay = encode({ kind: 'relay', address: bob.address, payload: utf8('there?') })
    alice.sends({ kind: 'batch', frames: [encode({ kind: 'sweep' }), relay] })
    expect(alice.hears('undeliverable')).toEqual([
      { kind: 'undeliverable', address: bob.address, reason: 'gone' },
    ])
  })

  it('is never asked of the one who sweeps', () => {
    const { room, alice } = meeting()
    alice.vanishes()
    room.passes(PRESENCE_TIMEOUT_MS + 1)
    alice.sweeps()
    expect(alice.isHere).toBe(true)
  })
})

describe('what members say', () => {
  it('to one arrives there alone, from the sender', () => {
    const { alice, bob, carol } = meeting()
    alice.tells(bob, 'hello')
    alice.sends({ kind: 'signal', address: bob.address, payload: utf8('offer') })
    const heard = bob.heard.slice(-2)
    expect(heard).toEqual([
      { kind: 'relay', address: alice.address, payload: utf8('hello') },
      { kind: 'signal', address: alice.address, payload: utf8('offer') },
    ])
    expect([...carol.hears('relay'), ...alice.hears('relay')]).toEqual([])
  })

  it('to all arrives at all others', () => {
    const { alice, bob, carol } = meeting()
    alice.says('hello all')
    const said = [{ kind: 'broadcast', address: alice.address, payload: utf8('hello all') }]
    expect([bob.hears('broadcast'), carol.hears('broadcast'), alice.hears('broadcast')]).toEqual([
      said,
      said,
      [],
    ])
  })

  it('of themselves arrives at all others, and at who comes later', () => {
    const { room, alice, bob } = meeting()
    bob.describes('away')
    bob.metadata = Uint8Array.from(utf8('away'))
    expect(alice.hears('metadata')).toEqual([
      { kind: 'metadata', address: bob.address, metadata: utf8('away') },
    ])
    new Person('dave').joins(room)
    expectAgreement(room)
  })

  it('in a batch arrives in its order', () => {
    const { alice, bob } = meeting()
    const words = ['one', 'two', 'three']
    const frames = words.map((word) => encode({ kind: 'relay', address: bob.address, payload: utf8(word) }))
    alice.sends({ kind: 'batch', frames })
    expect(bob.hears('relay').map(({ payload }) => payload)).toEqual(words.map(utf8))
  })

  it('to who left goes nowhere, and the sender is told, whoever has the slot now', () => {
    const { room, alice, bob } = meeting()
    const { address } = bob
    bob.closes()
    const dave = new Person('dave').joins(room)
    expect(dave.address >>> 16).toBe(address >>> 16)
    for (const kind of ['relay', 'signal'] as const) {
      alice.sends({ kind, address, payload: utf8('bob?') })
      expect(alice.hears('undeliverable')).toEqual([{ kind: 'undeliverable', address, reason: 'gone' }])
    }
    expect(dave.hears('relay')).toEqual([])
    expect(room.host.drops.of('no-such-member')).toBe(2)
  })
})
