// The links of a Waypost: made when a peer is met, kept while there is a way to it, and forgotten when it has been away for long.
// Some are made by machinery alone: the application neither hears of those peers nor reaches them, before it has met them in a
// room of its own. Loaded behind secure.ts, since no page needs it to connect.

import type { DropReason } from '../protocol/drops.ts'
import { WaypostError } from '../protocol/errors.ts'
import { CONNECTIONS_MAX, MESH_LINKS_TAKEN_MAX, MESH_PEERS_MAX } from '../protocol/limits/direct.ts'
import { DEPARTED_GRACE_MS, LINK_LINGER_MS } from '../protocol/limits/link.ts'
import { MEETING_AVOIDED_MAX, MEETING_AVOIDED_MS } from '../protocol/limits/meeting.ts'
import type { KnownMember } from '../protocol/membership/roster.ts'
import { parsePeerId } from '../protocol/peer-id.ts'
import type { DeclineReason } from '../protocol/wire/registry.ts'
import { nowMs } from './clock.ts'
import type { DhtDoor } from './dht/door.ts'
import type { Events } from './events.ts'
import { tryDecodeData } from './joined-room.ts'
import type { Messages } from './messages.ts'
import type { WaypostParts } from './parts.ts'
import type { PeerLink, PeerListener } from './peer-link.ts'
import type { RoomHost } from './room-host.ts'
import { Strangers } from './strangers.ts'
import type { Streams } from './streams.ts'
import type { LinkStatus, PeerId, WaypostEvents } from './types.ts'

/** Where what comes on links goes. */
export interface LinksUse {
  readonly messages: Messages
  readonly streams: Streams
  readonly dht: DhtDoor
}

export class Links {
  readonly all = new Map<PeerId, PeerLink>()
  readonly strangers = new Strangers()
  readonly #parts: WaypostParts
  readonly #events: Events<WaypostEvents>
  readonly #dropped: (reason: DropReason) => void
  readonly #lingering = new Map<PeerId, ReturnType<typeof setTimeout>>()
  /** Who would like to come back is told that there are too many, until then. */
  readonly #letGo = new Map<PeerId, number>()
  #use: LinksUse | undefined
  #closed = false

  constructor(parts: WaypostParts, events: Events<WaypostEvents>, dropped: (reason: DropReason) => void) {
    this.#parts = parts
    this.#events = events
    this.#dropped = dropped
  }

  /** Before the first link. */
  begin(use: LinksUse): void {
    this.#use = use
  }

  // ---- who is where --------------------------------------------------------------------------------------------

