// A shard's store over the platform's SQLite: held to what every store must do, and to what its rows cost.

import { runInDurableObject } from 'cloudflare:test'
import { toSnakeCase } from 'drizzle-orm/casing'
import { getTableConfig } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import * as schema from '../../durable-objects/dht/schema.ts'
import { SqliteShardStore } from '../../durable-objects/dht/sqlite-store.ts'
import { DEFAULT_SHARD_CONFIG } from '../../protocol/dht/shard/config.ts'
import { ShardMachine } from '../../protocol/dht/shard/machine.ts'
import { shardStoreCompliance } from '../protocol/dht/shard/store-compliance.ts'
import { headOf, keyOf, peerOf, providedOf, signedOf, valueRecord } from '../support/dht.ts'
import { shardObject } from './shards.ts'

let objects = 0

/** In the storage of an object nobody else uses. */
function inStorage<T>(work: (storage: DurableObjectStorage) => T | Promise<T>): Promise<T> {
  return runInDurableObject(shardObject(`stores-${objects++}`, '0000'), (_, { storage }) => work(storage))
}

shardStoreCompliance('SQLite', (test) =>
  inStorage((storage) =>
    test({ store: new SqliteShardStore(storage), again: () => new SqliteShardStore(storage) }),
  ),
)

/** How many rows are written while `work` runs: what is paid for. */
function rowsOf(storage: DurableObjectStorage, work: () => void): number {
  const { sql } = storage
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = []
  const exec = sql.exec.bind(sql)
  Object.defineProperty(sql, 'exec', {
    configurable: true,
    value: (query: string, ...bindings: SqlStorageValue[]) => {
      const cursor = exec(query, ...bindings)
      cursors.push(cursor)
      return cursor
    },
  })
  work()
  Reflect.deleteProperty(sql, 'exec')
  return cursors.reduce((total, { rowsWritten }) => total + rowsWritten, 0)
}

describe('rows', () => {
  it('are one for a record and one for its owner; one for a refresh, and none for one that is not needed', async () => {
    await inStorage((storage) => {
      const machine = new ShardMachine<undefined, undefined>(
        '0000',
        new SqliteShardStore(storage),
        DEFAULT_SHARD_CONFIG,
      )
      const nowMs = Date.now()
      const put = (record: ReturnType<typeof valueRecord>, atMs = nowMs) =>
        rowsOf(storage, () =>
          machine.receive(
            { kind: 'asked', origin: undefined, requests: [{ kind: 'put', record, owner: peerOf(1) }] },
            atMs,
          ),
        )
      put(valueRecord(keyOf(0, '0000')))
      expect(put(valueRecord(keyOf(1, '0000')))).toBe(2)
      expect(put(signedOf(keyOf(2, '0000'), { createdMs: nowMs }))).toBe(2)
      // A peer's announcement is the only one it has, so that nobody keeps count.
      expect(put(signedOf(keyOf(3, '0000'), { createdMs: nowMs, kind: 'announcement' }))).toBe(1)
      const later = nowMs + 1_800_000
      expect(put(signedOf(keyOf(2, '0000'), { createdMs: later }), later)).toBe(0)
      const last = nowMs + 3_000_000
      expect(put(signedOf(keyOf(2, '0000'), { createdMs: last }), last)).toBe(1)
      const keys = Array.from({ length: 100 }, (_, at) => keyOf(at, '0000'))
      const request = {
        kind: 'provide',
        head: headOf(peerOf(2), { createdMs: last }),
        keys: providedOf(keys),
      } as const
      const provided = rowsOf(storage, () => {
        const effects = machine.receive({ kind: 'asked', origin: undefined, requests: [request] }, last)
        expect(effects).toMatchObject([{ answers: [{ kind: 'stored', kept: 100 }] }])
      })
      expect(provided).toBe(100 + 1 + 1)
    })
  })
})

describe('the tables that migrations make', () => {
  it('are those of the schema, without row numbers where they have a key of their own', async () => {
    await inStorage((storage) => {
      const store = new SqliteShardStore(storage)
      store.setState({ records: 0, isParentDrained: false, isDrained: false })
      for (const table of Object.values(schema)) {
        const { name, columns, primaryKeys } = getTableConfig(table)
        const keys = primaryKeys.flatMap((key) => key.columns.map((column) => column.name))
        const made = storage.sql.exec('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', name)
        const wanted = columns.map((column) => ({
          name: toSnakeCase(column.name),
          type: column.getSQLType().toUpperCase(),
          notnull: column.notNull ? 1 : 0,
          pk: column.primary ? 1 : keys.indexOf(column.name) + 1,
        }))
        expect(made.toArray()).toEqual(wanted)
        const said = storage.sql.exec<{ sql: string }>('SELECT sql FROM sqlite_master WHERE name = ?', name)
        expect(said.one().sql.endsWith('WITHOUT ROWID')).toBe(name !== 'states')
      }
    })
  })
})

describe('a shard nobody wrote to', () => {
  it('has nothing on disk, whatever is asked of it', async () => {
    const stub = shardObject('unwritten', '0000')
    const size = await runInDurableObject(stub, (_, { storage }) => storage.sql.databaseSize)
    await stub.ask([
      { kind: 'get', key: keyOf(1, '0000') },
      { kind: 'providers', key: keyOf(1, '0000'), limit: 9, near: '' },
      { kind: 'closest', target: keyOf(1, '0000'), limit: 20 },
    ])
    await stub.probe()
    expect(
      await runInDurableObject(stub, async (_, { storage }) => [
        storage.sql.databaseSize,
        await storage.getAlarm(),
      ]),
    ).toEqual([size, null])
  })
})
