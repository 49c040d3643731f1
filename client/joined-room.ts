// A room we are in: hosts the membership, keeps the live map of peers, and turns what happens into the room's events.

import type { DropReason } from '../protocol/drops.ts'
import { WaypostError } from '../protocol/errors.ts'
import { BROADCAST_QUEUE_MAX } from '../protocol/limits/membership.ts'
import type { EndReason } from '../protocol/membership/contract.ts'
import type { KnownMember } from '../protocol/membership/roster.ts'
import { WireError } from '../protocol/wire/bytes.ts'
import { decodeData, type Received } from '../protocol/wire/data.ts'
import { Events } from './events.ts'
import type { Identity } from './identity.ts'
import type { Passes } from './pass.ts'
import { ROOM_EVENTS, Room } from './room.ts'
import { RoomHost, type RoomListener } from './room-host.ts'
import type { BroadcastListener, SealedBroadcasts } from './sealed-broadcasts.ts'
import type { CloseReason, Peer, PeerId, RoomEvents, RoomState, RoomStatus, Via } from './types.ts'

/** What a joined room tells, and asks of, the Waypost it belongs to. */
export interface RoomOwner {
  /** The peer is in this room now, or is no more; or the way to it through this room changed. */
  peerArrived(room: JoinedRoom, member: KnownMember): void
  peerDeparted(room: JoinedRoom, id: PeerId): void
  /** Of everybody, or of one. */
  reachChanged(id?: PeerId): void
  entered(room: JoinedRoom, again: boolean): void
  /** Seals what is said to all of a room. */
  makeBroadcasts(room: string, listener: BroadcastListener): SealedBroadcasts
  /** To that peer, over the link to it, for what is built upon links. Settles when it has it, or never will. */
  tell(to: PeerId, service: Uint8Array): Promise<unknown>
  relayed(room: JoinedRoom, from: KnownMember, payload: Uint8Array): void
  signalled(from: KnownMember, payload: Uint8Array): void
  /** The room gave us the next pass. */
  passRenewed(pass: string): void
  dropped(reason: DropReason): void
  /** It is left: who joins a room of its name joins another. */
  roomLeaving(room: JoinedRoom): void
  roomEnded(room: JoinedRoom): void
  via(id: PeerId): Via | undefined
  roundTripMs(id: PeerId): number | undefined
}

export interface JoinedRoomOptions {
  readonly name: string
  readonly url: string
  readonly network: string
  readonly identity: Identity
  readonly passes: Passes
  readonly metadata: Uint8Array
  readonly timeoutMs: number
  readonly borrowed: boolean
}

/** So long our last words may take to arrive after we left: a handshake by a slow relay. */
const FAREWELL_MS = 1_000

export class JoinedRoom {
  readonly name: string
  readonly host: RoomHost
  readonly api: Room
  /** Machinery is in it, and the application is not: it neither hears nor sees anything of it. */
  borrowed: boolean
  /** Settles when we are in, or never will be. */
  readonly #entering: Promise<Room>
  readonly #owner: RoomOwner
  readonly #peers = new Map<PeerId, LivePeer>()
  readonly #broadcasts: SealedBroadcasts
  /** Broadcasts since we lost the room: they wait for us to be back. */
  #waitingBroadcasts = 0
  readonly #events = new Events<RoomEvents>(ROOM_EVENTS)
  #state: RoomState = 'joining'
  #leaving = false
  #closeReason: CloseReason | undefined
  /** Callers of join() who are not in yet. */
  #waiting = 0
  #resolve: (room: Room) => void = () => {}
  #reject: (error: WaypostError) => void = () => {}

