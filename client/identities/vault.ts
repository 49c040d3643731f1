// The vault of an identity: what it cannot do without (its letters, and the keys they need), changed several values at a
// time or not at all, and on the disk when it is said to be. In memory for an identity that lasts as long as the client.
//
// Nothing here knows a disk or a cipher. Values lie in a place under slots; what a slot and a sealed value are to a name
// and a value is the sealing's affair. All calls take their turn, one after another: a read sees every commit before it.

import type { Keeping } from '../../protocol/crypto/keeping/locked-box.ts'
import { sealedVault, type VaultSealing } from '../../protocol/crypto/keeping/sealed-vault.ts'
import { WaypostError } from '../../protocol/errors.ts'
import {
  VAULT_BYTES_MAX,
  VAULT_COMMIT_BYTES_MAX,
  VAULT_ENTRIES_MAX,
  VAULT_NAME_BYTES_MAX,
  VAULT_VALUE_BYTES_MAX,
} from '../../protocol/limits/identities.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'

/** Values sealed or opened side by side: enough to keep the platform's crypto busy, and a page has other things to do. */
const AT_ONCE = 256

/** Only what its holder put there: what was tampered with is as if it were not there. */
export interface Vault {
  /** Every value whose name begins so, in order of name (of its UTF-16 code units, as strings compare). */
  entries(prefix: string): Promise<readonly (readonly [name: string, value: Uint8Array])[]>
  /** Undefined for what is not there, and for what was tampered with. */
  get(name: string): Promise<Uint8Array | undefined>
  /**
   * All or nothing, and on the disk when it resolves. In the order called. `undefined` deletes. Rejects with `too-large`
   * (a value, a name, the commit or the vault with it), `storage-failed`, or `closed`; then nothing was changed.
   */
  commit(changes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void>
  /** Values met so far that are there and do not open. They are left as they are. */
  readonly damaged: number
}

/** Where the records of one vault lie: bytes under slots. Only for who holds the identity's lock; calls never overlap. */
export interface VaultRecords {
  /** Every slot there is, with the bytes of its record. Asked once, first. */
  slots(): Promise<ReadonlyMap<string, number>>
  /** Undefined for what is not there. */
  read(slots: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>
  /** All or nothing, and on the disk when it resolves. When it rejects, nothing was changed and it may be tried again. */
  write(changes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void>
  close(): Promise<void>
}

export type OpenVault = Vault & { end(): Promise<void> }

/** Of an identity that is kept: sealed in its place. */
export async function keptVault(
  keeping: Keeping,
  storeKey: Uint8Array,
  open: () => Promise<VaultRecords>,
  ended: string,
): Promise<OpenVault> {
  const sealing = await sealedVault(keeping, storeKey)
  const records = await open()
  try {
    return await openVault(records, sealing, ended)
  } catch (problem) {
    await records.close()
    throw problem
  }
}

/** Of one that lasts as long as the client. */
export function memoryVault(): Promise<OpenVault> {
  return openVault(memoryRecords(), UNSEALED, 'the client was closed')
}

/** `ended` is what a call is told that comes after the end. */
async function openVault(records: VaultRecords, sealing: VaultSealing, ended: string): Promise<OpenVault> {
  const contents = new Contents(records, sealing)
  await contents.begin()
  let over = false
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    // Released, it may be somebody else's by now, and has to be left alone.
    if (over) return Promise.reject(new WaypostError('closed', ended))
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }
  return {
    entries: (prefix) => inTurn(() => contents.entries(prefix)),
    get: (name) => inTurn(async () => (await contents.read([name]))[0]?.[1]),
    commit: async (changes) => {
      const copies = checkedCopies(changes)
      return inTurn(() => contents.commit(copies))
    },
    get damaged() {
      return contents.damaged
    },
    end: async () => {
      over = true
      await last
      await records.close()
    },
  }
}

interface Known {
  readonly slot: string
  /** What it takes of the vault's room. */
  readonly bytes: number
}

/** The names there are, and where; the values stay where they lie. */
class Contents {
  readonly #records: VaultRecords
  readonly #sealing: VaultSealing
  readonly #known = new Map<string, Known>()
  readonly #damaged = new Set<string>()
  #bytes = 0

  constructor(records: VaultRecords, sealing: VaultSealing) {
    this.#records = records
    this.#sealing = sealing
  }

  get damaged(): number {
    return this.#damaged.size
  }

