// Whether puts are kept, decided for those that came together: what the first of them uses up, the second has not. Nothing
// is changed until the store has kept them.

import { FULL, type Rate, take } from '../bucket.ts'
import {
  MAIL_ENVELOPE_BYTES_MAX,
  MAIL_ENVELOPE_CLASSES,
  MAIL_TTL_LEAST_MS,
  MAIL_TTL_MOST_MS,
} from '../limits/mail.ts'
import { MAILBOX_FULL_RETRY_MS } from '../limits/mailbox.ts'
import { LETTER_ID_BYTES } from '../wire/mail-frames.ts'
import type { MailRefusal } from '../wire/registry.ts'
import type { MailboxConfig } from './config.ts'
import type { Put, PutOutcome, SenderKind } from './contract.ts'
import type { Usage } from './usage.ts'

export const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export type Refused = Extract<PutOutcome, { ok: false }>

export function refused(reason: MailRefusal, retryAfterMs = 0): Refused {
  return { ok: false, reason, retryAfterMs }
}

/** What no machine needs to look further at: a put that is none. */
export function faultOf({ id, envelope }: Pick<Put<unknown>, 'id' | 'envelope'>): Refused | undefined {
  if (envelope.length > MAIL_ENVELOPE_BYTES_MAX) return refused('too-large')
  const sizes: readonly number[] = MAIL_ENVELOPE_CLASSES
  return id.length === LETTER_ID_BYTES && sizes.includes(envelope.length) ? undefined : refused('malformed')
}

/** When a letter ends that comes now. Of one kept for days, the hour: to the millisecond it would say when it came. */
export function endOf(ttlMs: number, nowMs: number): number {
  const inBounds = Math.min(Math.max(ttlMs, MAIL_TTL_LEAST_MS), MAIL_TTL_MOST_MS)
  const endMs = nowMs + inBounds
  return inBounds < DAY_MS ? endMs : Math.ceil(endMs / HOUR_MS) * HOUR_MS
}

/** Buckets of one kind of sender: until when what it put is paid for. */
interface Paid {
  readonly letters: number
  readonly bytes: number
}

export class Intake {
  readonly #config: MailboxConfig
  #paid: Readonly<Record<SenderKind, Paid>> = {
    contact: { letters: FULL, bytes: FULL },
    stranger: { letters: FULL, bytes: FULL },
  }

  constructor(config: MailboxConfig) {
    this.#config = config
  }

  /** For puts that came together; `usage` is what is stored before them. */
  begin(usage: Usage): Sitting {
    return new Sitting(this.#config, usage.copy(), { ...this.#paid })
  }

  /** Those it admitted are stored. */
  end(sitting: Sitting): void {
    this.#paid = { ...sitting.paid }
  }
}

export class Sitting {
  readonly #config: MailboxConfig
  readonly #usage: Usage
  readonly paid: Record<SenderKind, Paid>

  constructor(config: MailboxConfig, usage: Usage, paid: Record<SenderKind, Paid>) {
    this.#config = config
    this.#usage = usage
    this.paid = paid
  }

  /** Room before rate: what has no room uses up nobody's rate. */
  admit({ sender, priority, envelope }: Put<unknown>, nowMs: number): Refused | undefined {
    const measured = { sender, priority, bytes: envelope.length }
    const most = { letters: this.#config.lettersMax, bytes: this.#config.bytesMax }
    if (!this.#usage.hasRoomFor(measured, most)) return refused('over-quota', MAILBOX_FULL_RETRY_MS)
    const tooFast = this.#pay(sender, envelope.length, nowMs)
    if (tooFast === undefined) this.#usage.add(measured)
    return tooFast
  }

  #pay(sender: SenderKind, bytes: number, nowMs: number): Refused | undefined {
    const rates = this.#config.rates[sender]
    const paid = this.paid[sender]
    const draw = (paidUntilMs: number, rate: Rate, cost: number) => take(paidUntilMs, rate, cost, nowMs)
    const [byLetters, byBytes] = [draw(paid.letters, rates.letters, 1), draw(paid.bytes, rates.bytes, bytes)]
    if (byLetters.ok && byBytes.ok) {
      this.paid[sender] = { letters: byLetters.paidUntilMs, bytes: byBytes.paidUntilMs }
      return undefined
    }
    const waits = [byLetters, byBytes].map((taken) => (taken.ok ? 0 : taken.retryAfterMs))
    return refused('rate-limited', Math.max(...waits))
  }
}
