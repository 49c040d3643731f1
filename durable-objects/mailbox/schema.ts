// What a mailbox keeps on disk, as tables. The SQL in migrations/ is made of this by `npm run migrations`; a test holds the
// two against each other.
//
// Rows written are what a letter costs, so nothing has a second index: a letter is one row when it comes and one when it
// goes, with what is counted of it. Its key is its place in the order of coming, which is SQLite's own row number: letters are appended, and come back
// in order. A key of priority and seq `WITHOUT ROWID` writes as many rows, but into four places of the tree: 4,000 letters
// of 4 KiB took 1.6 to 2 times as long to insert (three rounds, workerd 1.20261023.1), and sorting them by seq reads each
// row twice. The order of priorities is kept in memory anyway.

import { customType, integer, sqliteTable } from 'drizzle-orm/sqlite-core'

/** Bytes as they are: drizzle's own blob makes Buffers of them. */
const bytes = customType<{ data: Uint8Array; driverData: ArrayBuffer }>({
  dataType: () => 'blob',
  fromDriver: (value) => new Uint8Array(value),
})

/**
 * Letters, and notes of what was counted. Who removes letters writes such a note into the row of one of them, which is the
 * row that deleting it would be: it so costs none. A note's seq is below zero, the newest's the least, and its envelope is
 * the counts as JSON. The rows of all but the newest are where the next letters go. So there are never more rows than there
 * once were letters, and one.
 */
export const letters = sqliteTable('letters', {
  seq: integer().primaryKey(),
  id: bytes().notNull(),
  /** Place in PRIORITIES. */
  priority: integer().notNull(),
  stranger: integer({ mode: 'boolean' }).notNull(),
  bytes: integer().notNull(),
  hour: integer().notNull(),
  expiresAtMs: integer().notNull(),
  /** Last: reading all heads does not touch the pages it overflows into. */
  envelope: bytes().notNull(),
})

/** One row, or none: then nobody has opened the mailbox. */
export const owners = sqliteTable('owners', {
  one: integer().primaryKey(),
  strangers: integer({ mode: 'boolean' }).notNull(),
  /** Access keys, one after the other. */
  keys: bytes().notNull(),
})

/** The newest, and the one before for as long as one-time prekeys of it are left. */
export const publications = sqliteTable('publications', {
  number: integer().primaryKey(),
  head: bytes().notNull(),
})

export const oneTimePrekeys = sqliteTable('one_time_prekeys', {
  /** In order of publishing: the least is drawn first. */
  place: integer().primaryKey(),
  publication: integer().notNull(),
  /** With its id and path in it. */
  bytes: bytes().notNull(),
})
