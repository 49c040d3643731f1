// Meeting other nodes of the mesh, hosted: rooms that no application sees, and links that it does not hear of. What is done there is decided
// by protocol/dht/meeting.

import { checkNode } from '../../../protocol/crypto/dht/node.ts'
import type { Hash } from '../../../protocol/crypto/suite.ts'
import type { Bits, MeetingEffect, MeetingInput } from '../../../protocol/dht/meeting/contract.ts'
import { Meeting } from '../../../protocol/dht/meeting/machine.ts'
import { neighbourhoodRoom } from '../../../protocol/dht/meeting/place.ts'
import type { DropReason } from '../../../protocol/drops.ts'
import { MEETING_ENTER_MS } from '../../../protocol/limits/meeting.ts'
import type { KnownMember } from '../../../protocol/membership/roster.ts'
import { Host } from '../../host.ts'
import type { Identity } from '../../identity.ts'
import type { Links } from '../../links.ts'
import type { Passes } from '../../pass.ts'
import { RoomHost, type RoomListener, roomUrl } from '../../room-host.ts'
import type { PeerId } from '../../types.ts'
import { decodePresence, encodePresence, type Place } from './place.ts'

export interface MeetingsParts {
  readonly base: URL
  readonly network: string
  readonly identity: Identity
  readonly passes: Passes
  readonly hash: Hash
}

export interface MeetingsOwner {
  readonly links: Links
  readonly hosts: Set<RoomHost>
  passRenewed(pass: string): void
  dropped(reason: DropReason): void
}

interface Neighbourhood {
  readonly bits: Bits
  readonly host: RoomHost
  readonly members: Map<PeerId, KnownMember>
  /** Whether each has a place that it worked for. */
  readonly proofs: Map<PeerId, Promise<boolean>>
  /** Those to whom this room is a way. */
  readonly linked: Set<PeerId>
}

export class Meetings {
  readonly #parts: MeetingsParts
  readonly #owner: MeetingsOwner
  readonly #place: Place
  readonly #machine: Meeting
  readonly #host: Host<MeetingInput, MeetingEffect>
  readonly #rooms = new Map<Bits, Neighbourhood>()
  #closed = false

