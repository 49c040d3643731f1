// A mailbox under test, with time in our hands: the machine over a store in memory that can be made to fail, an owner's
// socket that can be lost, and an object that can sleep or die at any moment.

import { DEFAULT_MAILBOX_CONFIG, type MailboxConfig } from '../../../protocol/mailbox/config.ts'
import type {
  Letter,
  LetterHead,
  LetterStore,
  MailboxEffect,
  MailboxInput,
  Put,
  PutOutcome,
  Window,
} from '../../../protocol/mailbox/contract.ts'
import { keyOf } from '../../../protocol/mailbox/heads.ts'
import { MailboxMachine } from '../../../protocol/mailbox/machine.ts'
import { MemoryLetterStore } from '../../../protocol/mailbox/memory-store.ts'
import { type MailCounts, NO_MAIL_COUNTS } from '../../../protocol/mailbox/tally.ts'

export const KIB = 1024
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
/** A minute past some hour, so that rounding shows. */
export const START_MS = 490_000 * HOUR_MS + 60_000
export const WIDE: Window = { letters: 1_024, bytes: 4 * KIB * KIB }

export const FREE = { perSecond: 1e9, burst: 1e12 }
/** For tests of anything but rates. */
export const UNPACED = {
  rates: { contact: { letters: FREE, bytes: FREE }, stranger: { letters: FREE, bytes: FREE } },
}

/** The store in memory, whose next calls of a kind can be made to throw; and what it was called for. */
export class FailingStore implements LetterStore {
  readonly calls = { insert: 0, remove: 0, envelope: 0 }
  readonly failing = new Set<'insert' | 'remove' | 'envelope'>()
  readonly #store = new MemoryLetterStore()

  heads(): Iterable<LetterHead> {
    return this.#store.heads()
  }

  insert(letters: readonly Letter[]): void {
    this.#called('insert')
    this.#store.insert(letters)
  }

  remove(heads: readonly LetterHead[], counts: MailCounts): void {
    this.#called('remove')
    this.#store.remove(heads, counts)
  }

  counts(): MailCounts | undefined {
    return this.#store.counts()
  }

  envelope(head: LetterHead): Uint8Array | undefined {
    this.#called('envelope')
    return this.#store.envelope(head)
  }

  /** As a disk loses things: behind everybody's back. */
  lose(id: Uint8Array): void {
    const lost = [...this.heads()].filter((head) => keyOf(head.id) === keyOf(id))
    this.#store.remove(lost, this.#store.counts() ?? NO_MAIL_COUNTS)
  }

  #called(what: keyof FailingStore['calls']): void {
    this.calls[what]++
    if (this.failing.has(what)) throw new Error(`the disk would not ${what}`)
  }
}

/** The n-th letter there is: its number is in its id. */
export function idOf(n: number): Uint8Array {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, n)
  return id
}
export const numberOf = (id: Uint8Array) => new DataView(id.buffer, id.byteOffset).getUint32(0)

const blanks = new Map<number, Uint8Array>()
const blank = (bytes: number) => {
  const known = blanks.get(bytes) ?? new Uint8Array(bytes)
  blanks.set(bytes, known)
  return known
}

export interface PutFields extends Partial<Omit<Put<number>, 'origin' | 'id' | 'envelope'>> {
  readonly bytes?: number
}

export function putOf(n: number, { bytes = 4 * KIB, ...fields }: PutFields = {}): Put<number> {
  const common = { sender: 'contact', priority: 'normal', ttlMs: 7 * DAY_MS } as const
  return { origin: n, id: idOf(n), envelope: blank(bytes), ...common, ...fields }
}

export class Box {
  nowMs = START_MS
  readonly store = new FailingStore()
  readonly #config: MailboxConfig
  machine: MailboxMachine<number>
  /** What came over the owner's socket and was not asked for yet. */
  #pushed: { letter: Letter; cursor: Uint8Array }[] = []
  /** What is kept with the owner's socket; undefined: there is none. */
  state: Uint8Array | undefined
  failures: unknown[] = []
  taken = 0
  #lives = 0

  constructor(config: Partial<MailboxConfig> = {}) {
    this.#config = { ...DEFAULT_MAILBOX_CONFIG, ...config }
    this.machine = this.#live()
  }

  #live(): MailboxMachine<number> {
    return new MailboxMachine(this.store, this.#config, ++this.#lives)
  }

  tell(input: MailboxInput<number>): readonly MailboxEffect<number>[] {
    const effects = this.machine.receive(input, this.nowMs)
    for (const effect of effects) {
      if (effect.kind === 'push') {
        if (effect.letter.expiresAtMs <= this.nowMs) throw new Error('what has ended is pushed')
        // As a socket does: a copy, since what the store lent may be used again.
        this.#pushed.push({ letter: effect.letter, cursor: effect.cursor.slice() })
      } else if (effect.kind === 'remember') this.state = effect.state.slice()
      else if (effect.kind === 'storeFailed') this.failures.push(effect.error)
      else if (effect.kind === 'taken') this.taken += effect.letters
    }
    return effects
  }

  /** Together, and their answers in the order of the puts. */
  puts(puts: readonly Put<number>[]): PutOutcome[] {
    const effects = this.tell({ kind: 'puts', puts })
    const answers = effects.flatMap((effect) => (effect.kind === 'answer' ? [effect] : []))
    if (answers.map(({ to }) => to).join() !== puts.map(({ origin }) => origin).join())
      throw new Error('each put is answered once, and in turn')
    return answers.map(({ outcome }) => outcome)
  }

  put(n: number, fields?: PutFields): PutOutcome {
    return this.puts([putOf(n, fields)])[0] as PutOutcome
  }

  owner(window: Window = WIDE, cursor?: Uint8Array): void {
    this.#pushed = []
    this.tell({ kind: 'hello', window, cursor })
  }

  ownerLost(): void {
    this.state = undefined
    this.#pushed = []
    this.tell({ kind: 'ownerGone' })
  }

  /** Letters pushed since this was last asked. */
  came(): { letter: Letter; cursor: Uint8Array }[] {
    const pushed = this.#pushed
    this.#pushed = []
    return pushed
  }

  /** …by number. */
  numbers(): number[] {
    return this.came().map(({ letter }) => numberOf(letter.id))
  }

  took(...numbers: readonly number[]): void {
    this.tell({ kind: 'took', ids: numbers.map(idOf) })
  }

  /** The object is evicted; sockets stay, and the next event finds a new life. */
  sleeps(): void {
    this.machine = this.#live()
    if (this.state !== undefined) this.tell({ kind: 'resumed', state: this.state })
  }

  /** The object dies: so do its sockets. */
  dies(): void {
    this.state = undefined
    this.#pushed = []
    this.machine = this.#live()
  }

  /** Time goes by, and the alarm rings whenever the machine wants it. */
  waits(ms: number): void {
    const untilMs = this.nowMs + ms
    for (let rings = 0; (this.machine.wakeAtMs ?? Number.POSITIVE_INFINITY) <= untilMs; rings++) {
      if (rings > 20_000) throw new Error('the alarm never stops ringing')
      this.nowMs = Math.max(this.nowMs, this.machine.wakeAtMs ?? 0)
      this.tell({ kind: 'wake' })
    }
    this.nowMs = untilMs
  }

  stored(): number[] {
    return [...this.store.heads()].map(({ id }) => numberOf(id))
  }
}
