// A shard's store in memory: for machines under test and in the simulator. What a store must do is in
// test/protocol/dht/shard/store-compliance.ts; SQLite's own is at the edge.

import type { Key } from '../contract.ts'
import { compareKeys, keyText } from '../place.ts'
import { bytesOfProvider, bytesOfRecord, payerOf } from './books.ts'
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
} from './contract.ts'
import { SLOTS, SLOTS_OF } from './contract.ts'

const NO_STATE: ShardState = { records: 0, isParentDrained: false, isDrained: false }
const NO_USAGE: Usage = { records: 0, bytes: 0 }

type Head = HeadRow & { readonly uses: number }

/** What is on its disk: a new life's store is given the old one's. */
export class ShardTables {
  readonly records = new Table<RecordRow>()
  readonly providers = new Table<ProviderRow>()
  readonly heads = new Table<Head>()
  readonly usages = new Table<Usage>()
  readonly states = new Table<ShardState>()
  readonly splits = new Table<Split>()

  get all(): Table<unknown>[] {
    return [this.records, this.providers, this.heads, this.usages, this.states, this.splits]
  }
}

export class MemoryShardStore implements ShardStore {
  readonly #tables: ShardTables

  constructor(tables = new ShardTables()) {
    this.#tables = tables
  }

  atomically<T>(work: () => T): T {
    for (const table of this.#tables.all) table.begin()
    try {
      return work()
    } catch (error) {
      for (const table of this.#tables.all) table.undo()
      throw error
    }
  }

  record(slot: Slot, key: Key): RecordRow | undefined {
    return this.#tables.records.get(recordText(slot, key))
  }

  live(key: Key, of: Looked, nowMs: number): RecordRow | undefined {
    return SLOTS_OF[of].map((slot) => this.record(slot, key)).find((row) => row && row.expiresAtMs > nowMs)
  }

  putRecord(row: RecordRow): void {
    this.#tables.records.set(recordText(row.slot, row.key), copy(row))
  }

  announced(from: Key, to: Key, way: 'up' | 'down', limit: number, nowMs: number): Key[] {
    const [low, high] = way === 'up' ? [from, to] : [to, from]
    const keys: Key[] = []
    for (const { slot, key, expiresAtMs } of this.#tables.records.rows()) {
      if (slot !== 'announcement' || expiresAtMs <= nowMs || compareKeys(key, low) < 0) continue
      const order = compareKeys(key, high)
      if (order < 0 || (order === 0 && way === 'up')) keys.push(key)
    }
    return way === 'up' ? keys.slice(0, limit) : keys.reverse().slice(0, limit)
  }

  provider(key: Key, peer: Uint8Array): ProviderRow | undefined {
    return this.#tables.providers.get(keyText(key) + keyText(peer))
  }

  providers(key: Key): ProviderRow[] {
    return this.#tables.providers.rows().filter((row) => compareKeys(row.key, key) === 0)
  }

  putProvider(row: ProviderRow): void {
    this.#tables.providers.set(keyText(row.key) + keyText(row.peer), copy(row))
  }

  removeProvider(key: Key, peer: Uint8Array): void {
    this.#tables.providers.delete(keyText(key) + keyText(peer))
  }

  head(id: Uint8Array): Head | undefined {
    return this.#tables.heads.get(keyText(id))
  }

  putHead(head: HeadRow, uses: number): void {
    this.#tables.heads.set(keyText(head.id), copy({ ...head, uses }))
  }

  setUses(id: Uint8Array, uses: number): void {
    const head = this.head(id)
    if (head === undefined) return
    if (uses === 0) this.#tables.heads.delete(keyText(id))
    else this.#tables.heads.set(keyText(id), { ...head, uses })
  }

  usage(owner: Uint8Array): Usage {
    return this.#tables.usages.get(keyText(owner)) ?? NO_USAGE
  }

  counted(): number {
    const { usages, records } = this.#tables
    const announced = records.rows().filter(({ slot }) => slot === 'announcement').length
    return usages.rows().reduce((sum, { records }) => sum + records, announced)
  }

  setUsage(owner: Uint8Array, usage: Usage): void {
    if (usage.records === 0 && usage.bytes === 0) this.#tables.usages.delete(keyText(owner))
    else this.#tables.usages.set(keyText(owner), { ...usage })
  }

  sweep({ table, after }: SweepCursor, rows: number, nowMs: number): Swept {
    const isRecords = table === 'records'
    const { records, providers } = this.#tables
    const from = isRecords
      ? after && recordText(after.slot, after.key)
      : after && keyText(after.key) + keyText(after.peer)
    const page = (isRecords ? records : providers).page(from, rows)
    const gone: Swept['gone'][number][] = []
    let earliestEndMs = Number.POSITIVE_INFINITY
    for (const [text, row] of page) {
      if (row.endsAtMs > nowMs) {
        earliestEndMs = Math.min(earliestEndMs, row.endsAtMs)
        continue
      }
      if ('slot' in row) gone.push({ owner: payerOf(row), bytes: bytesOfRecord(row) })
      else gone.push({ owner: row.peer, bytes: bytesOfProvider(row), head: row.head })
      ;(isRecords ? records : providers).delete(text)
    }
    const last = page.at(-1)?.[1]
    const end: SweepCursor | undefined = isRecords ? { table: 'providers', after: undefined } : undefined
    if (last === undefined || page.length < rows)
      return { gone, left: page.length - gone.length, earliestEndMs, next: end }
    const slot = 'slot' in last ? last.slot : 'value'
    const peer = 'slot' in last ? new Uint8Array() : last.peer
    const next = { table, after: { slot, key: last.key, peer } }
    return { gone, left: page.length - gone.length, earliestEndMs, next }
  }

  state(): ShardState {
    return this.#tables.states.get('') ?? NO_STATE
  }

  setState(state: ShardState): void {
    this.#tables.states.set('', state)
  }

  splits(): Split[] {
    return this.#tables.splits.rows()
  }

  putSplit(split: Split): void {
    this.#tables.splits.set(split.prefix, split)
  }

  get bytes(): number {
    const { records, providers, heads } = this.#tables
    const sum = (total: number, { bytes }: { readonly bytes: Uint8Array }) => total + bytes.length
    const paths = providers.rows().reduce((total, row) => total + bytesOfProvider(row), 0)
    return records.rows().reduce(sum, 0) + heads.rows().reduce(sum, 0) + paths
  }

  get exists(): boolean {
    return this.#tables.all.some(({ size }) => size > 0)
  }
}

/** Its bytes are its own. */
function copy<Row extends object>(row: Row): Row {
  const own = (value: unknown) => (value instanceof Uint8Array ? value.slice() : value)
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, own(value)])) as Row
}