  constructor(parts: MeetingsParts, owner: MeetingsOwner, place: Place) {
    this.#parts = parts
    this.#owner = owner
    this.#place = place
    const { links } = owner
    this.#machine = new Meeting({
      self: place.node,
      random: Math.random,
      connections: () => links.connections,
      isMet: (peer) => links.all.get(peer as PeerId)?.met === true,
    })
    this.#host = new Host(this.#machine, (effect) => this.#perform(effect))
    this.#host.give({ kind: 'begin' })
  }

  /** Bits of our neighbourhood; undefined while we are in none. */
  get home(): Bits | undefined {
    return this.#machine.home
  }

  give(input: MeetingInput): void {
    this.#host.give(input)
  }

  close(): void {
    this.#closed = true
    this.#host.stop()
    for (const room of [...this.#rooms.values()]) this.#leaves(room)
  }

  #perform(effect: MeetingEffect): void {
    if (effect.kind === 'letGo') return this.#owner.links.letGo(effect.peer as PeerId)
    if (effect.kind === 'enter') return this.#enters(effect.room, effect.isKeeper)
    const room = this.#rooms.get(effect.room)
    if (room === undefined) return
    switch (effect.kind) {
      case 'leave':
        return this.#leaves(room)
      case 'say':
        return room.host.give({ kind: 'describe', metadata: this.#presence(effect.isKeeper) })
      case 'connect': {
        const member = room.members.get(effect.peer as PeerId)
        return member === undefined ? undefined : this.#link(room, member)?.connect()
      }
    }
  }

  // ---- rooms ---------------------------------------------------------------------------------------------------

  #presence(isKeeper: boolean): Uint8Array {
    return encodePresence({ isKeeper, claim: this.#place.claim })
  }

  #enters(bits: Bits, isKeeper: boolean): void {
    const { base, network, identity, passes } = this.#parts
    const name = neighbourhoodRoom(bits)
    const host: RoomHost = new RoomHost(
      {
        url: roomUrl(base, network, name),
        name,
        network,
        identity,
        passes,
        metadata: this.#presence(isKeeper),
        firstJoinWithinMs: MEETING_ENTER_MS,
      },
      // Nothing comes of it before it has started.
      this.#listener(() => room),
    )
    const room = { bits, host, members: new Map(), proofs: new Map(), linked: new Set<PeerId>() }
    this.#rooms.set(bits, room)
    this.#owner.hosts.add(host)
    host.give({ kind: 'start' })
  }

  #leaves(room: Neighbourhood): void {
    this.#forgets(room)
    room.host.give({ kind: 'leave' })
  }

  /** Links that are direct live on. */
  #forgets(room: Neighbourhood): void {
    if (this.#rooms.get(room.bits) === room) this.#rooms.delete(room.bits)
    this.#owner.hosts.delete(room.host)
    for (const peer of room.linked) this.#owner.links.departed(room.host, peer)
    room.linked.clear()
  }

  #tell(room: Neighbourhood, input: MeetingInput): void {
    if (!this.#closed && this.#rooms.get(room.bits) === room) this.#host.give(input)
  }

  #listener(roomOf: () => Neighbourhood): RoomListener {
    const { links, passRenewed, dropped } = this.#owner
    return {
      entered: (again) => {
        links.roomChanged()
        const room = roomOf()
        // Who is there is known when all of them have been looked at.
        if (!again)
          void Promise.all(room.proofs.values()).then(() =>
            this.#tell(room, { kind: 'entered', room: room.bits }),
          )
      },
      interrupted: () => links.roomChanged(),
      arrived: (member) => this.#sees(roomOf(), member),
      described: (member) => this.#sees(roomOf(), member),
      departed: ({ id }) => {
        const room = roomOf()
        room.members.delete(id)
        room.proofs.delete(id)
        if (room.linked.delete(id)) links.departed(room.host, id)
        this.#tell(room, { kind: 'gone', room: room.bits, peer: id })
      },
      returned: ({ id }) => links.roomChanged(id),
      heard: (as, member, payload) => {
        if (as === 'broadcast') return dropped('unexpected')
        const room = roomOf()
        const bytes = payload.slice() // It may have to wait.
        void room.proofs.get(member.id)?.then((isGood) => {
          const link = isGood ? this.#link(room, member) : undefined
          if (as === 'relay') link?.relayed(room.host, bytes)
          else link?.signalled(bytes)
        })
      },
      dropped,
      passRenewed,
      ended: (reason) => {
        const room = roomOf()
        const isFull = reason === 'room-full'
        this.#tell(room, { kind: 'ended', room: room.bits, isFull })
        this.#forgets(room)
      },
    }
  }

  /** Whoever has not worked for its place has no business here. */
  #sees(room: Neighbourhood, member: KnownMember): void {
    room.members.set(member.id, member)
    room.proofs.set(member.id, this.#proves(room, member))
  }

  async #proves(room: Neighbourhood, member: KnownMember): Promise<boolean> {
    const said = decodePresence(member.metadata)
    const node =
      said && (await checkNode(this.#parts.hash, member.peer, said.claim, Date.now()).catch(() => undefined))
    if (said === undefined || node === undefined) {
      this.#owner.dropped('unverified')
      return false
    }
    if (room.members.get(member.id) === member) {
      const { isKeeper } = said
      this.#tell(room, { kind: 'seen', room: room.bits, member: { peer: member.id, node, isKeeper } })
    }
    return true
  }

  /** Ours to it, with this room as a way; undefined: it has gone. */
  #link(room: Neighbourhood, member: KnownMember) {
    const { links } = this.#owner
    if (room.members.get(member.id) !== member || this.#rooms.get(room.bits) !== room) return undefined
    const known = links.all.get(member.id)
    if (known !== undefined && room.linked.has(member.id)) return known
    room.linked.add(member.id)
    return links.arrived(room.host, member, false)
  }
}
