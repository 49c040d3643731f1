// What happened in a mailbox, counted, so that an operator sees how mail flows and why some is refused. Counts are in
// memory and only grow; a host reports what was added since it last did, and loses at most that when it dies.

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

export class MailTally {
  #counts = noCounts()
  #empty = true

  /** Whether there is anything to report. */
  get isEmpty(): boolean {
    return this.#empty
  }

  note(event: LetterEvent, priority: Priority): void {
    this.#counts[event][priority]++
    this.#empty = false
  }

  noteKnown(): void {
    this.#counts.known++
    this.#empty = false
  }

  /** Of puts that the machine never saw, too: their proofs were no good. */
  noteRefused(reason: MailRefusal): void {
    this.#counts.refused[reason]++
    this.#empty = false
  }

  /** What was counted since it was last taken. */
  take(): MailCounts {
    const counts = this.#counts
    this.#counts = noCounts()
    this.#empty = true
    return counts
  }

  /** What was taken reached nobody: it is counted again. */
  giveBack(counts: MailCounts): void {
    this.#counts = addTally(this.#counts, counts) as ReturnType<typeof noCounts>
    this.#empty = false
  }
}
