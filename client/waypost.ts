// A client of one network on one edge: its rooms, its links to peers, and the messages on them.

import { DropCounts, type DropReason } from '../protocol/drops.ts'
import { WaypostError } from '../protocol/errors.ts'
import { CONNECTIONS_MAX, DATAGRAM_BYTES_MAX, MESH_PEERS_MAX } from '../protocol/limits/direct.ts'
import { DEPARTED_GRACE_MS, LINK_LINGER_MS } from '../protocol/limits/link.ts'
import { JOIN_WITHIN_MS, TIMEOUT_MAX_MS } from '../protocol/limits/membership.ts'
import type { KnownMember } from '../protocol/membership/roster.ts'
import { isRoomName } from '../protocol/names.ts'
import { parsePeerId } from '../protocol/peer-id.ts'
import { VERSION } from '../protocol/version.ts'
import { encodeData } from '../protocol/wire/data.ts'
import type { DeclineReason } from '../protocol/wire/registry.ts'
import type { Dht } from './dht/api.ts'
import type { DhtDoor } from './dht/door.ts'
import { Events } from './events.ts'
import { JoinedRoom, type RoomOwner, tryDecodeData } from './joined-room.ts'
import type { Messages } from './messages.ts'
import { watchNetwork } from './network-watch.ts'
import { checkDuration, checkOptions, checkSignal } from './options.ts'
import type { WaypostParts } from './parts.ts'
import type { PeerLink, PeerListener } from './peer-link.ts'
import { encodeMetadata, type Room } from './room.ts'
import type { Streams } from './streams.ts'
import type {
  Data,
  JoinOptions,
  OpenOptions,
  PeerId,
  Receipt,
  SendOptions,
  Status,
  WaypostEvents,
  WaypostStream,
} from './types.ts'

export class Waypost {
  /** This client's PeerId, as text. */
  readonly id: PeerId
  readonly #parts: WaypostParts
  readonly #events = new Events<WaypostEvents>(['message', 'receipt', 'datagram', 'stream', 'path'])
  readonly #rooms = new Map<string, JoinedRoom>()
  /** Left, and still saying their last words. */
  readonly #leaving = new Set<JoinedRoom>()
  readonly #links = new Map<PeerId, PeerLink>()
  readonly #streams: Streams
  readonly #lingering = new Map<PeerId, ReturnType<typeof setTimeout>>()
  readonly #messages: Messages
  readonly #dht: DhtDoor
  readonly #drops = new DropCounts()
  readonly #stopWatching: () => void
  #closed = false

