// Puts that a sender's socket here brings for other mailboxes of the network: passed on to their objects, so that a client
// needs one socket for all its mail. To each object one call at a time, with all that waits for it: calls are what costs.

import { MAILBOX_SHARED_MAX, MAILBOX_VERIFYING_MAX } from '../../protocol/limits/mailbox.ts'
import type { PutOutcome } from '../../protocol/mailbox/contract.ts'
import { mailboxObjectName } from '../../protocol/mailbox/place.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { type Answer, BUSY_RETRY_MS } from './put-desk.ts'

/** Another mailbox, by the one method that is called here. */
export interface PuttableMailbox {
  putAll(audience: Uint8Array, requests: readonly Uint8Array[]): Promise<readonly PutOutcome[]>
}

export interface MailboxNamespace {
  getByName(name: string): PuttableMailbox
}

interface Waiting {
  readonly request: Uint8Array
  readonly answer: Answer
}

interface Line {
  readonly mailbox: Uint8Array
  readonly audience: Uint8Array
  waiting: Waiting[]
  calling: boolean
}

export class Forwarding {
  readonly #mailboxes: MailboxNamespace
  readonly #network: string
  readonly #answered: () => void
  readonly #lines = new Map<string, Line>()
  #held = 0

  /** `answered` is called after each lot of answers. */
  constructor(mailboxes: MailboxNamespace, network: string, answered: () => void) {
    this.#mailboxes = mailboxes
    this.#network = network
    this.#answered = answered
  }

  /** `request`: the put's bytes behind token and mailbox. */
  take(mailbox: Uint8Array, audience: Uint8Array, request: Uint8Array, answer: Answer): void {
    if (this.#held >= MAILBOX_VERIFYING_MAX)
      return answer({ ok: false, reason: 'rate-limited', retryAfterMs: BUSY_RETRY_MS })
    this.#held++
    const key = toBase64url(mailbox) + toBase64url(audience)
    const line = this.#lines.get(key) ?? { mailbox: mailbox.slice(), audience, waiting: [], calling: false }
    this.#lines.set(key, line)
    // A copy: sent as a view, the whole message would go along with each of its puts.
    line.waiting.push({ request: request.slice(), answer })
  }

  /** At the end of each event: what came in it leaves. */
  flush(): void {
    for (const [key, line] of this.#lines) {
      if (line.calling) continue
      if (line.waiting.length === 0) this.#lines.delete(key)
      else void this.#call(line)
    }
  }

  async #call(line: Line): Promise<void> {
    const puts = line.waiting.splice(0, MAILBOX_SHARED_MAX)
    line.calling = true
    const outcomes = await this.#outcomes(
      line,
      puts.map(({ request }) => request),
    )
    line.calling = false
    this.#held -= puts.length
    for (const [i, { answer }] of puts.entries()) answer(outcomes[i] ?? FAILED)
    this.#answered()
    this.flush()
  }

  async #outcomes({ mailbox, audience }: Line, requests: Uint8Array[]): Promise<readonly PutOutcome[]> {
    try {
      const name = mailboxObjectName(this.#network, mailbox)
      return await this.#mailboxes.getByName(name).putAll(audience, requests)
    } catch {
      return []
    }
  }
}

const FAILED: PutOutcome = { ok: false, reason: 'internal', retryAfterMs: BUSY_RETRY_MS }
