// Hosts a membership machine: one room's socket, and who is told of what happens there.

import type { DropReason } from '../protocol/drops.ts'
import type { EndReason, MembershipEffect, MembershipInput } from '../protocol/membership/contract.ts'
import { MembershipMachine } from '../protocol/membership/machine.ts'
import type { KnownMember } from '../protocol/membership/roster.ts'
import type { PeerId } from '../protocol/peer-id.ts'
import { joinSubprotocols } from '../protocol/room/admission.ts'
import { Host } from './host.ts'
import type { Identity } from './identity.ts'
import type { Sight } from './key-work.ts'
import type { Passes } from './pass.ts'
import { keepSocket, type SocketKeeper } from './socket-keeper.ts'
import { onceATurn } from './turn.ts'

export interface RoomListener {
  entered(again: boolean): void
  interrupted(): void
  arrived(member: KnownMember): void
  departed(member: KnownMember): void
  described(member: KnownMember): void
  returned(member: KnownMember): void
  heard(as: 'relay' | 'signal' | 'broadcast', from: KnownMember, payload: Uint8Array): void
  dropped(reason: DropReason): void
  passRenewed(pass: string): void
  /** With what went wrong before it, if anything did. */
  ended(reason: EndReason, cause: unknown): void
}

/** A member of ours, as the keys of the link to it see the way through this room. */
export interface SeenMember {
  /** Another one: another way. */
  readonly key: string
  readonly sight: Sight
  /** Tells its runs apart. */
  readonly life: number
}

export interface RoomHostOptions {
  readonly url: string
  readonly network: string
  readonly name: string
  readonly identity: Identity
  readonly passes: Passes
  readonly metadata: Uint8Array
  readonly firstJoinWithinMs: number
}

/** Where sockets of a room are opened. */
export function roomUrl(base: URL, network: string, name: string): string {
  const url = new URL(`v1/rooms/${encodeURIComponent(name)}`, base)
  url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:'
  url.searchParams.set('network', network)
  return url.href
}

/** What else is given in the same turn may share a message with these. */
const COLLECTED: ReadonlySet<MembershipInput['kind']> = new Set([
  'carry',
  'carryRecord',
  'broadcast',
  'describe',
])

export class RoomHost {
  readonly machine: MembershipMachine
  readonly #options: RoomHostOptions
  readonly #listener: RoomListener
  readonly #host: Host<MembershipInput, MembershipEffect>
  readonly #keeper: SocketKeeper
  readonly #endTurn = onceATurn(() => this.#host.give({ kind: 'endOfTurn' }))

  constructor(options: RoomHostOptions, listener: RoomListener) {
    const { identity, metadata, firstJoinWithinMs } = options
    this.#keeper = keepSocket(options.passes, (input) => this.give(input))
    this.#options = options
    this.#listener = listener
    this.machine = new MembershipMachine({
      peer: identity.bytes,
      session: identity.session,
      metadata,
      random: Math.random,
      firstJoinWithinMs,
    })
    this.#host = new Host(this.machine, (effect) => this.#perform(effect))
  }

  /** Undefined: it cannot be reached through this room now. */
  see(id: PeerId): SeenMember | undefined {
    const { address } = this.machine
    const member = this.machine.roster.of(id)
    if (address === undefined || member === undefined || !this.machine.canReach(id)) return undefined
    const { network, name: room, identity } = this.#options
    const ours = { address, session: identity.session }
    const theirs = { address: member.address, session: member.session }
    const life = lifeOf(member.session)
    return {
      key: `${address} ${member.address} ${life}`,
      sight: { path: 'relay', network, room, ours, theirs },
      life,
    }
  }

  give(input: MembershipInput): void {
    this.#host.give(input)
    if (COLLECTED.has(input.kind)) this.#endTurn()
  }

  #perform(effect: MembershipEffect): void {
    switch (effect.kind) {
      case 'openSocket':
        return this.#keeper.open(effect.socket, this.#options.url, joinSubprotocols(effect.join, effect.pass))
      case 'passRenewed':
        return this.#listener.passRenewed(effect.pass)
      case 'entered':
        return this.#listener.entered(effect.again)
      case 'interrupted':
        return this.#listener.interrupted()
      case 'arrived':
        return this.#listener.arrived(effect.member)
      case 'departed':
        return this.#listener.departed(effect.member)
      case 'described':
        return this.#listener.described(effect.member)
      case 'returned':
        return this.#listener.returned(effect.member)
      case 'heard':
        return this.#listener.heard(effect.as, effect.from, effect.payload)
      case 'undeliverable':
        return // The link sends again; the roster will say if the peer is gone.
      case 'drop':
        return this.#listener.dropped(effect.reason)
      case 'ended':
        this.#host.stop()
        this.#keeper.stop()
        return this.#listener.ended(effect.reason, this.#keeper.cause)
      default:
        return this.#keeper.perform(effect)
    }
  }
}

/** What of a session fits a number. Both lives are bound to the keys in full; this only notices that one is another. */
function lifeOf(session: Uint8Array): number {
  return session.subarray(0, 6).reduce((life, byte) => life * 256 + byte, 0)
}
