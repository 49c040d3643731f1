// Making and keeping a direct connection to one peer: who offers, who yields, when to try again, and why it failed.
// See README.md beside this file.
//
// Invariants
// 1. There is at most one connection; effects and inputs name it, and those of any other are ignored.
// 2. Of two offers that cross, exactly one is answered.
// 3. Every attempt ends, opened or failed with a reason.
// 4. What works is not given up: a restart of an open connection that comes to nothing ends the connection only if it
//    was silent.

import {
  ATTEMPT_TIMEOUT_MS,
  CANDIDATE_GATHER_MS,
  ICE_RESTART_AFTER_MS,
  ICE_RESTART_SILENT_MS,
  RESTART_TIMEOUT_MS,
  SIGNAL_RESEND_MS,
} from '../limits/direct.ts'
import { type Machine, randomU32 } from '../machine.ts'
import type { DescriptionFrame, SignalFrame } from '../wire/frames.ts'
import type {
  FailureReason,
  NegotiationConfig,
  NegotiationEffect,
  NegotiationInput,
  NegotiationState,
} from './contract.ts'
import { Offers } from './offers.ts'
import { patienceMs } from './patience.ts'

interface Connection {
  readonly id: number
  round: number
  /** Our offer of this round that nobody answered yet. `frame` once the browser made it. */
  offering: { frame: DescriptionFrame<'offer'> | undefined; resendAtMs: number } | undefined
  /** Their offer's round that we answered last, and the answer, to give again. */
  answered: { readonly round: number; frame: DescriptionFrame<'answer'> | undefined } | undefined
  /** A description of theirs was taken: they exist. */
  met: boolean
  open: boolean
  /** Open, but the link hears nothing. */
  silent: boolean
  /** Open, but ICE says that it is not connected. */
  severed: boolean
  /** By then the channels must be open, or open again; or a restart that was not needed is given up. */
  deadlineMs: number | undefined
  /** Restart ICE then, unless it recovers. */
  restartAtMs: number | undefined
  /** Our candidates of this round, all, and how many the peer was sent. */
  candidates: string[]
  told: number
  tellAtMs: number | undefined
}

export class NegotiationMachine implements Machine<NegotiationInput, NegotiationEffect> {
  readonly #config: NegotiationConfig
  #connection: Connection | undefined
  #rest: NegotiationState = { kind: 'idle' }
  #failures = 0
  /** When a connection was last known to have been open. */
  #openAtMs = Number.NEGATIVE_INFINITY
  readonly #offers = new Offers()
  #effects: NegotiationEffect[] = []

  constructor(config: NegotiationConfig) {
    this.#config = config
  }

