// Random conversations: what can happen to a room, as plain values that shrink and print well, and their interpreter.

import fc from 'fast-check'
import { UNREAD_BYTES_MAX } from '../../../protocol/limits/room.ts'
import { BATCH_FRAMES_MAX } from '../../../protocol/limits/wire.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import type { Frame } from '../../../protocol/wire/frames.ts'
import { frameLike } from '../wire/arbitrary.ts'
import { Person, type Room } from './vocabulary.ts'

/** Somebody, by number; the interpreter has this many people. */
export const PEOPLE = 5
const who = fc.nat(PEOPLE - 1)
const metadata = fc.oneof(
  { weight: 9, arbitrary: fc.uint8Array({ maxLength: 4 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1_023, max: 1_026 }).map((length) => new Uint8Array(length)) },
)
const size = fc.oneof(
  { weight: 9, arbitrary: fc.nat(20) },
  { weight: 1, arbitrary: fc.constantFrom(60_000, 65_530, 65_531) },
)

/** A frame to the room. Addressees are people as they are now, or as they once were. */
const say = fc.oneof(
  fc.record({ say: fc.constantFrom('relay', 'signal'), to: who, past: fc.nat(3), bytes: size }),
  fc.record({ say: fc.constant('broadcast'), bytes: size }),
  fc.record({ say: fc.constant('metadata'), metadata }),
  fc.record({ say: fc.constant('sweep') }),
  fc.record({ say: fc.constant('drained'), bytes: fc.nat(UNREAD_BYTES_MAX) }),
  fc.record({ say: fc.constant('garbage'), garbage: frameLike }),
)
type Say = typeof say extends fc.Arbitrary<infer Value> ? Value : never

export const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('join'), who, metadata, version: fc.constantFrom(1, 1, 1, 2) }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('resume'), who, metadata }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('close', 'break', 'vanish'), who }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('text'), who, text: fc.string() }) },
  {
    weight: 9,
    arbitrary: fc.record({
      does: fc.constant('say'),
      who,
      frame: say,
      times: fc.constantFrom(1, 1, 1, 3, 90),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('batch'), who, frames: fc.array(say, { maxLength: 6 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('wait'), ms: fc.constantFrom(0, 1, 400, 9_000, 31_000) }),
  },
)
export type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

export class Conversation {
  readonly room: Room
  readonly people: readonly Person[]
  /** Every address that anybody ever had, in the order in which they were had. */
  readonly addresses: number[][]

  constructor(room: Room, names: string) {
    this.room = room
    this.people = Array.from({ length: PEOPLE }, (_, i) => new Person(`${names}${i}`, i + 1))
    this.addresses = this.people.map(() => [])
  }

  take(step: Step): void {
    if (step.does === 'wait') return this.room.passes(step.ms)
    const person = this.people[step.who]!
    switch (step.does) {
      case 'join':
        person.joins(this.room, { metadata: Uint8Array.from(step.metadata), version: step.version })
        break
      case 'resume':
        person.resumes(this.room, { metadata: Uint8Array.from(step.metadata) })
        break
      case 'close':
        return person.closes()
      case 'break':
        return person.breaks()
      case 'vanish':
        return person.vanishes()
      case 'text':
        return person.sendsText(step.text)
      case 'say':
        for (let i = 0; i < step.times; i++) person.sendsBytes(this.#bytesOf(step.frame))
        return this.#believe(person, [step.frame])
      case 'batch':
        person.sends({ kind: 'batch', frames: step.frames.map((frame) => this.#bytesOf(frame)) })
        return this.#believe(person, step.frames)
    }
    if (person.view.address !== undefined) this.addresses[step.who]!.push(person.view.address)
  }

  /** How many messages a step sends, and how many frames they hold at most. */
  sizeOf(step: Step): { readonly messages: number; readonly frames: number } {
    if (step.does === 'say') return { messages: step.times, frames: step.times * BATCH_FRAMES_MAX }
    if (step.does === 'batch') return { messages: 1, frames: Math.max(1, step.frames.length) }
    return step.does === 'text' ? { messages: 1, frames: 1 } : { messages: 0, frames: 0 }
  }

  #bytesOf(said: Say): Uint8Array {
    if (said.say === 'garbage') return Uint8Array.from(said.garbage)
    return encode(this.#frameOf(said))
  }

  #frameOf(said: Exclude<Say, { say: 'garbage' }>): Frame {
    switch (said.say) {
      case 'relay':
      case 'signal': {
        const had = this.addresses[said.to]!
        const address = had.at(-1 - said.past) ?? had.at(-1) ?? 0x0007_0707
        return { kind: said.say, address, payload: new Uint8Array(said.bytes) }
      }
      case 'broadcast':
        return { kind: 'broadcast', address: 0, payload: new Uint8Array(said.bytes) }
      case 'metadata':
        return { kind: 'metadata', address: 0, metadata: Uint8Array.from(said.metadata) }
      case 'sweep':
        return { kind: 'sweep' }
      case 'drained':
        return { kind: 'drained', bytes: said.bytes }
    }
  }

  /** What a person says of itself it believes too, if the room took it: the others' views must agree with that. */
  #believe(person: Person, said: readonly Say[]): void {
    const own = said.some(({ say }) => say === 'metadata' || say === 'garbage')
    const taken = own ? this.room.metadataOf(person) : undefined
    if (taken !== undefined) person.metadata = Uint8Array.from(taken)
  }
}
