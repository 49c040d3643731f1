// One client in one room: gets a pass, connects, says hello, keeps the socket honest, reconnects and resumes, and knows who is
// there. See README.md beside this file for the states in pictures.
//
// Invariants
// 1. At most one socket matters: what comes from any other than the newest is ignored.
// 2. `arrived` and `departed` alternate for each peer, whatever happens to sockets in between.
// 3. Nothing is sent on a socket before its welcome and whole roster came.
// 4. A wake at wakeAtMs moves it on, whatever the edge said: nobody spins.

import {
  ABSENCE_MS,
  BROADCAST_HOLD_MS,
  JOIN_TIMEOUT_MS,
  PASS_REFUSALS_MAX,
  PASS_RENEWAL_RETRY_MS,
  PONG_SUSPECT_MS,
  PONG_TIMEOUT_MS,
  READ_REPORT_BYTES,
  RECONNECT_BASE_MS,
  RECONNECT_MAX_MS,
  RETRY_AFTER_MOST_MS,
  ROSTER_GRACE_MS,
  STEADY_MS,
  SWEEP_MS,
} from '../limits.ts'
import type { Machine } from '../machine.ts'
import type { PeerId } from '../peer-id.ts'
import { framesOf } from '../wire/batch.ts'
import { equalBytes, WireError } from '../wire/bytes.ts'
import { encode, relayInPlace, tryDecode } from '../wire/codec.ts'
import type { Frame, JoinFrame, RosterMember, WelcomeFrame } from '../wire/frames.ts'
import { KEEP_ALIVE_PING, WIRE_VERSION } from '../wire/registry.ts'
import type { EndReason, MembershipConfig, MembershipEffect, MembershipInput } from './contract.ts'
import { onDuty, windowOf } from './duty.ts'
import { Outgoing } from './outgoing.ts'
import { Roster, type RosterChange } from './roster.ts'
import { keepAliveMs, meaningOf, type State } from './state.ts'

export class MembershipMachine implements Machine<MembershipInput, MembershipEffect> {
  readonly roster = new Roster()
  readonly outgoing = new Outgoing()
  readonly #config: MembershipConfig
  #state: State = { kind: 'idle' }
  #metadata: Uint8Array
  #sockets = 0
  #attempts = 0
  #enteredOnce = false
  #giveUpAtMs = Number.POSITIVE_INFINITY
  #sweptWindow = 0
  #broadcastHoldUntilMs = 0
  #unreported = 0
  #renewAtMs = Number.POSITIVE_INFINITY
  /** Passes refused since we were last in. */
  #passRefusals = 0
  #effects: MembershipEffect[] = []

  constructor(config: MembershipConfig) {
    this.#config = config
    this.#metadata = config.metadata
  }

  get state(): State['kind'] {
    return this.#state.kind
  }

  /** Ours in the room, while we are in. */
  get address(): number | undefined {
    return this.#state.kind === 'joined' ? this.#state.welcome.address : undefined
  }

  /** Whether a frame given now would reach the room. */
  canReach(id: PeerId): boolean {
    return (
      this.#state.kind === 'joined' &&
      this.roster.of(id)?.missingUntilMs === undefined &&
      this.roster.of(id) !== undefined
    )
  }

