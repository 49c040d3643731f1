// How far a reader has come and whose turn is next, as a value: in memory for the owner's socket, in the hands of whoever
// reads pages, and beside a socket while the object sleeps. A cursor is this and the incarnation it was made in.
//
//   cursor    incarnation 6 ‖ reading 28        reading   4 × (seq 6 ‖ owed 1), most urgent priority first
//
// What each line owes is in it because a turn that is forgotten between two pages starves: whoever reads one letter at a
// time would begin with the critical ones each time.

import { COST, PRIORITIES, type Priority } from '../priority.ts'
import { Reader, Writer } from '../wire/bytes.ts'
import { CURSOR_BYTES } from '../wire/mail-frames.ts'

const INCARNATION_BYTES = 6
export const READING_BYTES = CURSOR_BYTES - INCARNATION_BYTES
/** Seqs and incarnations are whole numbers below this: a letter a microsecond for nine years. */
export const SEQ_LIMIT = 2 ** 48

interface Line {
  /** The last seq read; 0: none. */
  seq: number
  /** What the line paid more than the cheapest has: 0 to its cost. */
  owed: number
}

export class Reading {
  readonly #lines: Readonly<Record<Priority, Line>>

  private constructor(lines: Readonly<Record<Priority, Line>>) {
    this.#lines = lines
  }

  static fromStart(): Reading {
    const line = (): Line => ({ seq: 0, owed: 0 })
    return new Reading({ critical: line(), high: line(), normal: line(), low: line() })
  }

  seq(priority: Priority): number {
    return this.#lines[priority].seq
  }

  has({ priority, seq }: { readonly priority: Priority; readonly seq: number }): boolean {
    return seq <= this.#lines[priority].seq
  }

  /** Of the first unread letter of each line, the one whose line has paid least. */
  next<T>(first: (priority: Priority, afterSeq: number) => T | undefined): T | undefined {
    let next: T | undefined
    let least = Number.POSITIVE_INFINITY
    for (const priority of PRIORITIES) {
      const { seq, owed } = this.#lines[priority]
      if (owed >= least) continue
      const found = first(priority, seq)
      if (found !== undefined) [next, least] = [found, owed]
    }
    return next
  }

  /** The letter that `next` chose is read. Lines that had nothing to read save up nothing by it. */
  read({ priority, seq }: { readonly priority: Priority; readonly seq: number }): void {
    const level = this.#lines[priority].owed
    for (const each of PRIORITIES) this.#lines[each].owed = Math.max(0, this.#lines[each].owed - level)
    this.#lines[priority].owed += COST[priority]
    this.#lines[priority].seq = seq
  }

  /** No line is further than this. */
  stepBack(priority: Priority, toSeq: number): void {
    const line = this.#lines[priority]
    line.seq = Math.min(line.seq, toSeq)
  }

  write(to: Writer): void {
    for (const priority of PRIORITIES) {
      const { seq, owed } = this.#lines[priority]
      writeU48(seq, to).u8(owed)
    }
  }

  /** Undefined for what `write` never writes. */
  static from(reader: Reader): Reading | undefined {
    if (reader.remaining < READING_BYTES) return undefined
    const reading = Reading.fromStart()
    for (const priority of PRIORITIES) {
      const line = reading.#lines[priority]
      line.seq = readU48(reader)
      line.owed = reader.u8()
      if (line.owed > COST[priority]) return undefined
    }
    return reading
  }
}

export interface Cursor {
  readonly incarnation: number
  readonly reading: Reading
}

export function encodeCursor({ incarnation, reading }: Cursor): Uint8Array<ArrayBuffer> {
  const to = writeU48(incarnation, new Writer(CURSOR_BYTES))
  reading.write(to)
  return to.done()
}

/** Undefined for bytes that are no cursor of anybody's. */
export function decodeCursor(bytes: Uint8Array): Cursor | undefined {
  if (bytes.length !== CURSOR_BYTES) return undefined
  const reader = new Reader(bytes)
  const incarnation = readU48(reader)
  const reading = Reading.from(reader)
  return reading && { incarnation, reading }
}

function writeU48(value: number, to: Writer): Writer {
  return to.u16(Math.floor(value / 2 ** 32)).u32(value % 2 ** 32)
}

function readU48(from: Reader): number {
  return from.u16() * 2 ** 32 + from.u32()
}
