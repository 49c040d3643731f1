// The room's limits: what happens at each, and that whoever reaches one is alone with it.

import { describe, expect, it } from 'vitest'
import {
  METADATA_BYTES_MAX,
  PATIENCE_BURST,
  PRICE,
  TOKENS_BURST,
  TOKENS_PER_SECOND,
  UNREAD_BYTES_CEILING,
  UNREAD_BYTES_MAX,
} from '../../../protocol/limits/room.ts'
import { BATCH_FRAMES_MAX, MESSAGE_BYTES_MAX } from '../../../protocol/limits/wire.ts'
import { utf8 } from '../../../protocol/wire/bytes.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import type { Frame } from '../../../protocol/wire/frames.ts'
import { FRAME } from '../../../protocol/wire/registry.ts'
import { expectAgreement, expectClosed, expectGone, Person, Room } from './vocabulary.ts'

function two(room = new Room()) {
  return { room, alice: new Person('alice').joins(room), bob: new Person('bob').joins(room) }
}
const generous = { tokens: { perSecond: 1e6, burst: 1e6 }, bytes: { perSecond: 1e9, burst: 1e9 } }

describe('a member who says what it may not', () => {
  it.each([
    ['nothing at all', new Uint8Array(), 'malformed', 0],
    ['a type nobody knows', Uint8Array.of(0xee, 1), 'malformed', 0xee],
    ['a relay without an address', Uint8Array.of(FRAME.relay, 1, 2), 'malformed', FRAME.relay],
    ['a broadcast without a place for one', Uint8Array.of(FRAME.broadcast), 'malformed', FRAME.broadcast],
    ['a sweep with more behind it', Uint8Array.of(FRAME.sweep, 0), 'malformed', FRAME.sweep],
    ['an empty batch', Uint8Array.of(FRAME.batch), 'malformed', FRAME.batch],
    [
      'a message over the bound',
      new Uint8Array(MESSAGE_BYTES_MAX + 1).fill(FRAME.relay),
      'too-large',
      FRAME.relay,
    ],
  ] as const)('%s is told so, and stays', (_, bytes, code, refusedType) => {
    const { room, alice, bob } = two()
    alice.sendsBytes(bytes)
    expect(alice.hears('refusal')).toEqual([{ kind: 'refusal', code, refusedType, retryAfterMs: 0 }])
    expect(room.host.drops.of(code)).toBe(1)
    expect(bob.heard.filter(({ kind }) => kind !== 'welcome' && kind !== 'roster')).toEqual([])
    expectAgreement(room)
  })

  it('text is told so, and stays', () => {
    const { alice } = two()
    alice.sendsText('hello')
    expect(alice.hears('refusal')).toMatchObject([{ code: 'malformed', refusedType: 0 }])
  })

  it('frames that only the room may send, or that belong between peers, are unexpected', () => {
    const { room, alice, bob } = two()
    const frames: Frame[] = [
      { kind: 'left', address: bob.address, reason: 'closed' },
      {
        kind: 'joined',
        member: { address: 1, peer: bob.peer, session: bob.session, metadata: new Uint8Array() },
      },
      { kind: 'refusal', code: 'internal', refusedType: 0, retryAfterMs: 0 },
      { kind: 'undeliverable', address: bob.address, reason: 'gone' },
      { kind: 'roster', last: true, members: [] },
      { kind: 'pass', pass: 'A'.repeat(84) },
      { kind: 'linkPing', token: 1 },
      { kind: 'offer', connection: 1, round: 1, sdp: '' },
      { kind: 'join', version: 1, peer: bob.peer, session: bob.session, metadata: new Uint8Array() },
    ]
    for (const frame of frames) {
      alice.sends(frame)
      expect(alice.hears('refusal')).toMatchObject([{ code: 'unexpected', refusedType: FRAME[frame.kind] }])
    }
    expectAgreement(room)
  })

  it('more metadata than the bound changes nothing', () => {
    const { room, alice } = two()
    alice.sends({ kind: 'metadata', address: 0, metadata: new Uint8Array(METADATA_BYTES_MAX + 1) })
    expect(alice.hears('refusal')).toMatchObject([{ code: 'too-large', refusedType: FRAME.metadata }])
    expectAgreement(room)
  })

  it('one bad frame in a batch is refused alone', () => {
    const { alice, bob } = two()
    const good = encode({ kind: 'relay', address: bob.address, payload: utf8('good') })
    alice.sends({ kind: 'batch', frames: [good, Uint8Array.of(0xee), good] })
    expect(bob.hears('relay').length).toBe(2)
    expect(alice.hears('refusal')).toMatchObject([{ code: 'malformed', refusedType: 0xee }])
  })

  it('one frame too many in a batch, and none of it is done', () => {
    const { alice, bob } = two()
    const good = encode({ kind: 'relay', address: bob.address, payload: utf8('good') })
    alice.sends({ kind: 'batch', frames: Array(BATCH_FRAMES_MAX + 1).fill(good) })
    expect(bob.hears('relay')).toEqual([])
    expect(alice.hears('refusal')).toMatchObject([{ code: 'malformed', refusedType: FRAME.batch }])
  })
})

