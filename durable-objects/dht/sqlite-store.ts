// A shard's store over SQLite. What nobody wrote to has no tables: every question to it is answered without asking the disk,
// and only the first row makes them.

import type { Key } from '../../protocol/dht/contract.ts'
import { bytesOfProvider, bytesOfRecord, payerOf } from '../../protocol/dht/shard/books.ts'
import type {
  HeadRow,
  Looked,
  ProviderRow,
  RecordRow,
  ShardState,
  ShardStore,
  Slot,
  Split,
  SweepCursor,
  Swept,
  Usage,
} from '../../protocol/dht/shard/contract.ts'
import { SLOTS } from '../../protocol/dht/shard/contract.ts'
import { hasTables, migrate } from './migrate.ts'
import { prepareStatements, type Statements } from './statements.ts'

const THE_ONE = 1
const NO_STATE: ShardState = { records: 0, isParentDrained: false, isDrained: false }
const NO_USAGE: Usage = { records: 0, bytes: 0 }
const NO_BYTES = new Uint8Array()
/** Behind every row. */
const LAST_BYTES = new Uint8Array(64).fill(0xff)

export class SqliteShardStore implements ShardStore {
  readonly #storage: DurableObjectStorage
  #statements: Statements | undefined

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    if (hasTables(storage)) this.#make()
  }

  get exists(): boolean {
    return this.#statements !== undefined
  }

  get bytes(): number {
    return this.exists ? this.#storage.sql.databaseSize : 0
  }

  atomically<T>(work: () => T): T {
    const before = this.#statements
    try {
      return this.#storage.transactionSync(work)
    } catch (error) {
      // Tables that were made in it are undone with the rest.
      this.#statements = before
      throw error
    }
  }

  // ---- records ----------------------------------------------------------------------------------------------

  record(slot: Slot, key: Key): RecordRow | undefined {
    const row = this.#statements?.record.get({ slot: SLOTS.indexOf(slot), key })
    return row && { ...row, slot, sequence: wordOf(row.sequence) }
  }

  live(key: Key, of: Looked, nowMs: number): Pick<RecordRow, 'bytes' | 'expiresAtMs'> | undefined {
    return this.#statements?.looks[of].all({ key }).find(({ expiresAtMs }) => expiresAtMs > nowMs)
  }

  putRecord(row: RecordRow): void {
    const { slot, sequence, ...rest } = row
    this.#made.putRecord.run({ ...rest, slot: SLOTS.indexOf(slot), sequence: bytesOfWord(sequence) })
  }

  announced(from: Key, to: Key, way: 'up' | 'down', limit: number, nowMs: number): Key[] {
    if (this.#statements === undefined) return []
    const { announcedUp, announcedDown } = this.#statements
    const rows =
      way === 'up'
        ? announcedUp.all({ low: from, high: to, limit, nowMs })
        : announcedDown.all({ low: to, high: from, limit, nowMs })
    return rows.map(({ key }) => key)
  }

  // ---- providers --------------------------------------------------------------------------------------------

  provider(key: Key, peer: Uint8Array): ProviderRow | undefined {
    const row = this.#statements?.provider.get({ key, peer })
    return row && providerOf(row)
  }

  providers(key: Key): ProviderRow[] {
    return (this.#statements?.providers.all({ key }) ?? []).map(providerOf)
  }

  putProvider({ index, ...row }: ProviderRow): void {
    this.#made.putProvider.run({ ...row, place: index })
  }

  removeProvider(key: Key, peer: Uint8Array): void {
    this.#statements?.removeProvider.run({ key, peer })
  }

  head(id: Uint8Array): (HeadRow & { readonly uses: number }) | undefined {
    return this.#statements?.head.get({ id })
  }

  putHead(head: HeadRow, uses: number): void {
    this.#made.putHead.run({ ...head, uses })
  }

  setUses(id: Uint8Array, uses: number): void {
    if (uses === 0) this.#statements?.removeHead.run({ id })
    else this.#statements?.setUses.run({ id, uses })
  }

  // ---- the rest ---------------------------------------------------------------------------------------------

  usage(owner: Uint8Array): Usage {
    return this.#statements?.usage.get({ owner }) ?? NO_USAGE
  }

  setUsage(owner: Uint8Array, usage: Usage): void {
    if (usage.records === 0 && usage.bytes === 0) this.#statements?.removeUsage.run({ owner })
    else this.#made.setUsage.run({ owner, ...usage })
  }

  counted(): number {
    const { owned, unowned } = this.#statements ?? {}
    return Number(owned?.get()?.records ?? 0) + (unowned?.get()?.records ?? 0)
  }

  state(): ShardState {
    const row = this.#statements?.state.get()
    if (row === undefined) return NO_STATE
    const { one: _, ...state } = row
    return state
  }

  setState(state: ShardState): void {
    this.#made.setState.run({ one: THE_ONE, ...state })
  }

  splits(): Split[] {
    return this.#statements?.splits.all() ?? []
  }

  putSplit(split: Split): void {
    this.#made.putSplit.run({ ...split })
  }

  sweep(cursor: SweepCursor, rows: number, nowMs: number): Swept {
    const isRecords = cursor.table === 'records'
    const end: SweepCursor | undefined = isRecords ? { table: 'providers', after: undefined } : undefined
    if (this.#statements === undefined)
      return { gone: [], left: 0, earliestEndMs: Number.POSITIVE_INFINITY, next: end }
    return isRecords
      ? this.#sweepRecords(cursor, rows, nowMs, end)
      : this.#sweepProviders(cursor, rows, nowMs)
  }

  #sweepRecords(
    { table, after }: SweepCursor,
    rows: number,
    nowMs: number,
    end: SweepCursor | undefined,
  ): Swept {
    const statements = this.#made.sweepRecords
    const from = { slot: after === undefined ? -1 : SLOTS.indexOf(after.slot), key: after?.key ?? NO_BYTES }
    const last = statements.last.get({ ...from, skipped: rows - 1 })
    const range = { ...from, lastSlot: last?.slot ?? SLOTS.length, lastKey: last?.key ?? NO_BYTES, nowMs }
    const left = statements.left.get(range)
    const ended = statements.gone.all(range)
    if (ended.length > 0) statements.remove.run(range)
    const slot = SLOTS[last?.slot ?? 0]
    return {
      gone: ended.map(({ slot: place, owner, length }) => ({
        owner: payerOf({ slot: SLOTS[place] ?? 'value', owner }),
        bytes: bytesOfRecord({ bytes: { length } }),
      })),
      left: left?.count ?? 0,
      earliestEndMs: left?.endMs ?? Number.POSITIVE_INFINITY,
      next: last && slot ? { table, after: { slot, key: last.key, peer: NO_BYTES } } : end,
    }
  }

  #sweepProviders({ table, after }: SweepCursor, rows: number, nowMs: number): Swept {
    const statements = this.#made.sweepProviders
    const from = { key: after?.key ?? NO_BYTES, peer: after?.peer ?? NO_BYTES }
    const last = statements.last.get({ ...from, skipped: rows - 1 })
    const range = { ...from, lastKey: last?.key ?? LAST_BYTES, lastPeer: last?.peer ?? LAST_BYTES, nowMs }
    const left = statements.left.get(range)
    const ended = statements.gone.all(range)
    if (ended.length > 0) statements.remove.run(range)
    return {
      gone: ended.map(({ owner, head, length }) => ({
        owner,
        head,
        bytes: bytesOfProvider({ path: { length } }),
      })),
      left: left?.count ?? 0,
      earliestEndMs: left?.endMs ?? Number.POSITIVE_INFINITY,
      next: last && { table, after: { slot: 'value', key: last.key, peer: last.peer } },
    }
  }

  get #made(): Statements {
    return this.#statements ?? this.#make()
  }

  #make(): Statements {
    migrate(this.#storage)
    this.#statements = prepareStatements(this.#storage)
    return this.#statements
  }
}

function providerOf({ place, ...row }: Omit<ProviderRow, 'index'> & { readonly place: number }): ProviderRow {
  return { ...row, index: place }
}

function bytesOfWord(word: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, word)
  return bytes
}

function wordOf(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0)
}