  get wakeAtMs(): number | undefined {
    const times = [this.roster.nextOverdueMs()]
    const state = this.#state
    if (state.kind === 'admitting') times.push(this.#giveUpAtMs)
    if (state.kind === 'connecting') times.push(state.deadlineMs, this.#giveUpAtMs)
    if (state.kind === 'waiting') times.push(state.retryAtMs, this.#giveUpAtMs)
    if (state.kind === 'joined') {
      times.push(
        state.pingAtMs,
        state.pongByMs,
        this.#renewAtMs,
        (this.#sweptWindow + 1) * SWEEP_MS,
        this.outgoing.wakeAtMs(),
      )
      if (this.outgoing.broadcastsHeld) times.push(this.#broadcastHoldUntilMs)
    }
    const due = times.filter((time) => time !== undefined)
    const next = Math.min(...due, Number.POSITIVE_INFINITY)
    return state.kind === 'ended' || next === Number.POSITIVE_INFINITY ? undefined : next
  }

  receive(input: MembershipInput, nowMs: number): readonly MembershipEffect[] {
    this.#effects = []
    if (this.#state.kind !== 'ended') this.#receive(input, nowMs)
    return this.#effects
  }

  #receive(input: MembershipInput, nowMs: number): void {
    switch (input.kind) {
      case 'start':
        if (this.#state.kind !== 'idle') return
        this.#giveUpAtMs = nowMs + this.#config.firstJoinWithinMs
        return this.#obtainPass()
      case 'pass':
        this.#renewAtMs = input.renewAtMs
        return this.#state.kind === 'admitting' ? this.#connect(input.pass, nowMs) : undefined
      case 'noPass':
        if (this.#state.kind !== 'admitting') return
        return input.forGood ? this.#end('no-pass') : this.#interrupted(nowMs)
      case 'socketMessage':
        return this.#message(input.socket, input.bytes, nowMs)
      case 'socketText':
        if (this.#state.kind === 'joined' && this.#state.socket === input.socket)
          this.#state.pongByMs = undefined
        return
      case 'socketClosed':
        return this.#socketClosed(input.socket, input.code, nowMs)
      case 'networkChanged':
        return this.#networkChanged(nowMs)
      case 'suspected':
        return this.#suspected(nowMs)
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
        if (this.#state.kind === 'joined')
          this.#urgent({ kind: 'metadata', address: 0, metadata: input.metadata })
        return
      case 'endOfTurn':
        return this.#flush(nowMs)
      case 'wake':
        return this.#wake(nowMs)
      case 'leave':
        this.#flush(nowMs) // What was said in the same turn is said.
        return this.#end('left')
    }
  }

  // ---- sockets ------------------------------------------------------------------------------------------------

  #obtainPass(): void {
    this.#state = { kind: 'admitting' }
    this.#do({ kind: 'obtainPass' })
  }

  #connect(pass: string, nowMs: number): void {
    const socket = ++this.#sockets
    this.#unreported = 0
    this.#state = {
      kind: 'connecting',
      socket,
      deadlineMs: nowMs + JOIN_TIMEOUT_MS,
      welcome: undefined,
      said: this.#metadata,
      pass,
    }
    const { peer, session } = this.#config
    const join: JoinFrame = { kind: 'join', version: WIRE_VERSION, peer, session, metadata: this.#metadata }
    this.#do({ kind: 'openSocket', socket, join, pass })
  }

  #socketClosed(socket: number, code: number, nowMs: number): void {
    const state = this.#state
    if ((state.kind !== 'connecting' && state.kind !== 'joined') || state.socket !== socket) return
    const meaning = meaningOf(code)
    if (typeof meaning === 'object') return this.#end(meaning.end)
    if (meaning === 'another-pass' && state.kind === 'connecting') {
      this.#do({ kind: 'passRefused', pass: state.pass })
      if (++this.#passRefusals > PASS_REFUSALS_MAX) return this.#end('pass-refused')
    }
    this.#interrupted(nowMs)
  }

  /** The socket is no good any more: wait a little, then try again. */
  #interrupted(nowMs: number): void {
    if (nowMs >= this.#giveUpAtMs) return this.#end('unreachable')
    // Not only from joined: half a roster may have come before the socket broke.
    this.roster.allMissing(nowMs + ABSENCE_MS)
    if (this.#state.kind === 'joined') {
      this.outgoing.socketGone()
      if (nowMs - this.#state.sinceMs >= STEADY_MS) this.#attempts = 0
    }
    const capMs = Math.min(RECONNECT_MAX_MS, RECONNECT_BASE_MS * 2 ** this.#attempts)
    this.#attempts++
    const retryAtMs = nowMs + this.#config.random() * capMs
    this.#state = { kind: 'waiting', retryAtMs }
    this.#do({ kind: 'interrupted', retryAtMs })
  }

  #networkChanged(nowMs: number): void {
    const state = this.#state
    if (state.kind === 'waiting') {
      this.#attempts = 0
      this.#obtainPass()
    }
    this.#suspected(nowMs)
  }

  /** Asks at once, and does not wait long. */
  #suspected(nowMs: number): void {
    const state = this.#state
    if (state.kind !== 'joined') return
    const byMs = nowMs + PONG_SUSPECT_MS
    if (state.pongByMs === undefined) this.#ping(state, nowMs)
    state.pongByMs = Math.min(state.pongByMs ?? byMs, byMs)
  }

  #wake(nowMs: number): void {
    for (const change of this.roster.departOverdue(nowMs)) this.#do(change)
    const state = this.#state
    const trying = ['waiting', 'admitting', 'connecting'].includes(state.kind)
    if (trying && nowMs >= this.#giveUpAtMs) return this.#end('unreachable')
    if (state.kind === 'waiting' && nowMs >= state.retryAtMs) this.#obtainPass()
    if (state.kind === 'connecting' && nowMs >= state.deadlineMs) this.#abandon(state.socket, nowMs)
    if (state.kind !== 'joined') return
    if (state.pongByMs !== undefined && nowMs >= state.pongByMs) return this.#abandon(state.socket, nowMs)
    if (nowMs >= state.pingAtMs) this.#ping(state, nowMs)
    if (nowMs >= this.#renewAtMs) {
      this.#renewAtMs = nowMs + PASS_RENEWAL_RETRY_MS
      this.#urgent({ kind: 'passWanted' })
    }
    this.#sweepOnDuty(state, nowMs)
    this.#flush(nowMs)
  }

  #abandon(socket: number, nowMs: number): void {
    this.#do({ kind: 'closeSocket', socket })
    this.#interrupted(nowMs)
  }

  #ping(state: State & { kind: 'joined' }, nowMs: number): void {
    state.pingAtMs = nowMs + keepAliveMs(state.welcome)
    state.pongByMs ??= nowMs + PONG_TIMEOUT_MS
    this.#do({ kind: 'sendText', socket: state.socket, text: KEEP_ALIVE_PING })
  }

  #sweepOnDuty(state: State & { kind: 'joined' }, nowMs: number): void {
    const window = windowOf(nowMs)
    if (window === this.#sweptWindow) return
    this.#sweptWindow = window
    const rank = this.roster.rank(state.welcome.address)
    if (onDuty(rank, this.roster.present + 1, window)) this.#urgent({ kind: 'sweep' })
  }

  #end(reason: EndReason): void {
    const state = this.#state
    if (state.kind === 'connecting' || state.kind === 'joined')
      this.#do({ kind: 'closeSocket', socket: state.socket })
    this.#state = { kind: 'ended' }
    for (const change of this.roster.departAll()) this.#do(change)
    this.#do({ kind: 'ended', reason })
  }

  // ---- what the room says --------------------------------------------------------------------------------------

  #message(socket: number, bytes: Uint8Array, nowMs: number): void {
    const state = this.#state
    if ((state.kind !== 'connecting' && state.kind !== 'joined') || state.socket !== socket) return
    if (state.kind === 'joined') state.pongByMs = undefined // Whoever speaks is alive.
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
    if (this.#unreported >= READ_REPORT_BYTES && this.#state.kind === 'joined') {
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
        return this.#changed(this.roster.leave(frame.address))
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
    if (this.#state.kind !== 'connecting') return this.#do({ kind: 'drop', reason: 'unexpected' })
    this.#state.welcome = welcome
    this.outgoing.allow(
      { perSecond: welcome.tokensPerSecond, burst: welcome.tokensBurst },
      { perSecond: welcome.bytesPerSecond, burst: welcome.bytesBurst },
    )
  }

  #entered(nowMs: number): void {
    const state = this.#state
    if (state.kind !== 'connecting' || state.welcome === undefined) return
    const { socket, welcome, said } = state
    // Pings are spread over their period, so that a room that restarted is not pinged by all at once.
    const pingAtMs = nowMs + keepAliveMs(welcome) * this.#config.random()
    this.#state = { kind: 'joined', socket, welcome, sinceMs: nowMs, pingAtMs, pongByMs: undefined }
    this.roster.expectMissing(nowMs + ROSTER_GRACE_MS)
    this.#broadcastHoldUntilMs = nowMs + BROADCAST_HOLD_MS
    this.#sweptWindow = windowOf(nowMs)
    this.#giveUpAtMs = Number.POSITIVE_INFINITY
    this.#do({ kind: 'entered', again: this.#enteredOnce })
    this.#enteredOnce = true
    this.#passRefusals = 0
    if (said !== this.#metadata) this.#urgent({ kind: 'metadata', address: 0, metadata: this.#metadata })
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
    const state = this.#state
    if (state.kind !== 'joined') return
    // An edge that restarted cut everybody: what is said to all shall not be said before they are back.
    const held = nowMs < this.#broadcastHoldUntilMs && this.roster.present < this.roster.size
    this.outgoing.holdBroadcasts(held)
    for (const message of this.outgoing.take(this.roster.present + 1, nowMs)) {
      this.#do({ kind: 'sendMessage', socket: state.socket, message })
    }
  }

  #do(effect: MembershipEffect): void {
    this.#effects.push(effect)
  }
}