  /** The peer is in this room. `isMet`: which is the application's. */
  arrived(room: RoomHost, { id, session }: KnownMember, isMet: boolean): PeerLink {
    clearTimeout(this.#lingering.get(id))
    this.#lingering.delete(id)
    const link = this.all.get(id) ?? this.#make(id, session)
    if (isMet) this.meet(id)
    link.arrived(room, session)
    return link
  }

  /** The application is in a room with it: from now on, and as long as there is a link, they may speak. */
  meet(id: PeerId): void {
    const link = this.all.get(id)
    if (link === undefined || link.met) return
    link.met = true
    if (link.reachable) this.#reached(link)
    this.strangers.met(id)
  }

  /** The peer may be back in a moment (a reload, a new network): what is under way to it waits a little. */
  departed(room: RoomHost, id: PeerId): void {
    const link = this.all.get(id)
    link?.departed(room)
    if (link === undefined || link.known || this.#closed) return
    if (link.via !== 'direct') this.#use?.messages.departed(id)
    this.#after(DEPARTED_GRACE_MS, link, () => this.#giveUp(link))
  }

  /** A room, or all that is known of rooms, may be another way than before. */
  roomChanged(id?: PeerId): void {
    if (id !== undefined) return this.all.get(id)?.roomChanged()
    for (const link of this.all.values()) link.roomChanged()
  }

  /** The newcomer connects to those who were there; they wait for it, so that offers seldom cross. */
  meetAll(peers: ReadonlyMap<PeerId, unknown>): void {
    if (peers.size < MESH_PEERS_MAX) for (const id of peers.keys()) this.all.get(id)?.connect()
  }

  networkChanged(): void {
    for (const link of this.all.values()) link.networkChanged()
  }

  // ---- who wants one -------------------------------------------------------------------------------------------

  /** The application's. Throws for what is no peer; undefined: it is in no room of the application's, and not on its way back. */
  to(id: string, what: string): PeerLink | undefined {
    const link = this.any(id, what)
    return link?.met ? link : undefined
  }

  /** Anybody's. */
  any(id: string, what: string): PeerLink | undefined {
    if (this.#closed) throw new WaypostError('closed', 'this Waypost is closed')
    const link = this.all.get(id as PeerId)
    if (link === undefined) parsePeerId(id) // Throws for what is no peer id at all.
    if (id === this.#parts.identity.id) throw new RangeError(`${what}: a peer does not send to itself`)
    // Lingering after it gave up: as unreachable as a stranger, until it is seen again.
    return link !== undefined && (link.known || link.reachable) ? link : undefined
  }

  /** Machinery wants it no more; what the application uses stays. */
  letGo(id: PeerId): void {
    const link = this.all.get(id)
    if (link === undefined || link.met) return
    this.#letGo.delete(id)
    this.#letGo.set(id, nowMs() + MEETING_AVOIDED_MS)
    if (this.#letGo.size > MEETING_AVOIDED_MAX) this.#letGo.delete(this.#letGo.keys().next().value as PeerId)
    this.#end(link)
  }

  /** Direct connections there are, or are being made. */
  get connections(): number {
    let connections = 0
    for (const link of this.all.values()) if (link.connecting) connections++
    return connections
  }

  get status(): readonly LinkStatus[] {
    return [...this.all.values()].flatMap((link) =>
      link.met || link.reachable
        ? [{ ...link.status(), streams: this.#use?.streams.size(link.id) ?? 0, isOfMesh: !link.met }]
        : [],
    )
  }

  close(): void {
    this.#closed = true
    for (const link of this.all.values()) link.close()
    for (const timer of this.#lingering.values()) clearTimeout(timer)
    this.strangers.close()
    this.all.clear()
  }

  // ---- one of them ---------------------------------------------------------------------------------------------

  #make(id: PeerId, session: Uint8Array): PeerLink {
    const { identity, direct } = this.#parts
    const link: PeerLink = this.#parts.makeLink(
      {
        id,
        session,
        polite: identity.id < id,
        unwilling: () => this.#unwilling(id),
        makeDirect: direct?.make,
      },
      this.#listener(id),
    )
    this.all.set(id, link)
    return link
  }

  /** Machinery's links take nothing away from the application's, which are counted alone. */
  #unwilling(id: PeerId): DeclineReason | undefined {
    if (this.#parts.relayOnly) return 'relay-only'
    if (this.#parts.direct === undefined) return 'no-webrtc'
    if (this.all.get(id)?.met === false) {
      const isLetGo = nowMs() < (this.#letGo.get(id) ?? 0)
      return isLetGo || this.connections >= MESH_LINKS_TAKEN_MAX ? 'too-many' : undefined
    }
    let connecting = 0
    for (const link of this.all.values()) if (link.connecting && link.met) connecting++
    return connecting >= CONNECTIONS_MAX ? 'too-many' : undefined
  }

  #listener(from: PeerId): PeerListener {
    const { messages, streams, dht } = this.#use as LinksUse
    return {
      message: (bytes, via, id, consumed) => {
        const hear = () => messages.heard(from, bytes, via, id, consumed)
        if (this.#isMet(from)) hear()
        else
          this.strangers.hold(from, hear, () => {
            this.#dropped('stranger')
            consumed()
          })
      },
      machinery: (lane, bytes, consumed) => {
        if (lane === 'streams') {
          consumed() // The windows of streams bound what is held.
          const link = this.all.get(from)
          if (link !== undefined) streams.message(link, bytes)
        } else if (dht.hears(from, bytes)) consumed()
        else messages.heardService(from, bytes, consumed)
      },
      restarting: () => streams.restarting(from),
      datagram: (bytes, via) => {
        const data = tryDecodeData(bytes)
        if (!this.#isMet(from)) this.#dropped('stranger')
        else if (data === undefined) this.#dropped('malformed')
        else this.#events.emit('datagram', { from, data: data.value, via })
      },
      settled: (token, outcome) => {
        if (token > 0) messages.settled(token, outcome)
        else if (typeof outcome === 'object') streams.settled(from, token)
      },
      pathChanged: () => {
        const link = this.all.get(from)
        if (link !== undefined) this.#pathChanged(link)
      },
      dropped: (reason) => this.#dropped(reason),
    }
  }

  #isMet(peer: PeerId): boolean {
    return this.all.get(peer)?.met === true
  }

  #pathChanged(link: PeerLink): void {
    const { messages, dht } = this.#use as LinksUse
    const { id, met, reachable } = link
    dht.linked(id, link.isForMachinery)
    if (reachable && met) return this.#reached(link)
    if (met) this.#saysPath(link)
    if (!reachable && !link.known) messages.departed(id)
  }

  #reached(link: PeerLink): void {
    this.#saysPath(link)
    this.#use?.messages.reached(link.id)
  }

  /** After this turn: a newcomer has joined the room for the application before a way to it is news. */
  #saysPath({ id, reachable, via }: PeerLink): void {
    queueMicrotask(() => this.#events.emit('path', { peer: id, via: reachable ? via : undefined }))
  }

  // ---- ends ----------------------------------------------------------------------------------------------------

  #after(ms: number, { id }: PeerLink, then: () => void): void {
    clearTimeout(this.#lingering.get(id))
    this.#lingering.set(id, setTimeout(then, ms))
  }

  #giveUp(link: PeerLink): void {
    if (link.known) return
    // It left the room and yet talks to us: so do we with it, for as long as the direct path lives.
    if (link.via === 'direct') return this.#after(DEPARTED_GRACE_MS, link, () => this.#giveUp(link))
    // Nobody waits for anything of those that only machinery knew.
    if (!link.met) return this.#end(link)
    link.abandon()
    this.#use?.streams.abandoned(link.id)
    this.#after(LINK_LINGER_MS, link, () => {
      if (!link.known) this.#end(link)
    })
  }

  #end(link: PeerLink): void {
    const { id } = link
    clearTimeout(this.#lingering.get(id))
    this.#lingering.delete(id)
    link.close()
    this.#use?.streams.forget(id)
    this.strangers.refuse(id)
    this.#use?.dht.linked(id, false)
    if (this.all.get(id) === link) this.all.delete(id)
  }
}