  get state(): NegotiationState {
    if (this.#connection === undefined) return this.#rest
    return this.#connection.open ? { kind: 'open' } : { kind: 'attempting' }
  }

  get wakeAtMs(): number | undefined {
    const c = this.#connection
    if (c === undefined) return this.#rest.kind === 'failed' ? this.#rest.retryAtMs : undefined
    const resendAtMs = c.offering?.frame === undefined ? undefined : c.offering.resendAtMs
    const due = [c.deadlineMs, c.restartAtMs, c.tellAtMs, resendAtMs].filter((time) => time !== undefined)
    return due.length === 0 ? undefined : Math.min(...due)
  }

  receive(input: NegotiationInput, nowMs: number): readonly NegotiationEffect[] {
    this.#effects = []
    const c = this.#connection
    if ('connection' in input && input.connection !== c?.id) return []
    this.#receive(input, c, nowMs)
    return this.#effects
  }

  #receive(input: NegotiationInput, c: Connection | undefined, nowMs: number): void {
    switch (input.kind) {
      case 'connect':
        if (c === undefined && this.#rest.kind === 'idle') this.#attempt(nowMs)
        return
      case 'signal':
        return this.#signal(input.frame, nowMs)
      case 'described':
        return this.#described(c as Connection, input.as, input.round, input.sdp, nowMs)
      case 'candidate':
        return this.#candidate(c as Connection, input.candidate, nowMs)
      case 'broken':
        return this.#fail('not-supported', nowMs)
      case 'iceState':
        return this.#iceState(c as Connection, input.state, nowMs)
      case 'channelsOpen':
        return this.#opened(c as Connection)
      case 'channelsClosed':
        return this.#lost(nowMs)
      case 'silent':
        if (c?.open) {
          c.silent = true
          c.restartAtMs ??= nowMs + ICE_RESTART_SILENT_MS + this.#yieldMs()
        }
        return
      case 'heard':
        if (c?.open) this.#recovered(c)
        return
      case 'reachable':
        return this.#repeat(nowMs)
      case 'renewed':
        if (c?.open) this.#restart(c, nowMs)
        return
      case 'networkChanged':
        if (c?.open) return this.#restart(c, nowMs)
        if (c === undefined && this.#rest.kind !== 'failed') return
        this.#destroy()
        return this.#attempt(nowMs)
      case 'close':
        this.#destroy()
        this.#rest = { kind: 'idle' }
        return
      case 'wake':
        return this.#wake(c, nowMs)
    }
  }

  // ---- attempts ------------------------------------------------------------------------------------------------

  #attempt(nowMs: number): void {
    if (this.#config.unwilling() !== undefined) {
      this.#rest = { kind: 'idle' }
      return
    }
    const id = randomU32(this.#config.random) || 1
    this.#offer(this.#create(id, nowMs), false, nowMs)
  }

  #create(id: number, nowMs: number): Connection {
    const connection: Connection = {
      id,
      round: 0,
      offering: undefined,
      answered: undefined,
      met: false,
      open: false,
      silent: false,
      severed: false,
      deadlineMs: nowMs + ATTEMPT_TIMEOUT_MS,
      restartAtMs: undefined,
      candidates: [],
      told: 0,
      tellAtMs: undefined,
    }
    this.#connection = connection
    this.#do({ kind: 'create', connection: id })
    return connection
  }

  #offer(c: Connection, restart: boolean, nowMs: number): void {
    c.round++
    c.offering = { frame: undefined, resendAtMs: nowMs + SIGNAL_RESEND_MS }
    c.candidates = []
    c.told = 0
    this.#do({ kind: 'makeOffer', connection: c.id, round: c.round, restart })
  }

