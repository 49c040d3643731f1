// The vault of an identity in a browser: a database of IndexedDB, open for as long as the identity is. Opening it again for
// each commit would cost as much as the commit.
//
// Sizes are kept apart from what they are the sizes of, so that the names of a large vault can be read without its values.

import { WaypostError } from '../../protocol/errors.ts'
import type { VaultRecords } from './vault.ts'

const VERSION = 1
const SIZES = 'sizes'
const VALUES = 'values'

type Stores = Readonly<Record<typeof SIZES | typeof VALUES, IDBObjectStore>>

export async function browserVault(name: string): Promise<VaultRecords> {
  const database = await open(name)
  // A later version of the application wants it, or the user cleared the site's data: neither must wait for us. What the
  // vault knew is then not what is there any more, so it stays closed until the identity is opened again.
  database.onversionchange = () => database.close()
  const run = <Result>(mode: IDBTransactionMode, act: (stores: Stores) => () => Result) =>
    transact(database, mode, act)
  return {
    slots: () =>
      run('readonly', ({ sizes }) => {
        const [slots, bytes] = [sizes.getAllKeys(), sizes.getAll()]
        return () => new Map(slots.result.flatMap((slot, i) => asSize(slot, bytes.result[i])))
      }),
    read: (slots) =>
      run('readonly', ({ values }) => {
        const requests = slots.map((slot): IDBRequest<unknown> => values.get(slot))
        return () => requests.map(({ result }) => (result instanceof Uint8Array ? result : undefined))
      }),
    write: (changes) =>
      run('readwrite', ({ sizes, values }) => {
        for (const [slot, record] of changes) {
          if (record === undefined) {
            sizes.delete(slot)
            values.delete(slot)
          } else {
            sizes.put(record.length, slot)
            values.put(record, slot)
          }
        }
        return () => {}
      }),
    close: async () => database.close(),
  }
}

/** Whatever a script put there: a slot that is none is nobody's, and a size that is none takes no room. */
function asSize(slot: IDBValidKey, bytes: unknown): [string, number][] {
  if (typeof slot !== 'string') return []
  return [[slot, typeof bytes === 'number' && bytes > 0 ? bytes : 0]]
}

/** Resolves, with what `act` gave a way to, when the transaction is complete and on the disk. */
async function transact<Result>(
  database: IDBDatabase,
  mode: IDBTransactionMode,
  act: (stores: Stores) => () => Result,
): Promise<Result> {
  try {
    return await new Promise<Result>((resolve, reject) => {
      const transaction = database.transaction([SIZES, VALUES], mode, { durability: 'strict' })
      transaction.onabort = () => reject(transaction.error)
      try {
        const [sizes, values] = [transaction.objectStore(SIZES), transaction.objectStore(VALUES)]
        const resultOf = act({ sizes, values })
        transaction.oncomplete = () => resolve(resultOf())
        // By itself it would commit when the page has heard of each request: a page that ends before would have written nothing.
        if (mode === 'readwrite') transaction.commit()
      } catch (problem) {
        reject(problem)
        transaction.abort() // What was asked for already would be done otherwise.
      }
    })
  } catch (cause) {
    throw new WaypostError('storage-failed', `IndexedDB failed: ${String(cause)}`, { cause })
  }
}

function open(name: string): Promise<IDBDatabase> {
  return new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name, VERSION)
    request.onupgradeneeded = () => {
      request.result.createObjectStore(SIZES)
      request.result.createObjectStore(VALUES)
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  }).catch((cause: unknown) => {
    // It could be used a moment ago, for the identity; so the browser has it, and would not give us room, or not this one.
    throw new WaypostError('storage-failed', `IndexedDB failed: ${String(cause)}`, { cause })
  })
}
