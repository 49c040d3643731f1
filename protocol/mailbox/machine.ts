// A mailbox's decisions: what is kept, what is sent to the owner and when, and when a letter is no more.
//
// Invariants
// 1. A put is answered ok only if its letter is in the store, or was and is gone by `took` or by its end.
// 2. A letter leaves the store by `took` or by its end, and by nothing else.
// 3. Every letter that is stored and has not ended is at or behind the owner's reading as under way, or ahead of it and
//    will be pushed: none is skipped, whatever lives the object had in between.
// 4. What has ended is neither pushed nor read nor counted, however late the alarm.
// 5. Memory follows the store: what the store would not do has not happened.
// 6. Of every priority: accepted = acknowledged + expired + in the store, whatever lives the object had in between.
//
// Why none is skipped though seqs begin again when the store is empty: in one life of the object seqs only grow, and a
// cursor of another life is worth nothing. A socket that outlived a life brings its reading along; of that only the part
// up to the last seq stored at birth says anything, for what comes in this life is above it.

import { MAILBOX_PAGE_BYTES_MAX, MAILBOX_PAGE_LETTERS_MAX, MAILBOX_STORE_REST_MS } from '../limits/mailbox.ts'
import type { Machine } from '../machine.ts'
import { PRIORITIES, type Priority } from '../priority.ts'
import type { MailboxConfig } from './config.ts'
import type {
  Letter,
  LetterHead,
  LetterStore,
  MailboxEffect,
  MailboxInput,
  Page,
  Put,
  PutOutcome,
} from './contract.ts'
import { decodeCursor, encodeCursor, Reading, SEQ_LIMIT } from './cursor.ts'
import { GoneLetters } from './gone.ts'
import { Heads, keyOf } from './heads.ts'
import { endOf, faultOf, HOUR_MS, Intake, refused, type Sitting } from './intake.ts'
import { Owner } from './owner.ts'
import { type ByPriority, MailTally } from './tally.ts'

export interface MailboxStats {
  readonly letters: number
  readonly bytes: number
  readonly byPriority: ByPriority
  /** Undefined when there is no letter. */
  readonly oldestHour: number | undefined
}

export class MailboxMachine<Origin> implements Machine<MailboxInput<Origin>, MailboxEffect<Origin>> {
  readonly tally: MailTally
  readonly #store: LetterStore
  readonly #incarnation: number
  readonly #intake: Intake
  readonly #heads = new Heads()
  readonly #gone = new GoneLetters()
  /** Ended, and still in the store. */
  readonly #ended = new Map<string, LetterHead>()
  readonly #delivered = new WeakSet<LetterHead>()
  readonly #seqAtBirth: number
  #seq: number
  #owner: Owner | undefined
  /** The store failed: nothing is read for pushing, and nothing that ended removed, before this. */
  #restUntilMs: number | undefined
  #effects: MailboxEffect<Origin>[] = []
  /** The owner's reading is another than it was. */
  #moved = false

