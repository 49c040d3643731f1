// A mailbox's figures on their way to its network's registry: the first at once, then no more often than every so long, and
// the last with the alarm. What a report said that did not arrive is said with the next.

import { MAILBOX_REPORT_MS } from '../../protocol/limits/mailbox.ts'
import type { MailboxPlace } from '../../protocol/mailbox/place.ts'
import { type MailGauges, registryObjectName, registryOf } from '../../protocol/mailbox/report.ts'
import type { MailCounts, MailTally } from '../../protocol/mailbox/tally.ts'

export interface Registry {
  report(mailbox: Uint8Array, counts: MailCounts, gauges: MailGauges): Promise<void>
}

export interface RegistryNamespace {
  getByName(name: string): Registry
}

export class Reporter {
  readonly #registry: Registry
  readonly #mailbox: Uint8Array
  #reportedAtMs = Number.NEGATIVE_INFINITY
  #reporting = false

  constructor(registries: RegistryNamespace, { network, id }: MailboxPlace) {
    this.#registry = registries.getByName(registryObjectName(network, registryOf(id)))
    this.#mailbox = id
  }

  /** After each event. Answers when it wants to be asked again, if nothing happens before. */
  next(tally: MailTally, gauges: () => MailGauges, nowMs: number): number | undefined {
    if (tally.isEmpty) return undefined
    const atMs = this.#reportedAtMs + MAILBOX_REPORT_MS
    if (this.#reporting || nowMs < atMs) return Math.max(atMs, nowMs)
    this.#reportedAtMs = nowMs
    this.#reporting = true
    void this.#report(tally, gauges())
    return undefined
  }

  /** The alarm rang: whatever it rang for, what there is to report may go along. */
  allow(): void {
    if (!this.#reporting) this.#reportedAtMs = Number.NEGATIVE_INFINITY
  }

  async #report(tally: MailTally, gauges: MailGauges): Promise<void> {
    const counts = tally.take()
    try {
      await this.#registry.report(this.#mailbox, counts, gauges)
    } catch {
      tally.giveBack(counts)
    }
    this.#reporting = false
  }
}
