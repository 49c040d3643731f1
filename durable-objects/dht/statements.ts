// The statements of a shard, each prepared once for the object's life: building one anew costs four times what running it
// does.

import {
  and,
  asc,
  count,
  desc,
  eq,
  getTableColumns,
  gt,
  gte,
  lt,
  lte,
  min,
  type Placeholder,
  type SQL,
  sql,
  sum,
} from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/durable-sqlite'
import { type Looked, SLOTS, SLOTS_OF } from '../../protocol/dht/shard/contract.ts'
import { heads, providers, records, splits, states, usages } from './schema.ts'

const { placeholder } = sql

/** For each column of a table, the value that is given by its name. */
function values<Columns extends object>(columns: Columns): { [Name in keyof Columns]: Placeholder } {
  const names = Object.keys(columns)
  return Object.fromEntries(names.map((name) => [name, placeholder(name)])) as never
}

/** What an upsert changes: everything but the key. */
function excluded<Name extends string>(...names: readonly Name[]): Record<Name, SQL> {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return Object.fromEntries(names.map((name) => [name, sql.raw(`excluded.${snake(name)}`)])) as never
}

export type Statements = ReturnType<typeof prepareStatements>
type Database = ReturnType<typeof drizzle>

const ANNOUNCEMENT = SLOTS.indexOf('announcement')

export function prepareStatements(storage: DurableObjectStorage) {
  const db = drizzle(storage, { casing: 'snake_case' })
  return {
    ...recordStatements(db),
    ...providerStatements(db),
    ...otherStatements(db),
    sweepRecords: sweepOfRecords(db),
    sweepProviders: sweepOfProviders(db),
  }
}

function recordStatements(db: Database) {
  const { slot, key, expiresAtMs } = records
  const announced = (way: 'up' | 'down') =>
    db
      .select({ key })
      .from(records)
      .where(
        and(
          eq(slot, sql.raw(String(ANNOUNCEMENT))),
          gte(key, placeholder('low')),
          way === 'up' ? lte(key, placeholder('high')) : lt(key, placeholder('high')),
          gt(expiresAtMs, placeholder('nowMs')),
        ),
      )
      .orderBy(way === 'up' ? asc(key) : desc(key))
      .limit(placeholder('limit'))
      .prepare()
  // Slots are written into the statement, not bound to it. What has expired is left out by who asks: a time that is bound makes
  // SQLite plan the statement anew each time.
  const look = (of: Looked) => {
    const places = sql.raw(SLOTS_OF[of].map((each) => SLOTS.indexOf(each)).join(', '))
    return db
      .select({ bytes: records.bytes, expiresAtMs })
      .from(records)
      .where(and(sql`${slot} in (${places})`, eq(key, placeholder('key'))))
      .orderBy(asc(slot))
      .prepare()
  }
  return {
    record: db
      .select()
      .from(records)
      .where(and(eq(slot, placeholder('slot')), eq(key, placeholder('key'))))
      .prepare(),
    looks: { any: look('any'), signed: look('signed'), value: look('value') },
    putRecord: db
      .insert(records)
      .values(values(getTableColumns(records)))
      .onConflictDoUpdate({
        target: [slot, key],
        set: excluded('owner', 'sequence', 'digest', 'expiresAtMs', 'endsAtMs', 'bytes'),
      })
      .prepare(),
    announcedUp: announced('up'),
    announcedDown: announced('down'),
  }
}

function providerStatements(db: Database) {
  const isTheOne = and(eq(providers.key, placeholder('key')), eq(providers.peer, placeholder('peer')))
  const isHead = eq(heads.id, placeholder('id'))
  return {
    provider: db.select().from(providers).where(isTheOne).prepare(),
    providers: db
      .select()
      .from(providers)
      .where(eq(providers.key, placeholder('key')))
      .prepare(),
    putProvider: db
      .insert(providers)
      .values(values(getTableColumns(providers)))
      .onConflictDoUpdate({
        target: [providers.key, providers.peer],
        set: excluded('head', 'place', 'region', 'createdMs', 'expiresAtMs', 'endsAtMs', 'path'),
      })
      .prepare(),
    removeProvider: db.delete(providers).where(isTheOne).prepare(),

    head: db.select().from(heads).where(isHead).prepare(),
    putHead: db
      .insert(heads)
      .values(values(getTableColumns(heads)))
      .prepare(),
    setUses: db
      .update(heads)
      .set({ uses: sql`${placeholder('uses')}` })
      .where(isHead)
      .prepare(),
    removeHead: db.delete(heads).where(isHead).prepare(),
  }
}

