// A mailbox's two stores over SQLite. What nobody has opened has no tables: every question to it is answered without
// asking the disk, and only `open` makes them.

import {
  ACCESS_KEY_BYTES,
  type AccessRules,
  type Letter,
  type LetterHead,
  type LetterStore,
  type OneTimePrekey,
  type OwnerStore,
} from '../../protocol/mailbox/contract.ts'
import { type MailCounts, NO_MAIL_COUNTS } from '../../protocol/mailbox/tally.ts'
import { LetterRows, type Touched } from './letter-rows.ts'
import { EMPTY_LOT, envelopeIn, type Lot, lotsOf, packHeads, unpackHeads, without } from './lot.ts'
import { hasTables, migrate } from './migrate.ts'
import { RecentLots } from './recent-lots.ts'
import { prepareStatements, type Statements } from './statements.ts'

const THE_ONE = 1
const MANY = Number.POSITIVE_INFINITY

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
  readonly #recent = new RecentLots()
  #rows: LetterRows | undefined

  constructor(tables: Tables) {
    this.#tables = tables
  }

  heads(): Iterable<LetterHead> {
    const all: LetterHead[] = []
    if (!this.#tables.exist) return all
    const rows = new LetterRows()
    for (const { place, counted, heads: packed } of this.#tables.statements.rows.all()) {
      const heads = unpackHeads(packed)
      rows.found(place, counted, heads)
      for (const head of heads) all.push(head)
    }
    this.#rows = rows
    return all.sort((a, b) => a.seq - b.seq)
  }

  insert(letters: readonly Letter[]): void {
    if (letters.length === 0) return
    if (!this.#tables.exist) this.#tables.make()
    const rows = this.#known()
    const seqs = new Set(letters.map(({ seq }) => seq))
    if (seqs.size < letters.length || letters.some(({ seq }) => rows.placeOf(seq) !== undefined))
      throw new Error('a letter is there already')
    const lots = lotsOf(letters)
    const places = rows.places(lots.length)
    this.#tables.change(lots.length, ({ put }) => {
      for (const [at, lot] of lots.entries()) put.run({ place: places[at] as number, ...columnsOf(lot) })
    })
    rows.used(places)
    for (const [at, { heads }] of lots.entries()) rows.filled(places[at] as number, heads)
  }

  remove(heads: readonly LetterHead[], counts: MailCounts): void {
    if (heads.length === 0 || !this.#tables.exist) return
    const rows = this.#known()
    const touched = rows.touchedBy(heads)
    const { written, deleted } = this.#after(touched)
    const last = written.at(-1)
    if (last === undefined) return
    const note = { counted: rows.counted.number + 1, counts: JSON.stringify(counts) }
    this.#tables.change(touched.length, ({ write, remove }) => {
      for (const row of written)
        write.run({ place: row.place, ...columnsOf(row.lot), ...(row === last ? note : NO_NOTE) })
      for (const place of deleted) remove.run({ place })
    })
    rows.took(touched)
    rows.countedIn(last.place)
    if (last.lot.heads.length === 0) rows.emptied(last.place)
    for (const { place, lot } of written) this.#recent.keep(place, lot)
    for (const place of deleted) this.#recent.keep(place, EMPTY_LOT)
  }

  /** A count that was not there yet when it was written is none. */
  counts(): MailCounts | undefined {
    if (!this.#tables.exist) return undefined
    const note = this.#tables.statements.counts.get({ place: this.#known().counted.place })
    if (note === undefined) return undefined
    const counts = JSON.parse(note.counts) as MailCounts
    return { ...NO_MAIL_COUNTS, ...counts, refused: { ...NO_MAIL_COUNTS.refused, ...counts.refused } }
  }

  envelope({ seq }: LetterHead): Uint8Array | undefined {
    const place = this.#tables.exist ? this.#known().placeOf(seq) : undefined
    const lot = place === undefined ? undefined : this.#lot(place)
    return lot && envelopeIn(lot, seq)
  }

  /** Rows whose letters are all taken go; but one row is written in any case, and what was counted goes into it. */
  #after(touched: readonly Touched[]): After {
    const written: Written[] = []
    const deleted: number[] = []
    for (const { place, seqs, emptied } of touched) {
      const lot = emptied ? undefined : this.#lot(place)
      if (lot === undefined) deleted.push(place)
      else written.push({ place, lot: without(lot, seqs) })
    }
    const empty = written.length === 0 ? deleted.pop() : undefined
    if (empty !== undefined) written.push({ place: empty, lot: EMPTY_LOT })
    return { written, deleted }
  }

  #lot(place: number): Lot | undefined {
    const recent = this.#recent.get(place)
    if (recent !== undefined) return recent
    const row = this.#tables.statements.lot.get({ place })
    if (row === undefined) return undefined
    const lot = { heads: unpackHeads(row.heads), envelopes: row.envelopes }
    this.#recent.keep(place, lot)
    return lot
  }

  #known(): LetterRows {
    if (this.#rows === undefined) this.heads()
    return this.#rows as LetterRows
  }
}

interface Written {
  readonly place: number
  readonly lot: Lot
}

interface After {
  readonly written: readonly Written[]
  readonly deleted: readonly number[]
}

const NO_NOTE = { counted: 0, counts: '' }

function columnsOf({ heads, envelopes }: Lot) {
  return { heads: packHeads(heads), envelopes }
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
