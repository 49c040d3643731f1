// A client as a node of the simulation: the membership machine and a link machine for each peer, unchanged, composed as
// client/ composes them. Direct paths are drawn by the scenario (direct-line.ts): how browsers find them is not the
// subject here.

import { DEPARTED_GRACE_MS, LINK_LINGER_MS } from '../../protocol/limits/link.ts'
import type { MembershipEffect, MembershipInput } from '../../protocol/membership/contract.ts'
import { MembershipMachine } from '../../protocol/membership/machine.ts'
import type { KnownMember } from '../../protocol/membership/roster.ts'
import { type PeerId, peerIdText } from '../../protocol/peer-id.ts'
import { framesOf } from '../../protocol/wire/batch.ts'
import { decode } from '../../protocol/wire/codec.ts'
import type { Lane } from '../../protocol/wire/frames.ts'
import type { EdgeNode } from './edge-node.ts'
import type { KeyedLink } from './keyed-link.ts'
import { type ClientKeys, keyedLink } from './keyring.ts'
import { LinkHost, type LinkListener } from './link-host.ts'
import { MachineHost } from './machine-host.ts'
import type { Line, LineEnd } from './network.ts'
import type { Random } from './random.ts'
import { RosterView } from './roster-view.ts'
import type { Planned, World } from './world.ts'

export interface ClientListener {
  delivered(to: Client, from: PeerId, lane: Lane, data: Uint8Array): void
  settled(by: Client, token: number, outcome: 'acknowledged' | 'timeout' | 'abandoned'): void
  broadcast(to: Client, from: PeerId, payload: Uint8Array): void
  departed(by: Client, id: PeerId): void
  failed(error: unknown): void
}

export type AnyLink = LinkHost | KeyedLink

export class Client {
  readonly name: string
  readonly id: PeerId
  readonly session: Uint8Array
  readonly machine: MembershipMachine
  readonly links = new Map<PeerId, AnyLink>()
  /** arrived and departed, as the application would see them. */
  readonly present = new Set<PeerId>()
  ended: string | undefined
  line: Line | undefined
  readonly #edge: EdgeNode
  readonly #room: string
  readonly #world: World
  readonly #host: MachineHost<MembershipInput, MembershipEffect>
  readonly #listener: ClientListener
  /** Undefined: links say what they say in the clear, as they did before there were keys. */
  readonly #keys: ClientKeys | undefined
  readonly #lingering = new Map<PeerId, Planned>()
  #socket: { readonly id: number; readonly end: LineEnd } | undefined
  #turnEnds = false
  #lastEpoch = 0
  #gone = false

  /** `life` tells the lives of one peer apart: a page that was reloaded is the same peer in another session. */
  constructor(
    edge: EdgeNode,
    room: string,
    name: string,
    life: number,
    listener: ClientListener,
    keys?: ClientKeys,
  ) {
    const { world } = edge.network
    this.name = name
    this.#edge = edge
    this.#room = room
    this.#world = world
    this.#listener = listener
    this.#keys = keys
    const peer = keys?.identity.id ?? world.random(`${name} peer`).bytes(32)
    const random: Random = world.random(`${name} life ${life}`)
    this.id = peerIdText(peer)
    this.session = random.bytes(8)
    this.machine = new MembershipMachine({
      peer,
      session: this.session,
      metadata: new Uint8Array(),
      random: () => random.unit(),
      firstJoinWithinMs: Number.POSITIVE_INFINITY,
    })
    this.#host = new MachineHost(world, name, this.machine, (effect) => this.#perform(effect))
  }

  // ---- what people do ----------------------------------------------------------------------------------------

  joins(): this {
    this.#give({ kind: 'start' })
    return this
  }

  leaves(): void {
    this.#give({ kind: 'leave' })
    this.vanishes()
  }

