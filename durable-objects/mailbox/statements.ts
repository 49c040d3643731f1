// The statements of a mailbox, each prepared once for the object's life: building one anew costs four times what running
// it does.

import { asc, eq, getTableColumns, gt, lt, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/durable-sqlite'
import { LETTER_ID_BYTES } from '../../protocol/wire/mail-frames.ts'
import { letters, oneTimePrekeys, owners, publications } from './schema.ts'

const { placeholder } = sql

type Placeholders<Name extends string> = { readonly [N in Name]: Placeholder<N> }

/** For the columns of these names, values to be given by the same names. */
function values<Name extends string>(...names: readonly Name[]): Placeholders<Name> {
  return Object.fromEntries(names.map((name) => [name, placeholder(name)])) as unknown as Placeholders<Name>
}

/** For an update, which takes none of the former. */
function given<Name extends string>(...names: readonly Name[]): { readonly [N in Name]: SQL } {
  return Object.fromEntries(names.map((name) => [name, sql`${placeholder(name)}`])) as { [N in Name]: SQL }
}

/** Of the letter that was there nothing stays. */
const NOTHING = { id: new Uint8Array(), priority: 0, stranger: false, bytes: 0, hour: 0, expiresAtMs: 0 }

/**
 * Letters as rows, of columns in one text and bytes joined. One statement for all of a transaction: a call into SQLite costs
 * more than the row it writes.
 */
const UNPACKED = sql`select value ->> 0, substr(${placeholder('ids')}, value ->> 1, ${LETTER_ID_BYTES}),
  value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
  substr(${placeholder('envelopes')}, value ->> 7, value ->> 4) from json_each(${placeholder('heads')})`

export type Statements = ReturnType<typeof prepareStatements>
type Database = ReturnType<typeof drizzle>

export function prepareStatements(storage: DurableObjectStorage) {
  const db = drizzle(storage, { casing: 'snake_case' })
  return { ...ofLetters(db), ...ofOwner(db) }
}

function ofLetters(db: Database) {
  const { envelope, ...head } = getTableColumns(letters)
  return {
    heads: db.select(head).from(letters).where(gt(letters.seq, 0)).orderBy(asc(letters.seq)).prepare(),
    insert: db
      .insert(letters)
      .values(values('seq', 'id', 'priority', 'stranger', 'bytes', 'hour', 'expiresAtMs', 'envelope'))
      .prepare(),
    /** A letter in the place of a note that nobody needs: a row, as one that is new. */
    insertAt: db
      .update(letters)
      .set(given('seq', 'id', 'priority', 'stranger', 'bytes', 'hour', 'expiresAtMs', 'envelope'))
      .where(eq(letters.seq, placeholder('place')))
      .prepare(),
    notes: db
      .select({ seq: letters.seq })
      .from(letters)
      .where(lt(letters.seq, 0))
      .orderBy(asc(letters.seq))
      .prepare(),
    /** A note in the place of a letter: a row, as one that is deleted. */
    note: db
      .update(letters)
      .set({ ...given('seq', 'envelope'), ...NOTHING })
      .where(eq(letters.seq, placeholder('place')))
      .returning({ seq: letters.seq })
      .prepare(),

    insertAll: db.insert(letters).select(UNPACKED).prepare(),
    remove: db
      .delete(letters)
      .where(eq(letters.seq, placeholder('seq')))
      .prepare(),
    envelope: db
      .select({ envelope })
      .from(letters)
      .where(eq(letters.seq, placeholder('seq')))
      .prepare(),
  }
}

function ofOwner(db: Database) {
  return {
    owner: db.select({ strangers: owners.strangers, keys: owners.keys }).from(owners).prepare(),
    setOwner: db
      .insert(owners)
      .values(values('one', 'strangers', 'keys'))
      .onConflictDoUpdate({
        target: owners.one,
        set: { strangers: sql`excluded.strangers`, keys: sql`excluded.keys` },
      })
      .prepare(),

    publication: db
      .select({ number: publications.number, head: publications.head })
      .from(publications)
      .orderBy(sql`${publications.number} desc`)
      .limit(1)
      .prepare(),
    publish: db.insert(publications).values(values('number', 'head')).prepare(),
    forgetHeads: db
      .delete(publications)
      .where(lt(publications.number, placeholder('before')))
      .prepare(),
    forgetOneTime: db
      .delete(oneTimePrekeys)
      .where(lt(oneTimePrekeys.publication, placeholder('before')))
      .prepare(),
    lastPlace: db
      .select({ place: sql<number>`coalesce(max(${oneTimePrekeys.place}), 0)` })
      .from(oneTimePrekeys)
      .prepare(),
    addOneTime: db
      .insert(oneTimePrekeys)
      .values(values('place', 'publication', 'bytes'))
      .prepare(),
    firstOneTime: db
      .select({ place: oneTimePrekeys.place, bytes: oneTimePrekeys.bytes, head: publications.head })
      .from(oneTimePrekeys)
      .innerJoin(publications, eq(publications.number, oneTimePrekeys.publication))
      .orderBy(asc(oneTimePrekeys.place))
      .limit(1)
      .prepare(),
    takeOneTime: db
      .delete(oneTimePrekeys)
      .where(eq(oneTimePrekeys.place, placeholder('place')))
      .prepare(),
    countOneTime: db.select({ left: sql<number>`count(*)` }).from(oneTimePrekeys).prepare(),
  }
}
