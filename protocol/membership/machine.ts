// One client in one room: gets a pass, connects, says hello, keeps the socket honest, reconnects and resumes, and knows who is
// there. See README.md beside this file for the states in pictures.
//
// Invariants
// 1. `arrived` and `departed` alternate for each peer, whatever happens to sockets in between.
// 2. Nothing is sent on a socket before its welcome and whole roster came.
// 3. A wake at wakeAtMs moves it on, whatever the edge said: nobody spins.
// What is true of any socket that is kept stands in kept-socket.ts.

import { KeptSocket, type KeptState } from '../kept-socket.ts'
import { ABSENCE_MS, BROADCAST_HOLD_MS, RETRY_AFTER_MOST_MS, ROSTER_GRACE_MS } from '../limits/membership.ts'
import { READ_REPORT_BYTES, SWEEP_MS } from '../limits/room.ts'
import type { Machine } from '../machine.ts'
import type { PeerId } from '../peer-id.ts'
import { framesOf } from '../wire/batch.ts'
import { equalBytes, WireError } from '../wire/bytes.ts'
import { encode, relayInPlace, tryDecode } from '../wire/codec.ts'
import type { Frame, JoinFrame, RosterMember, WelcomeFrame } from '../wire/frames.ts'
import { WIRE_VERSION } from '../wire/registry.ts'
import type { EndReason, MembershipConfig, MembershipEffect, MembershipInput } from './contract.ts'
import { onDuty, windowOf } from './duty.ts'
import { Outgoing } from './outgoing.ts'
import { Roster, type RosterChange } from './roster.ts'

export class MembershipMachine implements Machine<MembershipInput, MembershipEffect> {
  readonly roster = new Roster()
  readonly outgoing = new Outgoing()
  readonly #config: MembershipConfig
  readonly #kept: KeptSocket
  #metadata: Uint8Array
  /** The metadata in our hello; it may have changed before we are in. */
  #said: Uint8Array
  #welcomed: WelcomeFrame | undefined
  #enteredOnce = false
  #graceMs = ROSTER_GRACE_MS
  #standIn = false
  #sweptWindow = 0
  #broadcastHoldUntilMs = 0
  #unreported = 0
  #effects: MembershipEffect[] = []

