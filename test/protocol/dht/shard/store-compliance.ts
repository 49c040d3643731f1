// What a shard relies on in its store, as tests for whoever makes one: memory in Node, SQLite in a Durable Object. Each test
// is given a new store by the caller, inside whatever it must be used in, and does all of its work synchronously.

import { describe, expect, it } from 'vitest'
import { compareKeys, firstBelow, keyBelow } from '../../../../protocol/dht/place.ts'
import type {
  ProviderRow,
  RecordRow,
  ShardStore,
  SweepCursor,
} from '../../../../protocol/dht/shard/contract.ts'
import { SLOTS } from '../../../../protocol/dht/shard/contract.ts'
import { keyOf, noise, peerOf } from '../../../support/dht.ts'

export interface Shelf {
  readonly store: ShardStore
  /** A store over the same data, as a new life of the object makes it. */
  again(): ShardStore
}

export type OnShelf = (test: (shelf: Shelf) => void) => void | Promise<void>

const NOW_MS = 1_764_000_000_000

function record(fields: Partial<RecordRow> = {}): RecordRow {
  const key = fields.key ?? keyOf(1)
  const expiresAtMs = fields.expiresAtMs ?? NOW_MS + 1_000
  return {
    slot: 'name',
    key,
    owner: peerOf(1),
    sequence: 7n,
    digest: noise('digest', 32),
    expiresAtMs,
    endsAtMs: expiresAtMs,
    bytes: noise('bytes', 5_300),
    ...fields,
  }
}

function provider(fields: Partial<ProviderRow> = {}): ProviderRow {
  const expiresAtMs = fields.expiresAtMs ?? NOW_MS + 1_000
  return {
    key: keyOf(1),
    peer: peerOf(1),
    head: noise('head', 32),
    index: 3,
    path: noise('path', 320),
    region: 'weur',
    createdMs: NOW_MS,
    expiresAtMs,
    endsAtMs: expiresAtMs,
    ...fields,
  }
}

/** All pages of a round. */
function round(store: ShardStore, rows: number, nowMs: number) {
  let cursor: SweepCursor | undefined = { table: 'records', after: undefined }
  const all = { gone: 0, bytes: 0, heads: 0, left: 0, earliestEndMs: Number.POSITIVE_INFINITY, pages: 0 }
  while (cursor !== undefined) {
    const page: ReturnType<ShardStore['sweep']> = store.sweep(cursor, rows, nowMs)
    all.pages++
    all.gone += page.gone.length
    for (const { bytes, head } of page.gone) {
      all.bytes += bytes
      if (head !== undefined) all.heads++
    }
    all.left += page.left
    all.earliestEndMs = Math.min(all.earliestEndMs, page.earliestEndMs)
    cursor = page.next
  }
  return all
}

type Tests = Readonly<Record<string, (shelf: Shelf) => void>>

