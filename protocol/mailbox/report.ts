// What a mailbox tells of itself to its network's registry, and what reports come to, summed. Numbers only: no letter, sender
// or owner can be told from them but by whoever sees one mailbox's alone, which the route never shows.

import { PRIORITIES } from '../priority.ts'
import { addTally, type ByPriority, type MailCounts, NO_MAIL_COUNTS } from './tally.ts'

/** How it is now. */
export interface MailGauges {
  readonly letters: number
  readonly bytes: number
  readonly byPriority: ByPriority
  /** Since 1970, of the letter that has waited longest; null when there is none. */
  readonly oldestHour: number | null
}

/** All that one mailbox has ever counted, as far as it was reported, and how it last was. */
export interface MailReport {
  readonly counts: MailCounts
  readonly gauges: MailGauges
}

export interface MailTotals extends MailReport {
  readonly mailboxes: number
}

export const NO_MAIL: MailTotals = {
  mailboxes: 0,
  counts: NO_MAIL_COUNTS,
  gauges: {
    letters: 0,
    bytes: 0,
    byPriority: { critical: 0, high: 0, normal: 0, low: 0 },
    oldestHour: null,
  },
}

/** Of mailboxes, or of totals of them. */
export function addTotals(a: MailTotals, b: MailTotals): MailTotals {
  const sum = (priority: keyof ByPriority) => a.gauges.byPriority[priority] + b.gauges.byPriority[priority]
  const [critical, high, normal, low] = PRIORITIES.map(sum) as [number, number, number, number]
  const hours = [a.gauges.oldestHour, b.gauges.oldestHour].filter((hour) => hour !== null)
  return {
    mailboxes: a.mailboxes + b.mailboxes,
    counts: addTally(a.counts, b.counts),
    gauges: {
      letters: a.gauges.letters + b.gauges.letters,
      bytes: a.gauges.bytes + b.gauges.bytes,
      byPriority: { critical, high, normal, low },
      oldestHour: hours.length === 0 ? null : Math.min(...hours),
    },
  }
}

/** Registries of one network, so that no object hears of all its mailboxes: sixteen take what sixteen thousand busy ones say. */
export const REGISTRIES = 16

/** A mailbox's own: by the last byte of its id, which is a hash. */
export function registryOf(mailbox: Uint8Array): number {
  return (mailbox.at(-1) ?? 0) % REGISTRIES
}

export function registryObjectName(network: string, registry: number): string {
  return `${network}/${registry}`
}
