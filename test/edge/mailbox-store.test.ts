// A mailbox's stores over the platform's SQLite: held to what every store must do, and to what its rows cost.

import { runInDurableObject } from 'cloudflare:test'
import { toSnakeCase } from 'drizzle-orm/casing'
import { getTableConfig } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { unpackHeads } from '../../durable-objects/mailbox/lot.ts'
import { migrate } from '../../durable-objects/mailbox/migrate.ts'
import * as schema from '../../durable-objects/mailbox/schema.ts'
import { SqliteLetterStore, SqliteOwnerStore, Tables } from '../../durable-objects/mailbox/sqlite-store.ts'
import { MAIL_ENVELOPE_BYTES_MAX } from '../../protocol/limits/mail.ts'
import { MAILBOX_LOT_LETTERS_MAX } from '../../protocol/limits/mailbox.ts'
import type { Letter } from '../../protocol/mailbox/contract.ts'
import { MemoryLetterStore } from '../../protocol/mailbox/memory-store.ts'
import { NO_MAIL_COUNTS } from '../../protocol/mailbox/tally.ts'
import { PRIORITIES, type Priority } from '../../protocol/priority.ts'
import { equalBytes } from '../../protocol/wire/bytes.ts'
import { letterOf, noise, type Stores, storeCompliance } from '../protocol/mailbox/store-compliance.ts'
import { seeded } from '../support/seeded.ts'
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

/** Of each row the seqs of its letters. */
function lotsIn(storage: DurableObjectStorage): readonly (readonly number[])[] {
  const rows = storage.sql.exec<{ heads: ArrayBuffer }>('SELECT heads FROM lots ORDER BY place').toArray()
  return rows.map(({ heads }) => unpackHeads(new Uint8Array(heads)).map(({ seq }) => seq))
}

function isOnDisk(storage: DurableObjectStorage, { id, envelope }: Letter): boolean {
  const found = 'SELECT count(*) AS n FROM lots WHERE instr(heads, ?) OR instr(envelopes, ?)'
  return storage.sql.exec<{ n: number }>(found, id, envelope).one().n > 0
}