  constructor(options: JoinedRoomOptions, owner: RoomOwner) {
    this.name = options.name
    this.borrowed = options.borrowed
    this.#owner = owner
    this.#entering = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const { name, url, network, identity, passes, metadata, timeoutMs } = options
    this.host = new RoomHost(
      { name, url, network, identity, passes, metadata, firstJoinWithinMs: timeoutMs },
      this.#listener(),
    )
    this.#broadcasts = owner.makeBroadcasts(name, this.#broadcastListener())
    this.api = new Room({
      name: this.name,
      host: this.host,
      broadcast: (payload) => this.#broadcast(payload),
      peers: this.#peers,
      events: this.#events,
      state: () => (this.#leaving ? 'closed' : this.#state),
      closeReason: () => this.#closeReason ?? (this.#leaving ? 'closed' : undefined),
      leave: () => this.leave(),
    })
  }

  start(): void {
    this.host.give({ kind: 'start' })
  }

  /** What was said before is still to arrive: for that we stay a moment, if we must. */
  leave(): void {
    if (this.#leaving) return
    this.#leaving = true
    this.#owner.roomLeaving(this)
    void this.spoken().then(() => this.host.give({ kind: 'leave' }))
  }

  /** Resolves when our broadcasts have arrived, or it has been long enough. */
  async spoken(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const longEnough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FAREWELL_MS)
    })
    await Promise.race([this.#state === 'joined' && this.#broadcasts.arrivedEverywhere(), longEnough])
    clearTimeout(timer)
  }

  /** Resolves when we are in. A caller whose signal fires waits no longer; when none waits, we do not go in. */
  wait(signal: AbortSignal | undefined): Promise<Room> {
    this.#waiting++
    return new Promise((resolve, reject) => {
      const abort = () => {
        const cause: unknown = signal?.reason
        reject(new WaypostError('aborted', `joining '${this.name}' was aborted`, { cause }))
        this.#waiting--
        if (this.#waiting === 0 && this.#state === 'joining') this.leave()
      }
      signal?.addEventListener('abort', abort, { once: true })
      void this.#entering.then(resolve, reject).then(() => signal?.removeEventListener('abort', abort))
    })
  }

  /** Names this room on service messages. */
  tag(): Promise<string> {
    return this.#broadcasts.tag()
  }

  /** Resolves when the link may forget the message. */
  heardService(from: PeerId, bytes: Uint8Array): Promise<void> {
    return this.#broadcasts.heardService(from, bytes)
  }

  status(): RoomStatus {
    const { waitingBytes } = this.host.machine.outgoing
    return { name: this.name, state: this.#state, peers: this.#peers.size, waitingBytes }
  }

  #listener(): RoomListener {
    return {
      entered: (again) => {
        this.#become('joined')
        this.#waitingBroadcasts = 0
        this.#owner.entered(this, again)
        if (!again) this.#resolve(this.api)
      },
      interrupted: () => {
        if (this.#state === 'joined') this.#become('reconnecting')
        this.#owner.reachChanged()
      },
      arrived: (member) => {
        const peer = new LivePeer(member, this.#owner)
        this.#peers.set(member.id, peer)
        this.#owner.peerArrived(this, member)
        this.#broadcasts.arrived(member.id)
        // Those who were here before us are in `peers` when join() resolves; they do not join after us.
        if (this.#state !== 'joining') this.#events.emit('join', peer)
      },
      departed: (member) => {
        const peer = this.#peers.get(member.id)
        this.#peers.delete(member.id)
        this.#owner.peerDeparted(this, member.id)
        this.#broadcasts.departed(member.id)
        if (peer !== undefined) this.#events.emit('leave', peer)
      },
      described: (member) => {
        const peer = this.#peers.get(member.id)
        if (peer !== undefined) this.#events.emit('update', peer)
      },
      returned: (member) => this.#owner.reachChanged(member.id),
      heard: (as, from, payload) => {
        if (as === 'relay') return this.#owner.relayed(this, from, payload)
        if (as === 'signal') return this.#owner.signalled(from, payload)
        this.#broadcasts.heardRoom(from.id, payload)
      },
      dropped: (reason) => this.#owner.dropped(reason),
      passRenewed: (pass) => this.#owner.passRenewed(pass),
      ended: (reason, cause) => this.#ended(reason, cause),
    }
  }

  #broadcast(payload: Uint8Array): void {
    const leaving = this.#broadcasts.waiting + this.host.machine.outgoing.queuedBroadcasts
    const waiting = Math.max(this.#waitingBroadcasts, leaving)
    if (waiting >= BROADCAST_QUEUE_MAX)
      throw new WaypostError('queue-full', `${BROADCAST_QUEUE_MAX} broadcasts are waiting already`)
    if (this.#state !== 'joined') this.#waitingBroadcasts++
    this.#broadcasts.broadcast(payload)
  }

  #broadcastListener(): BroadcastListener {
    return {
      toMember: (member, bytes) => this.#owner.tell(member, bytes),
      toRoom: (payload) => this.host.give({ kind: 'broadcast', payload }),
      deliver: (from, bytes, by) => {
        const data = tryDecodeData(bytes)
        const via = by === 'room' ? 'relay' : (this.#owner.via(from) ?? 'relay')
        if (data === undefined) this.#owner.dropped('malformed')
        else this.#events.emit('message', { from, data: data.value, via })
      },
      dropped: (reason) => this.#owner.dropped(reason),
    }
  }

  #become(state: RoomState): void {
    if (this.#state === state) return
    this.#state = state
    this.#events.emit('state', state)
  }

  #ended(reason: EndReason, cause: unknown): void {
    const { code, message } = ENDS[reason] ?? {
      code: 'edge-refused',
      message: `the edge will not let us in: ${reason}`,
    }
    this.#closeReason = code
    const why = reason === 'no-pass' && cause instanceof WaypostError ? `: ${cause.message}` : ''
    this.#reject(new WaypostError(code, `${message}${why} (room '${this.name}')`, { cause }))
    this.#broadcasts.close()
    this.#become('closed')
    this.#owner.roomEnded(this)
  }
}

/** A peer whose properties are always as of now. */
class LivePeer implements Peer {
  readonly id: PeerId
  readonly #member: KnownMember
  readonly #owner: RoomOwner

  constructor(member: KnownMember, owner: RoomOwner) {
    this.id = member.id
    this.#member = member
    this.#owner = owner
  }

  get metadata(): Received | undefined {
    return tryDecodeData(this.#member.metadata)?.value
  }

  get via(): Via | undefined {
    return this.#owner.via(this.id)
  }

  get roundTripMs(): number | undefined {
    return this.#owner.roundTripMs(this.id)
  }
}

/** Boxed, since null and undefined are told apart. Undefined for bytes that say nothing. */
export function tryDecodeData(bytes: Uint8Array): { readonly value: Received } | undefined {
  try {
    return { value: decodeData(bytes) }
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** All others are refusals of the edge, whose names say enough. */
const ENDS: Partial<Record<EndReason, { readonly code: CloseReason; readonly message: string }>> = {
  left: { code: 'closed', message: 'the room was left' },
  unreachable: { code: 'edge-unreachable', message: 'the room could not be reached in time' },
  superseded: { code: 'superseded', message: 'this peer joined from elsewhere' },
  'room-full': { code: 'room-full', message: 'the room has all the members it may have' },
  'version-mismatch': {
    code: 'version-mismatch',
    message: 'edge and client speak different versions of the protocol',
  },
  'too-large': { code: 'too-large', message: 'the edge takes less metadata than this' },
}
