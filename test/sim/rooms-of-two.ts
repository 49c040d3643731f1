// Two people who meet in several rooms at once, rooms of every kind: that see them come and go late and not at the same time,
// keep what they should carry, or lie about who is where. Only links and keys, without the room machine, so that the rooms
// can be worse than ours ever would be.

import { Tickets } from '../../client/tickets.ts'
import type { Identity } from '../../protocol/crypto/identity.ts'
import type { Suite } from '../../protocol/crypto/suite.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import type { Lane } from '../../protocol/wire/frames.ts'
import { KeyedLine } from './keyed-line.ts'
import { KeyedLink, type Seen } from './keyed-link.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** What a room says of a person, and knows. */
interface Place {
  readonly address: number
  readonly session: Uint8Array
}

export class Room {
  readonly name: string
  /** Where they are, by name; absent: not there. */
  readonly truth = new Map<string, Place>()
  /** What each was last told of both. */
  readonly told = new Map<string, ReadonlyMap<string, Place>>()
  /** It carries nothing. */
  silent = false
  /** It tells each a life of the other that is none. */
  lies = false

  constructor(name: string) {
    this.name = name
  }
}

export interface Word {
  readonly by: Person
  readonly lane: Lane
  readonly text: string
  outcome: string | undefined
  deliveries: number
}

export class Person {
  readonly name: string
  readonly identity: Identity
  tickets: Tickets
  life = 0
  session = new Uint8Array(8)
  link!: KeyedLink
  epoch = 0

  constructor(name: string, identity: Identity, tickets: Tickets) {
    this.name = name
    this.identity = identity
    this.tickets = tickets
  }
}

export class RoomsOfTwo {
  readonly world: World
  readonly network: Network
  readonly random: Random
  readonly rooms: readonly Room[]
  readonly people: readonly [Person, Person]
  readonly words: Word[] = []
  readonly failures: unknown[] = []
  readonly #suite: Suite
  readonly #order = new Map<string, number>()
  line: KeyedLine | undefined
  #addresses = 1

  constructor(world: World, network: Network, suite: Suite, identities: readonly [Identity, Identity]) {
    this.world = world
    this.network = network
    this.random = world.random('scenario')
    this.#suite = suite
    this.rooms = ['hall', 'garden', 'cellar'].map((name) => new Room(name))
    const person = (name: string, identity: Identity) =>
      new Person(name, identity, new Tickets(() => world.nowMs))
    this.people = [person('anna', identities[0]), person('bert', identities[1])]
    for (const each of this.people) this.begins(each)
  }

  other(person: Person): Person {
    return this.people[0] === person ? this.people[1] : this.people[0]
  }

  /** A new life of the page. */
  begins(person: Person, forgetful = false): void {
    person.link?.stop()
    if (forgetful) person.tickets = new Tickets(() => this.world.nowMs)
    person.life++
    person.session = this.world.random(`${person.name} ${person.life}`).bytes(8)
    const { identity, tickets, life } = person
    const peer = this.other(person)
    const living = () => person.life === life
    person.link = new KeyedLink(
      {
        world: this.world,
        name: `${person.name} ${life}`,
        session: peer.session,
        keys: {
          suite: this.#suite,
          identity,
          peer: peer.identity.id,
          ours: person === this.people[0],
          tickets: tickets.of('peer'),
          admits: () => true,
        },
      },
      {
        newEpoch: () => {
          person.epoch = Math.max(person.epoch + 1, Math.floor(this.world.nowMs / 1_000))
          return person.epoch
        },
        see: () => this.#seen(person),
        relay: (bytes, room) => this.#carries(person, room, bytes.slice()),
        delivered: (lane, data) => living() && this.#delivered(person, lane, data),
        settled: (token, outcome) => this.#settled(token, outcome),
        failed: (error) => void this.failures.push(error),
      },
    )
    for (const room of this.rooms) if (room.truth.has(person.name)) this.enters(person, room)
  }