function otherStatements(db: Database) {
  const isOwner = eq(usages.owner, placeholder('owner'))
  return {
    usage: db.select({ records: usages.records, bytes: usages.bytes }).from(usages).where(isOwner).prepare(),
    setUsage: db
      .insert(usages)
      .values(values(getTableColumns(usages)))
      .onConflictDoUpdate({ target: usages.owner, set: excluded('records', 'bytes') })
      .prepare(),
    owned: db
      .select({ records: sum(usages.records) })
      .from(usages)
      .prepare(),
    unowned: db
      .select({ records: count() })
      .from(records)
      .where(eq(records.slot, SLOTS.indexOf('announcement')))
      .prepare(),
    removeUsage: db.delete(usages).where(isOwner).prepare(),
    state: db.select().from(states).prepare(),
    setState: db
      .insert(states)
      .values(values(getTableColumns(states)))
      .onConflictDoUpdate({ target: states.one, set: excluded('records', 'isParentDrained', 'isDrained') })
      .prepare(),
    splits: db.select().from(splits).orderBy(asc(splits.prefix)).prepare(),
    putSplit: db
      .insert(splits)
      .values(values(getTableColumns(splits)))
      .onConflictDoUpdate({ target: splits.prefix, set: excluded('atMs', 'told') })
      .prepare(),
  }
}

/** Behind one row, up to and with another: the last of the page, how many stay, which go. */
function sweepOfRecords(db: Database) {
  const { slot, key, owner, bytes, endsAtMs } = records
  const isAfter = sql`(${slot}, ${key}) > (${placeholder('slot')}, ${placeholder('key')})`
  const isUpTo = sql`(${slot}, ${key}) <= (${placeholder('lastSlot')}, ${placeholder('lastKey')})`
  return {
    last: db
      .select({ slot, key })
      .from(records)
      .where(isAfter)
      .orderBy(asc(slot), asc(key))
      .limit(1)
      .offset(placeholder('skipped'))
      .prepare(),
    left: db
      .select({ count: count(), endMs: min(endsAtMs) })
      .from(records)
      .where(and(isAfter, isUpTo, gt(endsAtMs, placeholder('nowMs'))))
      .prepare(),
    gone: db
      .select({ slot, owner, length: sql<number>`length(${bytes})` })
      .from(records)
      .where(and(isAfter, isUpTo, lte(endsAtMs, placeholder('nowMs'))))
      .prepare(),
    remove: db
      .delete(records)
      .where(and(isAfter, isUpTo, lte(endsAtMs, placeholder('nowMs'))))
      .prepare(),
  }
}

function sweepOfProviders(db: Database) {
  const { key, peer, head, path, endsAtMs } = providers
  const isAfter = sql`(${key}, ${peer}) > (${placeholder('key')}, ${placeholder('peer')})`
  const isUpTo = sql`(${key}, ${peer}) <= (${placeholder('lastKey')}, ${placeholder('lastPeer')})`
  return {
    last: db
      .select({ key, peer })
      .from(providers)
      .where(isAfter)
      .orderBy(asc(key), asc(peer))
      .limit(1)
      .offset(placeholder('skipped'))
      .prepare(),
    left: db
      .select({ count: count(), endMs: min(endsAtMs) })
      .from(providers)
      .where(and(isAfter, isUpTo, gt(endsAtMs, placeholder('nowMs'))))
      .prepare(),
    gone: db
      .select({ owner: peer, head, length: sql<number>`length(${path})` })
      .from(providers)
      .where(and(isAfter, isUpTo, lte(endsAtMs, placeholder('nowMs'))))
      .prepare(),
    remove: db
      .delete(providers)
      .where(and(isAfter, isUpTo, lte(endsAtMs, placeholder('nowMs'))))
      .prepare(),
  }
}
