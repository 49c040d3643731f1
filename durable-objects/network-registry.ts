// What the mailboxes of a network come to: one of several objects that share them, each mailbox always at the same one. It
// keeps a row for each mailbox and adds them up when it is asked.

import { DurableObject } from 'cloudflare:workers'
import { REGISTRY_SUM_MS } from '../protocol/limits/mailbox.ts'
import {
  addTotals,
  type MailGauges,
  type MailReport,
  type MailTotals,
  NO_MAIL,
} from '../protocol/mailbox/report.ts'
import { addTally, type MailCounts, NO_MAIL_COUNTS } from '../protocol/mailbox/tally.ts'

// Without row numbers: a second tree for them would make each report two rows.
const TABLE =
  'CREATE TABLE IF NOT EXISTS mailboxes (id BLOB PRIMARY KEY NOT NULL, report TEXT NOT NULL) WITHOUT ROWID'
const HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE name = 'mailboxes'"
const READ = 'SELECT report FROM mailboxes WHERE id = ?'
const READ_ALL = 'SELECT report FROM mailboxes'
const WRITE = 'INSERT OR REPLACE INTO mailboxes (id, report) VALUES (?, ?)'

type Row = { readonly report: string }

export class NetworkRegistry extends DurableObject {
  #hasTable: boolean
  #sum: { readonly atMs: number; readonly totals: MailTotals } | undefined

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env)
    this.#hasTable = ctx.storage.sql.exec(HAS_TABLE).toArray().length > 0
  }

  /** What a mailbox counted since its last report, and how it is now. */
  report(mailbox: Uint8Array, counts: MailCounts, gauges: MailGauges): void {
    const { sql } = this.ctx.storage
    if (!this.#hasTable) sql.exec(TABLE)
    this.#hasTable = true
    const before = sql.exec<Row>(READ, mailbox).toArray()[0]
    const sum = addTally(before === undefined ? NO_MAIL_COUNTS : reportIn(before).counts, counts)
    sql.exec(WRITE, mailbox, JSON.stringify({ counts: sum, gauges } satisfies MailReport))
  }

  totals(): MailTotals {
    const nowMs = Date.now()
    if (this.#sum === undefined || nowMs - this.#sum.atMs > REGISTRY_SUM_MS)
      this.#sum = { atMs: nowMs, totals: this.#addUp() }
    return this.#sum.totals
  }

  /** For the health route. Makes nothing. */
  probe(): { readonly used: boolean } {
    return { used: this.#hasTable }
  }

  #addUp(): MailTotals {
    let totals = NO_MAIL
    if (!this.#hasTable) return totals
    for (const row of this.ctx.storage.sql.exec<Row>(READ_ALL))
      totals = addTotals(totals, { mailboxes: 1, ...reportIn(row) })
    return totals
  }
}

function reportIn({ report }: Row): MailReport {
  return JSON.parse(report) as MailReport
}
