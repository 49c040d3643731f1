// Everything about one peer: its link, the link's keys, the rooms through which it can be reached, and the direct way to it,
// if there is to be one. Composes what knows nothing of each other: link, keying and negotiation.

import type { DropReason } from '../protocol/drops.ts'
import { DIRECT_WAITS_MS } from '../protocol/limits/direct.ts'
import { DATAGRAMS_HELD_MAX, DATAGRAMS_HELD_MS } from '../protocol/limits/keying.ts'
import { type LinkEffect, type LinkInput, LinkMachine } from '../protocol/link/machine.ts'
import type { PathName } from '../protocol/path.ts'
import type { PeerId } from '../protocol/peer-id.ts'
import type { Priority } from '../protocol/priority.ts'
import { equalBytes } from '../protocol/wire/bytes.ts'
import { encode, tryDecode } from '../protocol/wire/codec.ts'
import type { Lane, SignalFrame } from '../protocol/wire/frames.ts'
import type { DeclineReason } from '../protocol/wire/registry.ts'
import { type Alarm, setAlarm } from './alarm.ts'
import { nowMs } from './clock.ts'
import type { Direct, DirectListener, DirectOptions } from './direct.ts'
import { Host } from './host.ts'
import type { RoomHost } from './room-host.ts'
import type { SecureLink, SecureLinkListener } from './secure-link.ts'
import type { DirectStatus, LinkStatus, Via } from './types.ts'

export interface PeerLinkOptions {
  readonly id: PeerId
  /** The keys of a link to this peer. */
  readonly makeSecure: (peer: PeerId, listener: SecureLinkListener) => SecureLink
  readonly session: Uint8Array
  readonly polite: boolean
  /** Why no new direct connection is made just now, if none is. */
  readonly unwilling: () => DeclineReason | undefined
  /** Undefined where no direct connection is ever made. */
  readonly makeDirect: ((options: DirectOptions, listener: DirectListener) => Direct) | undefined
}

export interface PeerListener {
  /** Call `consumed` when the application is done with it. */
  message(data: Uint8Array, via: Via, name: string, consumed: () => void): void
  /** For what is built upon links, not for the application. */
  machinery(lane: 'streams' | 'service', data: Uint8Array, consumed: () => void): void
  datagram(data: Uint8Array, via: Via): void
  /** The peer is a new session. What it shall not be sent must be cancelled now. */
  restarting(): void
  settled(token: number, outcome: { readonly via: Via } | 'timeout' | 'abandoned'): void
  pathChanged(via: Via | undefined): void
  dropped(reason: DropReason): void
}

export class PeerLink {
  readonly id: PeerId
  /** By the application, in a room of its own. Who was not is machinery's alone. */
  met = false
  readonly #options: PeerLinkOptions
  readonly #listener: PeerListener
  readonly #rooms = new Set<RoomHost>()
  readonly #relays = new Map<RoomHost, Relay>()
  readonly #secure: SecureLink
  readonly #link: LinkMachine
  readonly #linkHost: Host<LinkInput, LinkEffect>
  readonly #direct: Direct | undefined
  #session: Uint8Array
  /** The direct connection, as the keys know it. */
  #directWay: number | undefined
  /** Datagrams that wait for the first way to open. */
  #early: { readonly data: Uint8Array; readonly untilMs: number }[] = []
  #connectSoon: Alarm | undefined

  constructor(options: PeerLinkOptions, listener: PeerListener) {
    this.id = options.id
    this.#options = options
    this.#listener = listener
    this.#session = options.session
    this.#link = new LinkMachine(newEpoch())
    this.#linkHost = new Host(this.#link, (effect) => this.#performLink(effect))
    this.#secure = options.makeSecure(options.id, this.#secureListener())
    this.#direct = options.makeDirect?.(options, this.#directListener())
  }

  // ---- where the peer is --------------------------------------------------------------------------------------

  get reachable(): boolean {
    return this.#link.path !== undefined
  }

  /** In some room with us, though perhaps not reachable this moment. */
  get known(): boolean {
    return this.#rooms.size > 0
  }

  /** Machinery speaks to strangers directly alone: what only it wants shall cost no relay. */
  get isForMachinery(): boolean {
    return this.reachable && (this.met || this.via === 'direct')
  }

  get idle(): boolean {
    return this.#link.idle
  }

