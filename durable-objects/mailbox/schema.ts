// What a mailbox keeps on disk, as tables. The SQL in migrations/ is made of this by `npm run migrations`; a test holds the
// two against each other.
//
// Rows written are what a letter costs, so nothing has a second index, and letters that come together share a row (lot.ts).
// Its key is SQLite's own row number. `WITHOUT ROWID` writes as many rows, but keeps whole ones in the inner nodes of its
// tree: 4,000 letters of 4 KiB, each a row, took 1.6 to 2 times as long to insert (three rounds, workerd 1.20261023.1). Seqs
// are in the heads: a row whose letters are gone is used again, for any others.

import { customType, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Bytes as they are: drizzle's own blob makes Buffers of them. */
const bytes = customType<{ data: Uint8Array; driverData: ArrayBuffer }>({
  dataType: () => 'blob',
  fromDriver: (value) => new Uint8Array(value),
})

/**
 * Letters, and what was counted. Who removes letters writes at least one row, without them, and what was counted goes into
 * it: so that costs none. An empty row is where the next letters go. So there are never more rows than there once were lots.
 */
export const lots = sqliteTable('lots', {
  place: integer().primaryKey(),
  /** How often counts were written, these included; 0: none are here. The highest counts. */
  counted: integer().notNull(),
  /** Packed; none in a row that is empty. */
  heads: bytes().notNull(),
  /** As JSON. */
  counts: text().notNull(),
  /** One after the other. Last: reading all heads does not touch the pages it overflows into. */
  envelopes: bytes().notNull(),
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
