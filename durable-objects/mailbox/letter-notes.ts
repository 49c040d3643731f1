// What was counted, in rows that letters leave behind (schema.ts): which of them is the newest, and which are free for letters.

import { type MailCounts, NO_MAIL_COUNTS } from '../../protocol/mailbox/tally.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import type { Statements } from './statements.ts'

/** To be written into the row of a letter. */
export interface Note {
  readonly seq: number
  readonly envelope: Uint8Array
}

export class LetterNotes {
  readonly #tables: { readonly statements: Statements }
  /** Their seqs, read once in a life: of those that are free, and of the newest; 0 when there is none. */
  #seqs: { readonly free: number[]; newest: number } | undefined

  constructor(tables: { readonly statements: Statements }) {
    this.#tables = tables
  }

  /** Where letters may be put: so many at most. */
  free(count: number): readonly number[] {
    return this.#known().free.slice(0, count)
  }

  used(places: readonly number[]): void {
    this.#known().free.splice(0, places.length)
  }

  next(counts: MailCounts): Note {
    return { seq: this.#known().newest - 1, envelope: utf8(JSON.stringify(counts)) }
  }

  wrote({ seq }: Note): void {
    const known = this.#known()
    if (known.newest < 0) known.free.push(known.newest)
    known.newest = seq
  }

  /** What it says. A count that was not there yet when it was written is none. */
  newest(): MailCounts | undefined {
    const note = this.#tables.statements.envelope.get({ seq: this.#known().newest })
    if (note === undefined) return undefined
    const counts = JSON.parse(new TextDecoder().decode(note.envelope)) as MailCounts
    return { ...NO_MAIL_COUNTS, ...counts, refused: { ...NO_MAIL_COUNTS.refused, ...counts.refused } }
  }

  #known() {
    if (this.#seqs === undefined) {
      const [newest = 0, ...free] = this.#tables.statements.notes.all().map(({ seq }) => seq)
      this.#seqs = { free, newest }
    }
    return this.#seqs
  }
}
