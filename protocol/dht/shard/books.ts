// Who keeps how much in a shard, and which heads are still needed, while one call is decided: looked up when first asked for,
// written back once at its end, so that a call with a thousand keys costs one row here.

import { SHARD_NOBODY_SHARES, SHARD_ROW_BYTES } from '../../limits/shard.ts'
import { keyText } from '../place.ts'
import type { ShardConfig } from './config.ts'
import type { HeadRow, RecordRow, ShardStore, Usage } from './contract.ts'

interface Account {
  readonly owner: Uint8Array
  readonly before: Usage
  usage: Usage
}

interface Uses {
  readonly head: HeadRow
  readonly before: number
  now: number
}

export class Books {
  readonly #store: ShardStore
  readonly #config: ShardConfig
  readonly #accounts = new Map<string, Account>()
  readonly #heads = new Map<string, Uses>()
  /** More rows than before, or fewer. */
  records = 0

  constructor(store: ShardStore, config: ShardConfig) {
    this.#store = store
    this.#config = config
  }

  /** `owner`: of what counts against nobody, undefined. */
  canKeep(owner: Uint8Array | undefined, records: number, bytes: number): boolean {
    if (owner === undefined || (records <= 0 && bytes <= 0)) return true
    const shares = owner.length === 0 ? SHARD_NOBODY_SHARES : 1
    const { usage } = this.#account(owner)
    return (
      usage.records + records <= this.#config.peerRecords * shares &&
      usage.bytes + bytes <= this.#config.peerBytes * shares
    )
  }

  note(owner: Uint8Array | undefined, records: number, bytes: number): void {
    this.records += records
    if (owner !== undefined) this.#charge(owner, records, bytes)
  }

  hasHead(id: Uint8Array): boolean {
    return (this.#uses(id)?.now ?? 0) > 0
  }

  useHead(head: HeadRow, rows: number): void {
    const uses = this.#uses(head.id) ?? { head, before: 0, now: 0 }
    this.#heads.set(keyText(head.id), uses)
    if (uses.now === 0) this.#charge(head.peer, 0, bytesOfHead(head))
    uses.now += rows
  }

  releaseHead(id: Uint8Array, rows: number): void {
    const uses = this.#uses(id)
    if (uses === undefined) return
    uses.now -= rows
    if (uses.now === 0) this.#charge(uses.head.peer, 0, -bytesOfHead(uses.head))
  }

  flush(): void {
    for (const { owner, before, usage } of this.#accounts.values())
      if (usage.records !== before.records || usage.bytes !== before.bytes) this.#store.setUsage(owner, usage)
    for (const { head, before, now } of this.#heads.values()) {
      if (before === 0 && now > 0) this.#store.putHead(head, now)
      else if (before !== now) this.#store.setUses(head.id, now)
    }
  }

  #account(owner: Uint8Array): Account {
    const key = keyText(owner)
    const known = this.#accounts.get(key)
    if (known !== undefined) return known
    const usage = this.#store.usage(owner)
    const made = { owner, before: usage, usage }
    this.#accounts.set(key, made)
    return made
  }

  #charge(owner: Uint8Array, records: number, bytes: number): void {
    const account = this.#account(owner)
    const { usage } = account
    account.usage = { records: usage.records + records, bytes: usage.bytes + bytes }
  }

  #uses(id: Uint8Array): Uses | undefined {
    const key = keyText(id)
    const known = this.#heads.get(key)
    if (known !== undefined) return known
    const head = this.#store.head(id)
    if (head === undefined) return undefined
    const uses = { head, before: head.uses, now: head.uses }
    this.#heads.set(key, uses)
    return uses
  }
}

/** A peer has one announcement, and no row to say so: it would double what that costs. */
export function payerOf({ slot, owner }: Pick<RecordRow, 'slot' | 'owner'>): Uint8Array | undefined {
  return slot === 'announcement' ? undefined : owner
}

type Sized = { readonly length: number }

export function bytesOfRecord({ bytes }: { readonly bytes: Sized }): number {
  return bytes.length + SHARD_ROW_BYTES
}

export function bytesOfProvider({ path }: { readonly path: Sized }): number {
  return path.length + SHARD_ROW_BYTES
}

export function bytesOfHead({ bytes }: { readonly bytes: Sized }): number {
  return bytes.length + SHARD_ROW_BYTES
}