  #restart(c: Connection, nowMs: number): void {
    c.restartAtMs = undefined
    if (c.offering !== undefined) return // One is under way.
    c.deadlineMs = nowMs + RESTART_TIMEOUT_MS
    this.#offer(c, true, nowMs)
  }

  #opened(c: Connection): void {
    this.#failures = 0
    c.open = true
    this.#recovered(c)
    this.#do({ kind: 'opened', connection: c.id })
  }

  #recovered(c: Connection): void {
    c.silent = false
    c.severed = false
    c.restartAtMs = undefined
    if (c.offering === undefined) c.deadlineMs = undefined
  }

  #iceState(c: Connection, state: 'connected' | 'disconnected' | 'failed' | 'closed', nowMs: number): void {
    if (state === 'closed') return this.#lost(nowMs)
    if (state === 'connected') {
      c.severed = false
      // While the link hears nothing, it is the link that must be asked.
      if (c.open && !c.silent) this.#recovered(c)
      return
    }
    if (!c.open) {
      if (state === 'failed') this.#fail('ice-failed', nowMs)
      return
    }
    c.severed = true
    const waitMs = state === 'failed' ? 0 : ICE_RESTART_AFTER_MS
    c.restartAtMs = Math.min(c.restartAtMs ?? Number.POSITIVE_INFINITY, nowMs + waitMs + this.#yieldMs())
  }

  /** The polite one lets the other restart first, so that offers seldom cross. */
  #yieldMs(): number {
    return this.#config.polite ? 1_000 : 0
  }

  #lost(nowMs: number): void {
    const wasOpen = this.#connection?.open === true
    if (!wasOpen) return this.#fail('ice-failed', nowMs)
    this.#openAtMs = nowMs
    this.#destroy()
    this.#rest = {
      kind: 'failed',
      reason: 'no-path',
      retryAtMs: nowMs + 500 + this.#config.random() * 1_000 + this.#yieldMs(),
    }
  }

  #fail(reason: FailureReason, nowMs: number): void {
    this.#destroy()
    const waitMs = patienceMs(this.#failures++, nowMs - this.#openAtMs) * (1 + this.#config.random() / 4)
    this.#rest = { kind: 'failed', reason, retryAtMs: nowMs + waitMs }
    this.#do({ kind: 'failed', reason })
  }

  #destroy(): void {
    const c = this.#connection
    if (c === undefined) return
    this.#connection = undefined
    this.#offers.bury(c.id)
    if (c.open) this.#do({ kind: 'lost', connection: c.id })
    this.#do({ kind: 'destroy', connection: c.id })
  }

  #wake(c: Connection | undefined, nowMs: number): void {
    if (c === undefined) {
      if (this.#rest.kind === 'failed' && nowMs >= this.#rest.retryAtMs) this.#attempt(nowMs)
      return
    }
    if (c.deadlineMs !== undefined && nowMs >= c.deadlineMs) {
      if (c.open) this.#openAtMs = nowMs
      if (!c.open || c.silent || c.severed) return this.#fail(c.met ? 'no-path' : 'no-answer', nowMs)
      c.deadlineMs = undefined
      c.offering = undefined // Nobody answers; the browser takes the peer's next offer, or makes our next, in its stead.
    }
    if (c.tellAtMs !== undefined && nowMs >= c.tellAtMs) this.#tellCandidates(c, nowMs)
    if (c.restartAtMs !== undefined && nowMs >= c.restartAtMs) this.#restart(c, nowMs)
    if (c.offering?.frame !== undefined && nowMs >= c.offering.resendAtMs) this.#repeat(nowMs)
  }

  // ---- what we say ----------------------------------------------------------------------------------------------

  #described(c: Connection, as: 'offer' | 'answer', round: number, sdp: string, nowMs: number): void {
    if (as === 'offer') {
      if (c.offering === undefined || c.round !== round) return // Rolled back in the meantime.
      c.offering = {
        frame: { kind: 'offer', connection: c.id, round, sdp },
        resendAtMs: nowMs + SIGNAL_RESEND_MS,
      }
      this.#say(c.offering.frame as SignalFrame)
    } else {
      if (c.answered?.round !== round) return
      c.answered.frame = { kind: 'answer', connection: c.id, round, sdp }
      this.#say(c.answered.frame)
    }
    this.#tellCandidates(c, nowMs)
  }

  #candidate(c: Connection, candidate: string, nowMs: number): void {
    c.candidates.push(candidate)
    c.tellAtMs = Math.min(c.tellAtMs ?? Number.POSITIVE_INFINITY, nowMs + CANDIDATE_GATHER_MS)
  }

  /** Not before the description they belong to. All again after a while, until there is a path: nobody acknowledges them. */
  #tellCandidates(c: Connection, nowMs: number): void {
    c.tellAtMs = undefined
    const described = c.offering === undefined ? c.answered : c.offering
    if (described !== undefined && described.frame === undefined) return
    if (c.told === c.candidates.length) {
      if (c.deadlineMs === undefined) return
      c.told = 0
    }
    if (c.candidates.length === 0) return
    this.#say({ kind: 'candidates', connection: c.id, candidates: c.candidates.slice(c.told) })
    c.told = c.candidates.length
    if (c.deadlineMs !== undefined) c.tellAtMs = nowMs + SIGNAL_RESEND_MS
  }

  /** Whatever the peer may have missed. */
  #repeat(nowMs: number): void {
    const c = this.#connection
    if (c === undefined) return
    if (c.offering?.frame !== undefined) {
      c.offering.resendAtMs = nowMs + SIGNAL_RESEND_MS
      this.#say(c.offering.frame)
    } else if (c.deadlineMs === undefined) {
      return // It is open, and nothing is under way.
    } else if (c.answered?.round === c.round && c.answered.frame !== undefined) {
      this.#say(c.answered.frame)
    }
    c.told = 0
    this.#tellCandidates(c, nowMs)
  }

  #say(frame: SignalFrame): void {
    this.#do({ kind: 'signal', frame })
  }

  // ---- what the peer says ---------------------------------------------------------------------------------------

  #signal(frame: SignalFrame, nowMs: number): void {
    const c = this.#connection
    switch (frame.kind) {
      case 'offer':
        return this.#offered(frame, nowMs)
      case 'answer':
        if (c?.id !== frame.connection || c.offering === undefined || c.round !== frame.round)
          return this.#stale()
        c.offering = undefined
        c.met = true
        return this.#do({ kind: 'acceptAnswer', connection: c.id, sdp: frame.sdp })
      case 'candidates':
        if (c?.id !== frame.connection) return this.#stale()
        return this.#do({ kind: 'addCandidates', connection: c.id, candidates: frame.candidates })
      case 'decline':
        if (c?.id !== frame.connection) return this.#stale()
        this.#destroy()
        this.#rest = { kind: 'declined', reason: frame.reason }
        return
    }
  }

  #offered(offer: DescriptionFrame<'offer'>, nowMs: number): void {
    if (this.#offers.isOver(offer.connection)) return this.#stale()
    const c = this.#connection
    if (c?.id === offer.connection) return this.#offeredAgain(c, offer, nowMs)
    // One that takes the place of another makes no more of them.
    const reason = c === undefined ? this.#config.unwilling() : undefined
    if (reason !== undefined) return this.#say({ kind: 'decline', connection: offer.connection, reason })
    // Both made a connection, and neither heard of the other's: one of us yields.
    const crossed = c !== undefined && !c.met
    if (crossed && !this.#config.polite) {
      this.#offers.bury(offer.connection)
      return this.#stale()
    }
    if (!this.#offers.admits(nowMs)) return this.#do({ kind: 'drop', reason: 'rate-limited' })
    this.#destroy()
    this.#accept(this.#create(offer.connection, nowMs), offer)
  }

  /** Another offer in the same connection: repeated, crossing ours, or a restart of theirs. */
  #offeredAgain(c: Connection, offer: DescriptionFrame<'offer'>, nowMs: number): void {
    if (c.answered?.round === offer.round) {
      // They did not get our answer. Not even if we have made an offer of our own since: they take that only after it.
      if (c.answered.frame !== undefined) this.#say(c.answered.frame)
      if (c.offering === undefined) c.told = 0
      return this.#tellCandidates(c, nowMs)
    }
    if (offer.round < c.round || (offer.round === c.round && c.offering === undefined)) return this.#stale()
    if (c.offering !== undefined) {
      if (!this.#config.polite) return this.#stale()
      c.offering = undefined // The browser rolls ours back when it takes theirs.
    }
    if (c.open) c.deadlineMs = nowMs + ATTEMPT_TIMEOUT_MS
    this.#accept(c, offer)
  }

  #accept(c: Connection, offer: DescriptionFrame<'offer'>): void {
    c.met = true
    c.round = offer.round
    c.answered = { round: offer.round, frame: undefined }
    c.candidates = []
    c.told = 0
    this.#do({ kind: 'acceptOffer', connection: c.id, round: offer.round, sdp: offer.sdp })
  }

  #stale(): void {
    this.#do({ kind: 'drop', reason: 'stale' })
  }

  #do(effect: NegotiationEffect): void {
    this.#effects.push(effect)
  }
}
