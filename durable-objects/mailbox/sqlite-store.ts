// A mailbox's two stores over SQLite. What nobody has opened has no tables: every question to it is answered without
// asking the disk, and only `open` makes them.

import { concat } from '../../protocol/crypto/suite.ts'
import { MIB } from '../../protocol/limits/units.ts'
import {
  ACCESS_KEY_BYTES,
  type AccessRules,
  type Letter,
  type LetterHead,
  type LetterStore,
  type OneTimePrekey,
  type OwnerStore,
} from '../../protocol/mailbox/contract.ts'
import type { MailCounts } from '../../protocol/mailbox/tally.ts'
import { PRIORITIES, type Priority } from '../../protocol/priority.ts'
import { LETTER_ID_BYTES } from '../../protocol/wire/mail-frames.ts'
import { LetterNotes } from './letter-notes.ts'
import { hasTables, migrate } from './migrate.ts'
import { prepareStatements, type Statements } from './statements.ts'

const THE_ONE = 1
const MANY = Number.POSITIVE_INFINITY
/** What one statement inserts: the platform takes values of up to 2 MB, and what is put into one is copied. */
const LOT_BYTES_MAX = MIB

/** The tables, once there are some; both stores of an object share it. */
export class Tables {
  readonly storage: DurableObjectStorage
  #statements: Statements | undefined

  constructor(storage: DurableObjectStorage) {
    this.storage = storage
    if (hasTables(storage)) this.make()
  }

  get exist(): boolean {
    return this.#statements !== undefined
  }

  make(): void {
    migrate(this.storage)
    this.#statements ??= prepareStatements(this.storage)
  }

  get statements(): Statements {
    if (this.#statements === undefined) throw new Error('the mailbox is not open')
    return this.#statements
  }

  /** All or nothing. A lone statement is that by itself, and a savepoint around it would cost as much again. */
  change(statements: number, work: (statements: Statements) => void): void {
    if (statements === 1) work(this.statements)
    else this.storage.transactionSync(() => work(this.statements))
  }
}

export class SqliteLetterStore implements LetterStore {
  readonly #tables: Tables
  readonly #notes: LetterNotes

  constructor(tables: Tables) {
    this.#tables = tables
    this.#notes = new LetterNotes(tables)
  }

  *heads(): Iterable<LetterHead> {
    if (!this.#tables.exist) return
    for (const { priority, stranger, ...head } of this.#tables.statements.heads.all()) {
      yield { ...head, priority: PRIORITIES[priority] as Priority, sender: stranger ? 'stranger' : 'contact' }
    }
  }

  insert(letters: readonly Letter[]): void {
    if (letters.length === 0) return
    if (!this.#tables.exist) this.#tables.make()
    const places = this.#notes.free(letters.length)
    const lots = lotsOf(letters.slice(places.length))
    this.#tables.change(places.length + lots.length, (statements) => {
      for (const [at, place] of places.entries())
        statements.insertAt.run({ ...rowOf(letters[at] as Letter), place })
      for (const lot of lots) insertLot(statements, lot)
    })
    this.#notes.used(places)
  }

  remove(heads: readonly LetterHead[], counts: MailCounts): void {
    const last = heads.at(-1)
    if (last === undefined || !this.#tables.exist) return
    const note = this.#notes.next(counts)
    let written = false
    this.#tables.change(heads.length, (statements) => {
      for (const { seq } of heads.slice(0, -1)) statements.remove.run({ seq })
      written = statements.note.get({ ...note, place: last.seq }) !== undefined
    })
    if (written) this.#notes.wrote(note)
  }

  counts(): MailCounts | undefined {
    return this.#tables.exist ? this.#notes.newest() : undefined
  }

  envelope({ seq }: LetterHead): Uint8Array | undefined {
    return this.#tables.exist ? this.#tables.statements.envelope.get({ seq })?.envelope : undefined
  }
}

/** As few as there may be, in order. */
function lotsOf(letters: readonly Letter[]): readonly (readonly Letter[])[] {
  const lots: Letter[][] = []
  let room = 0
  for (const letter of letters) {
    if (letter.bytes > room) {
      lots.push([])
      room = LOT_BYTES_MAX
    }
    lots.at(-1)?.push(letter)
    room -= letter.bytes
  }
  return lots
}

