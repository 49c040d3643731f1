// Two links with keys, real cryptography, and between them a carrier the test commands: it sees every message, and says what
// arrives instead. Time stands still unless the test lets it pass; nothing waits for a real timer.

import { expect } from 'vitest'
import type { Sight } from '../../client/key-work.ts'
import { SecureLink } from '../../client/secure-link.ts'
import { Tickets } from '../../client/tickets.ts'
import { chooseSuite } from '../../protocol/crypto/choose.ts'
import { type MessageType, typeOf } from '../../protocol/crypto/handshake/layout.ts'
import { type Identity, identityFromSeed } from '../../protocol/crypto/identity.ts'
import type { Suite } from '../../protocol/crypto/suite.ts'
import type { ChannelName } from '../../protocol/link/machine.ts'
import type { PathName } from '../../protocol/path.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'

export type Kind = MessageType | 'record'

export interface Carried {
  readonly from: Party
  readonly to: Party
  readonly path: PathName
  readonly channel: ChannelName
  readonly kind: Kind
  readonly bytes: Uint8Array
}

/** What arrives in the place of a message. */
export type Carrier = (carried: Carried) => readonly Carried[]

interface Alarm {
  readonly atMs: number
  readonly ring: () => void
}

export class Clock {
  ms = 1_800_000_000_000
  readonly #alarms = new Set<Alarm>()
  readonly time = {
    nowMs: () => this.ms,
    setAlarm: (atMs: number, ring: () => void) => {
      const alarm = { atMs, ring }
      this.#alarms.add(alarm)
      return { atMs, cancel: () => void this.#alarms.delete(alarm) }
    },
  }

  next(): Alarm | undefined {
    return [...this.#alarms].sort((a, b) => a.atMs - b.atMs)[0]
  }

  rings(alarm: Alarm): void {
    this.#alarms.delete(alarm)
    this.ms = Math.max(this.ms, alarm.atMs)
    alarm.ring()
  }
}

export class Party {
  readonly name: string
  readonly identity: Identity
  tickets: Tickets
  admits: () => boolean = () => true
  link!: SecureLink
  /** Ways to the other, by path. */
  readonly ways = new Map<PathName, number>()
  heard: string[] = []
  drops: string[] = []
  up = new Set<PathName>()
  /** Times that a path went down, the peer was another, or a way no good. */
  downs = 0
  restarts = 0
  givenUp = 0

  constructor(name: string, identity: Identity, clock: Clock) {
    this.name = name
    this.identity = identity
    this.tickets = new Tickets(clock.time.nowMs)
  }

  says(path: PathName, channel: ChannelName, ...texts: readonly string[]): void {
    for (const text of texts) this.link.transmit(path, channel, [utf8(text)])
  }
}

/** A room as an honest one says it is. */
export const HONEST = { addresses: [11, 22], lives: [1, 2] } as const

export interface Said {
  readonly addresses: readonly [number, number]
  readonly lives: readonly [number, number]
}

export class Two {
  readonly clock = new Clock()
  readonly suite: Suite
  readonly a: Party
  readonly b: Party
  /** Everything that was ever given to the carrier. */
  readonly carried: Carried[] = []
  carrier: Carrier = (carried) => [carried]
  #queue: Carried[] = []

  private constructor(suite: Suite, a: Identity, b: Identity) {
    this.suite = suite
    this.a = new Party('a', a, this.clock)
    this.b = new Party('b', b, this.clock)
    this.reloads(this.a)
    this.reloads(this.b)
  }

  static async of(suite: Suite): Promise<Two> {
    const [a, b] = [await identityOf(suite, 1), await identityOf(suite, 2)]
    return new Two(suite, a, b)
  }

  other(party: Party): Party {
    return party === this.a ? this.b : this.a
  }

  /** Its link is another from now on; `identity` for somebody who takes its place and is not it. */
  reloads(party: Party, identity = party.identity): void {
    party.link?.close()
    party.ways.clear()
    party.up.clear()
    const peer = this.other(party)
    const { suite, clock } = this
    party.link = new SecureLink(
      {
        suite,
        identity,
        peer: peer.identity.id,
        ours: party === this.a,
        tickets: party.tickets.of('the other'),
        admits: () => party.admits(),
        time: clock.time,
      },
      {
        carry: (way, channel, bytes) => this.#carry(party, way, channel, bytes),
        carryRecord: (way, channel, record) => this.#carry(party, way, channel, record),
        frame: (path, bytes) => party.heard.push(`${path} ${new TextDecoder().decode(bytes)}`),
        pathUp: (path) => void party.up.add(path),
        pathDown: (path) => {
          party.up.delete(path)
          party.downs++
        },
        restarted: () => void party.restarts++,
        giveUp: (way) => {
          party.givenUp++
          for (const each of [party, peer])
            if (party.ways.get('webrtc') === way || each === peer) this.#down(each, 'webrtc')
        },
        dropped: (reason) => void party.drops.push(reason),
      },
    )
  }

  /** What the room says to each: by default the truth. */
  room(toA: Said = HONEST, toB: Said = HONEST): void {
    this.#relay(this.a, toA, 0)
    this.#relay(this.b, toB, 1)
  }

  #relay(party: Party, { addresses, lives }: Said, us: 0 | 1): void {
    this.#down(party, 'relay')
    const place = (who: 0 | 1) => ({ address: addresses[who], session: new Uint8Array(8).fill(lives[who]) })
    const them = us === 0 ? 1 : 0
    const sight: Sight = { path: 'relay', network: 'n', room: 'r', ours: place(us), theirs: place(them) }
    party.ways.set('relay', party.link.wayUp(sight, lives[them]))
  }

  /** A direct connection; `swapped` when somebody is in between. */
  connects(swapped = false): void {
    const [ofA, ofB, foreign] = [3, 4, 5].map((byte) => new Uint8Array(32).fill(byte)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    const up = (party: Party, ours: Uint8Array, theirs: Uint8Array) =>
      party.ways.set('webrtc', party.link.wayUp({ path: 'webrtc', ours, theirs }, 0))
    up(this.a, ofA, swapped ? foreign : ofB)
    up(this.b, ofB, swapped ? foreign : ofA)
  }

  #down(party: Party, path: PathName): void {
    const way = party.ways.get(path)
    party.ways.delete(path)
    if (way !== undefined) party.link.wayDown(way)
  }

  #carry(from: Party, way: number, channel: ChannelName, bytes: Uint8Array): void {
    const path = [...from.ways].find(([, known]) => known === way)?.[0]
    if (path === undefined) return
    const kind = bytes[0] === 0x57 ? (typeOf(bytes) ?? 'record') : 'record'
    this.#queue.push({ from, to: this.other(from), path, channel, kind, bytes: bytes.slice() })
  }