describe('a member who wants a new pass', () => {
  const renewals = (room: Room) => room.effects.filter(({ kind }) => kind === 'renewPass')

  it('is given one, and pays for it', () => {
    const { room, alice } = two()
    const most = Math.floor(TOKENS_BURST / (PRICE.message + PRICE.pass))
    for (let i = 0; i < most; i++) alice.sends({ kind: 'passWanted' })
    expect(renewals(room).length).toBe(most)
    expect(renewals(room)[0]).toMatchObject({ member: { peer: alice.peer } })
    expect(alice.hears('refusal')).toEqual([])
    alice.sends({ kind: 'passWanted' })
    expect(renewals(room).length).toBe(most)
    expect(alice.hears('refusal')).toMatchObject([{ code: 'rate-limited', refusedType: FRAME.passWanted }])
  })

  it('many times in one message pays for each', () => {
    const { room, alice } = two()
    const wanted = encode({ kind: 'passWanted' })
    alice.sends({ kind: 'batch', frames: Array(BATCH_FRAMES_MAX).fill(wanted) })
    expect(renewals(room).length).toBe(BATCH_FRAMES_MAX) // On credit, as everything that costs more than the most.
    room.nowMs += (1_000 * (BATCH_FRAMES_MAX * PRICE.pass - TOKENS_BURST)) / TOKENS_PER_SECOND
    alice.sends({ kind: 'passWanted' })
    expect(renewals(room).length).toBe(BATCH_FRAMES_MAX)
  })
})

describe('a member who says too much', () => {
  it('is told once how long to wait, and is heard again after that', () => {
    const { room, alice, bob } = two()
    for (let i = 0; i < TOKENS_BURST + 50; i++) alice.tells(bob, 'much')
    expect(bob.hears('relay').length).toBe(TOKENS_BURST)
    const refusals = alice.hears('refusal')
    expect(refusals).toMatchObject([{ code: 'rate-limited', refusedType: FRAME.relay }])
    expect(room.host.drops.of('rate-limited')).toBe(50)
    room.nowMs += refusals[0]?.retryAfterMs ?? 0
    alice.tells(bob, 'again')
    expect(bob.hears('relay').length).toBe(1)
  })

  it('in bytes is told so too', () => {
    const { alice, bob } = two(new Room({ bytes: { perSecond: 1_000, burst: 10_000 } }))
    for (let i = 0; i < 3; i++)
      alice.sends({ kind: 'relay', address: bob.address, payload: new Uint8Array(4_995) })
    expect(bob.hears('relay').length).toBe(2)
    expect(alice.hears('refusal')).toMatchObject([{ code: 'rate-limited', retryAfterMs: 5_000 }])
  })

  it('pays an eighth for each further frame of a batch, and for a broadcast by the size of the room', () => {
    const room = new Room({ tokens: { perSecond: 1, burst: 10 } })
    const { alice, bob } = two(room)
    const relay = encode({ kind: 'relay', address: bob.address, payload: utf8('x') })
    alice.sends({ kind: 'batch', frames: Array(65 - 8).fill(relay) })
    expect(bob.hears('relay').length).toBe(57) // 1 + 56/8 = 8 tokens, 2 left
    alice.says('1 and 2/64')
    alice.says('not covered any more')
    expect(bob.hears('broadcast').length).toBe(1)
  })

  it('and does not stop is expelled, told why, and gone for the others', () => {
    const { room, alice, bob } = two()
    for (let i = 0; i < TOKENS_BURST + PATIENCE_BURST; i++) bob.tells(alice, 'much')
    expect(bob.isHere).toBe(true)
    bob.tells(alice, 'too much')
    expectClosed(bob, 4008, 'flooding')
    expectGone(bob, 'expelled')
    expectAgreement(room)
  })

  it('of rubbish pays for it like for anything else', () => {
    const { alice } = two()
    for (let i = 0; i < TOKENS_BURST + PATIENCE_BURST + 1; i++) alice.sendsBytes(Uint8Array.of(0xee))
    expectClosed(alice, 4008, 'flooding')
  })
})

