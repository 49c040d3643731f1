// What is known of every letter under way: who put it, whether that was answered, where it was seen, whether it was taken.
// Everything that must not be is written down as a fault, when it is seen.
//
// The order that is promised. A sender that waits for each answer before it puts the next letter of the same line (one
// mailbox, one priority) has its letters come for the first time in the order in which it put them, and with none left out:
// the earlier one was on disk, with the lower seq, before the later one was put. Of puts that overlap nothing is promised.
//
// When a letter may come again. As long as it was not taken: whenever its owner comes without a cursor of the object's
// present life. After it was taken: only if its sender put it again in a later life than that in which it was taken, because
// the answer got lost and the object that knew it as gone is no more. Owners then know it by its id.
//
// When it must have come. A home that has room has been sent everything that was answered before: so when it asks anything
// after that, and the answer is there, the letter was there first. The same of a page that says it is the last.

import type { Priority } from '../../../protocol/priority.ts'
import { toBase64url } from '../../../protocol/wire/base64url.ts'
import { equalBytes } from '../../../protocol/wire/bytes.ts'
import type { LetterFrame } from '../../../protocol/wire/mail-frames.ts'

export interface Tracked {
  readonly id: string
  readonly owner: number
  readonly line: string
  readonly sequence: number
  readonly priority: Priority
  /** Until it has been answered and seen once. */
  envelope: Uint8Array | undefined
  readonly bytes: number
  attempts: number
  /** The last life in which it was put, and had an answer or none. */
  putUntilLife: number
  putting: boolean
  answered: boolean
  delivered: boolean
  /** In which life its owner first said that it took it: it may be gone since then. */
  tookInLife: number | undefined
  /** The edge has dealt with that. */
  taken: boolean
}

/** One socket of an owner, or its pages one after another: what it was given in one life of the object. */
export interface Reading {
  /** Of the cursor that was said, and what had come until then. */
  incarnation: string | undefined
  readonly seen: Set<string>
}

export const incarnationOf = (cursor: Uint8Array) => toBase64url(cursor.subarray(0, 6))

export class Ledger {
  /** How often the edge, or an object of it, died. Counted before it is killed. */
  life = 0
  readonly faults: string[] = []
  readonly counts = {
    answered: 0,
    answeredKnown: 0,
    attempts: 0,
    delivered: 0,
    deliveredAgain: 0,
    deliveredAgainAfterTaken: 0,
    taken: 0,
  }
  readonly letters = new Map<string, Tracked>()
  readonly #delivered = new Map<string, number>()
  /** By owner: answered, and not seen yet. */
  readonly #due = new Map<number, Set<Tracked>>()

  fault(text: string): void {
    this.faults.push(text)
  }

  // ---- senders ----------------------------------------------------------------------------------------------

  write(
    letter: Pick<Tracked, 'id' | 'owner' | 'line' | 'sequence' | 'priority'>,
    envelope: Uint8Array,
  ): Tracked {
    const tracked: Tracked = {
      ...letter,
      envelope,
      bytes: envelope.length,
      attempts: 0,
      putUntilLife: 0,
      putting: false,
      answered: false,
      delivered: false,
      tookInLife: undefined,
      taken: false,
    }
    this.letters.set(letter.id, tracked)
    return tracked
  }

  putting(letter: Tracked): void {
    letter.attempts++
    letter.putting = true
    this.counts.attempts++
  }

  /** It was answered, or never will be. */
  putEnded(letter: Tracked, answer?: { readonly known: boolean }): void {
    letter.putting = false
    letter.putUntilLife = this.life
    if (answer === undefined) return
    letter.answered = true
    this.counts.answered++
    if (!letter.delivered) this.#dueTo(letter.owner).add(letter)
    if (!answer.known) return
    this.counts.answeredKnown++
    if (letter.attempts === 1) this.fault(`${named(letter)} was known, and had never been put`)
  }

  // ---- owners -----------------------------------------------------------------------------------------------

