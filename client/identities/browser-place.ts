// Identities in a browser: in the origin's IndexedDB, under keys that no script can take out of it, each held by one tab
// at a time through a Web Lock, which the browser releases with the tab, whatever becomes of it.
//
// The database is opened for each thing and closed again: these are rare, and a tab that keeps it open would stand in the
// way of a later version of it, and of whoever clears the site's data.

import { WaypostError } from '../../protocol/errors.ts'
import { IDENTITY_LOCK_WAIT_MS } from '../../protocol/limits/identities.ts'
import { PEER_ID_BYTES } from '../../protocol/peer-id.ts'
import { browserVault } from './browser-vault.ts'
import type { Kept, Place, Release } from './place.ts'

const DATABASE = 'waypost identities'
const VERSION = 1
const IDENTITIES = 'identities'
const VALUES = 'values'
/** Six seconds in all: a lock that nobody holds and that is not had by then will not be. */
const LOCK_TRIES_MAX = 20

export function browserPlace(): Place {
  if (typeof navigator === 'undefined' || navigator.locks === undefined)
    throw new WaypostError(
      'unsupported',
      'this browser has no Web Locks (navigator.locks) to keep tabs apart',
    )
  return {
    where: 'in this browser',
    extractable: false,
    names: async () => {
      const keys = await run([IDENTITIES], 'readonly', (of) => of(IDENTITIES).getAllKeys())
      return keys.filter((key) => typeof key === 'string')
    },
    read: async (name) => asKept(await run([IDENTITIES], 'readonly', (of) => of(IDENTITIES).get(name))),
    write: async (name, kept) => {
      await run([IDENTITIES], 'readwrite', (of) => of(IDENTITIES).put(kept, name))
    },
    erase: async (name) => {
      // Its vault first: what is left over when a tab dies in between can be forgotten again.
      await eraseVault(name)
      await run([IDENTITIES, VALUES], 'readwrite', (of) => {
        of(IDENTITIES).delete(name)
        return of(VALUES).delete(valuesOf(name))
      })
    },
    lock: (name) => lock(`waypost identity ${name}`),
    values: {
      get: async (name, entry) => {
        const value: unknown = await run([VALUES], 'readonly', (of) => of(VALUES).get([name, entry]))
        return value instanceof Uint8Array ? value : undefined
      },
      set: async (name, entry, value) => {
        await run([VALUES], 'readwrite', (of) => of(VALUES).put(value, [name, entry]))
      },
      delete: async (name, entry) => {
        await run([VALUES], 'readwrite', (of) => of(VALUES).delete([name, entry]))
      },
      count: (name) => run([VALUES], 'readonly', (of) => of(VALUES).count(valuesOf(name))),
    },
    vault: (name) => browserVault(vaultOf(name)),
  }
}

/**
 * A database of its own for each identity. So this one stays what it was, and an older version of the application can
 * still open it; tabs with different identities do not wait for each other's commits; and one that is forgotten goes whole.
 */
const vaultOf = (name: string) => `waypost vault ${name}`

function eraseVault(name: string): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(vaultOf(name))
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error)
  }).catch((cause: unknown) => {
    throw new WaypostError('storage-failed', `IndexedDB failed: ${String(cause)}`, { cause })
  })
}

/** Every [name, entry] of this name: arrays sort after strings, so nothing of ours sorts after an empty one. */
function valuesOf(name: string): IDBKeyRange {
  return IDBKeyRange.bound([name], [name, []])
}

function asKept(found: unknown): Kept | 'damaged' | undefined {
  if (found === undefined) return undefined
  const { id, locked, sealed, key } = (found ?? {}) as Partial<Record<keyof Kept, unknown>>
  const whole =
    id instanceof Uint8Array &&
    id.length === PEER_ID_BYTES &&
    typeof locked === 'boolean' &&
    sealed instanceof Uint8Array &&
    key instanceof CryptoKey
  return whole ? { id, locked, sealed, key } : 'damaged'
}

/** Resolves when the transaction is complete, and with `strict` durability on the disk. */
async function run<Result>(
  stores: string[],
  mode: IDBTransactionMode,
  act: (of: (store: string) => IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await open()
  try {
    return await new Promise<Result>((resolve, reject) => {
      const transaction = database.transaction(stores, mode, { durability: 'strict' })
      const request = act((store) => transaction.objectStore(store))
      transaction.oncomplete = () => resolve(request.result)
      transaction.onabort = () => reject(transaction.error)
    })
  } catch (cause) {
    throw new WaypostError('storage-failed', `IndexedDB failed: ${String(cause)}`, { cause })
  } finally {
    database.close()
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION)
    request.onupgradeneeded = () => {
      request.result.createObjectStore(IDENTITIES)
      request.result.createObjectStore(VALUES)
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  }).catch((cause: unknown) => {
    // Some private modes and blocked third-party frames have it, and refuse to open it.
    const message = `this browser does not let the page use its IndexedDB: ${String(cause)}`
    throw new WaypostError('unsupported', message, { cause })
  })
}

/**
 * Undefined: somebody has it. A browser that is merely busy may take longer to answer than a predecessor to die, and may still
 * show a request as held that was given up in that moment: so twice in a row.
 */
async function lock(name: string): Promise<Release | undefined> {
  let seenHeld = 0
  for (let tries = 0; tries < LOCK_TRIES_MAX && seenHeld < 2; tries++) {
    const release = await tryLock(name)
    if (release !== undefined) return release
    const { held = [] } = await navigator.locks.query()
    seenHeld = held.some((one) => one.name === name) ? seenHeld + 1 : 0
  }
  return undefined
}

function tryLock(name: string): Promise<Release | undefined> {
  return new Promise((resolve, reject) => {
    let letGo = () => {}
    const held = new Promise<void>((done) => {
      letGo = done
    })
    const over = navigator.locks
      .request(name, { signal: AbortSignal.timeout(IDENTITY_LOCK_WAIT_MS) }, () => {
        resolve(async () => {
          letGo()
          await over
        })
        return held
      })
      .catch((problem: unknown) => {
        // After the lock was had this resolves nothing any more: a script of the page stole it, and nobody can help that.
        const busy = problem instanceof DOMException && /^(Abort|Timeout)Error$/.test(problem.name)
        if (busy) return resolve(undefined)
        reject(
          new WaypostError('unsupported', `no Web Lock to be had: ${String(problem)}`, { cause: problem }),
        )
      })
  })
}