describe('rows', () => {
  it('are one for each lot that comes, and one for each that goes', async () => {
    await inStorage((storage) => {
      storesOver(storage).owner.open()
      const letters = Array.from({ length: 40 }, (_, at) => letterOf(at + 1))
      const lots = Math.ceil(40 / MAILBOX_LOT_LETTERS_MAX)
      const put = rowsOf(storage, (counted) => storesOver(counted).letters.insert(letters))
      expect(put.written).toBe(lots)
      const read = rowsOf(storage, (counted) => {
        expect([...storesOver(counted).letters.heads()].length).toBe(40)
      })
      expect(read).toEqual({ written: 0, read: rowsOf(storage, storesOver).read + lots })
      const taken = rowsOf(storage, (counted) => storesOver(counted).letters.remove(letters, NO_MAIL_COUNTS))
      expect(taken.written).toBe(lots)
    })
  })

  it('are no larger than that of the largest letter', async () => {
    await inStorage((storage) => {
      const sizes = [256, 64, 64, 64, 64, 4, 256, 4, 16, 64, 4].map((kib) => kib * 1_024)
      const letters = sizes.map((size, at) => letterOf(at + 1, { envelope: noise(at, size) }))
      storesOver(storage).letters.insert(letters)
      expect(lotsIn(storage)).toEqual([[1], [2, 3, 4, 5], [6], [7], [8, 9, 10, 11]])
      for (const { length } of storage.sql.exec<{ length: number }>(
        'SELECT length(envelopes) AS length FROM lots',
      ))
        expect(length).toBeLessThanOrEqual(MAIL_ENVELOPE_BYTES_MAX)
    })
  })

  it('are one for each row that letters are taken out of, whoever takes how many of it', async () => {
    await inStorage((storage) => {
      const { letters } = storesOver(storage)
      const all = Array.from({ length: 32 }, (_, at) => letterOf(at + 1))
      letters.insert(all)
      const takes = (...seqs: readonly number[]) =>
        rowsOf(storage, (counted) =>
          storesOver(counted).letters.remove(
            seqs.map((seq) => letterOf(seq)),
            { ...NO_MAIL_COUNTS, known: seqs[0] as number },
          ),
        ).written
      expect(takes(3)).toBe(1)
      expect(takes(1, 2, 4, 5, 6, 7, 8, 20)).toBe(2)
      expect(lotsIn(storage)).toEqual([
        [9, 10, 11, 12, 13, 14, 15, 16],
        [17, 18, 19, ...Array.from({ length: 12 }, (_, at) => at + 21)],
      ])
      expect(takes(9, 10, 11, 12, 13, 14, 15, 16, 32)).toBe(2)
      // What was counted went to the row that stays, and the other is no more.
      expect(lotsIn(storage).length).toBe(1)
      expect(storesOver(storage).letters.counts()?.known).toBe(9)
    })
  })

  it('have nothing in them of what was taken', async () => {
    await inStorage((storage) => {
      const { letters } = storesOver(storage)
      const all = Array.from({ length: 8 }, (_, at) => letterOf(at + 1))
      letters.insert(all)
      for (const letter of [all[3], all[0], all[7]] as Letter[]) {
        expect(isOnDisk(storage, letter)).toBe(true)
        letters.remove([letter], NO_MAIL_COUNTS)
        expect(isOnDisk(storage, letter)).toBe(false)
      }
      expect(lotsIn(storage)).toEqual([[2, 3, 5, 6, 7]])
      letters.remove(all, NO_MAIL_COUNTS)
      for (const letter of all) expect(isOnDisk(storage, letter)).toBe(false)
    })
  })

  it('are read once for letters that are read in order, whatever is taken meanwhile', async () => {
    await inStorage((storage) => {
      const all = Array.from({ length: 32 }, (_, at) => letterOf(at + 1))
      storesOver(storage).letters.insert(all)
      const { read } = rowsOf(storage, (counted) => {
        const { letters } = storesOver(counted)
        for (const letter of all) expect(letters.envelope(letter)).toEqual(letter.envelope)
        letters.remove(all.slice(0, 5), NO_MAIL_COUNTS)
        for (const [at, letter] of all.entries())
          expect(letters.envelope(letter)).toEqual(at < 5 ? undefined : letter.envelope)
      })
      // To find where they are, to read them, and where one is written anew.
      expect(read).toBe(rowsOf(storage, storesOver).read + 2 + 2 + 1)
    })
  })

  it('are no more for what is counted with them, and no more of them stay than there once were lots', async () => {
    await inStorage((storage) => {
      storesOver(storage).owner.open()
      let [seq, known] = [0, 0]
      const together = [1, 1, 1, 5, 2, 1, 8, 1]
      for (const lots of together) {
        const letters = Array.from({ length: lots }, () =>
          letterOf(++seq, { envelope: noise(seq, 256 * 1_024) }),
        )
        const put = rowsOf(storage, (counted) => storesOver(counted).letters.insert(letters))
        const taken = letters.map((letter) =>
          rowsOf(storage, (counted) =>
            storesOver(counted).letters.remove([letter], { ...NO_MAIL_COUNTS, known: ++known }),
          ),
        )
        expect([put, ...taken].map(({ written }) => written)).toEqual([lots, ...taken.map(() => 1)])
        expect(storesOver(storage).letters.counts()?.known).toBe(known)
      }
      expect(lotsIn(storage)).toEqual(Array.from({ length: Math.max(...together) }, () => []))
      const envelopes = storage.sql.exec<{ bytes: number }>(
        'SELECT total(length(envelopes)) AS bytes FROM lots',
      )
      expect(envelopes.one().bytes).toBe(0)
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

describe('letters that share rows', () => {
  it('are those that memory has, whatever comes and goes, in however many lives', async () => {
    await inStorage((storage) => {
      const seed = Math.floor(Math.random() * 2 ** 31)
      const random = seeded(seed)
      const upTo = (most: number) => Math.floor(random() * (most + 1))
      const memory = new MemoryLetterStore()
      let { letters } = storesOver(storage)
      let [seq, known] = [0, 0]
      const there = new Map<number, Letter>()
      for (let step = 0; step < 60; step++) {
        const come = Array.from({ length: random() < 0.5 ? upTo(40) : 0 }, () => {
          const fields = {
            priority: PRIORITIES[upTo(3)] as Priority,
            sender: upTo(1) ? 'stranger' : 'contact',
          } as const
          return letterOf(++seq, { ...fields, envelope: noise(seq, 1 << (4 + upTo(14))) })
        })
        const share = random() ** 2
        const go = [...there.values()].filter(() => random() < share)
        const counts = { ...NO_MAIL_COUNTS, known: ++known }
        for (const store of [memory, letters]) {
          store.insert(come)
          store.remove(go, counts)
        }
        for (const letter of come) there.set(letter.seq, letter)
        for (const gone of go) there.delete(gone.seq)
        if (random() < 0.3) letters = storesOver(storage).letters
        const some = [...there.values(), ...go].filter(() => random() < 0.2)
        for (const letter of some) {
          const [found, wanted] = [letters.envelope(letter), memory.envelope(letter)]
          const isSame = found === wanted || (found && wanted && equalBytes(found, wanted))
          expect(isSame, `seed ${seed}, step ${step}, letter ${letter.seq}`).toBe(true)
        }
        expect([...storesOver(storage).letters.heads()], `seed ${seed}`).toEqual([...memory.heads()])
        expect(letters.counts(), `seed ${seed}`).toEqual(memory.counts())
      }
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