  /** Wayposts come from `connect()`. */
  constructor(parts: WaypostParts) {
    this.#parts = parts
    this.id = parts.identity.id
    const dropped = (reason: DropReason) => this.#drops.count(reason)
    this.#streams = new parts.streams(this.id, this.#events, dropped)
    this.#messages = new parts.messages(parts, this.#events, {
      rooms: this.#rooms,
      links: this.#links,
      passRenewed: (pass) => this.#passRenewed(pass),
      dropped,
    })
    this.#dht = new parts.dht(parts, {
      askHome: (question) => this.#messages.ask(question),
      open: (peer, label) => this.#streams.openOwn(label, this.#linkTo(peer, 'dht') ?? unreachable(peer)),
      serve: (label, take) => this.#streams.serve(label, take),
      links: this.#links,
      tell: (peer, bytes) => this.#messages.tellIfReached(peer, bytes),
      dropped,
    })
    this.#stopWatching = watchNetwork(() => this.#networkChanged())
  }

  /** What everybody may find: content by its hash, names by their owner, peers by their id. Loaded when it is first used. */
  get dht(): Dht {
    return this.#dht
  }

  /** Gives back a function that stops listening. */
  on<Name extends keyof WaypostEvents>(
    name: Name,
    handler: (event: WaypostEvents[Name]) => unknown,
  ): () => void {
    const stop = this.#events.on(name, handler)
    if (name === 'message') this.#messages.listening()
    return stop
  }

  /** Resolves when we are in and know who else is. Joining a room we are in gives the same room, with our new metadata if there is any. */
  async join(name: string, options: JoinOptions = {}): Promise<Room> {
    checkOptions('join', options, ['metadata', 'timeoutMs', 'signal'])
    checkSignal('join: signal', options.signal)
    checkDuration('join: timeoutMs', options.timeoutMs, TIMEOUT_MAX_MS)
    if (typeof name !== 'string') throw new TypeError('join: the room must be a string')
    if (!isRoomName(name)) throw new RangeError(`join: not a room's name: ${JSON.stringify(name)}`)
    const metadata = encodeMetadata(options.metadata)
    this.#refuseClosed()
    const { signal } = options
    if (signal?.aborted)
      throw new WaypostError('aborted', `joining '${name}' was aborted`, { cause: signal.reason })
    const known = this.#rooms.get(name)
    if (known === undefined)
      return this.#enter(name, metadata, options.timeoutMs ?? JOIN_WITHIN_MS).wait(signal)
    if (options.metadata !== undefined) known.host.give({ kind: 'describe', metadata })
    return known.wait(signal)
  }

  /**
   * Resolves when the peer has the message: once, and in the order sent on its channel. Takes the direct path when one
   * is open, else the relay; what is not acknowledged when a path is lost is sent again on the next. With mail, a peer that is
   * in no room with us, or leaves before it acknowledged, gets it in its mailbox: this resolves when it is there for good.
   */
  async send(to: PeerId | string, data: Data, options: SendOptions = {}): Promise<Receipt> {
    return this.#messages.send(to, data, options, () => this.#linkTo(to, 'send'))
  }

  /** Contacts write without a stamp: from now on only those we write to again, after a month. Without mail it throws. */
  async rotateAccess(): Promise<void> {
    this.#refuseClosed()
    await this.#messages.rotateAccess()
  }

  /** Best effort, in one piece of at most 16 KiB: it arrives, or it does not. False: there is no way to the peer now. */
  datagram(to: PeerId | string, data: Data): boolean {
    const link = this.#linkTo(to, 'datagram')
    const bytes = encodeData(data)
    if (bytes.length > DATAGRAM_BYTES_MAX) {
      throw new WaypostError('too-large', `a datagram holds at most ${DATAGRAM_BYTES_MAX - 1} bytes`)
    }
    if (link === undefined) return false
    link.connect()
    return link.datagram(bytes)
  }

  /** A stream to the peer, which may be written to at once. If the peer refuses it, or is gone, both its halves fail. */
  async open(to: PeerId | string, label: string, options: OpenOptions = {}): Promise<WaypostStream> {
    return this.#streams.open(label, options, () => this.#linkTo(to, 'open') ?? unreachable(to))
  }

  status(): Status {
    return {
      version: VERSION,
      id: this.id,
      edge: this.#parts.base.href,
      network: this.#parts.network,
      bootstrap: this.#parts.bootstraps.status,
      turn: this.#parts.direct?.turn,
      rooms: [...this.#rooms.values()].map((room) => room.status()),
      links: [...this.#links.values()].map((link) => ({
        ...link.status(),
        streams: this.#streams.size(link.id),
      })),
      mail: this.#messages.mailStatus,
      dht: this.#dht.status,
      crypto: this.#parts.suite.status,
      drops: this.#drops.all(),
    }
  }

  /** Leaves every room, ends every link, and lets go of the identity. What was not acknowledged by then rejects with `closed`. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#stopWatching()
    this.#dht.close()
    const rooms = [...this.#rooms.values()]
    const farewell = this.#streams.farewell((peer) => this.#links.get(peer)?.reachable === true)
    await Promise.all([farewell, ...[...rooms, ...this.#leaving].map((room) => room.spoken())])
    await this.#messages.close()
    this.#parts.passes.close()
    for (const link of this.#links.values()) link.close()
    this.#streams.close()
    for (const room of rooms) room.leave()
    for (const timer of this.#lingering.values()) clearTimeout(timer)
    this.#links.clear()
    this.#events.clear()
    await this.#parts.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  // ---- rooms ---------------------------------------------------------------------------------------------------

  #enter(name: string, metadata: Uint8Array, timeoutMs: number): JoinedRoom {
    const { base, network, identity, passes } = this.#parts
    const url = new URL(`v1/rooms/${encodeURIComponent(name)}`, base)
    url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:'
    url.searchParams.set('network', network)
    const room = new JoinedRoom(
      { name, url: url.href, network, identity, passes, metadata, timeoutMs },
      this.#owner(),
    )
    this.#rooms.set(name, room)
    room.start()
    return room
  }

  #owner(): RoomOwner {
    return {
      peerArrived: (room, member) => this.#peerArrived(room, member),
      peerDeparted: (room, id) => this.#peerDeparted(room, id),
      reachChanged: (id) => {
        if (id === undefined) this.#reachChanged()
        else this.#links.get(id)?.roomChanged()
      },
      entered: (room, again) => {
        this.#reachChanged()
        if (!again) this.#meetAll(room)
      },
      makeBroadcasts: (room, listener) => this.#parts.makeBroadcasts(this.#parts.network, room, listener),
      tell: (to, service) => this.#messages.tell(to, service),
      relayed: (room, from, payload) => this.#links.get(from.id)?.relayed(room.host, payload),
      signalled: (from, payload) => this.#links.get(from.id)?.signalled(payload),
      passRenewed: (pass) => this.#passRenewed(pass),
      dropped: (reason) => this.#drops.count(reason),
      roomLeaving: (room) => {
        if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name)
        this.#leaving.add(room)
      },
      roomEnded: (room) => {
        if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name)
        this.#leaving.delete(room)
      },
      via: (id) => this.#links.get(id)?.via,
      roundTripMs: (id) => this.#links.get(id)?.roundTripMs,
    }
  }

  /** One room's pass is every room's: none of the others needs to ask. */
  #passRenewed(pass: string): void {
    const { passes } = this.#parts
    if (!passes.renewed(pass)) return this.#drops.count('unexpected')
    const { renewAtMs } = passes
    for (const room of this.#rooms.values()) room.host.give({ kind: 'pass', pass, renewAtMs })
  }

  #reachChanged(): void {
    for (const link of this.#links.values()) link.roomChanged()
  }

  /** The newcomer connects to those who were there; they wait for it, so that offers seldom cross. */
  #meetAll(room: JoinedRoom): void {
    if (room.api.peers.size >= MESH_PEERS_MAX) return
    for (const id of room.api.peers.keys()) this.#links.get(id)?.connect()
  }

  #networkChanged(): void {
    for (const room of this.#rooms.values()) room.host.give({ kind: 'networkChanged' })
    for (const link of this.#links.values()) link.networkChanged()
    this.#messages.networkChanged()
  }

  // ---- links ---------------------------------------------------------------------------------------------------

  #peerArrived(room: JoinedRoom, member: KnownMember): void {
    clearTimeout(this.#lingering.get(member.id))
    this.#lingering.delete(member.id)
    const link = this.#links.get(member.id) ?? this.#newLink(member)
    link.arrived(room.host, member.session)
  }

  #newLink(member: KnownMember): PeerLink {
    const { id, session } = member
    const link = this.#parts.makeLink(
      {
        id,
        session,
        polite: this.id < id,
        unwilling: () => this.#unwilling(),
        makeDirect: this.#parts.direct?.make,
      },
      this.#listener(id),
    )
    this.#links.set(id, link)
    return link
  }

  #listener(from: PeerId): PeerListener {
    return {
      message: (bytes, via, id, consumed) => this.#messages.heard(from, bytes, via, id, consumed),
      machinery: (lane, bytes, consumed) => this.#machinery(from, lane, bytes, consumed),
      restarting: () => this.#streams.restarting(from),
      datagram: (bytes, via) => {
        const data = tryDecodeData(bytes)
        if (data === undefined) this.#drops.count('malformed')
        else this.#events.emit('datagram', { from, data: data.value, via })
      },
      settled: (token, outcome) => {
        if (token > 0) this.#messages.settled(token, outcome)
        else if (typeof outcome === 'object') this.#streams.settled(from, token)
      },
      // After this turn: a newcomer has joined the room for the application before a way to it is news.
      pathChanged: (via) => {
        queueMicrotask(() => this.#events.emit('path', { peer: from, via }))
        this.#dht.linked(from, via !== undefined)
        if (via !== undefined) this.#messages.reached(from)
        else if (this.#links.get(from)?.known === false) this.#messages.departed(from)
      },
      dropped: (reason) => this.#drops.count(reason),
    }
  }

  #machinery(from: PeerId, lane: 'streams' | 'service', bytes: Uint8Array, consumed: () => void): void {
    if (lane === 'streams') {
      consumed() // The windows of streams bound what is held.
      const link = this.#links.get(from)
      if (link !== undefined) this.#streams.message(link, bytes)
      return
    }
    if (this.#dht.hears(from, bytes)) consumed()
    else this.#messages.heardService(from, bytes, consumed)
  }

  /** The peer may be back in a moment (a reload, a new network): what is under way to it waits a little. */
  #peerDeparted(room: JoinedRoom, id: PeerId): void {
    const link = this.#links.get(id)
    link?.departed(room.host)
    if (link === undefined || link.known || this.#closed) return
    if (link.via !== 'direct') this.#messages.departed(id)
    clearTimeout(this.#lingering.get(id))
    this.#lingering.set(
      id,
      setTimeout(() => this.#giveUp(id, link), DEPARTED_GRACE_MS),
    )
  }

  #giveUp(id: PeerId, link: PeerLink): void {
    if (link.known) return
    if (link.via === 'direct') {
      // It left the room and yet talks to us: so do we with it, for as long as the direct path lives.
      this.#lingering.set(
        id,
        setTimeout(() => this.#giveUp(id, link), DEPARTED_GRACE_MS),
      )
      return
    }
    link.abandon()
    this.#streams.abandoned(id)
    this.#lingering.set(
      id,
      setTimeout(() => this.#forget(id, link), LINK_LINGER_MS),
    )
  }

  #forget(id: PeerId, link: PeerLink): void {
    this.#lingering.delete(id)
    if (link.known) return
    link.close()
    this.#streams.forget(id)
    if (this.#links.get(id) === link) this.#links.delete(id)
  }

  #unwilling(): DeclineReason | undefined {
    if (this.#parts.relayOnly) return 'relay-only'
    if (this.#parts.direct === undefined) return 'no-webrtc'
    let connecting = 0
    for (const link of this.#links.values()) if (link.connecting) connecting++
    return connecting >= CONNECTIONS_MAX ? 'too-many' : undefined
  }

  #linkTo(to: string, what: string): PeerLink | undefined {
    this.#refuseClosed()
    const link = this.#links.get(to as PeerId)
    if (link === undefined) parsePeerId(to) // Throws for what is no peer id at all.
    if (to === this.id) throw new RangeError(`${what}: a peer does not send to itself`)
    // Lingering after it gave up: as unreachable as a stranger, until it is seen again.
    return link !== undefined && (link.known || link.reachable) ? link : undefined
  }

  #refuseClosed(): void {
    if (this.#closed) throw new WaypostError('closed', 'this Waypost is closed')
  }
}

function unreachable(to: string): never {
  throw new WaypostError('peer-unreachable', `no room of ours has the peer ${to}`)
}
