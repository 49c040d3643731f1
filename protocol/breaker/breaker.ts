// A circuit breaker: whether to call what has been failing. Pure: what happened and the time go in, a verdict comes out; whoever
// has it makes the calls, and says how each ended.
//
//   closed     all calls pass; too many bad ones of the last while open it
//   open       none pass, for a time that doubles with each probe that fails
//   half-open  one passes at a time, as a probe; enough good ones in a row close it, a bad one opens it again
//
// A call belongs to the era it began in: how one ends that began before the breaker opened, or closed, says nothing any more.

import {
  BREAKER_BAD_SHARE,
  BREAKER_OPEN_MOST_MS,
  BREAKER_OPEN_MS,
  BREAKER_SUCCESSES,
  BREAKER_WINDOW_MS,
  CALL_PROMPT_MS,
  CALL_SLOW_MS,
  CALL_TIMEOUT_MS,
  OBJECT_CALLS_LEAST,
} from '../limits/breaker.ts'
import type { Random } from '../machine.ts'
import { type Health, healthOf } from './health.ts'
import { type CallCounts, CallWindow } from './window.ts'

export const BREAKER_STATES = ['closed', 'half-open', 'open'] as const
export type BreakerState = (typeof BREAKER_STATES)[number]

export interface BreakerConfig {
  readonly windowMs: number
  /** Calls of the window before anything is concluded from them. */
  readonly callsLeast: number
  /** The share of bad ones that opens it. */
  readonly badShare: number
  /** A call that took so long is bad, though it succeeded. */
  readonly slowMs: number
  /** One that took less is prompt. */
  readonly promptMs: number
  /** How long it is open at first, and at most. */
  readonly openMs: number
  readonly openMostMs: number
  /** Good probes in a row that close it. */
  readonly successes: number
  /** A probe of which nothing was heard for so long has failed. */
  readonly probeMs: number
}

/** As for one object of the edge. */
export const BREAKER: BreakerConfig = {
  windowMs: BREAKER_WINDOW_MS,
  callsLeast: OBJECT_CALLS_LEAST,
  badShare: BREAKER_BAD_SHARE,
  slowMs: CALL_SLOW_MS,
  promptMs: CALL_PROMPT_MS,
  openMs: BREAKER_OPEN_MS,
  openMostMs: BREAKER_OPEN_MOST_MS,
  successes: BREAKER_SUCCESSES,
  probeMs: CALL_TIMEOUT_MS,
}

/** A call that was let through, to be given back with its end. */
export interface Call {
  readonly beganAtMs: number
  readonly era: number
}

export type Verdict =
  | { readonly pass: true; readonly call: Call }
  | { readonly pass: false; readonly retryAfterMs: number }

/** `unheard`: it ended for a reason that says nothing about who was called, or whoever called did not wait. */
export type Outcome = 'succeeded' | 'failed' | 'unheard'

export class Breaker {
  readonly #config: BreakerConfig
  readonly #random: Random
  readonly #window: CallWindow
  #state: BreakerState = 'closed'
  #era = 0
  #openUntilMs = 0
  /** How often it opened since it last was closed. */
  #openings = 0
  #probe: Call | undefined
  /** Good probes in a row. */
  #successes = 0

  /** `random`: so that not everybody probes in the same moment. */
  constructor(config: BreakerConfig = BREAKER, random: Random = () => 0.5) {
    this.#config = config
    this.#random = random
    this.#window = new CallWindow(config.windowMs)
  }

  get state(): BreakerState {
    return this.#state
  }

  ask(nowMs: number): Verdict {
    this.#giveUpProbe(nowMs)
    if (this.#state === 'open') {
      if (nowMs < this.#openUntilMs)
        return { pass: false, retryAfterMs: Math.ceil(this.#openUntilMs - nowMs) }
      // What was before is no reason to open again, once it closes: how its probes do is how it does.
      this.#window.clear()
      this.#enter('half-open')
    }
    const call = { beganAtMs: nowMs, era: this.#era }
    if (this.#state === 'closed') return { pass: true, call }
    if (this.#probe !== undefined)
      return { pass: false, retryAfterMs: this.#probe.beganAtMs + this.#config.probeMs - nowMs }
    this.#probe = call
    return { pass: true, call }
  }

  ended(call: Call, outcome: Outcome, nowMs: number): void {
    if (call.era !== this.#era) return
    if (call === this.#probe) this.#probe = undefined
    else if (this.#state !== 'closed') return
    if (outcome === 'unheard') return
    const bad = this.#note(call, outcome, nowMs)
    if (this.#state === 'closed') {
      if (bad && this.#isTooBad(nowMs)) this.#open(nowMs)
    } else if (bad) this.#open(nowMs)
    else if (++this.#successes >= this.#config.successes) this.#close()
  }

  /** What is known of a call that nobody asked about: news while it is closed, and no probe otherwise. */
  noted(beganAtMs: number, outcome: Outcome, nowMs: number): void {
    this.ended({ beganAtMs, era: this.#era }, outcome, nowMs)
  }

  isBad(call: { readonly beganAtMs: number }, outcome: Outcome, nowMs: number): boolean {
    if (outcome === 'unheard') return false
    return outcome === 'failed' || nowMs - call.beganAtMs >= this.#config.slowMs
  }

  counts(nowMs: number): CallCounts {
    return this.#window.counts(nowMs)
  }

  health(nowMs: number): Health {
    return healthOf(this.#state, this.counts(nowMs))
  }

  #note(call: Call, outcome: Outcome, nowMs: number): boolean {
    const bad = this.isBad(call, outcome, nowMs)
    const failed = outcome === 'failed'
    const late = failed || nowMs - call.beganAtMs > this.#config.promptMs
    this.#window.note({ failed, bad, late }, nowMs)
    return bad
  }

  #isTooBad(nowMs: number): boolean {
    const { calls, bad } = this.#window.counts(nowMs)
    return calls >= this.#config.callsLeast && bad >= calls * this.#config.badShare
  }

  #giveUpProbe(nowMs: number): void {
    const probe = this.#probe
    if (probe !== undefined && nowMs - probe.beganAtMs >= this.#config.probeMs) this.#open(nowMs)
  }

  #open(nowMs: number): void {
    const { openMs, openMostMs } = this.#config
    const lengthMs = Math.min(openMostMs, openMs * 2 ** this.#openings++)
    this.#openUntilMs = nowMs + lengthMs * (0.75 + this.#random() / 2)
    this.#enter('open')
  }

  #close(): void {
    this.#openings = 0
    this.#enter('closed')
  }

  #enter(state: BreakerState): void {
    this.#state = state
    this.#era++
    this.#probe = undefined
    this.#successes = 0
  }
}