  /** `incarnation`: a random whole number below 2^48, new for each machine. Throws what the store throws. */
  constructor(store: LetterStore, config: MailboxConfig, incarnation: number) {
    if (!Number.isInteger(incarnation) || incarnation < 0 || incarnation >= SEQ_LIMIT)
      throw new RangeError(`an incarnation is a whole number below 2^48, not ${incarnation}`)
    this.#store = store
    this.#incarnation = incarnation
    this.#intake = new Intake(config)
    let seq = 0
    for (const head of store.heads()) {
      this.#heads.add(head)
      seq = head.seq
    }
    this.#seq = seq
    this.#seqAtBirth = seq
    this.tally = new MailTally(store.counts(), this.#heads)
  }

  get wakeAtMs(): number | undefined {
    if (this.#restUntilMs !== undefined) return this.#restUntilMs
    let atMs = this.#heads.earliestEndMs
    for (const { expiresAtMs } of this.#ended.values()) atMs = Math.min(atMs, expiresAtMs)
    return atMs === Number.POSITIVE_INFINITY ? undefined : atMs
  }

  receive(input: MailboxInput<Origin>, nowMs: number): readonly MailboxEffect<Origin>[] {
    this.#effects = []
    this.#moved = false
    if (this.#restUntilMs !== undefined && this.#restUntilMs <= nowMs) this.#restUntilMs = undefined
    this.#retire(nowMs)
    switch (input.kind) {
      case 'puts':
        this.#puts(input.puts, nowMs)
        break
      case 'hello':
        this.#meet(new Owner(input.window, this.#readingOf(input.cursor), this.#heads), nowMs)
        break
      case 'resumed':
        this.#meet(Owner.awake(input.state, this.#heads, this.#seqAtBirth), nowMs)
        break
      case 'took':
        this.#took(input.ids, nowMs)
        break
      case 'ownerGone':
        this.#owner = undefined
        break
      case 'wake':
        this.#sweep(nowMs)
        this.#push(nowMs)
        break
    }
    if (this.#owner !== undefined && this.#moved)
      this.#effects.push({ kind: 'remember', state: this.#owner.state() })
    return this.#effects
  }

  // ---- questions --------------------------------------------------------------------------------------------

  /** Whether the letter is stored. */
  has(id: Uint8Array, nowMs: number): boolean {
    this.#retire(nowMs)
    return this.#heads.get(id) !== undefined
  }

  stats(nowMs: number): MailboxStats {
    this.#retire(nowMs)
    const { total, of } = this.#heads.usage
    const letters = (priority: Priority) => of[priority].letters
    const [critical, high, normal, low] = PRIORITIES.map(letters) as [number, number, number, number]
    const oldest = PRIORITIES.map((each) => this.#heads.first(each, 0)?.hour ?? Number.POSITIVE_INFINITY)
    return {
      ...total,
      byPriority: { critical, high, normal, low },
      oldestHour: total.letters === 0 ? undefined : Math.min(...oldest),
    }
  }

  /**
   * The next letters after a cursor, as many as may be on one page; undefined for bytes that are no cursor. One of another
   * incarnation reads from the beginning. Throws what the store throws, having changed nothing.
   */
  page(cursor: Uint8Array | undefined, limit: number, nowMs: number): Page | undefined {
    if (cursor !== undefined && decodeCursor(cursor) === undefined) return undefined
    this.#retire(nowMs)
    const reading = this.#readingOf(cursor)
    const most = Math.min(Math.max(1, Math.floor(limit)), MAILBOX_PAGE_LETTERS_MAX)
    const read: LetterHead[] = []
    const letters: Letter[] = []
    let bytes = 0
    let head = this.#next(reading)
    while (head !== undefined && letters.length < most) {
      if (letters.length > 0 && bytes + head.bytes > MAILBOX_PAGE_BYTES_MAX) break
      const envelope = this.#store.envelope(head)
      if (envelope === undefined) this.#lose(head)
      else {
        read.push(head)
        letters.push({ ...head, envelope })
        bytes += head.bytes
        reading.read(head)
      }
      head = this.#next(reading)
    }
    for (const each of read) this.#noteDelivered(each)
    return { letters, cursor: this.#cursorOf(reading), more: head !== undefined }
  }

  // ---- coming in --------------------------------------------------------------------------------------------

  #puts(puts: readonly Put<Origin>[], nowMs: number): void {
    const sitting = this.#intake.begin(this.#heads.usage)
    const fresh = new Map<string, Letter>()
    const outcomes = puts.map((put) => this.#decide(put, sitting, fresh, nowMs))
    const stored = this.#insert([...fresh.values()])
    if (stored) this.#intake.end(sitting)
    for (const [at, { origin, id, priority }] of puts.entries()) {
      let outcome = outcomes[at] as PutOutcome
      if (outcome.ok && !stored && fresh.has(keyOf(id))) outcome = refused('internal', MAILBOX_STORE_REST_MS)
      if (!outcome.ok) this.tally.noteRefused(outcome.reason)
      else if (outcome.known) this.tally.noteKnown()
      else this.tally.note('accepted', priority)
      this.#effects.push({ kind: 'answer', to: origin, outcome })
    }
    if (stored) this.#push(nowMs, fresh)
  }

  /** Adds to `fresh` what is to be kept. */
  #decide(put: Put<Origin>, sitting: Sitting, fresh: Map<string, Letter>, nowMs: number): PutOutcome {
    const fault = faultOf(put)
    if (fault !== undefined) return fault
    const key = keyOf(put.id)
    const known = (this.#heads.of(key) ?? this.#ended.get(key) ?? fresh.get(key))?.expiresAtMs
    const expiresAtMs = known ?? this.#gone.endMs(key)
    if (expiresAtMs !== undefined) return { ok: true, known: true, expiresAtMs }
    const refusal = sitting.admit(put, nowMs)
    if (refusal !== undefined) return refusal
    const { sender, priority, envelope } = put
    const letter: Letter = {
      seq: this.#seq + fresh.size + 1,
      id: put.id.slice(), // a view would keep the whole message it came in
      priority,
      sender,
      bytes: envelope.length,
      hour: Math.floor(nowMs / HOUR_MS),
      expiresAtMs: endOf(put.ttlMs, nowMs),
      envelope,
    }
    fresh.set(key, letter)
    return { ok: true, known: false, expiresAtMs: letter.expiresAtMs }
  }

  #insert(letters: readonly Letter[]): boolean {
    if (letters.length === 0) return true
    try {
      this.#store.insert(letters)
    } catch (error) {
      this.#effects.push({ kind: 'storeFailed', doing: 'insert', error })
      return false
    }
    for (const { envelope: _, ...head } of letters) this.#heads.add(head)
    this.#seq += letters.length
    return true
  }

  // ---- to the owner -----------------------------------------------------------------------------------------

  /** Where a cursor has come to; the beginning, if it is not of this life. */
  #readingOf(bytes: Uint8Array | undefined): Reading {
    const cursor = bytes && decodeCursor(bytes)
    if (cursor === undefined || cursor.incarnation !== this.#incarnation) return Reading.fromStart()
    const isOfThisLife = PRIORITIES.every((priority) => cursor.reading.seq(priority) <= this.#seq)
    return isOfThisLife ? cursor.reading : Reading.fromStart()
  }

  #cursorOf(reading: Reading): Uint8Array {
    return encodeCursor({ incarnation: this.#incarnation, reading })
  }

  #meet(owner: Owner, nowMs: number): void {
    this.#owner = owner
    this.#moved = true
    for (const head of this.#heads) if (owner.reading.has(head)) this.#delivered.add(head)
    this.#push(nowMs)
  }

  #push(nowMs: number, fresh?: ReadonlyMap<string, Letter>): void {
    const owner = this.#owner
    if (owner === undefined) return
    for (let head = this.#next(owner.reading); head !== undefined; head = this.#next(owner.reading)) {
      if (this.#restUntilMs !== undefined || !owner.hasRoomFor(head)) return
      const letter = fresh?.get(keyOf(head.id)) ?? this.#read(head, nowMs)
      if (letter === undefined) continue
      owner.pushed(head)
      this.#moved = true
      this.#noteDelivered(head)
      this.#effects.push({ kind: 'push', letter, cursor: this.#cursorOf(owner.reading) })
    }
  }

  /** Undefined when the store failed, which then rests, or has lost the letter, which then is forgotten. */
  #read(head: LetterHead, nowMs: number): Letter | undefined {
    try {
      const envelope = this.#store.envelope(head)
      if (envelope !== undefined) return { ...head, envelope }
    } catch (error) {
      this.#storeFailed('read', error, nowMs)
      return undefined
    }
    this.#lose(head)
    this.#effects.push({ kind: 'storeFailed', doing: 'read', error: new Error('a stored letter is missing') })
    return undefined
  }

  #next(reading: Reading): LetterHead | undefined {
    return reading.next((priority, afterSeq) => this.#heads.first(priority, afterSeq))
  }

  #noteDelivered(head: LetterHead): void {
    if (this.#delivered.has(head)) return
    this.#delivered.add(head)
    this.tally.note('delivered', head.priority)
  }

  // ---- going ------------------------------------------------------------------------------------------------

  #took(ids: readonly Uint8Array[], nowMs: number): void {
    const taken = new Set<LetterHead>()
    for (const id of ids) {
      const head = this.#heads.get(id)
      if (head !== undefined) taken.add(head)
    }
    if (this.#remove([...taken], 'acknowledged', nowMs)) {
      for (const head of taken) this.#forget(head)
      this.#effects.push({ kind: 'taken', letters: taken.size })
      return this.#push(nowMs)
    }
    // They are still there. The owner thinks otherwise, so it is told of them again, when the store has rested.
    this.#owner?.tellAgain(taken, this.#heads)
    this.#moved = true
  }

  /** Invariant 4: out of memory the moment it is looked at after its end. Out of the store when the alarm comes. */
  #retire(nowMs: number): void {
    for (const head of this.#heads.endedBy(nowMs)) {
      this.#forget(head)
      this.#ended.set(keyOf(head.id), head)
    }
  }

  #sweep(nowMs: number): void {
    if (this.#restUntilMs !== undefined) return
    if (this.#remove([...this.#ended.values()], 'expired', nowMs)) this.#ended.clear()
  }

  #remove(heads: readonly LetterHead[], as: 'acknowledged' | 'expired', nowMs: number): boolean {
    if (heads.length === 0) return true
    try {
      this.#store.remove(heads, this.tally.after(as, heads))
    } catch (error) {
      this.#storeFailed('remove', error, nowMs)
      return false
    }
    for (const { priority } of heads) this.tally.note(as, priority)
    return true
  }

  /** Taken or ended. */
  #forget(head: LetterHead): void {
    this.#lose(head)
    this.#gone.add(head.id, head.expiresAtMs)
  }

  #lose(head: LetterHead): void {
    this.#heads.remove(head)
    this.#owner?.forget(head)
  }

  #storeFailed(doing: 'remove' | 'read', error: unknown, nowMs: number): void {
    this.#restUntilMs = nowMs + MAILBOX_STORE_REST_MS
    this.#effects.push({ kind: 'storeFailed', doing, error })
  }
}