function insertLot({ insert, insertAll }: Statements, lot: readonly Letter[]): void {
  const [first, ...more] = lot
  if (first === undefined) return
  if (more.length > 0) return void insertAll.run(packed(lot))
  insert.run(rowOf(first))
}

function rowOf({ priority, sender, ...letter }: Letter) {
  return { ...letter, priority: PRIORITIES.indexOf(priority), stranger: Number(sender === 'stranger') }
}

/** Their bytes joined, and of each its columns; where its bytes are in place of them, counted from 1 as SQLite does. */
function packed(letters: readonly Letter[]) {
  const heads: number[][] = []
  let at = 1
  for (const [i, { seq, priority, sender, bytes, hour, expiresAtMs }] of letters.entries()) {
    const stranger = sender === 'stranger' ? 1 : 0
    const idAt = i * LETTER_ID_BYTES + 1
    heads.push([seq, idAt, PRIORITIES.indexOf(priority), stranger, bytes, hour, expiresAtMs, at])
    at += bytes
  }
  return {
    heads: JSON.stringify(heads),
    ids: concat(letters.map(({ id }) => id)),
    envelopes: concat(letters.map(({ envelope }) => envelope)),
  }
}

export class SqliteOwnerStore implements OwnerStore {
  readonly #tables: Tables
  /** Kept beside the disk, since every put asks for it. */
  #row: AccessRules | 'none' | undefined

  constructor(tables: Tables) {
    this.#tables = tables
  }

  get opened(): boolean {
    return this.#rules() !== 'none'
  }

  open(): void {
    if (this.opened) return
    if (!this.#tables.exist) this.#tables.make()
    this.setAccess(AT_FIRST)
  }

  access(): AccessRules {
    const rules = this.#rules()
    return rules === 'none' ? AT_FIRST : rules
  }

  setAccess({ keys, strangers }: AccessRules): void {
    const joined = new Uint8Array(keys.length * ACCESS_KEY_BYTES)
    for (const [i, key] of keys.entries()) joined.set(key, i * ACCESS_KEY_BYTES)
    this.#tables.statements.setOwner.run({ one: THE_ONE, strangers, keys: joined })
    this.#row = undefined
  }

  prekeyHead(): Uint8Array | undefined {
    return this.opened ? this.#tables.statements.publication.get()?.head : undefined
  }

  publish(head: Uint8Array, oneTime: readonly OneTimePrekey[]): void {
    if (new Set(oneTime.map(({ id }) => id)).size < oneTime.length) throw new Error('a prekey is there twice')
    this.#tables.change(MANY, (statements) => {
      const before = statements.publication.get()?.number ?? 0
      statements.forgetOneTime.run({ before })
      statements.forgetHeads.run({ before })
      const number = before + 1
      statements.publish.run({ number, head })
      let place = statements.lastPlace.get()?.place ?? 0
      for (const { bytes } of oneTime)
        statements.addOneTime.run({ place: ++place, publication: number, bytes })
    })
  }

  drawOneTime(): { readonly head: Uint8Array; readonly oneTime: Uint8Array } | undefined {
    const first = this.#tables.exist ? this.#tables.statements.firstOneTime.get() : undefined
    if (first === undefined) return undefined
    this.#tables.statements.takeOneTime.run({ place: first.place })
    return { head: first.head, oneTime: first.bytes }
  }

  get oneTimeLeft(): number {
    return this.opened ? (this.#tables.statements.countOneTime.get()?.left ?? 0) : 0
  }

  #rules(): AccessRules | 'none' {
    this.#row ??= this.#tables.exist ? rulesIn(this.#tables.statements.owner.get()) : 'none'
    return this.#row
  }
}

/** What an owner that said nothing of it wants: strangers' stamps are taken, and no contact has a key. */
const AT_FIRST: AccessRules = { keys: [], strangers: true }

function rulesIn(
  row: { readonly keys: Uint8Array; readonly strangers: boolean } | undefined,
): AccessRules | 'none' {
  if (row === undefined) return 'none'
  const keys: Uint8Array[] = []
  for (let at = 0; at < row.keys.length; at += ACCESS_KEY_BYTES)
    keys.push(row.keys.subarray(at, at + ACCESS_KEY_BYTES))
  return { keys, strangers: row.strangers }
}
