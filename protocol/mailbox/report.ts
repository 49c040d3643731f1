// What a mailbox says of itself when its network's registry asks, and what that comes to, summed. Numbers only: no letter, sender
// or owner can be told from them but by whoever sees one mailbox's alone, which the route never shows.

import { isNetworkName } from '../names.ts'
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

/** All that one mailbox has ever counted, and how it is. */
export interface MailReport {
  readonly counts: MailCounts
  readonly gauges: MailGauges
}

export interface MailTotals extends MailReport {
  readonly mailboxes: number
  /** Of those, whose newest figures are not in it: they have changed since they were asked, or were not asked yet. */
  readonly behind: number
}

export const NO_MAIL: MailTotals = {
  mailboxes: 0,
  behind: 0,
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
    behind: a.behind + b.behind,
    counts: addTally(a.counts, b.counts),
    gauges: {
      letters: a.gauges.letters + b.gauges.letters,
      bytes: a.gauges.bytes + b.gauges.bytes,
      byPriority: { critical, high, normal, low },
      oldestHour: hours.length === 0 ? null : Math.min(...hours),
    },
  }
}

/** Registries of one network, so that no object hears of all its mailboxes. */
export const REGISTRIES = 16

/** A mailbox's own: by the last byte of its id, which is a hash. */
export function registryOf(mailbox: Uint8Array): number {
  return (mailbox.at(-1) ?? 0) % REGISTRIES
}

export function registryObjectName(network: string, registry: number): string {
  return `${network}/${registry}`
}

/** Undefined for what is no such name: the health route's, say. */
export function networkOfRegistry(name: string | null | undefined): string | undefined {
  const [network = '', registry = '', ...more] = (name ?? '').split('/')
  const isOne = isNetworkName(network) && Number(registry) < REGISTRIES && more.length === 0
  return isOne ? network : undefined
}
