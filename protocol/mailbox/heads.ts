// The letters of a mailbox as memory has them: heads by id, four lines in order of seq, and how much of what there is.
// Envelopes are in the store; ten thousand heads are 2 MB.

import type { Priority } from '../priority.ts'
import { LETTER_ID_BYTES } from '../wire/mail-frames.ts'
import type { LetterHead } from './contract.ts'
import { Usage } from './usage.ts'

export class Heads {
  readonly usage = new Usage()
  readonly #byId = new Map<string, LetterHead>()
  readonly #lines: Readonly<Record<Priority, LetterHead[]>> = { critical: [], high: [], normal: [], low: [] }
  /** Undefined: to be looked for. */
  #earliestEndMs: number | undefined = Number.POSITIVE_INFINITY

  /** Its seq must be above that of every letter here. */
  add(head: LetterHead): void {
    this.#byId.set(keyOf(head.id), head)
    this.#lines[head.priority].push(head)
    this.usage.add(head)
    if (this.#earliestEndMs !== undefined)
      this.#earliestEndMs = Math.min(this.#earliestEndMs, head.expiresAtMs)
  }

  remove(head: LetterHead): void {
    this.#byId.delete(keyOf(head.id))
    const line = this.#lines[head.priority]
    line.splice(placeAfter(line, head.seq - 1), 1)
    this.usage.remove(head)
    if (head.expiresAtMs === this.#earliestEndMs) this.#earliestEndMs = undefined
  }

  get(id: Uint8Array): LetterHead | undefined {
    return id.length === LETTER_ID_BYTES ? this.#byId.get(keyOf(id)) : undefined
  }

  /** By what keyOf makes of its id. */
  of(key: string): LetterHead | undefined {
    return this.#byId.get(key)
  }

  /** The first of its line with a seq above this. */
  first(priority: Priority, afterSeq: number): LetterHead | undefined {
    const line = this.#lines[priority]
    return line[placeAfter(line, afterSeq)]
  }

  /** When the first of them ends; infinite when there is none. */
  get earliestEndMs(): number {
    if (this.#earliestEndMs === undefined) {
      this.#earliestEndMs = Number.POSITIVE_INFINITY
      for (const { expiresAtMs } of this) this.#earliestEndMs = Math.min(this.#earliestEndMs, expiresAtMs)
    }
    return this.#earliestEndMs
  }

  endedBy(nowMs: number): readonly LetterHead[] {
    return this.earliestEndMs > nowMs ? [] : [...this].filter(({ expiresAtMs }) => expiresAtMs <= nowMs)
  }

  [Symbol.iterator](): Iterator<LetterHead> {
    return this.#byId.values()
  }
}

/** An id as a map's key: a character for each byte. */
export function keyOf(id: Uint8Array): string {
  return String.fromCharCode(...id)
}

/** Where the first with a seq above this stands. */
function placeAfter(line: readonly LetterHead[], seq: number): number {
  let [low, high] = [0, line.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((line[middle] as LetterHead).seq <= seq) low = middle + 1
    else high = middle
  }
  return low
}
