// Where puts wait for their proofs to be checked, and for each other. Those that are through when nobody is being checked
// any more are decided together, in one transaction: its commit is most of what a lone put costs. A lone put is decided at
// once. Where puts come close together, those of one event wait for what the platform has queued up behind it: a zero-delay
// timer fires when it has handed that out. Nobody waits for a transaction to fill.

import type { Proven } from '../../protocol/crypto/admission/mail.ts'
import { MAILBOX_SHARED_MAX, MAILBOX_VERIFYING_MAX } from '../../protocol/limits/mailbox.ts'
import type { Put, PutOutcome } from '../../protocol/mailbox/contract.ts'
import type { PutRequest } from '../../protocol/wire/mail-frames.ts'
import type { MailRefusal } from '../../protocol/wire/registry.ts'

/** Tells whoever put it. The id is known once the envelope was hashed. */
export type Answer = (outcome: PutOutcome, id?: Uint8Array) => void

export interface Incoming {
  readonly request: PutRequest
  readonly audience: Uint8Array
  readonly answer: Answer
}

export type Verdict = Proven | MailRefusal

export interface DeskHost {
  verify(request: PutRequest, audience: Uint8Array): Promise<Verdict>
  /** Decides them, and has everybody told. */
  decide(puts: readonly Put<Answer>[], refused: readonly Refused[]): void
}

export interface Refused {
  readonly reason: MailRefusal
  readonly answer: Answer
}

/** The desk is full of what it has been given in a moment, and empty a moment later. */
export const BUSY_RETRY_MS = 250

/**
 * Puts that come this soon after others were decided may have more behind them. Longer than a slow disk's commit, for which
 * all of them wait; and one that waits in vain costs no more than a timer.
 */
const NEAR_MS = 100
/** A wait that gathers nobody makes the next one wait for twice as many near puts, up to so many. */
const PATIENCE_MAX = 64

export class PutDesk {
  readonly #host: DeskHost
  #decidedAtMs = Number.NEGATIVE_INFINITY
  #timerSet = false
  #patience = 1
  #nearUntilWait = 1
  #verifying = 0
  #verified: Put<Answer>[] = []
  #refused: Refused[] = []

  constructor(host: DeskHost) {
    this.#host = host
  }

  get isFull(): boolean {
    return this.#verifying >= MAILBOX_VERIFYING_MAX
  }

  /** Whether somebody will be told of a decision yet. */
  get isSitting(): boolean {
    return this.#verifying + this.#verified.length + this.#refused.length > 0
  }

  take(incoming: Incoming): void {
    if (this.isFull)
      return incoming.answer({ ok: false, reason: 'rate-limited', retryAfterMs: BUSY_RETRY_MS })
    this.#verifying++
    this.#host.verify(incoming.request, incoming.audience).then(
      (verdict) => this.#verdict(incoming, verdict),
      () => this.#verdict(incoming, 'internal'),
    )
  }

  #verdict({ request, answer }: Incoming, verdict: Verdict): void {
    this.#verifying--
    if (typeof verdict === 'string') this.#refused.push({ reason: verdict, answer })
    else {
      const { priority, ttlS, envelope } = request
      const origin: Answer = (outcome) => answer(outcome, verdict.id)
      this.#verified.push({ ...verdict, origin, priority, ttlMs: ttlS * 1_000, envelope })
    }
    const waiting = this.#verified.length + this.#refused.length
    if (waiting >= MAILBOX_SHARED_MAX) return this.#flush()
    if (this.#verifying > 0 || this.#timerSet) return
    if (!this.#mayHaveMoreBehind()) return this.#flush()
    this.#timerSet = true
    setTimeout(() => this.#gathered(), 0)
  }

  #mayHaveMoreBehind(): boolean {
    return Date.now() - this.#decidedAtMs <= NEAR_MS && --this.#nearUntilWait <= 0
  }

  #gathered(): void {
    this.#timerSet = false
    const gathered = this.#verified.length + this.#refused.length
    // None: so many came that they did not wait for the timer.
    this.#patience = gathered === 1 ? Math.min(this.#patience * 2, PATIENCE_MAX) : 1
    this.#nearUntilWait = this.#patience
    this.#flush()
  }

  #flush(): void {
    this.#decidedAtMs = Date.now()
    if (this.#verified.length + this.#refused.length === 0) return
    const [verified, refused] = [this.#verified, this.#refused]
    this.#verified = []
    this.#refused = []
    this.#host.decide(verified, refused)
  }
}
