// Brings an object's tables up to date. drizzle's own migrator returns a promise, and making the tables is part of a decision
// that must not be interleaved; and an object nobody wrote to has no tables at all, so that asking leaves nothing behind.

const BREAKPOINT = '--> statement-breakpoint'

/** Whether there are tables. Asking writes nothing. */
export function hasTables({ sql }: DurableObjectStorage): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'migrations'").toArray().length > 0
}

/** All that is missing, or nothing. In order; one that was shipped is never changed: the next is added behind it. */
export function bringUpToDate(storage: DurableObjectStorage, migrations: readonly string[]): void {
  storage.transactionSync(() => {
    const { sql } = storage
    if (!hasTables(storage)) sql.exec('CREATE TABLE migrations (number integer PRIMARY KEY NOT NULL)')
    const { done } = sql.exec<{ done: number }>('SELECT count(*) AS done FROM migrations').one()
    for (const [number, text] of migrations.entries()) {
      if (number < done) continue
      for (const statement of text.split(BREAKPOINT)) sql.exec(statement)
      sql.exec('INSERT INTO migrations (number) VALUES (?)', number)
    }
  })
}