function recordText(slot: Slot, key: Key): string {
  return SLOTS.indexOf(slot) + keyText(key)
}

/** Rows in the order of their texts, and what undoes the changes since `begin`. */
class Table<Row> {
  readonly #rows = new Map<string, Row>()
  #before = new Map<string, Row | undefined>()
  #sorted: [string, Row][] | undefined

  get size(): number {
    return this.#rows.size
  }

  begin(): void {
    this.#before = new Map()
  }

  undo(): void {
    for (const [text, row] of this.#before) {
      if (row === undefined) this.#rows.delete(text)
      else this.#rows.set(text, row)
    }
    this.#sorted = undefined
  }

  get(text: string): Row | undefined {
    return this.#rows.get(text)
  }

  set(text: string, row: Row): void {
    this.#note(text)
    this.#rows.set(text, row)
  }

  delete(text: string): void {
    this.#note(text)
    this.#rows.delete(text)
  }

  rows(): Row[] {
    return this.#inOrder().map(([, row]) => row)
  }

  page(after: string | undefined, rows: number): [string, Row][] {
    return this.#inOrder()
      .filter(([text]) => after === undefined || text > after)
      .slice(0, rows)
  }

  #note(text: string): void {
    if (!this.#before.has(text)) this.#before.set(text, this.#rows.get(text))
    this.#sorted = undefined
  }

  #inOrder(): [string, Row][] {
    this.#sorted ??= [...this.#rows].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return this.#sorted
  }
}
