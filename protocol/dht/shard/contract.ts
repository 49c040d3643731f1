// What a shard keeps and where, what it is told and does, and what it and its parent say to each other, as types.

import type { Key, Moved, ShardAnswer, ShardRequest } from '../contract.ts'

/** A key may be that of a value and of something signed: whoever hashes what a name's key is made of has such a value. */
export const SLOTS = ['announcement', 'name', 'ipns', 'value'] as const
export type Slot = (typeof SLOTS)[number]

/** What a get looks for; `any`: something signed, if there is such a thing, or else a value. */
export type Looked = 'any' | 'signed' | 'value'
/** In the order in which they answer. */
export const SLOTS_OF: Readonly<Record<Looked, readonly Slot[]>> = {
  any: SLOTS,
  signed: SLOTS.filter((slot) => slot !== 'value'),
  value: ['value'],
}

export interface RecordRow {
  readonly slot: Slot
  readonly key: Key
  /** Whose quota it counts against; empty: nobody's. */
  readonly owner: Uint8Array
  readonly sequence: bigint
  /** Empty for a value. */
  readonly digest: Uint8Array
  /** Not served from then on. */
  readonly expiresAtMs: number
  /** Not kept from then on: later where the parent has an older one that would come up again. */
  readonly endsAtMs: number
  readonly bytes: Uint8Array
}

export interface ProviderRow {
  readonly key: Key
  readonly peer: Uint8Array
  /** The id of its head. */
  readonly head: Uint8Array
  readonly index: number
  readonly path: Uint8Array
  readonly region: string
  readonly createdMs: number
  readonly expiresAtMs: number
  /** As for records. */
  readonly endsAtMs: number
}

export interface HeadRow {
  readonly id: Uint8Array
  readonly peer: Uint8Array
  readonly bytes: Uint8Array
}

export interface Usage {
  readonly records: number
  readonly bytes: number
}

/** What a shard knows of itself beside its splits. */
export interface ShardState {
  /** Rows of records and providers; may be a little behind, and is put right by each round of clearing away. */
  readonly records: number
  /** The parent has nothing any more. */
  readonly isParentDrained: boolean
  /** It is split and has nothing any more. */
  readonly isDrained: boolean
}

export interface Split {
  readonly prefix: string
  readonly atMs: number
  /** The parent has heard of it. */
  readonly told: boolean
}

export interface SweepCursor {
  readonly table: 'records' | 'providers'
  /** Undefined: from the beginning. */
  readonly after: { readonly slot: Slot; readonly key: Key; readonly peer: Uint8Array } | undefined
}

export interface Swept {
  /** Gone from the store. */
  readonly gone: readonly {
    /** Against whose quota it counted, if anybody's. */
    readonly owner: Uint8Array | undefined
    readonly bytes: number
    readonly head?: Uint8Array
  }[]
  readonly left: number
  /** Of those left. */
  readonly earliestEndMs: number
  /** Undefined: that was the last page. */
  readonly next: SweepCursor | undefined
}

/** Synchronous: a decision and its rows are one piece. What it throws was not done. */
export interface ShardStore {
  /** All or nothing. Not nested. */
  atomically<T>(work: () => T): T

  record(slot: Slot, key: Key): RecordRow | undefined
  /** The first of what is looked for under the key that has not expired. */
  live(key: Key, of: Looked, nowMs: number): Pick<RecordRow, 'bytes' | 'expiresAtMs'> | undefined
  putRecord(row: RecordRow): void
  /** Keys of announcements not expired, from a key (itself included only going up) to another, at most so many. */
  announced(from: Key, to: Key, way: 'up' | 'down', limit: number, nowMs: number): Key[]

  provider(key: Key, peer: Uint8Array): ProviderRow | undefined
  /** All of the key, expired ones too. */
  providers(key: Key): ProviderRow[]
  putProvider(row: ProviderRow): void
  removeProvider(key: Key, peer: Uint8Array): void

  head(id: Uint8Array): (HeadRow & { readonly uses: number }) | undefined
  putHead(head: HeadRow, uses: number): void
  /** Zero: it goes. */
  setUses(id: Uint8Array, uses: number): void

  usage(owner: Uint8Array): Usage
  /** Nothing of anything: the row goes. */
  setUsage(owner: Uint8Array, usage: Usage): void
  /** Rows of records and providers: by their owners' accounts, and announcements, which are on nobody's. */
  counted(): number

  /** Removes what has ended among the next rows, at most so many of which are looked at. */
  sweep(cursor: SweepCursor, rows: number, nowMs: number): Swept

  state(): ShardState
  setState(state: ShardState): void
  splits(): Split[]
  putSplit(split: Split): void
  /** What all of it takes. */
  readonly bytes: number
  /** Whether there is anything: asking makes nothing. */
  readonly exists: boolean
}

// ---- between a shard and its parent ---------------------------------------------------------------------------

/** Of what the parent had when it split. */
export type Lookup =
  | { readonly kind: 'record'; readonly slot: Slot; readonly key: Key; readonly withBytes: boolean }
  | { readonly kind: 'providers'; readonly key: Key }
  | { readonly kind: 'provider'; readonly key: Key; readonly peer: Uint8Array }
  | { readonly kind: 'nearest'; readonly target: Key; readonly prefix: string }

/** Only what has not expired. */
export interface Finding {
  readonly records: readonly RecordRow[]
  readonly providers: readonly ProviderRow[]
  readonly heads: readonly HeadRow[]
}

export type ParentAnswer =
  /** It is split: its children are leaves, or split themselves. A finding for each lookup. */
  | { readonly kind: 'split'; readonly isDrained: boolean; readonly findings: readonly Finding[] }
  /** It is not, and so its children hold nothing. */
  | Moved

// ---- the machine ----------------------------------------------------------------------------------------------

/** `Origin` and `Child` are the host's: whom to answer. */
export type ShardInput<Origin, Child> =
  | { readonly kind: 'asked'; readonly origin: Origin; readonly requests: readonly ShardRequest[] }
  | { readonly kind: 'childAsked'; readonly child: Child; readonly lookups: readonly Lookup[] }
  /** Undefined: it could not be reached. */
  | { readonly kind: 'parentAnswered'; readonly token: number; readonly answer: ParentAnswer | undefined }
  /** A child, or one below it, has split. */
  | { readonly kind: 'childSplit'; readonly prefixes: readonly string[] }
  | { readonly kind: 'parentTold'; readonly prefixes: readonly string[]; readonly ok: boolean }
  | { readonly kind: 'wake' }

export type ShardEffect<Origin, Child> =
  | { readonly kind: 'answer'; readonly to: Origin; readonly answers: readonly ShardAnswer[] }
  /** Undefined: not now. */
  | { readonly kind: 'answerChild'; readonly to: Child; readonly answer: ParentAnswer | undefined }
  | {
      readonly kind: 'askParent'
      readonly token: number
      readonly parent: string
      readonly lookups: readonly Lookup[]
    }
  | { readonly kind: 'tellParent'; readonly parent: string; readonly prefixes: readonly string[] }
  /** For the log: what the store threw. Everybody concerned is told `internal`. */
  | { readonly kind: 'storeFailed'; readonly error: unknown }
