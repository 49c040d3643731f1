// The owner's socket as the mailbox sees it: how far it has come, and what is under way to it, which is what was pushed and
// is still stored. What of it must outlive a sleep is 36 bytes; the rest follows from the letters.

import {
  MAILBOX_WINDOW_BYTES,
  MAILBOX_WINDOW_BYTES_MOST,
  MAILBOX_WINDOW_LETTERS,
  MAILBOX_WINDOW_LETTERS_MOST,
} from '../limits/mailbox.ts'
import { PRIORITIES } from '../priority.ts'
import { Reader, Writer } from '../wire/bytes.ts'
import type { LetterHead, Window } from './contract.ts'
import { READING_BYTES, Reading } from './cursor.ts'

const STATE_BYTES = 8 + READING_BYTES
const DEFAULT_WINDOW: Window = { letters: MAILBOX_WINDOW_LETTERS, bytes: MAILBOX_WINDOW_BYTES }

export class Owner {
  readonly reading: Reading
  readonly #window: Window
  #letters = 0
  #bytes = 0

  constructor(window: Window, reading: Reading, stored: Iterable<LetterHead>) {
    this.#window = {
      letters: Math.min(window.letters, MAILBOX_WINDOW_LETTERS_MOST),
      bytes: Math.min(window.bytes, MAILBOX_WINDOW_BYTES_MOST),
    }
    this.reading = reading
    this.#count(stored)
  }

  /**
   * Back after a sleep. Seqs may have begun again since: of its reading only what is up to the last seq that was stored
   * when the object woke says anything, since what came after is above that. Bytes of no use: from the beginning.
   */
  static awake(state: Uint8Array, stored: Iterable<LetterHead>, seqAtBirth: number): Owner {
    if (state.length !== STATE_BYTES) return new Owner(DEFAULT_WINDOW, Reading.fromStart(), stored)
    const reader = new Reader(state)
    const window = { letters: reader.u32(), bytes: reader.u32() }
    const reading = Reading.from(reader) ?? Reading.fromStart()
    for (const priority of PRIORITIES) reading.stepBack(priority, seqAtBirth)
    return new Owner(window, reading, stored)
  }

  /** For `awake`. */
  state(): Uint8Array {
    const to = new Writer(STATE_BYTES).u32(this.#window.letters).u32(this.#window.bytes)
    this.reading.write(to)
    return to.done()
  }

  /** One larger than the whole window goes when nothing else is under way: otherwise it never would. */
  hasRoomFor({ bytes }: LetterHead): boolean {
    if (this.#letters >= this.#window.letters) return false
    return this.#letters === 0 || this.#bytes + bytes <= this.#window.bytes
  }

  pushed(head: LetterHead): void {
    this.reading.read(head)
    this.#letters++
    this.#bytes += head.bytes
  }

  /** The letter is no more. */
  forget(head: LetterHead): void {
    if (!this.reading.has(head)) return
    this.#letters--
    this.#bytes -= head.bytes
  }

  /** These, and what was pushed after them in their lines, are to be pushed again. */
  tellAgain(heads: Iterable<LetterHead>, stored: Iterable<LetterHead>): void {
    for (const { priority, seq } of heads) this.reading.stepBack(priority, seq - 1)
    this.#count(stored)
  }

  #count(stored: Iterable<LetterHead>): void {
    this.#letters = 0
    this.#bytes = 0
    for (const head of stored) {
      if (!this.reading.has(head)) continue
      this.#letters++
      this.#bytes += head.bytes
    }
  }
}
