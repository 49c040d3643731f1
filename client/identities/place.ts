// Where identities are kept: the port, as types. A browser's IndexedDB is one place, a directory of Node another.

import type { SubtleKey } from '../../protocol/crypto/subtle.ts'
import type { VaultRecords } from './vault.ts'

/** As it is kept: nothing of it opens without the key, and in a browser the key does not leave the device. */
export interface Kept {
  /** The 32 bytes of the PeerId. */
  readonly id: Uint8Array
  readonly locked: boolean
  readonly sealed: Uint8Array
  readonly key: SubtleKey
}

/** Lets go; again, and nothing happens. */
export type Release = () => Promise<void>

/** Reads give `damaged` for what is there and is not what was written. Whatever fails otherwise is `storage-failed`. */
export interface Place {
  /** For messages: "in this browser", "in /a/directory". */
  readonly where: string
  /** Whether the keys made for it must be such that they can be written down. */
  readonly extractable: boolean
  names(): Promise<readonly string[]>
  read(name: string): Promise<Kept | 'damaged' | undefined>
  /** All or nothing, and on the disk when it resolves. Only by who holds the lock. */
  write(name: string, kept: Kept): Promise<void>
  /** With all its values. Only by who holds the lock. */
  erase(name: string): Promise<void>
  /** Nobody else has it until it is released, or its holder is no more. Undefined: somebody has. */
  lock(name: string): Promise<Release | undefined>
  readonly values: ValuePlace
  /** The records of its vault. Only by who holds the lock, and one at a time. */
  vault(name: string): Promise<VaultRecords>
}

/** Values of identities: bytes under the entries that protocol/crypto/keeping makes of their names. */
export interface ValuePlace {
  get(name: string, entry: string): Promise<Uint8Array | undefined>
  set(name: string, entry: string, value: Uint8Array): Promise<void>
  delete(name: string, entry: string): Promise<void>
  count(name: string): Promise<number>
}
