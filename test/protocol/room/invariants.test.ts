// The room's invariants (protocol/room/machine.ts) under random conversations: joins, resumes, supersedes, all kinds
// of messages, garbage, lost sockets, and time. After every step the views of all members are held to the truth.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PATIENCE_PER_SECOND } from '../../../protocol/limits/room.ts'
import type { RoomConfig } from '../../../protocol/room/config.ts'
import type { RoomEffect } from '../../../protocol/room/machine.ts'
import { packMember, unpackMember } from '../../../protocol/room/member.ts'
import { toHex } from '../wire/notation.ts'
import { Conversation, type Step, step } from './model.ts'
import { expectAgreement, Person, Room } from './vocabulary.ts'

// Tight enough that random conversations reach every limit.
const TIGHT: Partial<RoomConfig> = {
  peersMax: 4,
  tokens: { perSecond: 20, burst: 100 },
  bytes: { perSecond: 2_000_000, burst: 8_000_000 },
}
const conversations = fc.array(step, { maxLength: 60, size: 'max' })

function having(
  steps: readonly Step[],
  afterEach: (conversation: Conversation, step: Step) => void,
): Conversation {
  const conversation = new Conversation(new Room(TIGHT), 'person ')
  for (const next of steps) {
    conversation.take(next)
    afterEach(conversation, next)
  }
  return conversation
}

/** An effect as bytes and words, so that two can be compared though their members are different objects. */
function described(effect: RoomEffect): string {
  return Object.entries(effect)
    .map(([key, value]) => {
      if (value instanceof Uint8Array) return `${key} ${toHex(value.subarray(0, 64))} of ${value.length}`
      if (typeof value === 'object') return `${key} ${toHex(packMember(value).subarray(0, 200))}`
      return `${key} ${value}`
    })
    .join(', ')
}

describe('whatever happens in a room', () => {
  it('each peer is one member, and everybody sees exactly the others (invariants 1 and 3)', () => {
    fc.assert(
      fc.property(conversations, (steps) => {
        having(steps, ({ room }) => {
          expectAgreement(room)
          expect(room.host.count).toBeLessThanOrEqual(TIGHT.peersMax ?? 0)
          const peers = [...room.host.all()].map(({ peer }) => toHex(peer))
          expect(new Set(peers).size).toBe(peers.length)
        })
      }),
      { numRuns: 300 },
    )
  })

  it('what is sent to an address reaches the session that has it, or nobody (invariant 2)', () => {
    fc.assert(
      fc.property(conversations, (steps) => {
        const { room, addresses } = having(steps, () => {})
        const present = room.present()
        room.nowMs += 600_000 // whoever spent its tokens has them again, and everybody has read everything
        for (const person of present) person.sends({ kind: 'drained', bytes: 0xffff_ffff })
        for (const address of new Set(addresses.flat())) {
          for (const person of present) person.hears('relay')
          present[0]?.sends({ kind: 'relay', address, payload: Uint8Array.of(1) })
          for (const person of present)
            expect(person.hears('relay').length).toBe(person.address === address ? 1 : 0)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('everything is paid for, and answered at most once for each frame (invariant 4)', () => {
    fc.assert(
      fc.property(conversations, (steps) => {
        const conversation = new Conversation(new Room(TIGHT), 'person ')
        for (const next of steps) {
          const { room } = conversation
          const sender = next.does === 'wait' ? undefined : conversation.people[next.who]
          const paidBefore = sender && paidBy(room, sender)
          const answersBefore = sender && answersTo(sender)
          const { messages, frames } = conversation.sizeOf(next)
          conversation.take(next)
          const paidAfter = sender && paidBy(room, sender)
          if (messages === 0 || paidBefore === undefined || paidAfter === undefined) continue
          expect(paidAfter - paidBefore).toBeGreaterThan(messages - 0.01)
          expect(answersTo(sender!) - answersBefore!).toBeLessThanOrEqual(frames)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('an eviction between any two steps changes nothing', () => {
    fc.assert(
      fc.property(conversations, (steps) => {
        const [awake, evicted] = [new Room(TIGHT), new Room(TIGHT)]
        const conversationsOf = [new Conversation(awake, 'same'), new Conversation(evicted, 'same')]
        for (const next of steps) {
          for (const conversation of conversationsOf) conversation.take(next)
          evicted.host.evict()
          expect(evicted.effects.map(described)).toEqual(awake.effects.map(described))
          awake.effects.length = 0
          evicted.effects.length = 0
        }
      }),
      { numRuns: 150 },
    )
  })
})

/** Tokens and patience a member has spent and not earned back; undefined for somebody who is no member. */
function paidBy(room: Room, person: Person): number | undefined {
  const member = room.host.ofPeer(person.peer)
  if (member === undefined || !person.isHere) return undefined
  const owed = (untilMs: number, perSecond: number) => (Math.max(0, untilMs - room.nowMs) * perSecond) / 1_000
  const { perSecond } = TIGHT.tokens!
  return owed(member.tokensPaidUntilMs, perSecond) + owed(member.patiencePaidUntilMs, PATIENCE_PER_SECOND)
}

function answersTo(person: Person): number {
  return person.heard.filter(({ kind }) => kind === 'refusal' || kind === 'undeliverable').length
}

describe('a record of a member', () => {
  it('that is cut, or that another version wrote, is no member', () => {
    const room = new Room()
    new Person('alice').joins(room)
    const record = packMember([...room.host.all()][0]!)
    expect(unpackMember(record)).toBeDefined()
    for (let length = 0; length < record.length; length++)
      expect(unpackMember(record.subarray(0, length))).toBeUndefined()
    for (const version of [0, 1, 255])
      expect(unpackMember(Uint8Array.from([version, ...record.subarray(1)]))).toBeUndefined()
  })
})