  /** At a new address, and everybody is told in their time. */
  enters(person: Person, room: Room): void {
    room.truth.set(person.name, { address: this.#addresses++, session: person.session })
    this.tells(room)
  }

  leaves(person: Person, room: Room): void {
    room.truth.delete(person.name)
    this.tells(room)
  }

  /** Each hears of it after a while of its own. */
  tells(room: Room): void {
    for (const person of this.people) {
      const { life } = person
      this.world.after(this.network.delayMs(room.name, person.name) + this.random.below(300), () => {
        if (person.life !== life) return
        room.told.set(person.name, new Map(room.truth))
        person.link.reachChanged()
      })
    }
  }

  connects(swapped: boolean): void {
    const [a, b] = this.people
    if (this.line?.over === false) return
    this.line = KeyedLine.of(this.network, a, b, swapped)
  }

  says(by: Person, lane: Lane, bytes: number): void {
    const token = this.words.length
    const text = `${token} ${'.'.repeat(bytes)}`
    this.words.push({ by, lane, text, outcome: undefined, deliveries: 0 })
    by.link.give({ kind: 'send', token, lane, data: utf8(text), deadlineMs: this.world.nowMs + 600_000 })
  }

  /** What was said by somebody who is another now is nobody's any more. */
  get unsettled(): readonly Word[] {
    return this.words.filter((word) => word.outcome === undefined && this.#lifeOf.get(word) !== 'over')
  }

  readonly #lifeOf = new WeakMap<Word, 'over'>()

  forgetsWordsOf(person: Person): void {
    for (const word of this.words)
      if (word.by === person && word.outcome === undefined) this.#lifeOf.set(word, 'over')
  }

  #settled(token: number, outcome: string): void {
    const word = this.words[token]
    if (word === undefined || word.outcome !== undefined) throw new Error(`${token} settled twice`)
    if (outcome === 'acknowledged' && word.deliveries === 0) throw new Error(`${token} acknowledged unheard`)
    word.outcome = outcome
  }

  #delivered(to: Person, lane: Lane, data: Uint8Array): void {
    const text = new TextDecoder().decode(data)
    const token = Number.parseInt(text, 10)
    const word = this.words[token]
    if (word?.text !== text || word.lane !== lane || word.by === to)
      throw new Error(`${to.name} heard what nobody said: ${text.slice(0, 40)}`)
    // Tokens count up, so on each lane within two lives they do too.
    const key = `${to.name} ${to.life} ${word.lane}`
    const before = this.#order.get(key) ?? -1
    if (token <= before) throw new Error(`${to.name} heard ${token} after ${before}`)
    this.#order.set(key, token)
    word.deliveries++
  }

  #seen(person: Person): readonly Seen[] {
    const them = this.other(person)
    return this.rooms.flatMap((room): Seen[] => {
      const told = room.told.get(person.name)
      const [ours, theirs] = [told?.get(person.name), told?.get(them.name)]
      if (ours === undefined || theirs === undefined) return []
      // Of its own life nobody is told.
      if (ours.session !== person.session) return []
      const session = room.lies ? new Uint8Array(8).fill(9) : theirs.session
      const life = session.subarray(0, 6).reduce((sum, byte) => sum * 256 + byte, 0)
      const sight = {
        path: 'relay',
        network: 'n',
        room: room.name,
        ours,
        theirs: { ...theirs, session },
      } as const
      return [{ room: room.name, key: `${ours.address} ${theirs.address} ${life}`, sight, life }]
    })
  }

  /** As a room does: from who is there, to an address that is somebody's. */
  #carries(from: Person, name: string, bytes: Uint8Array): void {
    const room = this.rooms.find((each) => each.name === name) as Room
    const to = this.other(from)
    const named = room.told.get(from.name)?.get(to.name)?.address
    const { life } = from
    this.network.packet(from.name, to.name, () => {
      if (room.silent || from.life !== life || room.truth.get(to.name)?.address !== named) return
      if (room.truth.get(from.name)?.session !== from.session) return
      to.link.heard('relay', bytes.slice(), name)
    })
  }
}
