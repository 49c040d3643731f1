// Where puts wait for their proofs to be checked. Checking is asynchronous, so others come meanwhile; those that are through
// when nobody is being checked any more are decided together, in one transaction. Nobody waits for a transaction to fill: a
// lone put is decided at once, and where they keep coming, after so many.

import { MAILBOX_SHARED_MAX, MAILBOX_VERIFYING_MAX } from '../../protocol/limits.ts'
import type { Put, PutOutcome, SenderKind } from '../../protocol/mailbox/contract.ts'
import type { PutRequest } from '../../protocol/mailbox/frames.ts'
import type { MailRefusal } from '../../protocol/wire/registry.ts'

/** Tells whoever put it. The id is known once the envelope was hashed. */
export type Answer = (outcome: PutOutcome, id?: Uint8Array) => void

export interface Incoming {
  readonly request: PutRequest
  readonly audience: Uint8Array
  readonly answer: Answer
}

export type Verdict = { readonly sender: SenderKind; readonly id: Uint8Array } | MailRefusal

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

export class PutDesk {
  readonly #host: DeskHost
  #verifying = 0
  #verified: Put<Answer>[] = []
  #refused: Refused[] = []

  constructor(host: DeskHost) {
    this.#host = host
  }

  get isFull(): boolean {
    return this.#verifying >= MAILBOX_VERIFYING_MAX
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
    if (this.#verifying === 0 || waiting >= MAILBOX_SHARED_MAX) this.#flush()
  }

  #flush(): void {
    const [verified, refused] = [this.#verified, this.#refused]
    this.#verified = []
    this.#refused = []
    this.#host.decide(verified, refused)
  }
}