const TESTS: Tests = {
  'has nothing at first, and asking makes nothing': ({ store, again }) => {
    expect(store.record('name', keyOf(1))).toBeUndefined()
    expect(store.announced(firstBelow(''), keyBelow(keyOf(1), 0, 1), 'up', 20, NOW_MS)).toEqual([])
    expect(store.provider(keyOf(1), peerOf(1))).toBeUndefined()
    expect(store.providers(keyOf(1))).toEqual([])
    expect(store.head(noise('head', 32))).toBeUndefined()
    expect(store.usage(peerOf(1))).toEqual({ records: 0, bytes: 0 })
    expect(store.state()).toEqual({ records: 0, isParentDrained: false, isDrained: false })
    expect(store.splits()).toEqual([])
    expect(round(store, 10, NOW_MS)).toMatchObject({ gone: 0, left: 0 })
    store.removeProvider(keyOf(1), peerOf(1))
    store.setUses(noise('head', 32), 0)
    expect([store.exists, again().exists]).toEqual([false, false])
  },

  'gives back every field of a record, in a new life too': ({ store, again }) => {
    const rows = [
      record(),
      record({ slot: 'value', owner: new Uint8Array(), sequence: 0n, digest: new Uint8Array() }),
      record({ slot: 'ipns', sequence: 2n ** 64n - 1n, endsAtMs: NOW_MS + 2 ** 40 }),
      record({ slot: 'announcement', key: keyOf(2), bytes: noise('large', 65_536) }),
    ]
    for (const row of rows) store.putRecord(row)
    for (const each of [store, again()])
      for (const row of rows) expect(each.record(row.slot, row.key)).toEqual(row)
    expect(store.record('name', keyOf(2))).toBeUndefined()
  },

  'puts a record in the place of the one before': ({ store, again }) => {
    store.putRecord(record())
    const next = record({ owner: peerOf(2), sequence: 8n, expiresAtMs: NOW_MS + 5, bytes: noise('b', 9) })
    store.putRecord(next)
    for (const each of [store, again()]) expect(each.record('name', keyOf(1))).toEqual(next)
    expect(round(store, 10, NOW_MS).left).toBe(1)
  },

  'lists announcements in order both ways, none that has expired': ({ store }) => {
    const keys = Array.from({ length: 30 }, (_, at) => keyOf(at)).sort(compareKeys)
    for (const [at, key] of keys.entries())
      store.putRecord(record({ slot: 'announcement', key, expiresAtMs: NOW_MS + (at === 15 ? 0 : 1) }))
    store.putRecord(record({ slot: 'name', key: keyOf('a name') }))
    const [tenth, twentieth] = [keys[10] as Uint8Array, keys[20] as Uint8Array]
    const living = keys.filter((_, at) => at !== 15)
    expect(store.announced(tenth, twentieth, 'up', 99, NOW_MS)).toEqual(living.slice(10, 20))
    expect(store.announced(twentieth, tenth, 'down', 99, NOW_MS)).toEqual(living.slice(10, 19).reverse())
    expect(store.announced(tenth, twentieth, 'up', 3, NOW_MS)).toEqual(living.slice(10, 13))
    expect(store.announced(twentieth, tenth, 'down', 3, NOW_MS)).toEqual(living.slice(16, 19).reverse())
  },

  'keeps providers by key and peer': ({ store, again }) => {
    const rows = [provider(), provider({ peer: peerOf(2), region: '' }), provider({ key: keyOf(2) })]
    for (const row of rows) store.putProvider(row)
    const moved = provider({ head: noise('next', 32), index: 9, path: noise('p', 32), endsAtMs: NOW_MS + 9 })
    store.putProvider(moved)
    for (const each of [store, again()]) {
      expect(each.provider(keyOf(1), peerOf(1))).toEqual(moved)
      expect(each.providers(keyOf(1)).length).toBe(2)
      expect(each.providers(keyOf(2))).toEqual([rows[2]])
    }
    store.removeProvider(keyOf(1), peerOf(1))
    expect(again().providers(keyOf(1))).toEqual([rows[1]])
  },

  'keeps heads and how often they are used': ({ store, again }) => {
    const head = { id: noise('head', 32), peer: peerOf(1), bytes: noise('bytes', 5_312) }
    store.putHead(head, 3)
    expect(again().head(head.id)).toEqual({ ...head, uses: 3 })
    store.setUses(head.id, 2)
    expect(again().head(head.id)).toEqual({ ...head, uses: 2 })
    store.setUses(head.id, 0)
    expect(again().head(head.id)).toBeUndefined()
  },

  'keeps what each owner uses, nobody among them': ({ store, again }) => {
    store.setUsage(peerOf(1), { records: 2, bytes: 3 })
    store.setUsage(new Uint8Array(), { records: 1, bytes: 2 ** 40 })
    store.setUsage(peerOf(1), { records: 5, bytes: 6 })
    expect(again().usage(peerOf(1))).toEqual({ records: 5, bytes: 6 })
    expect(again().usage(new Uint8Array())).toEqual({ records: 1, bytes: 2 ** 40 })
    store.putRecord(record({ slot: 'announcement' }))
    expect(again().counted()).toBe(7)
    store.setUsage(peerOf(1), { records: 0, bytes: 0 })
    expect(again().usage(peerOf(1))).toEqual({ records: 0, bytes: 0 })
  },

  'keeps state and splits': ({ store, again }) => {
    const state = { records: 12, isParentDrained: true, isDrained: false }
    store.setState({ records: 1, isParentDrained: false, isDrained: true })
    store.setState(state)
    store.putSplit({ prefix: '01010', atMs: NOW_MS, told: false })
    store.putSplit({ prefix: '0101', atMs: NOW_MS, told: true })
    store.putSplit({ prefix: '01010', atMs: NOW_MS, told: true })
    for (const each of [store, again()]) {
      expect(each.state()).toEqual(state)
      expect(each.splits()).toEqual(['0101', '01010'].map((prefix) => ({ prefix, atMs: NOW_MS, told: true })))
    }
  },

  'clears away what has ended, page by page, and counts the rest': ({ store, again }) => {
    let bytes = 0
    for (let at = 0; at < 40; at++) {
      const slot = SLOTS[at % SLOTS.length] ?? 'name'
      const row = record({ slot, key: keyOf(at), expiresAtMs: NOW_MS - 10 + at, bytes: noise(at, at) })
      store.putRecord(at === 3 ? { ...row, endsAtMs: NOW_MS + 500 } : row)
      if (at <= 10 && at !== 3) bytes += at + 160
    }
    for (let at = 0; at < 20; at++) {
      store.putProvider(provider({ key: keyOf(at), expiresAtMs: NOW_MS - 5 + at, path: noise(1, 64) }))
      if (at <= 5) bytes += 64 + 160
    }
    const swept = round(store, 7, NOW_MS)
    expect(swept).toMatchObject({ gone: 16, bytes, heads: 6, left: 44, earliestEndMs: NOW_MS + 1 })
    expect(swept.pages).toBeGreaterThan(8)
    expect(round(again(), 1_000, NOW_MS)).toMatchObject({ gone: 0, left: 44, pages: 2 })
    expect(store.record('value', keyOf(3))).toBeDefined()
    expect(round(store, 1_000, NOW_MS + 1_000)).toMatchObject({ gone: 44, left: 0 })
  },

  'does all of a piece of work, or nothing': ({ store, again }) => {
    const work = (fails: boolean) => () => {
      store.putRecord(record())
      store.setUsage(peerOf(1), { records: 1, bytes: 1 })
      store.putProvider(provider())
      if (fails) throw new Error('no')
      return 'done'
    }
    expect(() => store.atomically(work(true))).toThrow('no')
    for (const each of [store, again()]) {
      expect(each.record('name', keyOf(1))).toBeUndefined()
      expect(each.usage(peerOf(1)).records).toBe(0)
      expect(each.providers(keyOf(1))).toEqual([])
    }
    expect(store.atomically(work(false))).toBe('done')
    expect(() => store.atomically(work(true))).toThrow('no')
    for (const each of [store, again()]) expect(each.record('name', keyOf(1))).toEqual(record())
  },

  'keeps what bytes were, whatever their buffer is used for later': ({ store }) => {
    const message = noise('message', 400)
    const row = record({ key: message.slice(0, 32), bytes: message.subarray(32) })
    const bytes = row.bytes.slice()
    store.putRecord(row)
    message.fill(0)
    expect(store.record('name', row.key)?.bytes).toEqual(bytes)
  },
}

export function shardStoreCompliance(name: string, onShelf: OnShelf): void {
  describe(`${name}: a shard's store`, () => {
    for (const [what, test] of Object.entries(TESTS)) it(what, () => onShelf(test))
  })
}
