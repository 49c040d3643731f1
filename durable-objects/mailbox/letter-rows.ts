// Which row each letter of a mailbox is in, which rows are empty, and which has what was counted last: in memory, read once
// in a life of the object.

import type { LetterHead } from '../../protocol/mailbox/contract.ts'

interface Row {
  readonly place: number
  letters: number
}

/** What taking some letters away does to a row. */
export interface Touched {
  readonly place: number
  readonly seqs: ReadonlySet<number>
  /** None is left in it. */
  readonly emptied: boolean
}

/** Where the counts are, and how many were written before them. */
interface Counted {
  readonly place: number
  readonly number: number
}

export class LetterRows {
  readonly #of = new Map<number, Row>()
  readonly #empty: number[] = []
  #above = 0
  #counted: Counted = { place: 0, number: 0 }

  /** A row as it is on the disk. */
  found(place: number, number: number, heads: readonly LetterHead[]): void {
    this.#above = Math.max(this.#above, place)
    if (number > this.#counted.number) this.#counted = { place, number }
    if (heads.length === 0) this.#empty.push(place)
    else this.filled(place, heads)
  }

  placeOf(seq: number): number | undefined {
    return this.#of.get(seq)?.place
  }

  /** Where so many lots go: first into rows that are empty. */
  places(count: number): readonly number[] {
    const empty = this.#empty.slice(0, count)
    const fresh = Array.from({ length: count - empty.length }, (_, at) => this.#above + 1 + at)
    return [...empty, ...fresh]
  }

  /** Lots are in the places that they were told. */
  used(places: readonly number[]): void {
    this.#empty.splice(0, places.length)
    for (const place of places) this.#above = Math.max(this.#above, place)
  }

  filled(place: number, heads: readonly LetterHead[]): void {
    const row = { place, letters: heads.length }
    for (const { seq } of heads) this.#of.set(seq, row)
  }

  /** Of letters that are not here nothing is said. */
  touchedBy(heads: readonly LetterHead[]): readonly Touched[] {
    const touched = new Map<Row, Set<number>>()
    for (const { seq } of heads) {
      const row = this.#of.get(seq)
      if (row === undefined) continue
      const seqs = touched.get(row)
      if (seqs === undefined) touched.set(row, new Set([seq]))
      else seqs.add(seq)
    }
    return [...touched].map(([{ place, letters }, seqs]) => ({ place, seqs, emptied: seqs.size === letters }))
  }

  /** They are gone. */
  took(touched: readonly Touched[]): void {
    for (const { seqs } of touched) {
      for (const seq of seqs) {
        const row = this.#of.get(seq)
        if (row !== undefined) row.letters--
        this.#of.delete(seq)
      }
    }
  }

  emptied(place: number): void {
    this.#empty.push(place)
  }

  get counted(): Counted {
    return this.#counted
  }

  countedIn(place: number): void {
    this.#counted = { place, number: this.#counted.number + 1 }
  }
}
