// The statements of a mailbox, each prepared once for the object's life: building one anew costs four times what running
// it does.

import { asc, eq, lt, type Placeholder, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/durable-sqlite'
import { lots, oneTimePrekeys, owners, publications } from './schema.ts'

const { placeholder } = sql

type Placeholders<Name extends string> = { readonly [N in Name]: Placeholder<N> }

/** For the columns of these names, values to be given by the same names. */
function values<Name extends string>(...names: readonly Name[]): Placeholders<Name> {
  return Object.fromEntries(names.map((name) => [name, placeholder(name)])) as unknown as Placeholders<Name>
}

export type Statements = ReturnType<typeof prepareStatements>
type Database = ReturnType<typeof drizzle>

export function prepareStatements(storage: DurableObjectStorage) {
  const db = drizzle(storage, { casing: 'snake_case' })
  return { ...ofLetters(db), ...ofOwner(db) }
}

function ofLetters(db: Database) {
  const at = eq(lots.place, placeholder('place'))
  const excluded = { heads: sql`excluded.heads`, envelopes: sql`excluded.envelopes` }
  const counted = { counted: sql`excluded.counted`, counts: sql`excluded.counts` }
  return {
    rows: db
      .select({ place: lots.place, counted: lots.counted, heads: lots.heads })
      .from(lots)
      .orderBy(asc(lots.place))
      .prepare(),
    /** Into a row that is new, or empty: then what is noted there stays. Either is a row written. */
    put: db
      .insert(lots)
      .values({ ...values('place', 'heads', 'envelopes'), counted: 0, counts: '' })
      .onConflictDoUpdate({ target: lots.place, set: excluded })
      .prepare(),
    /** In place of all that was in the row. */
    write: db
      .insert(lots)
      .values(values('place', 'counted', 'heads', 'counts', 'envelopes'))
      .onConflictDoUpdate({ target: lots.place, set: { ...excluded, ...counted } })
      .prepare(),
    remove: db.delete(lots).where(at).prepare(),
    lot: db.select({ heads: lots.heads, envelopes: lots.envelopes }).from(lots).where(at).prepare(),
    counts: db.select({ counts: lots.counts }).from(lots).where(at).prepare(),
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
