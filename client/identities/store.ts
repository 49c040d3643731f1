// The small store of an identity, for what its links want to find again: in memory for one that lasts as long as the
// client, sealed in its place for one that is kept.

import type { Keeping } from '../../protocol/crypto/keeping/locked-box.ts'
import { sealedValues } from '../../protocol/crypto/keeping/sealed-values.ts'
import { WaypostError } from '../../protocol/errors.ts'
import { STORE_ENTRIES_MAX, STORE_VALUE_BYTES_MAX } from '../../protocol/limits/identities.ts'
import type { ValuePlace } from './place.ts'

/** Each call is all or nothing; calls for one key take effect in the order they were made. */
export interface SealedStore {
  /** Undefined for what is not there, and for what was tampered with. */
  get(key: string): Promise<Uint8Array | undefined>
  /** Rejects with `too-large` when the value is, or when there are too many. */
  set(key: string, value: Uint8Array): Promise<void>
  delete(key: string): Promise<void>
}

export function memoryStore(): SealedStore {
  const values = new Map<string, Uint8Array>()
  return {
    get: async (key) => values.get(key)?.slice(),
    set: async (key, value) => {
      checkRoom(value, values.has(key) ? 0 : values.size)
      values.set(key, value.slice())
    },
    delete: async (key) => {
      values.delete(key)
    },
  }
}

export async function sealedStore(
  keeping: Keeping,
  storeKey: Uint8Array,
  place: ValuePlace,
  name: string,
): Promise<SealedStore & { end(): Promise<void> }> {
  const values = await sealedValues(keeping, storeKey)
  let ended = false
  // One after another: a value must not be overtaken by the one it replaces, whose sealing took longer.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    // Released, it may be somebody else's by now, and has to be left alone.
    if (ended) return Promise.reject(new WaypostError('closed', `the identity '${name}' was closed`))
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }
  return {
    get: (key) =>
      inTurn(async () => {
        const sealed = await place.get(name, await values.entryOf(key))
        return sealed && values.open(key, sealed)
      }),
    set: (key, value) => {
      const copy = value.slice()
      return inTurn(async () => {
        const entry = await values.entryOf(key)
        const known = (await place.get(name, entry)) !== undefined
        checkRoom(copy, known ? 0 : await place.count(name))
        await place.set(name, entry, await values.seal(key, copy))
      })
    },
    delete: (key) => inTurn(async () => place.delete(name, await values.entryOf(key))),
    end: async () => {
      ended = true
      await last
    },
  }
}

function checkRoom(value: Uint8Array, others: number): void {
  if (value.length > STORE_VALUE_BYTES_MAX)
    throw new WaypostError('too-large', `an identity keeps values of at most ${STORE_VALUE_BYTES_MAX} bytes`)
  if (others >= STORE_ENTRIES_MAX)
    throw new WaypostError('too-large', `an identity keeps at most ${STORE_ENTRIES_MAX} values`)
}
