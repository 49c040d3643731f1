// Brings a mailbox's tables up to date. drizzle's own migrator returns a promise, and opening a mailbox is part of a
// decision that must not be interleaved; and an object nobody opened has no tables at all, so that looking for a mailbox
// that is not there leaves nothing behind.

/// <reference path="./sql.d.ts" />
import mailbox from './migrations/0000_mailbox.sql'

/** In order. One that was shipped is never changed: the next is added behind it. */
const MIGRATIONS: readonly string[] = [mailbox]

const BREAKPOINT = '--> statement-breakpoint'

/** Whether there are tables. Asking writes nothing. */
export function hasTables({ sql }: DurableObjectStorage): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'migrations'").toArray().length > 0
}

/** All that is missing, or nothing. */
export function migrate(storage: DurableObjectStorage): void {
  storage.transactionSync(() => {
    const { sql } = storage
    if (!hasTables(storage)) sql.exec('CREATE TABLE migrations (number integer PRIMARY KEY NOT NULL)')
    const { done } = sql.exec<{ done: number }>('SELECT count(*) AS done FROM migrations').one()
    for (const [number, text] of MIGRATIONS.entries()) {
      if (number < done) continue
      for (const statement of text.split(BREAKPOINT)) sql.exec(statement)
      sql.exec('INSERT INTO migrations (number) VALUES (?)', number)
    }
  })
}
