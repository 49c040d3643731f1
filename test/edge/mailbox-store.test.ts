// A mailbox's stores over the platform's SQLite: held to what every store must do, and to what its rows cost.

import { runInDurableObject } from 'cloudflare:test'
import { toSnakeCase } from 'drizzle-orm/casing'
import { getTableConfig } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { migrate } from '../../durable-objects/mailbox/migrate.ts'
import * as schema from '../../durable-objects/mailbox/schema.ts'
import { SqliteLetterStore, SqliteOwnerStore, Tables } from '../../durable-objects/mailbox/sqlite-store.ts'
import { NO_MAIL_COUNTS } from '../../protocol/mailbox/tally.ts'
import { letterOf, noise, type Stores, storeCompliance } from '../protocol/mailbox/store-compliance.ts'
import { mailboxObject } from './mailboxes.ts'
import { newPeer } from './socket.ts'

function storesOver(storage: DurableObjectStorage): Stores {
  const tables = new Tables(storage)
  return {
    letters: new SqliteLetterStore(tables),
    owner: new SqliteOwnerStore(tables),
    again: () => storesOver(storage),
  }
}

/** In the storage of an object nobody else uses. */
function inStorage<T>(work: (storage: DurableObjectStorage) => T | Promise<T>): Promise<T> {
  return runInDurableObject(mailboxObject(newPeer()), (_, { storage }) => work(storage))
}

storeCompliance('SQLite', (test) => inStorage((storage) => test(storesOver(storage))), { guardsIds: false })

/** How many rows are written and read while `work` runs: what is paid for. */
function rowsOf(storage: DurableObjectStorage, work: (storage: DurableObjectStorage) => void) {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = []
  const counting = new Proxy(storage, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (name !== 'sql') return typeof value === 'function' ? value.bind(target) : value
      return {
        exec: (query: string, ...bindings: SqlStorageValue[]) => {
          const cursor = target.sql.exec(query, ...bindings)
          cursors.push(cursor)
          return cursor
        },
      }
    },
  })
  work(counting)
  const sum = (of: 'rowsWritten' | 'rowsRead') => cursors.reduce((total, cursor) => total + cursor[of], 0)
  return { written: sum('rowsWritten'), read: sum('rowsRead') }
}

describe('rows', () => {
  it('are one for a letter that comes, and one for a letter that goes', async () => {
    await inStorage((storage) => {
      storesOver(storage).owner.open()
      const letters = Array.from({ length: 40 }, (_, at) => letterOf(at + 1))
      const put = rowsOf(storage, (counted) => storesOver(counted).letters.insert(letters))
      expect(put.written).toBe(40)
      const read = rowsOf(storage, (counted) => {
        expect([...storesOver(counted).letters.heads()].length).toBe(40)
      })
      expect(read.written).toBe(0)
      const taken = rowsOf(storage, (counted) => storesOver(counted).letters.remove(letters, NO_MAIL_COUNTS))
      expect(taken.written).toBe(40)
    })
  })

  it('are no more for what is counted with them, and no more of them stay than there once were letters, and one', async () => {
    await inStorage((storage) => {
      storesOver(storage).owner.open()
      let [seq, known] = [0, 0]
      const rows = () => storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM letters').one().n
      for (const together of [1, 1, 1, 5, 2, 1, 8, 1]) {
        const letters = Array.from({ length: together }, () => letterOf(++seq))
        const put = rowsOf(storage, (counted) => storesOver(counted).letters.insert(letters))
        const taken = letters.map((letter) =>
          rowsOf(storage, (counted) =>
            storesOver(counted).letters.remove([letter], { ...NO_MAIL_COUNTS, known: ++known }),
          ),
        )
        expect([put, ...taken].map(({ written }) => written)).toEqual([together, ...taken.map(() => 1)])
        expect(storesOver(storage).letters.counts()?.known).toBe(known)
      }
      expect(rows()).toBe(9)
      const notes = storage.sql.exec(
        'SELECT DISTINCT id, priority, stranger, bytes, hour, expires_at_ms FROM letters',
      )
      expect(notes.toArray()).toEqual([
        { id: new ArrayBuffer(0), priority: 0, stranger: 0, bytes: 0, hour: 0, expires_at_ms: 0 },
      ])
    })
  })

  it('are few for what an owner sets up', async () => {
    await inStorage((storage) => {
      const opening = rowsOf(storage, (counted) => storesOver(counted).owner.open())
      const rules = { keys: [noise(1, 32)], strangers: true }
      const access = rowsOf(storage, (counted) => storesOver(counted).owner.setAccess(rules))
      const prekeys = Array.from({ length: 64 }, (_, id) => ({ id, bytes: noise(id, 1_417) }))
      const publishing = rowsOf(storage, (counted) =>
        storesOver(counted).owner.publish(noise(1, 6_522), prekeys),
      )
      const drawing = rowsOf(storage, (counted) => storesOver(counted).owner.drawOneTime())
      expect({
        opening: opening.written,
        access: access.written,
        publishing: publishing.written,
        drawing: drawing.written,
      }).toEqual({ opening: 12, access: 1, publishing: 65, drawing: 1 })
    })
  })
})

describe('the tables that migrations make', () => {
  it('are those of the schema', async () => {
    await inStorage((storage) => {
      storesOver(storage).owner.open()
      for (const table of Object.values(schema)) {
        const { name, columns } = getTableConfig(table)
        const made = storage.sql.exec('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', name)
        const wanted = columns.map((column) => ({
          name: toSnakeCase(column.name),
          type: column.getSQLType().toUpperCase(),
          notnull: column.notNull ? 1 : 0,
          pk: column.primary ? 1 : 0,
        }))
        expect(made.toArray()).toEqual(wanted)
      }
      const tables = storage.sql.exec("SELECT count(*) AS n FROM sqlite_master WHERE type = 'table'")
      expect(tables.one().n).toBeGreaterThanOrEqual(Object.values(schema).length)
      const indexes = storage.sql.exec(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE '\\_%' ESCAPE '\\'",
      )
      expect(indexes.toArray()).toEqual([])
    })
  })

  it('are made once', async () => {
    await inStorage((storage) => {
      storesOver(storage).owner.open()
      const again = rowsOf(storage, (counted) => {
        migrate(counted)
        migrate(counted)
      })
      expect(again.written).toBe(0)
    })
  })
})

describe('what nobody opened', () => {
  it('has nothing on disk, whatever is asked of it', async () => {
    await inStorage((storage) => {
      const size = storage.sql.databaseSize
      const { letters, owner } = storesOver(storage)
      const asked = [
        [...letters.heads()],
        letters.envelope(letterOf(1)),
        owner.opened,
        owner.access(),
        owner.prekeyHead(),
        owner.drawOneTime(),
        owner.oneTimeLeft,
      ]
      letters.remove([letterOf(1)], NO_MAIL_COUNTS)
      expect(asked.length).toBe(7)
      expect(storage.sql.databaseSize).toBe(size)
      expect(
        storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\'").toArray(),
      ).toEqual([])
    })
  })
})
