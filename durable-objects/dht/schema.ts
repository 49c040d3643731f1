// What a shard keeps on disk, as tables. The SQL in migrations/ is made of this by `npm run migrations`, with WITHOUT ROWID
// put in by hand, which drizzle-kit cannot say; a test holds the two against each other.
//
// Rows written are what a record costs, so nothing has a second index. Without row numbers a new record is one row, in the
// tree of its key; with them it would be two. That is paid for otherwise: of 60,000 rows of 5.3 KB each took 8.8 KB of the
// file instead of 5.5, and inserting one 107 µs instead of 36, as more of a row goes to pages of its own (SQLite in Node, one
// core, two rounds). A row more for a million new announcements costs a dollar, and those bytes, for the two hours an
// announcement lasts, a fifth of a cent. A refresh is one row either way.

import { customType, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Bytes as they are: drizzle's own blob makes Buffers of them. */
const bytes = customType<{ data: Uint8Array; driverData: ArrayBuffer }>({
  dataType: () => 'blob',
  fromDriver: (value) => new Uint8Array(value),
})

export const records = sqliteTable(
  'records',
  {
    /** Place in SLOTS. */
    slot: integer().notNull(),
    key: bytes().notNull(),
    owner: bytes().notNull(),
    /** Eight bytes: numbers of the platform have fifty-three bits. */
    sequence: bytes().notNull(),
    digest: bytes().notNull(),
    expiresAtMs: integer().notNull(),
    endsAtMs: integer().notNull(),
    /** Last: looking for what has ended does not touch the pages it overflows into. */
    bytes: bytes().notNull(),
  },
  (table) => [primaryKey({ columns: [table.slot, table.key] })],
)

export const providers = sqliteTable(
  'providers',
  {
    key: bytes().notNull(),
    peer: bytes().notNull(),
    head: bytes().notNull(),
    /** Place among the keys of the head. */
    place: integer().notNull(),
    region: text().notNull(),
    createdMs: integer().notNull(),
    expiresAtMs: integer().notNull(),
    endsAtMs: integer().notNull(),
    path: bytes().notNull(),
  },
  (table) => [primaryKey({ columns: [table.key, table.peer] })],
)

export const heads = sqliteTable('heads', {
  id: bytes().primaryKey(),
  peer: bytes().notNull(),
  /** Rows of providers that name it. */
  uses: integer().notNull(),
  bytes: bytes().notNull(),
})

export const usages = sqliteTable('usages', {
  owner: bytes().primaryKey(),
  records: integer().notNull(),
  bytes: integer().notNull(),
})

/** One row, or none. */
export const states = sqliteTable('states', {
  one: integer().primaryKey(),
  records: integer().notNull(),
  isParentDrained: integer({ mode: 'boolean' }).notNull(),
  isDrained: integer({ mode: 'boolean' }).notNull(),
})

export const splits = sqliteTable('splits', {
  prefix: text().primaryKey(),
  atMs: integer().notNull(),
  told: integer({ mode: 'boolean' }).notNull(),
})