describe('a member who does not read', () => {
  const chunk = new Uint8Array(60_000)
  const fill = (from: Person, to: Person, bytes: number) => {
    for (let sent = 0; sent < bytes; sent += chunk.length + 5)
      from.sends({ kind: 'relay', address: to.address, payload: chunk })
  }

  it('is sent no more than the bound, and who sends more is told', () => {
    const { room, alice, bob } = two(new Room(generous))
    fill(alice, bob, 2 * UNREAD_BYTES_MAX)
    const bytes = bob.heard.reduce((sum, frame) => sum + encode(frame).length, 0)
    expect(bytes).toBeLessThanOrEqual(UNREAD_BYTES_MAX)
    expect(bytes).toBeGreaterThan(UNREAD_BYTES_MAX - 65_536)
    expect(alice.hears('undeliverable')[0]).toEqual({
      kind: 'undeliverable',
      address: bob.address,
      reason: 'slow',
    })
    expect(room.host.drops.of('slow-receiver')).toBeGreaterThan(60)
  })

  it('is left out of broadcasts, and alone in that', () => {
    const { room, alice, bob } = two(new Room(generous))
    const carol = new Person('carol').joins(room)
    fill(alice, bob, 2 * UNREAD_BYTES_MAX)
    alice.sends({ kind: 'broadcast', address: 0, payload: chunk })
    expect([bob.hears('broadcast').length, carol.hears('broadcast').length]).toEqual([0, 1])
  })

  it('is sent more as soon as it says what it has read, and cannot claim more than it was sent', () => {
    const { alice, bob } = two(new Room(generous))
    fill(alice, bob, 2 * UNREAD_BYTES_MAX)
    bob.hears('relay')
    bob.sends({ kind: 'drained', bytes: 0xffff_ffff })
    fill(alice, bob, 2 * UNREAD_BYTES_MAX)
    const again = bob.hears('relay').length
    expect(again).toBe(Math.floor(UNREAD_BYTES_MAX / (chunk.length + 5)))
  })

  it('still learns who comes and goes, up to the ceiling, and is then closed', () => {
    const { room, alice, bob } = two(new Room(generous))
    fill(alice, bob, UNREAD_BYTES_MAX)
    const carol = new Person('carol').joins(room)
    expect(bob.hears('joined').length).toBe(1)
    const metadata = new Uint8Array(METADATA_BYTES_MAX)
    const needed = (UNREAD_BYTES_CEILING - UNREAD_BYTES_MAX) / METADATA_BYTES_MAX + 100
    for (let i = 0; i < needed; i++) carol.sends({ kind: 'metadata', address: 0, metadata })
    carol.metadata = metadata
    expectClosed(bob, 4013, 'slow-reader')
    expectGone(bob, 'expelled')
    expectAgreement(room)
  })
})