  /** A room can be the way before the keys are made: what is sent now takes it. */
  get via(): Via | undefined {
    return viaOf(this.#link.path) ?? (this.#relays.size > 0 ? 'relay' : undefined)
  }

  get roundTripMs(): number | undefined {
    return this.#link.path === undefined ? undefined : this.#link.roundTripMs(this.#link.path)
  }

  /** A direct connection exists or is being made: it counts against the bound. */
  get connecting(): boolean {
    return this.#direct?.connecting === true
  }

  /** The peer is in this room, in this session. */
  arrived(room: RoomHost, session: Uint8Array): void {
    if (!equalBytes(session, this.#session)) {
      this.#session = session
      this.#direct?.give({ kind: 'close' })
    }
    this.#rooms.add(room)
    this.roomChanged()
  }

  departed(room: RoomHost): void {
    this.#rooms.delete(room)
    this.roomChanged()
  }

  /** A room changed that may be a way to the peer: its socket, its roster. One that broke and came back was none in between. */
  roomChanged(): void {
    let reachable = false
    for (const room of new Set([...this.#rooms, ...this.#relays.keys()])) {
      const seen = this.#rooms.has(room) ? room.see(this.id) : undefined
      const known = this.#relays.get(room)
      if (seen?.key === known?.key) continue
      if (known !== undefined) this.#secure.wayDown(known.way)
      this.#relays.delete(room)
      if (seen === undefined) continue
      reachable = true
      this.#relays.set(room, { key: seen.key, way: this.#secure.wayUp(seen.sight, seen.life) })
    }
    if (!reachable) return
    if (!this.#link.idle) this.#secure.want()
    this.#direct?.give({ kind: 'reachable' })
  }

  // ---- what the application asks ----------------------------------------------------------------------------------

  send(token: number, lane: Lane, data: Uint8Array, deadlineMs: number, priority: Priority): void {
    this.#linkHost.give({ kind: 'send', token, lane, data, deadlineMs, priority })
    if (!this.reachable) this.#secure.want()
  }

  cancel(token: number): void {
    this.#linkHost.give({ kind: 'cancel', token })
  }

  /** False: there is no way to the peer, nor will there be in a moment. */
  datagram(data: Uint8Array): boolean {
    if (this.reachable) {
      this.#linkHost.give({ kind: 'datagram', data })
      return true
    }
    if (this.#relays.size === 0) return false
    this.#secure.want()
    if (this.#early.length === DATAGRAMS_HELD_MAX) this.#early.shift()
    this.#early.push({ data, untilMs: nowMs() + DATAGRAMS_HELD_MS })
    return true
  }

  get waitingMessages(): number {
    return this.#link.waitingMessages
  }

  /**
   * Relay first: making a connection keeps a browser busy for ten milliseconds, and what is said first goes before. The keys
   * do as well: they are made over a relay, and without them a direct way carries nothing.
   */
  connect(): void {
    if (!this.reachable) this.#secure.want()
    if (this.#direct?.state.kind === 'idle') this.#connectBy(nowMs() + (this.reachable ? 0 : DIRECT_WAITS_MS))
  }

  /** Or sooner, if that was said before. */
  #connectBy(atMs: number): void {
    if (this.#connectSoon !== undefined && this.#connectSoon.atMs <= atMs) return
    this.#connectSoon?.cancel()
    this.#connectSoon = setAlarm(atMs, () => {
      this.#connectSoon = undefined
      this.#direct?.give({ kind: 'connect' })
    })
  }

  /** What waited for the relay to be a way has waited long enough. */
  #relayIsWay(): void {
    if (this.#connectSoon !== undefined) this.#connectBy(nowMs())
  }

  networkChanged(): void {
    this.#direct?.give({ kind: 'networkChanged' })
    this.#linkHost.give({ kind: 'wake' })
  }

  abandon(): void {
    this.#linkHost.give({ kind: 'abandon' })
  }

  close(): void {
    this.abandon()
    this.#connectSoon?.cancel()
    this.#direct?.close()
    this.#secure.close()
    this.#linkHost.stop()
  }

  status(): Omit<LinkStatus, 'streams' | 'isOfMesh'> {
    const link = this.#link
    return {
      peer: this.id,
      via: this.via,
      direct: this.#directStatus(),
      roundTripMs: { direct: link.roundTripMs('webrtc'), relay: link.roundTripMs('relay') },
      keys: this.#secure.keys,
      ...link.directQuality,
      waitingMessages: link.waitingMessages,
      unacknowledgedBytes: link.flyingBytes,
    }
  }

  #directStatus(): DirectStatus {
    const state = this.#direct?.state ?? { kind: 'idle' }
    const off = this.#options.unwilling()
    if (state.kind === 'idle' && off !== undefined) return { state: 'off', reason: off }
    if (state.kind === 'failed') {
      return { state: 'failed', reason: state.reason, retryInMs: Math.max(0, state.retryAtMs - nowMs()) }
    }
    return state.kind === 'declined' ? { state: 'declined', reason: state.reason } : { state: state.kind }
  }

  // ---- what comes and goes -----------------------------------------------------------------------------------------

  relayed(room: RoomHost, payload: Uint8Array): void {
    const relay = this.#relays.get(room)
    if (relay === undefined) this.#listener.dropped('unknown-peer')
    else this.#secure.received(relay.way, 'control', payload)
  }

  signalled(payload: Uint8Array): void {
    const frame = tryDecode(payload)
    switch (frame?.kind) {
      case 'offer':
      case 'answer':
      case 'candidates':
      case 'decline':
        return this.#direct === undefined
          ? this.#decline(frame)
          : this.#direct.give({ kind: 'signal', frame })
      default:
        return this.#listener.dropped(frame === undefined ? 'malformed' : 'unexpected')
    }
  }

  #performLink(effect: LinkEffect): void {
    switch (effect.kind) {
      case 'transmit':
        this.#secure.transmit(effect.path, effect.channel, effect.frame)
        return
      case 'deliver': {
        const { lane, data } = effect
        const bytes = data.length // Alone: what waits to be consumed need not keep the data.
        const consumed = () => this.#linkHost.give({ kind: 'consumed', lane, bytes })
        if (lane === 'streams' || lane === 'service') return this.#listener.machinery(lane, data, consumed)
        return this.#listener.message(data, via(effect.via), effect.name, consumed)
      }
      case 'deliverDatagram':
        return this.#listener.datagram(effect.data, via(effect.via))
      case 'settled': {
        const { token, outcome } = effect
        return this.#listener.settled(token, outcome === 'acknowledged' ? { via: via(effect.via) } : outcome)
      }
      case 'pathChanged':
        return this.#listener.pathChanged(viaOf(effect.path))
      case 'unanswered':
        return this.#secure.unanswered()
      case 'directSilent':
        // If it is our network that is gone, our sockets are too, and do not know it yet.
        for (const room of this.#relays.keys()) room.give({ kind: 'suspected' })
        return this.#direct?.give({ kind: 'silent' })
      case 'directHeard':
        return this.#direct?.give({ kind: 'heard' })
      case 'drop':
        return this.#listener.dropped(effect.reason)
    }
  }

  #directListener(): DirectListener {
    return {
      signal: (frame) => this.#signal(frame),
      frame: (channel, bytes) => {
        if (this.#directWay !== undefined) this.#secure.received(this.#directWay, channel, bytes)
      },
      opened: (ours, theirs) => {
        this.#directWay = this.#secure.wayUp({ path: 'webrtc', ours, theirs }, 0)
      },
      lost: () => {
        if (this.#directWay !== undefined) this.#secure.wayDown(this.#directWay)
        this.#directWay = undefined
      },
      dropped: (reason) => this.#listener.dropped(reason),
    }
  }

  #secureListener(): SecureLinkListener {
    return {
      carry: (way, channel, bytes) => {
        if (way === this.#directWay) return this.#direct?.send(channel, bytes)
        for (const [room, relay] of this.#relays)
          if (relay.way === way) room.give({ kind: 'carry', as: 'relay', to: this.id, payload: bytes })
      },
      carryRecord: (way, channel, record) => {
        if (way === this.#directWay) return this.#direct?.send(channel, record)
        for (const [room, relay] of this.#relays)
          if (relay.way === way) room.give({ kind: 'carryRecord', to: this.id, record })
      },
      frame: (path, bytes) => {
        this.#linkHost.give({ kind: 'frame', path, bytes })
        this.#relayIsWay()
      },
      pathUp: (path) => {
        this.#linkHost.give({ kind: 'pathUp', path })
        this.#sayEarly()
        // Else when the peer answers: it has then heard what we had to say.
        if (this.#link.idle) this.#relayIsWay()
      },
      pathDown: (path) => this.#linkHost.give({ kind: 'pathDown', path }),
      restarted: () => {
        this.#listener.restarting()
        this.#linkHost.give({ kind: 'peerRestarted', epoch: newEpoch() })
      },
      giveUp: (way) => {
        if (way === this.#directWay) this.#direct?.giveUp()
      },
      dropped: (reason) => this.#listener.dropped(reason),
    }
  }

  #sayEarly(): void {
    const early = this.#early
    this.#early = []
    for (const { data, untilMs } of early) if (nowMs() < untilMs) this.datagram(data)
  }

  /** By any room that reaches the peer. */
  #signal(frame: SignalFrame): void {
    const [room] = this.#relays.keys()
    room?.give({ kind: 'carry', as: 'signal', to: this.id, payload: encode(frame) })
  }

  /** An offer where there is nothing to take it: the other side shall know why, and not wait. */
  #decline(frame: SignalFrame): void {
    const reason = this.#options.unwilling()
    if (frame.kind === 'offer' && reason !== undefined) {
      this.#signal({ kind: 'decline', connection: frame.connection, reason })
    }
  }
}

/** A room as a way: with both addresses and the peer's session; when one of them changes it is another. */
interface Relay {
  readonly key: string
  readonly way: number
}

let lastEpoch = 0

/** Seconds, so that a later link's is greater; links of one page within a second count up. */
function newEpoch(): number {
  lastEpoch = Math.max(lastEpoch + 1, Math.floor(Date.now() / 1_000))
  return lastEpoch >>> 0
}

function via(path: PathName): Via {
  return path === 'webrtc' ? 'direct' : 'relay'
}

function viaOf(path: PathName | undefined): Via | undefined {
  return path === undefined ? undefined : via(path)
}
