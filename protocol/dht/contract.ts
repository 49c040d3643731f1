// What the DHT holds and what its shards are asked, as types. See README.md beside this file.

import type { DhtAnswer } from '../wire/dht-frames.ts'

/** 32 bytes. */
export type Key = Uint8Array

export type HashCode = typeof SHA2_256 | typeof BLAKE3
/** Multihash codes. */
export const SHA2_256 = 0x12
export const BLAKE3 = 0x1e

/** A record whose bytes were checked against its key: by its digest, or by its owner's signature. */
declare const verified: unique symbol
export type Verified<T> = T & { readonly [verified]: true }

/** As it is stored and served: the bytes say everything, the other fields were read from them. */
export type StoredRecord = ValueRecord | SignedRecord | IpnsRecord

export interface ValueRecord {
  readonly kind: 'value'
  readonly key: Key
  readonly ttlSeconds: number
  readonly bytes: Uint8Array
}

export interface SignedRecord {
  readonly kind: 'name' | 'announcement'
  readonly key: Key
  /** Who signed it. */
  readonly peer: Uint8Array
  readonly sequence: bigint
  /** SHA-256 of the bytes: decides between two of one sequence. */
  readonly digest: Uint8Array
  readonly createdMs: number
  readonly ttlSeconds: number
  readonly bytes: Uint8Array
}

export interface IpnsRecord {
  readonly kind: 'ipns'
  readonly key: Key
  readonly sequence: bigint
  readonly digest: Uint8Array
  readonly expiresAtMs: number
  readonly bytes: Uint8Array
}

/** The part of a signed announcement of provided keys that is the same for each of them. */
export interface ProvidedHead {
  readonly peer: Uint8Array
  /** SHA-256 of the bytes. */
  readonly id: Uint8Array
  readonly createdMs: number
  readonly ttlSeconds: number
  readonly region: string
  readonly bytes: Uint8Array
}

export interface ProvidedKey {
  readonly key: Key
  readonly index: number
  /** Siblings from the leaf up, 32 bytes each. */
  readonly path: Uint8Array
}

/** What was verified is asked of a shard; one call carries many. */
export type ShardRequest =
  /**
   * `of`: what is looked for, which whoever asks should say, as a key may be that of a name and of a value. Not said: something
   * signed, if there is such a thing, or else a value.
   */
  | { readonly kind: 'get'; readonly key: Key; readonly of?: 'signed' | 'value' }
  /** `owner`: whose quota it counts against; of a value, whoever's pass it was put with; undefined for IPNS. */
  | { readonly kind: 'put'; readonly record: Verified<StoredRecord>; readonly owner: Uint8Array | undefined }
  | { readonly kind: 'provide'; readonly head: Verified<ProvidedHead>; readonly keys: readonly ProvidedKey[] }
  | { readonly kind: 'providers'; readonly key: Key; readonly limit: number; readonly near: string }
  /** The announcements whose keys are nearest to the target. */
  | { readonly kind: 'closest'; readonly target: Key; readonly limit: number }

export type ShardAnswer = Exclude<DhtAnswer, { kind: 'stored' }> | Stored | Moved

/**
 * `isNew`: something was written; otherwise what is there will last for more than a quarter of the time that was asked for.
 * Of `provide`: `kept` of its keys are kept, the first of them until then; the others have as many providers as they may,
 * who all last longer.
 */
export interface Stored {
  readonly kind: 'stored'
  readonly expiresAtMs: number
  readonly isNew: boolean
  readonly kept?: number
}

/** That key is not held here: these are the leaves below this prefix. */
export interface Moved {
  readonly kind: 'moved'
  readonly prefix: string
  readonly version: number
  readonly leaves: readonly string[]
}

export interface ClosestEntry {
  readonly key: Key
  readonly bytes: Uint8Array
}

export interface ProviderEntry {
  readonly peer: Uint8Array
  /** Into `heads`. */
  readonly head: number
  readonly index: number
  readonly path: Uint8Array
  readonly expiresAtMs: number
}