  /** True: it is new to the application. */
  deliver(
    owner: number,
    frame: Pick<LetterFrame, 'id' | 'priority' | 'envelope'>,
    reading: Reading,
  ): boolean {
    const letter = this.letters.get(toBase64url(frame.id))
    if (letter === undefined) {
      this.fault(`owner ${owner} got a letter that nobody put`)
      return false
    }
    if (letter.owner !== owner) this.fault(`${named(letter)} came to owner ${owner}`)
    if (letter.priority !== frame.priority) this.fault(`${named(letter)} came as ${frame.priority}`)
    if (letter.envelope !== undefined && !equalBytes(letter.envelope, frame.envelope))
      this.fault(`${named(letter)} is not what was put`)
    if (reading.seen.has(letter.id) && !this.#mayBeNew(letter))
      this.fault(`${named(letter)} came twice in one reading`)
    reading.seen.add(letter.id)
    if (letter.taken) {
      if (this.#mayBeNew(letter)) this.counts.deliveredAgainAfterTaken++
      else this.fault(`${named(letter)} came after it was taken`)
    }
    if (letter.delivered) {
      this.counts.deliveredAgain++
      return false
    }
    this.#first(letter)
    return true
  }

  #first(letter: Tracked): void {
    letter.delivered = true
    this.#dueTo(letter.owner).delete(letter)
    this.counts.delivered++
    const expected = this.#delivered.get(letter.line) ?? 0
    if (letter.sequence !== expected) this.fault(`${named(letter)} came first, where ${expected} was next`)
    this.#delivered.set(letter.line, letter.sequence + 1)
    if (letter.answered) letter.envelope = undefined
  }

  /** What is stored for this owner for certain, and has not come. */
  due(owner: number): readonly Tracked[] {
    return [...this.#dueTo(owner)]
  }

  /** Whoever said this asked for more after those were due, and was told that there is none. */
  passedOver(due: readonly Tracked[]): void {
    for (const letter of due) if (!letter.delivered) this.fault(`${named(letter)} was passed over`)
  }

  #dueTo(owner: number): Set<Tracked> {
    const due = this.#due.get(owner) ?? new Set()
    this.#due.set(owner, due)
    return due
  }

  /** It was put in a life after that in which it was taken, or may have been: to that life it is a letter like any other. */
  #mayBeNew({ attempts, putting, putUntilLife, tookInLife }: Tracked): boolean {
    return attempts > 1 && tookInLife !== undefined && (putting || putUntilLife > tookInLife)
  }

  /** `life`: no later than that in which the edge hears it. */
  took(ids: readonly string[], life: number): void {
    for (const id of ids) {
      const letter = this.letters.get(id)
      if (letter !== undefined) letter.tookInLife ??= life
    }
  }

  /** They are gone, says the edge. */
  taken(ids: readonly string[]): void {
    for (const id of ids) {
      const letter = this.letters.get(id)
      if (letter === undefined || letter.taken) continue
      letter.taken = true
      this.counts.taken++
    }
  }

  // ---- at rest ----------------------------------------------------------------------------------------------

  /** Held against what is on disk while nobody runs. */
  compare(onDisk: ReadonlyMap<string, { readonly priority: Priority; readonly bytes: number }>): void {
    for (const letter of this.letters.values()) {
      const row = onDisk.get(letter.id)
      if (row === undefined) {
        if (letter.answered && letter.tookInLife === undefined)
          this.fault(`${named(letter)} was answered, and is not on disk`)
        continue
      }
      if (row.priority !== letter.priority || row.bytes !== letter.bytes)
        this.fault(`${named(letter)} is on disk as ${row.priority} of ${row.bytes} bytes`)
      if (letter.taken && !this.#mayBeNew(letter)) this.fault(`${named(letter)} was taken, and is on disk`)
    }
    for (const id of onDisk.keys())
      if (!this.letters.has(id)) this.fault(`${id} is on disk, and nobody put it`)
  }

  /** Letters that were answered and did not come, or came and are not confirmed as taken. */
  get open(): readonly Tracked[] {
    return [...this.letters.values()].filter(
      ({ answered, delivered, taken }) => answered && (!delivered || !taken),
    )
  }

  /** When everybody has come to rest. */
  close(): void {
    for (const letter of this.letters.values()) {
      if (letter.answered && !letter.delivered) this.fault(`${named(letter)} was answered, and never came`)
      if (!letter.answered) this.fault(`${named(letter)} was never answered`)
    }
  }
}

function named({ line, sequence, attempts }: Tracked): string {
  return `letter ${sequence} of line ${line} (put ${attempts} times)`
}
