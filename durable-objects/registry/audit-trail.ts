// What administrators did, in the order they did it: a row for each act, of the newest so many.

import { AUDIT_KEPT_MAX } from '../../protocol/limits/protection.ts'
import type { AuditEntry } from '../../protocol/protection/contract.ts'

const TABLE = 'CREATE TABLE IF NOT EXISTS audit (number INTEGER PRIMARY KEY, entry TEXT NOT NULL)'
const HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE name = 'audit'"
const READ_ALL = 'SELECT entry FROM audit ORDER BY number DESC'
const WRITE = 'INSERT INTO audit (entry) VALUES (?)'
const TRIM = 'DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - ?'

export class AuditTrail {
  readonly #sql: SqlStorage
  #hasTable: boolean

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql
    this.#hasTable = sql.exec(HAS_TABLE).toArray().length > 0
  }

  note(entry: AuditEntry): void {
    if (!this.#hasTable) this.#sql.exec(TABLE)
    this.#hasTable = true
    this.#sql.exec(WRITE, JSON.stringify(entry))
    this.#sql.exec(TRIM, AUDIT_KEPT_MAX)
  }

  /** The newest first. */
  entries(): readonly AuditEntry[] {
    if (!this.#hasTable) return []
    return [...this.#sql.exec<{ entry: string }>(READ_ALL)].map(
      ({ entry }) => JSON.parse(entry) as AuditEntry,
    )
  }
}
