// What a registry knows of mailboxes. On disk it has their ids, a row for each and no more. Figures are in memory only: when it
// is asked it asks the mailboxes that said they have changed, or that it knows nothing of in this life; theirs are on the disk.
// So no letter costs a row here.

import { REGISTRY_ASKS_MAX, REGISTRY_SUM_MS, REGISTRY_TRUST_MS } from '../../protocol/limits/mailbox.ts'
import { mailboxObjectName } from '../../protocol/mailbox/place.ts'
import { addTotals, type MailReport, type MailTotals, NO_MAIL } from '../../protocol/mailbox/report.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'

// Without row numbers: a second tree for them would make each id two rows.
const TABLE = 'CREATE TABLE IF NOT EXISTS mailboxes (id BLOB PRIMARY KEY NOT NULL) WITHOUT ROWID'
const HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE name = 'mailboxes'"
const READ_ALL = 'SELECT id FROM mailboxes'
const WRITE = 'INSERT INTO mailboxes (id) VALUES (?)'

export interface FiguredMailbox {
  figures(): Promise<MailReport | undefined>
}

export interface FiguredMailboxes {
  getByName(name: string): FiguredMailbox
}

interface Member {
  readonly id: Uint8Array
  /** As it last said, and when; undefined before it did. */
  said: { readonly report: MailReport; readonly atMs: number } | undefined
  changed: boolean
}

export class MailboxFigures {
  readonly #storage: DurableObjectStorage
  readonly #mailboxes: FiguredMailboxes
  readonly #network: string
  #hasTable: boolean
  /** By id. Those that were asked last are last. */
  #known: Map<string, Member> | undefined
  #sum: { readonly fromMs: number; readonly totals: Promise<MailTotals> } | undefined

  constructor(storage: DurableObjectStorage, mailboxes: FiguredMailboxes, network: string) {
    this.#storage = storage
    this.#mailboxes = mailboxes
    this.#network = network
    this.#hasTable = storage.sql.exec(HAS_TABLE).toArray().length > 0
  }

  get used(): boolean {
    return this.#hasTable
  }

  /** A mailbox's figures are others than those it gave last; or it is new. */
  changed(id: Uint8Array): void {
    const member = this.#members.get(toBase64url(id))
    if (member !== undefined) {
      member.changed = true
      return
    }
    const { sql } = this.#storage
    if (!this.#hasTable) sql.exec(TABLE)
    this.#hasTable = true
    sql.exec(WRITE, id)
    this.#add(id)
  }

  totals(): Promise<MailTotals> {
    const nowMs = Date.now()
    if (this.#sum === undefined || nowMs - this.#sum.fromMs > REGISTRY_SUM_MS)
      this.#sum = { fromMs: nowMs, totals: this.#addUp(nowMs) }
    return this.#sum.totals
  }

  get #members(): Map<string, Member> {
    if (this.#known !== undefined) return this.#known
    this.#known = new Map()
    if (this.#hasTable)
      for (const { id } of this.#storage.sql.exec<{ id: ArrayBuffer }>(READ_ALL))
        this.#add(new Uint8Array(id))
    return this.#known
  }

  #add(id: Uint8Array): void {
    this.#members.set(toBase64url(id), { id, said: undefined, changed: true })
  }

  async #addUp(nowMs: number): Promise<MailTotals> {
    const members = [...this.#members.values()]
    const trusted = nowMs - REGISTRY_TRUST_MS
    const doubtful = members.filter(
      ({ said, changed }) => changed || said === undefined || said.atMs < trusted,
    )
    await Promise.all(doubtful.slice(0, REGISTRY_ASKS_MAX).map((member) => this.#ask(member)))
    let totals = NO_MAIL
    for (const { said, changed } of members) {
      const one = { mailboxes: 1, behind: Number(changed || said === undefined) }
      totals = addTotals(totals, said === undefined ? { ...NO_MAIL, ...one } : { ...said.report, ...one })
    }
    return totals
  }

  async #ask(member: Member): Promise<void> {
    // Behind all others: one that never answers must not stand in their way.
    const key = toBase64url(member.id)
    this.#members.delete(key)
    this.#members.set(key, member)
    // Before it is asked: if it changes while its answer is under way, it says so.
    member.changed = false
    try {
      const report = await this.#mailboxes.getByName(mailboxObjectName(this.#network, member.id)).figures()
      if (report !== undefined) member.said = { report, atMs: Date.now() }
    } catch {
      member.changed = true
    }
  }
}