  /** The process dies or sleeps for good, and no packet tells anybody. */
  vanishes(): void {
    this.#gone = true
    this.line?.goesSilent()
    this.#host.stop()
    for (const link of this.links.values()) link.stop()
    for (const planned of this.#lingering.values()) planned.cancel()
  }

  networkChanges(): void {
    this.#give({ kind: 'networkChanged' })
  }

  broadcasts(payload: Uint8Array): void {
    this.#give({ kind: 'broadcast', payload })
  }

  /** False: nobody we know of. */
  sends(to: PeerId, token: number, lane: Lane, data: Uint8Array, ttlMs: number): boolean {
    const link = this.links.get(to)
    if (link === undefined || !this.present.has(to)) return false
    link.give({ kind: 'send', token, lane, data, deadlineMs: this.#world.nowMs + ttlMs })
    return true
  }

  failed(error: unknown): void {
    this.#listener.failed(error)
  }

  get isHere(): boolean {
    return !this.#gone && this.machine.state === 'joined'
  }

  // ---- what the machine wants ----------------------------------------------------------------------------------

  #give(input: MembershipInput): void {
    this.#host.give(input)
    const collects = input.kind === 'carry' || input.kind === 'broadcast' || input.kind === 'describe'
    if (!collects || this.#turnEnds) return
    this.#turnEnds = true
    this.#world.after(0, () => {
      this.#turnEnds = false
      this.#host.give({ kind: 'endOfTurn' })
    })
  }

  #perform(effect: MembershipEffect): void {
    switch (effect.kind) {
      // Whom the edge admits is no part of the simulation.
      case 'obtainPass':
        return this.#give({ kind: 'pass', pass: 'a pass', renewAtMs: Number.POSITIVE_INFINITY })
      case 'passRefused':
      case 'passRenewed':
        throw new Error(`${this.name}: ${effect.kind}`)
      case 'openSocket':
        return this.#open(effect)
      case 'closeSocket':
        this.#socket?.end.close()
        this.#socket = undefined
        return
      case 'sendText':
        return this.#socket?.end.send(effect.text)
      case 'sendMessage':
        return this.#socket?.end.send(effect.message)
      case 'arrived':
        return this.#arrived(effect.member)
      case 'departed':
        return this.#departed(effect.member)
      case 'returned':
        this.#world.trace(this.name, 'returned')
        return this.links.get(effect.member.id)?.reachChanged()
      case 'entered':
      case 'interrupted':
        this.#world.trace(this.name, effect.kind)
        for (const link of this.links.values()) link.reachChanged()
        return
      case 'heard':
        if (effect.as === 'broadcast') this.#listener.broadcast(this, effect.from.id, effect.payload)
        else if (effect.as === 'relay') this.links.get(effect.from.id)?.heard('relay', effect.payload)
        return
      case 'ended':
        this.ended = effect.reason
        this.#world.trace(this.name, `ended ${effect.reason}`)
        return this.#host.stop()
      case 'described':
      case 'undeliverable':
        return
      case 'drop':
        return this.#world.trace(this.name, `drop ${effect.reason}`)
    }
  }

  #open({ socket, join }: Extract<MembershipEffect, { kind: 'openSocket' }>): void {
    const { line, end } = this.#edge.connect(this.name, this.#room, join)
    const view = new RosterView()
    this.line = line
    this.#socket = { id: socket, end }
    end.events = {
      message: (data) => {
        if (this.#gone || this.#socket?.id !== socket) return
        if (typeof data === 'string') return this.#give({ kind: 'socketText', socket, text: data })
        for (const frame of framesOf(data)) view.hear(decode(frame))
        this.#give({ kind: 'socketMessage', socket, bytes: data })
      },
      closed: (code) => {
        if (!this.#gone) this.#give({ kind: 'socketClosed', socket, code })
      },
    }
  }

  #arrived(member: KnownMember): void {
    this.#world.trace(this.name, `arrived ${member.id.slice(-8)}`)
    if (this.present.has(member.id)) throw new Error(`${this.name}: arrived twice`)
    this.present.add(member.id)
    this.#lingering.get(member.id)?.cancel()
    const link = this.links.get(member.id) ?? this.#newLink(member)
    link.arrived(member.session)
  }

  #departed(member: KnownMember): void {
    this.#world.trace(this.name, `departed ${member.id.slice(-8)}`)
    if (!this.present.delete(member.id)) throw new Error(`${this.name}: departed and was not here`)
    this.#listener.departed(this, member.id)
    const link = this.links.get(member.id)
    link?.reachChanged()
    this.#lingers(member.id, DEPARTED_GRACE_MS, () => this.#givesUp(member.id, link))
  }

  #givesUp(id: PeerId, link: AnyLink | undefined): void {
    // It left the room and yet talks to us: so do we with it.
    if (link?.machine.path === 'webrtc') {
      return this.#lingers(id, DEPARTED_GRACE_MS, () => this.#givesUp(id, link))
    }
    link?.give({ kind: 'abandon' })
    this.#lingers(id, LINK_LINGER_MS, () => {
      link?.stop()
      this.links.delete(id)
    })
  }

  #lingers(id: PeerId, ms: number, then: () => void): void {
    this.#lingering.get(id)?.cancel()
    this.#lingering.set(id, this.#world.after(ms, then))
  }

  #newLink(member: KnownMember): AnyLink {
    const { id, session } = member
    const listener: LinkListener = {
      delivered: (lane, data) => this.#listener.delivered(this, id, lane, data),
      settled: (token, outcome) => this.#listener.settled(this, token, outcome),
      relay: (payload) => this.#give({ kind: 'carry', as: 'relay', to: id, payload }),
      canRelay: () => this.machine.canReach(id),
      newEpoch: () => {
        // As client/peer-link.ts: seconds, and further by one for each link made within one.
        this.#lastEpoch = Math.max(this.#lastEpoch + 1, Math.floor(this.#world.nowMs / 1_000))
        return this.#lastEpoch
      },
    }
    const name = `${this.name}→${id.slice(-8)}`
    const link =
      this.#keys === undefined
        ? new LinkHost(this.#world, name, session, listener)
        : keyedLink(this, { world: this.#world, name, member, room: this.#room, keys: this.#keys }, listener)
    this.links.set(id, link)
    return link
  }
}
