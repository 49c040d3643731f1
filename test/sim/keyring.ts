// Who has which keys in the simulation: identities by name, tickets as long as they are not forgotten, and a cheap suite.

import { Tickets } from '../../client/tickets.ts'
import { type Identity, identityFromSeed } from '../../protocol/crypto/identity.ts'
import type { Suite } from '../../protocol/crypto/suite.ts'
import type { KnownMember } from '../../protocol/membership/roster.ts'
import type { Client } from './client-host.ts'
import { KeyedLink, type Seen } from './keyed-link.ts'
import type { LinkListener } from './link-host.ts'
import { toySuite } from './toy-suite.ts'
import type { World } from './world.ts'

export interface ClientKeys {
  readonly suite: Suite
  readonly identity: Identity
  readonly tickets: Tickets
  /** What a room does to what it carries: it may keep it, say it twice, or say it later. */
  readonly carried: (arrive: () => void) => void
  /** Told of each link that is made with these. */
  readonly made: (link: KeyedLink) => void
}

export interface RoomWeather {
  lossShare: number
  duplicateShare: number
  lateShare: number
}

const LATE_MS = 800

/** Of so many names; made before the story begins, since keys are made of promises. */
export class Keyring {
  readonly room: RoomWeather = { lossShare: 0, duplicateShare: 0, lateShare: 0 }
  /** All that ever were, of everybody. */
  readonly links: KeyedLink[] = []
  readonly #world: World
  readonly #suite: Suite
  readonly #identities: ReadonlyMap<string, Identity>
  readonly #tickets = new Map<string, Tickets>()

  private constructor(world: World, suite: Suite, identities: ReadonlyMap<string, Identity>) {
    this.#world = world
    this.#suite = suite
    this.#identities = identities
  }

  static async of(world: World, names: readonly string[]): Promise<Keyring> {
    const suite = toySuite(world.random('suite').bytes)
    const identities = new Map<string, Identity>()
    for (const name of names)
      identities.set(name, await identityFromSeed(suite, world.random(`${name} identity`).bytes(32)))
    return new Keyring(world, suite, identities)
  }

  /** Its page was reloaded in a way that kept nothing. */
  forgets(name: string): void {
    this.#tickets.delete(name)
  }

  readonly keysOf = (name: string): ClientKeys => {
    const identity = this.#identities.get(name)
    if (identity === undefined) throw new Error(`nobody made keys for ${name}`)
    const tickets = this.#tickets.get(name) ?? new Tickets(() => this.#world.nowMs)
    this.#tickets.set(name, tickets)
    const random = this.#world.random(`room of ${name}`)
    const carried = (arrive: () => void) => {
      const { lossShare, duplicateShare, lateShare } = this.room
      for (let copies = random.chance(duplicateShare) ? 2 : 1; copies > 0; copies--) {
        if (random.chance(lossShare)) continue
        if (random.chance(lateShare)) this.#world.after(random.below(LATE_MS), arrive)
        else arrive()
      }
    }
    return { suite: this.#suite, identity, tickets, carried, made: (link) => this.links.push(link) }
  }
}

interface Linked {
  readonly world: World
  readonly name: string
  readonly member: KnownMember
  readonly room: string
  readonly keys: ClientKeys
}

export function keyedLink(client: Client, linked: Linked, listener: LinkListener): KeyedLink {
  const { world, name, member, room, keys } = linked
  const { suite, identity, tickets, carried } = keys
  const { id, peer, session } = member
  const ours = client.id < id
  const link = new KeyedLink(
    {
      world,
      name,
      session,
      keys: { suite, identity, peer, ours, tickets: tickets.of(id), admits: () => true },
    },
    {
      ...listener,
      relay: (bytes) => carried(() => listener.relay(bytes)),
      see: () => see(client, room, id) ?? [],
      failed: (error) => client.failed(error),
    },
  )
  keys.made(link)
  return link
}

/** As client/room-host.ts has it. */
function see(client: Client, room: string, id: KnownMember['id']): readonly Seen[] | undefined {
  const { address } = client.machine
  const member = client.machine.roster.of(id)
  if (address === undefined || member === undefined || !client.machine.canReach(id)) return undefined
  const life = member.session.subarray(0, 6).reduce((sum, byte) => sum * 256 + byte, 0)
  const ours = { address, session: client.session }
  const theirs = { address: member.address, session: member.session }
  const seen = {
    room,
    key: `${address} ${member.address} ${life}`,
    sight: { path: 'relay', network: 'town', room, ours, theirs },
    life,
  } as const
  return [seen]
}
