// What happened in a mailbox since it was opened, counted, so that an operator sees how mail flows and why some is refused.
// Counts outlive the object without a row of their own: they go to the disk with what removes letters (contract.ts), and
// what came is what went and what is there. Lost when it dies is what was delivered, known or refused since the last went.

import { PRIORITIES, type Priority } from '../priority.ts'
import { MAIL_REFUSAL, type MailRefusal } from '../wire/registry.ts'

export type ByPriority = Readonly<Record<Priority, number>>
type ByRefusal = Readonly<Record<MailRefusal, number>>

/** What happens to letters, in the order it happens. `delivered`: pushed, or on a page, for the first time in this life. */
const LETTER_EVENTS = ['accepted', 'delivered', 'acknowledged', 'expired'] as const
export type LetterEvent = (typeof LETTER_EVENTS)[number]

export type MailCounts = Readonly<Record<LetterEvent, ByPriority>> & {
  /** Puts of letters that were known already. */
  readonly known: number
  readonly refused: ByRefusal
}

const byPriority = () => ({ critical: 0, high: 0, normal: 0, low: 0 })

function noCounts() {
  const refused: Partial<Record<MailRefusal, number>> = {}
  for (const reason in MAIL_REFUSAL) refused[reason as MailRefusal] = 0
  return {
    accepted: byPriority(),
    delivered: byPriority(),
    acknowledged: byPriority(),
    expired: byPriority(),
    known: 0,
    refused: refused as Record<MailRefusal, number>,
  }
}

export const NO_MAIL_COUNTS: MailCounts = noCounts()

export function addTally(a: MailCounts, b: MailCounts): MailCounts {
  const sum = noCounts()
  for (const each of [a, b]) {
    for (const event of LETTER_EVENTS)
      for (const priority of PRIORITIES) sum[event][priority] += each[event][priority]
    for (const reason in MAIL_REFUSAL)
      sum.refused[reason as MailRefusal] += each.refused[reason as MailRefusal]
    sum.known += each.known
  }
  return sum
}

type Counted = { readonly priority: Priority }

export class MailTally {
  #counts: ReturnType<typeof noCounts>
  #events = 0

  /** `before`: what went to the disk last, if anything did. `there`: every letter that is on the disk. */
  constructor(before: MailCounts | undefined, there: Iterable<Counted>) {
    this.#counts = copyOf(before ?? NO_MAIL_COUNTS)
    const { accepted, acknowledged, expired } = this.#counts
    for (const priority of PRIORITIES) accepted[priority] = acknowledged[priority] + expired[priority]
    for (const { priority } of there) accepted[priority]++
  }

  /** Grows with everything that is counted. Of this life: whoever remembers it knows whether there is anything new. */
  get events(): number {
    return this.#events
  }

  all(): MailCounts {
    return copyOf(this.#counts)
  }

  /** As it will be when this has happened to them, too. */
  after(event: LetterEvent, letters: readonly Counted[]): MailCounts {
    const counts = copyOf(this.#counts)
    for (const { priority } of letters) counts[event][priority]++
    return counts
  }

  note(event: LetterEvent, priority: Priority): void {
    this.#counts[event][priority]++
    this.#events++
  }

  noteKnown(): void {
    this.#counts.known++
    this.#events++
  }

  /** Of puts that the machine never saw, too: their proofs were no good. */
  noteRefused(reason: MailRefusal): void {
    this.#counts.refused[reason]++
    this.#events++
  }
}

function copyOf(counts: MailCounts): ReturnType<typeof noCounts> {
  return addTally(counts, NO_MAIL_COUNTS) as ReturnType<typeof noCounts>
}