  constructor(config: MembershipConfig) {
    this.#config = config
    this.#metadata = config.metadata
    this.#said = config.metadata
    this.#kept = new KeptSocket(config.random, config.firstJoinWithinMs, {
      do: (effect) => this.#do(effect),
      connect: (socket, pass) => this.#connect(socket, pass),
      wantPass: () => this.#urgent({ kind: 'passWanted' }),
      interrupted: (nowMs) => this.#interrupted(nowMs),
      ended: (reason) => this.#ended(reason),
    })
  }

  get state(): KeptState {
    return this.#kept.state
  }

  /** Ours in the room, while we are in. */
  get address(): number | undefined {
    return this.state === 'joined' ? this.#welcomed?.address : undefined
  }

  /** Whether a frame given now would reach the room. */
  canReach(id: PeerId): boolean {
    return (
      this.state === 'joined' &&
      this.roster.of(id)?.missingUntilMs === undefined &&
      this.roster.of(id) !== undefined
    )
  }

  get wakeAtMs(): number | undefined {
    if (this.state === 'ended') return undefined
    const times = [this.#kept.wakeAtMs, this.roster.nextOverdueMs()]
    if (this.state === 'joined') {
      times.push((this.#sweptWindow + 1) * SWEEP_MS, this.outgoing.wakeAtMs())
      if (this.outgoing.broadcastsHeld) times.push(this.#broadcastHoldUntilMs)
    }
    const next = Math.min(...times.filter((time) => time !== undefined))
    return next === Number.POSITIVE_INFINITY ? undefined : next
  }

  receive(input: MembershipInput, nowMs: number): readonly MembershipEffect[] {
    this.#effects = []
    if (this.state !== 'ended') this.#receive(input, nowMs)
    return this.#effects
  }

  #receive(input: MembershipInput, nowMs: number): void {
    switch (input.kind) {
      case 'socketMessage':
        return this.#message(input.socket, input.bytes, nowMs)
      case 'carry':
      case 'carryRecord': {
        const member = this.roster.of(input.to)
        if (member === undefined || !this.canReach(input.to))
          return this.#do({ kind: 'drop', reason: 'no-such-member' })
        if (input.kind === 'carryRecord')
          return this.outgoing.push(relayInPlace(member.address, input.record))
        const frame = encode({ kind: input.as, address: member.address, payload: input.payload })
        return this.outgoing.push(frame, input.as === 'signal')
      }
      case 'broadcast':
        return this.outgoing.push(encode({ kind: 'broadcast', address: 0, payload: input.payload }))
      case 'describe':
        this.#metadata = input.metadata
        if (this.state === 'joined') this.#urgent({ kind: 'metadata', address: 0, metadata: input.metadata })
        return
      case 'patience':
        this.#graceMs = ABSENCE_MS
        this.#standIn = input.standIn
        return
      case 'endOfTurn':
        return this.#flush(nowMs)
      case 'wake':
        return this.#wake(nowMs)
      case 'leave':
        this.#flush(nowMs) // What was said in the same turn is said.
        this.#kept.close()
        return this.#ended('left')
      default:
        return this.#kept.receive(input, nowMs)
    }
  }

  // ---- sockets ------------------------------------------------------------------------------------------------

  #connect(socket: number, pass: string): void {
    const { peer, session } = this.#config
    const metadata = this.#metadata
    this.#unreported = 0
    this.#said = metadata
    this.#welcomed = undefined
    const join: JoinFrame = { kind: 'join', version: WIRE_VERSION, peer, session, metadata }
    this.#do({ kind: 'openSocket', socket, join, pass })
  }

  #interrupted(nowMs: number): void {
    // Not only from joined: half a roster may have come before the socket broke.
    this.roster.allMissing(nowMs + ABSENCE_MS)
    this.outgoing.socketGone()
  }

  #wake(nowMs: number): void {
    for (const change of this.roster.departOverdue(nowMs)) this.#do(change)
    this.#kept.wake(nowMs)
    const { address } = this
    if (address === undefined) return
    this.#sweepOnDuty(address, nowMs)
    this.#flush(nowMs)
  }

  #sweepOnDuty(address: number, nowMs: number): void {
    const window = windowOf(nowMs)
    if (window === this.#sweptWindow) return
    this.#sweptWindow = window
    if (onDuty(this.roster.rank(address), this.roster.present + 1, window)) this.#urgent({ kind: 'sweep' })
  }

  #ended(reason: EndReason): void {
    for (const change of this.roster.departAll()) this.#do(change)
    this.#do({ kind: 'ended', reason })
  }

  // ---- what the room says --------------------------------------------------------------------------------------

  #message(socket: number, bytes: Uint8Array, nowMs: number): void {
    if (!this.#kept.hears(socket)) return
    let frames: readonly Uint8Array[]
    try {
      frames = framesOf(bytes)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      return this.#do({ kind: 'drop', reason: 'malformed' })
    }
    for (const each of frames) {
      this.#unreported += each.length
      const frame = tryDecode(each)
      if (frame === undefined) this.#do({ kind: 'drop', reason: 'malformed' })
      else this.#frame(frame, nowMs)
    }
    if (this.#unreported >= READ_REPORT_BYTES && this.state === 'joined') {
      this.#urgent({ kind: 'drained', bytes: this.#unreported })
      this.#unreported = 0
    }
    this.#flush(nowMs)
  }

  #frame(frame: Frame, nowMs: number): void {
    switch (frame.kind) {
      case 'welcome':
        return this.#welcome(frame)
      case 'roster':
        for (const member of frame.members) this.#see(member)
        if (frame.last) this.#entered(nowMs)
        return
      case 'joined':
        return this.#see(frame.member)
      case 'left':
        return this.#changed(
          this.#standIn
            ? this.roster.miss(frame.address, nowMs + this.#graceMs)
            : this.roster.leave(frame.address),
        )
      case 'metadata':
        return this.#changed(this.roster.describe(frame.address, frame.metadata))
      case 'relay':
      case 'signal':
      case 'broadcast': {
        const from = this.roster.at(frame.address)
        if (from === undefined) return this.#do({ kind: 'drop', reason: 'unknown-peer' })
        return this.#do({ kind: 'heard', as: frame.kind, from, payload: frame.payload })
      }
      case 'undeliverable': {
        const to = this.roster.at(frame.address)
        if (to !== undefined) this.#do({ kind: 'undeliverable', to, reason: frame.reason })
        return
      }
      case 'pass':
        return this.#do({ kind: 'passRenewed', pass: frame.pass })
      case 'refusal':
        if (frame.code === 'rate-limited') this.#holdBack(frame.retryAfterMs, nowMs)
        return // The fatal ones are said again by the close code that follows.
      default:
        return this.#do({ kind: 'drop', reason: 'unexpected' })
    }
  }

  #welcome(welcome: WelcomeFrame): void {
    if (this.state !== 'connecting') return this.#do({ kind: 'drop', reason: 'unexpected' })
    this.#welcomed = welcome
    this.outgoing.allow(
      { perSecond: welcome.tokensPerSecond, burst: welcome.tokensBurst },
      { perSecond: welcome.bytesPerSecond, burst: welcome.bytesBurst },
    )
  }

  #entered(nowMs: number): void {
    if (this.state !== 'connecting' || this.#welcomed === undefined) return
    this.#kept.joined(this.#welcomed.keepAliveMs, nowMs)
    this.roster.expectMissing(nowMs + this.#graceMs)
    this.#broadcastHoldUntilMs = nowMs + BROADCAST_HOLD_MS
    this.#sweptWindow = windowOf(nowMs)
    this.#do({ kind: 'entered', again: this.#enteredOnce })
    this.#enteredOnce = true
    if (this.#said !== this.#metadata)
      this.#urgent({ kind: 'metadata', address: 0, metadata: this.#metadata })
    this.#flush(nowMs)
  }

  /** Ourselves we know: a room that lists us would have us talk to ourselves. */
  #see(member: RosterMember): void {
    if (!equalBytes(member.peer, this.#config.peer)) this.#changed(this.roster.see(member))
  }

  #changed(changes: readonly RosterChange[]): void {
    for (const change of changes) this.#do(change)
  }

  // ---- sending ----------------------------------------------------------------------------------------------------

  #urgent(frame: Frame): void {
    this.outgoing.push(encode(frame), true)
  }

  #holdBack(retryAfterMs: number, nowMs: number): void {
    this.outgoing.holdUntil(nowMs + Math.min(retryAfterMs, RETRY_AFTER_MOST_MS))
  }

  #flush(nowMs: number): void {
    const { socket } = this.#kept
    if (socket === undefined) return
    // An edge that restarted cut everybody: what is said to all shall not be said before they are back.
    const held = nowMs < this.#broadcastHoldUntilMs && this.roster.present < this.roster.size
    this.outgoing.holdBroadcasts(held)
    for (const message of this.outgoing.take(this.roster.present + 1, nowMs)) {
      this.#do({ kind: 'sendMessage', socket, message })
    }
  }

  #do(effect: MembershipEffect): void {
    this.#effects.push(effect)
  }
}