  arrives({ to, path, channel, bytes }: Carried): void {
    const way = to.ways.get(path)
    if (way !== undefined) to.link.received(way, channel, bytes.slice())
  }

  /** Until nothing is under way and nothing is computed. */
  async settles(): Promise<void> {
    for (let idle = 0; idle < 3; idle++) {
      await new Promise((resolve) => setImmediate(resolve))
      const queue = this.#queue
      this.#queue = []
      for (const carried of queue) {
        idle = -1
        this.carried.push(carried)
        for (const instead of this.carrier(carried)) this.arrives(instead)
      }
    }
  }

  async after(ms: number): Promise<void> {
    const untilMs = this.clock.ms + ms
    await this.settles()
    for (let next = this.clock.next(); next !== undefined && next.atMs <= untilMs; next = this.clock.next()) {
      this.clock.rings(next)
      await this.settles()
    }
    this.clock.ms = untilMs
  }

  /** They shake hands in an honest room, a first. */
  async meet(): Promise<void> {
    this.room()
    this.a.link.want()
    await this.settles()
  }

  /** Each says something and the other hears it, once, by that path. */
  async talk(path: PathName = 'relay'): Promise<boolean> {
    const word = `~${this.carried.length}`
    this.a.says(path, 'control', `${word}a`)
    this.b.says(path, 'control', `${word}b`)
    await this.settles()
    const times = (party: Party, text: string) =>
      party.heard.filter((heard) => heard === `${path} ${text}`).length
    return times(this.b, `${word}a`) === 1 && times(this.a, `${word}b`) === 1
  }

  of(kind: Kind): Carried[] {
    return this.carried.filter((carried) => carried.kind === kind)
  }

  close(): void {
    this.a.link.close()
    this.b.link.close()
  }
}

export function identityOf(suite: Suite, seed: number): Promise<Identity> {
  return identityFromSeed(suite, new Uint8Array(32).fill(seed))
}

/** Of promises alone: a test knows when all is done. */
export function pureSuite(): Promise<Suite> {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))
  return chooseSuite({ subtle: undefined, random, prefer: 'pure' })
}

export function expectUndisturbed(...parties: readonly Party[]): void {
  for (const { name, downs, restarts, givenUp } of parties)
    expect({ name, downs, restarts, givenUp }).toEqual({ name, downs: 0, restarts: 0, givenUp: 0 })
}