  async begin(): Promise<void> {
    await sideBySide([...(await this.#records.slots())], async ([slot, bytes]) => {
      const name = await this.#sealing.nameOf(slot)
      if (name === undefined) this.#damaged.add(slot)
      else this.#know(name, { slot, bytes: slot.length + bytes })
    })
  }

  async entries(prefix: string): Promise<readonly (readonly [string, Uint8Array])[]> {
    return this.read([...this.#known.keys()].filter((name) => name.startsWith(prefix)).sort())
  }

  /** Those of these names that are there and whole. */
  async read(names: readonly string[]): Promise<readonly (readonly [string, Uint8Array])[]> {
    const there = names.flatMap((name) => {
      const known = this.#known.get(name)
      return known === undefined ? [] : [{ name, slot: known.slot }]
    })
    const sealed = await this.#records.read(there.map(({ slot }) => slot))
    const opened = await sideBySide([...there.entries()], async ([i, { slot }]) => {
      const bytes = sealed[i]
      return bytes && this.#sealing.open(slot, bytes)
    })
    return there.flatMap(({ name, slot }, i) => {
      const value = opened[i]
      if (value !== undefined) return [[name, value] as const]
      this.#damaged.add(slot)
      return []
    })
  }

  async commit(changes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    const written = new Map<string, Uint8Array | undefined>()
    const next = new Map<string, Known | undefined>()
    await sideBySide([...changes], async ([name, value]) => {
      const known = this.#known.get(name)
      if (value === undefined && known === undefined) return
      const slot = known?.slot ?? (await this.#sealing.slotOf(name))
      const sealed = value && (await this.#sealing.seal(slot, value))
      written.set(slot, sealed)
      next.set(name, sealed && { slot, bytes: slot.length + sealed.length })
    })
    if (written.size === 0) return
    this.#checkRoom(next)
    await this.#records.write(written)
    for (const slot of written.keys()) this.#damaged.delete(slot)
    for (const [name, known] of next) this.#know(name, known)
  }

  #know(name: string, known: Known | undefined): void {
    this.#bytes += (known?.bytes ?? 0) - (this.#known.get(name)?.bytes ?? 0)
    if (known === undefined) this.#known.delete(name)
    else this.#known.set(name, known)
  }

  #checkRoom(next: ReadonlyMap<string, Known | undefined>): void {
    let [entries, bytes] = [this.#known.size, this.#bytes]
    for (const [name, known] of next) {
      const before = this.#known.get(name)
      entries += (known === undefined ? 0 : 1) - (before === undefined ? 0 : 1)
      bytes += (known?.bytes ?? 0) - (before?.bytes ?? 0)
    }
    // What takes nothing more is always let through: a vault that is full can be emptied.
    if (entries > VAULT_ENTRIES_MAX && entries > this.#known.size)
      throw new WaypostError('too-large', `a vault keeps at most ${VAULT_ENTRIES_MAX} values`)
    if (bytes > VAULT_BYTES_MAX && bytes > this.#bytes)
      throw new WaypostError('too-large', `a vault keeps at most ${VAULT_BYTES_MAX} bytes`)
  }
}

/** As they were when commit() was called: whoever called may use its bytes again. */
function checkedCopies(changes: ReadonlyMap<string, Uint8Array | undefined>) {
  const copies = new Map<string, Uint8Array | undefined>()
  let whole = 0
  for (const [name, value] of changes) {
    // Half a character would be kept as another one.
    if (typeof name !== 'string' || !name.isWellFormed())
      throw new TypeError('commit: a name must be a well-formed string')
    const length = utf8(name).length
    if (length > VAULT_NAME_BYTES_MAX)
      throw new WaypostError('too-large', `a vault's names have at most ${VAULT_NAME_BYTES_MAX} bytes`)
    if (value !== undefined && !(value instanceof Uint8Array))
      throw new TypeError('commit: a value must be a Uint8Array, or undefined to delete it')
    if (value !== undefined && value.length > VAULT_VALUE_BYTES_MAX)
      throw new WaypostError('too-large', `a vault keeps values of at most ${VAULT_VALUE_BYTES_MAX} bytes`)
    whole += length + (value?.length ?? 0)
    if (whole > VAULT_COMMIT_BYTES_MAX)
      throw new WaypostError('too-large', `a commit changes at most ${VAULT_COMMIT_BYTES_MAX} bytes`)
    copies.set(name, value?.slice())
  }
  return copies
}

async function sideBySide<Of, Result>(
  all: readonly Of[],
  act: (each: Of) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (let at = 0; at < all.length; at += AT_ONCE)
    results.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map(act))))
  return results
}

// ---- in memory ------------------------------------------------------------------------------------------------------

function memoryRecords(): VaultRecords {
  const records = new Map<string, Uint8Array>()
  return {
    slots: async () => new Map(),
    read: async (slots) => slots.map((slot) => records.get(slot)),
    write: async (changes) => {
      for (const [slot, record] of changes) {
        if (record === undefined) records.delete(slot)
        else records.set(slot, record)
      }
    },
    close: async () => records.clear(),
  }
}

/** Nobody but us reads our memory. Opening copies: what an application does to its copy is not done to ours. */
const UNSEALED: VaultSealing = {
  slotOf: async (name) => name,
  nameOf: async (slot) => slot,
  seal: async (_, value) => value,
  open: async (_, sealed) => sealed.slice(),
}
