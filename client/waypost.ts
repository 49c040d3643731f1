// A client of one network on one edge: its rooms, its links to peers, and the messages on them.

import { DropCounts, type DropReason } from '../protocol/drops.ts'
import { WaypostError } from '../protocol/errors.ts'
import { DATAGRAM_BYTES_MAX } from '../protocol/limits/direct.ts'
import { JOIN_WITHIN_MS, TIMEOUT_MAX_MS } from '../protocol/limits/membership.ts'
import { isReservedName, isRoomName } from '../protocol/names.ts'
import { VERSION } from '../protocol/version.ts'
import { encodeData } from '../protocol/wire/data.ts'
import type { Dht } from './dht/api.ts'
import type { DhtDoor } from './dht/door.ts'
import { Events } from './events.ts'
import { JoinedRoom, type RoomOwner } from './joined-room.ts'
import type { Links } from './links.ts'
import type { Messages } from './messages.ts'
import { watchNetwork } from './network-watch.ts'
import { checkDuration, checkOptions, checkSignal } from './options.ts'
import type { WaypostParts } from './parts.ts'
import { encodeMetadata, type Room } from './room.ts'
import type { RoomHost } from './room-host.ts'
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
  /** All rooms with a socket: machinery's too. */
  readonly #hosts = new Set<RoomHost>()
  readonly #links: Links
  readonly #streams: Streams
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
    const links = new parts.links(parts, this.#events, dropped)
    const streams = new parts.streams(this.id, this.#events, links.strangers, dropped)
    const passRenewed = (pass: string) => this.#passRenewed(pass)
    const messages = new parts.messages(parts, this.#events, {
      rooms: this.#rooms,
      links: links.all,
      passRenewed,
      dropped,
    })
    const dht = new parts.dht(parts, {
      askHome: (question) => messages.ask(question),
      open: (peer, label) => streams.openOwn(label, links.any(peer, 'dht') ?? unreachable(peer)),
      serve: (label, take) => streams.serve(label, take),
      links,
      hosts: this.#hosts,
      borrow: (name) => this.#rooms.get(name) ?? this.#enter(name, new Uint8Array(), JOIN_WITHIN_MS, true),
      tell: (peer, bytes) => messages.tellIfReached(peer, bytes),
      passRenewed,
      dropped,
    })
    links.begin({ messages, streams, dht })
    this.#links = links
    this.#streams = streams
    this.#messages = messages
    this.#dht = dht
    this.#stopWatching = watchNetwork(() => this.#networkChanged())
    parts.passes.moved = () => this.#networkChanged('moved')
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
    if (!isRoomName(name) || isReservedName(name))
      throw new RangeError(`join: not a room's name: ${JSON.stringify(name)}`)
    const metadata = encodeMetadata(options.metadata)
    this.#refuseClosed()
    const { signal } = options
    if (signal?.aborted)
      throw new WaypostError('aborted', `joining '${name}' was aborted`, { cause: signal.reason })
    const known = this.#rooms.get(name)
    if (known === undefined)
      return this.#enter(name, metadata, options.timeoutMs ?? JOIN_WITHIN_MS).wait(signal)
    if (known.borrowed) {
      known.borrowed = false
      for (const id of known.api.peers.keys()) this.#links.meet(id)
    }
    if (options.metadata !== undefined) known.host.give({ kind: 'describe', metadata })
    return known.wait(signal)
  }

  /**
   * Resolves when the peer has the message: once, and in the order sent on its channel. Takes the direct path when one
   * is open, else the relay; what is not acknowledged when a path is lost is sent again on the next. With mail, a peer that is
   * in no room with us, or leaves before it acknowledged, gets it in its mailbox: this resolves when it is there for good.
   */
  async send(to: PeerId | string, data: Data, options: SendOptions = {}): Promise<Receipt> {
    return this.#messages.send(to, data, options, () => this.#links.to(to, 'send'))
  }

  /** Contacts write without a stamp: from now on only those we write to again, after a month. Without mail it throws. */
  async rotateAccess(): Promise<void> {
    this.#refuseClosed()
    await this.#messages.rotateAccess()
  }

  /** Best effort, in one piece of at most 16 KiB: it arrives, or it does not. False: there is no way to the peer now. */
  datagram(to: PeerId | string, data: Data): boolean {
    const link = this.#links.to(to, 'datagram')
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
    return this.#streams.open(label, options, () => this.#links.to(to, 'open') ?? unreachable(to))
  }

  status(): Status {
    return {
      version: VERSION,
      id: this.id,
      edge: this.#parts.passes.base.href,
      edges: this.#parts.passes.edges,
      network: this.#parts.network,
      bootstrap: this.#parts.bootstraps.status,
      turn: this.#parts.direct?.turn,
      rooms: [...this.#rooms.values()].flatMap((room) => (room.borrowed ? [] : room.status())),
      links: this.#links.status,
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
    const farewell = this.#streams.farewell((peer) => this.#links.all.get(peer)?.reachable === true)
    await Promise.all([farewell, ...[...rooms, ...this.#leaving].map((room) => room.spoken())])
    await this.#messages.close()
    this.#parts.passes.close()
    this.#links.close()
    this.#streams.close()
    for (const room of rooms) room.leave()
    this.#events.clear()
    await this.#parts.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  // ---- rooms ---------------------------------------------------------------------------------------------------

  /** `borrowed`: for machinery, until the application joins it too. */
  #enter(name: string, metadata: Uint8Array, timeoutMs: number, borrowed = false): JoinedRoom {
    const { network, identity, passes, errorOf } = this.#parts
    const room = new JoinedRoom(
      { name, network, identity, passes, metadata, timeoutMs, borrowed, errorOf },
      this.#owner(),
    )
    this.#rooms.set(name, room)
    this.#hosts.add(room.host)
    room.start()
    return room
  }

  #owner(): RoomOwner {
    const links = this.#links
    return {
      peerArrived: (room, member) => links.arrived(room.host, member, !room.borrowed),
      peerDeparted: (room, id) => links.departed(room.host, id),
      reachChanged: (id) => links.roomChanged(id),
      entered: (room, again) => {
        links.roomChanged()
        if (!again && !room.borrowed) links.meetAll(room.api.peers)
      },
      makeBroadcasts: (room, listener) => this.#parts.makeBroadcasts(this.#parts.network, room, listener),
      tell: (to, service) => this.#messages.tell(to, service),
      relayed: (room, from, payload) => links.all.get(from.id)?.relayed(room.host, payload),
      signalled: (from, payload) => links.all.get(from.id)?.signalled(payload),
      passRenewed: (pass) => this.#passRenewed(pass),
      dropped: (reason) => this.#drops.count(reason),
      roomLeaving: (room) => {
        if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name)
        this.#leaving.add(room)
      },
      roomEnded: (room) => {
        if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name)
        this.#leaving.delete(room)
        this.#hosts.delete(room.host)
      },
      via: (id) => links.all.get(id)?.via,
      roundTripMs: (id) => links.all.get(id)?.roundTripMs,
    }
  }

  /** One room's pass is every room's: none of the others needs to ask. */
  #passRenewed(pass: string): void {
    const { passes } = this.#parts
    if (!passes.renewed(pass)) return this.#drops.count('unexpected')
    const { renewAtMs } = passes
    for (const host of this.#hosts) host.give({ kind: 'pass', pass, renewAtMs })
  }

  /** `moved`: it is another edge that we use, while links have what they had. */
  #networkChanged(kind: 'networkChanged' | 'moved' = 'networkChanged'): void {
    for (const host of this.#hosts) host.give({ kind })
    if (kind !== 'moved') this.#links.networkChanged()
    this.#messages.networkChanged(kind)
  }

  #refuseClosed(): void {
    if (this.#closed) throw new WaypostError('closed', 'this Waypost is closed')
  }
}

function unreachable(to: string): never {
  throw new WaypostError('peer-unreachable', `no room of ours has the peer ${to}`)
}
