// Everything about one peer: its link, the rooms through which it can be reached, and the direct way to it, if there is
// to be one. Composes the link and negotiation machines, which know nothing of each other.

import type { IceServer } from '../protocol/bootstrap.ts'
import type { DropReason } from '../protocol/drops.ts'
import { type LinkEffect, type LinkInput, LinkMachine } from '../protocol/link/machine.ts'
import type { PathName } from '../protocol/link/sending.ts'
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
import type { DirectStatus, LinkStatus, Via } from './types.ts'

export interface PeerLinkOptions {
  readonly id: PeerId
  readonly session: Uint8Array
  readonly polite: boolean
  readonly iceServers: readonly IceServer[]
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
  readonly #options: PeerLinkOptions
  readonly #listener: PeerListener
  readonly #rooms = new Set<RoomHost>()
  readonly #link: LinkMachine
  readonly #linkHost: Host<LinkInput, LinkEffect>
  readonly #direct: Direct | undefined
  #session: Uint8Array
  #relay: RoomHost | undefined
  #connectSoon: Alarm | undefined

  constructor(options: PeerLinkOptions, listener: PeerListener) {
    this.id = options.id
    this.#options = options
    this.#listener = listener
    this.#session = options.session
    this.#link = new LinkMachine(newEpoch())
    this.#linkHost = new Host(this.#link, (effect) => this.#performLink(effect))
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

  get idle(): boolean {
    return this.#link.idle
  }

  get via(): Via | undefined {
    return viaOf(this.#link.path)
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
      this.#listener.restarting()
      this.#linkHost.give({ kind: 'peerRestarted', epoch: newEpoch() })
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
    const relay = [...this.#rooms].find((each) => each.machine.canReach(this.id))
    if (relay === this.#relay) return
    if (this.#relay !== undefined) this.#linkHost.give({ kind: 'pathDown', path: 'relay' })
    this.#relay = relay
    if (relay === undefined) return
    this.#linkHost.give({ kind: 'pathUp', path: 'relay' })
    this.#direct?.give({ kind: 'reachable' })
  }

  // ---- what the application asks ----------------------------------------------------------------------------------

  send(token: number, lane: Lane, data: Uint8Array, deadlineMs: number, priority: Priority): void {
    this.#linkHost.give({ kind: 'send', token, lane, data, deadlineMs, priority })
  }

  cancel(token: number): void {
    this.#linkHost.give({ kind: 'cancel', token })
  }

  datagram(data: Uint8Array): void {
    this.#linkHost.give({ kind: 'datagram', data })
  }

  get waitingMessages(): number {
    return this.#link.waitingMessages
  }

  /** Relay first: making a connection keeps a browser busy for ten milliseconds, and what is said in this turn goes before. */
  connect(): void {
    if (this.#direct?.state.kind !== 'idle') return
    this.#connectSoon ??= setAlarm(nowMs(), () => {
      this.#connectSoon = undefined
      this.#direct?.give({ kind: 'connect' })
    })
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
    this.#linkHost.stop()
  }

  status(): Omit<LinkStatus, 'streams'> {
    const link = this.#link
    return {
      peer: this.id,
      via: this.via,
      direct: this.#directStatus(),
      roundTripMs: { direct: link.roundTripMs('webrtc'), relay: link.roundTripMs('relay') },
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

  relayed(payload: Uint8Array): void {
    this.#linkHost.give({ kind: 'frame', path: 'relay', bytes: payload })
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
        if (effect.path === 'webrtc') this.#direct?.send(effect.channel, effect.frame)
        else this.#relay?.give({ kind: 'carry', as: 'relay', to: this.id, payload: effect.frame })
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
      case 'directSilent':
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
      frame: (bytes) => this.#linkHost.give({ kind: 'frame', path: 'webrtc', bytes }),
      opened: () => this.#linkHost.give({ kind: 'pathUp', path: 'webrtc' }),
      lost: () => this.#linkHost.give({ kind: 'pathDown', path: 'webrtc' }),
      dropped: (reason) => this.#listener.dropped(reason),
    }
  }

  #signal(frame: SignalFrame): void {
    this.#relay?.give({ kind: 'carry', as: 'signal', to: this.id, payload: encode(frame) })
  }

  /** An offer where there is nothing to take it: the other side shall know why, and not wait. */
  #decline(frame: SignalFrame): void {
    const reason = this.#options.unwilling()
    if (frame.kind === 'offer' && reason !== undefined) {
      this.#signal({ kind: 'decline', connection: frame.connection, reason })
    }
  }
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
