// What there is under a key, of a shard's own rows and, until its parent has nothing any more, of what the parent said. Where
// the shard has a row of its own, expired or not, the parent's does not count: whoever wrote it had looked at that.

import { SHARD_CLOSEST_MAX } from '../../limits/shard.ts'
import type { Key, ShardRequest } from '../contract.ts'
import { compareDistance, keyText } from '../place.ts'
import { slotOf } from './compare.ts'
import type { Finding, HeadRow, Lookup, ProviderRow, RecordRow, ShardStore, Slot } from './contract.ts'
import { SLOTS_OF } from './contract.ts'
import { nearest } from './nearest.ts'

/** What the parent said, by what it was asked. */
export class Findings {
  readonly #findings = new Map<string, Finding>()

  add(lookups: readonly Lookup[], findings: readonly Finding[]): void {
    for (const [at, lookup] of lookups.entries()) {
      const finding = findings[at]
      if (finding !== undefined) this.#findings.set(lookupText(lookup), finding)
    }
  }

  get(lookup: Lookup): Finding | undefined {
    return this.#findings.get(lookupText(lookup))
  }
}

export function lookupText(lookup: Lookup): string {
  switch (lookup.kind) {
    case 'record':
      return `${lookup.slot}${lookup.withBytes ? '+' : '-'}${keyText(lookup.key)}`
    case 'providers':
      return `providers${keyText(lookup.key)}`
    case 'provider':
      return `provider${keyText(lookup.key)}${keyText(lookup.peer)}`
    case 'nearest':
      return `nearest${lookup.prefix}/${keyText(lookup.target)}`
  }
}

export class View {
  readonly #store: ShardStore
  readonly #prefix: string
  readonly #findings: Findings
  readonly #hasParent: boolean
  readonly #nowMs: number
  /** Rows of the shard's own that were looked up, or written, in this call. */
  readonly #records = new Map<string, RecordRow | undefined>()
  readonly #providerRows = new Map<string, ProviderRow | undefined>()

  /** `hasParent`: there is one that may still have something. */
  constructor(store: ShardStore, prefix: string, findings: Findings, hasParent: boolean, nowMs: number) {
    this.#store = store
    this.#prefix = prefix
    this.#findings = findings
    this.#hasParent = hasParent
    this.#nowMs = nowMs
  }

  // ---- what to ask the parent first -------------------------------------------------------------------------

  /** What of a request the parent has to say, and has not said. */
  *missingFor(request: ShardRequest): Iterable<Lookup> {
    if (!this.#hasParent) return
    for (const lookup of this.#lookupsFor(request)) if (this.isMissing(lookup)) yield lookup
  }

  isMissing(lookup: Lookup): boolean {
    if (!this.#hasParent || this.#findings.get(lookup) !== undefined) return false
    if (lookup.kind === 'record') return this.ownRecord(lookup.slot, lookup.key) === undefined
    if (lookup.kind === 'provider') return this.ownProvider(lookup.key, lookup.peer) === undefined
    return true
  }

  *#lookupsFor(request: ShardRequest): Iterable<Lookup> {
    switch (request.kind) {
      case 'get':
        for (const slot of SLOTS_OF[request.of ?? 'any']) {
          if (isLive(this.ownRecord(slot, request.key), this.#nowMs)) return
          yield { kind: 'record', slot, key: request.key, withBytes: true }
        }
        return
      case 'put':
        yield recordLookup(slotOf(request.record), request.record.key)
        return
      case 'provide':
        for (const { key } of request.keys) yield { kind: 'provider', key, peer: request.head.peer }
        return
      case 'providers':
        yield { kind: 'providers', key: request.key }
        return
      case 'closest':
        yield { kind: 'nearest', target: request.target, prefix: this.#prefix }
        return
    }
  }

  // ---- the shard's own rows ---------------------------------------------------------------------------------

  /** Whether it has expired or not. */
  ownRecord(slot: Slot, key: Key): RecordRow | undefined {
    const text = slot + keyText(key)
    if (!this.#records.has(text)) this.#records.set(text, this.#store.record(slot, key))
    return this.#records.get(text)
  }

  ownProvider(key: Key, peer: Uint8Array): ProviderRow | undefined {
    const text = keyText(key) + keyText(peer)
    if (!this.#providerRows.has(text)) this.#providerRows.set(text, this.#store.provider(key, peer))
    return this.#providerRows.get(text)
  }

  putRecord(row: RecordRow): void {
    this.#store.putRecord(row)
    this.#records.set(row.slot + keyText(row.key), row)
  }

  putProvider(row: ProviderRow): void {
    this.#store.putProvider(row)
    this.#providerRows.set(keyText(row.key) + keyText(row.peer), row)
  }

  removeProvider({ key, peer }: ProviderRow): void {
    this.#store.removeProvider(key, peer)
    this.#providerRows.set(keyText(key) + keyText(peer), undefined)
  }

  // ---- answers ----------------------------------------------------------------------------------------------

  find(lookup: Lookup): Finding {
    switch (lookup.kind) {
      case 'record': {
        const row = this.#record(lookup)
        if (row === undefined) return NOTHING
        return { ...NOTHING, records: [lookup.withBytes ? row : { ...row, bytes: NO_BYTES }] }
      }
      case 'providers':
        return this.#providers(lookup)
      case 'provider': {
        const row = this.provider(lookup.key, lookup.peer)
        return { ...NOTHING, providers: row === undefined ? [] : [row] }
      }
      case 'nearest':
        return { ...NOTHING, records: this.#nearest(lookup) }
    }
  }

  /** Not expired. */
  record(slot: Slot, key: Key): RecordRow | undefined {
    return this.#record({ kind: 'record', slot, key, withBytes: true })
  }

  /** The first of what is looked for, not expired. */
  first(
    request: ShardRequest & { readonly kind: 'get' },
  ): Pick<RecordRow, 'bytes' | 'expiresAtMs'> | undefined {
    const { key, of = 'any' } = request
    // Most gets are of a shard without a parent: one look, and only at what is answered.
    if (!this.#hasParent) return this.#store.live(key, of, this.#nowMs)
    for (const slot of SLOTS_OF[of]) {
      const row = this.record(slot, key)
      if (row !== undefined) return row
    }
    return undefined
  }

  /** What a put is compared with. */
  recordToReplace(slot: Slot, key: Key): RecordRow | undefined {
    return this.#record(recordLookup(slot, key))
  }

  /** How long a row must be kept that takes this one's place: whatever is older would come up again otherwise. */
  recordHidesUntilMs(slot: Slot, key: Key): number {
    const own = this.ownRecord(slot, key)
    return own?.endsAtMs ?? this.#findings.get(recordLookup(slot, key))?.records[0]?.expiresAtMs ?? 0
  }

  provider(key: Key, peer: Uint8Array): ProviderRow | undefined {
    const own = this.ownProvider(key, peer)
    if (own !== undefined) return isLive(own, this.#nowMs) ? own : undefined
    const theirs = this.#findings.get({ kind: 'provider', key, peer })?.providers[0]
    return isLive(theirs, this.#nowMs) ? theirs : undefined
  }

  providerHidesUntilMs(key: Key, peer: Uint8Array): number {
    const own = this.ownProvider(key, peer)
    return (
      own?.endsAtMs ?? this.#findings.get({ kind: 'provider', key, peer })?.providers[0]?.expiresAtMs ?? 0
    )
  }

  #record(lookup: Lookup & { readonly kind: 'record' }): RecordRow | undefined {
    const own = this.ownRecord(lookup.slot, lookup.key)
    if (own !== undefined) return isLive(own, this.#nowMs) ? own : undefined
    const theirs = this.#findings.get(lookup)?.records[0]
    return isLive(theirs, this.#nowMs) ? theirs : undefined
  }

  #providers(lookup: Lookup & { readonly kind: 'providers' }): Finding {
    const own = this.#store.providers(lookup.key)
    const peers = new Set(own.map(({ peer }) => keyText(peer)))
    const theirs = this.#findings.get(lookup) ?? NOTHING
    const older = theirs.providers.filter(({ peer }) => !peers.has(keyText(peer)))
    const providers = [...own, ...older].filter((row) => isLive(row, this.#nowMs))
    const heads = new Map<string, HeadRow>(theirs.heads.map((head) => [keyText(head.id), head]))
    for (const { head } of own) {
      const kept = heads.has(keyText(head)) ? undefined : this.#store.head(head)
      if (kept !== undefined) heads.set(keyText(head), { id: kept.id, peer: kept.peer, bytes: kept.bytes })
    }
    const needed = new Set(providers.map(({ head }) => keyText(head)))
    return {
      ...NOTHING,
      providers,
      heads: [...heads].filter(([id]) => needed.has(id)).map(([, head]) => head),
    }
  }

  #nearest(lookup: Lookup & { readonly kind: 'nearest' }): RecordRow[] {
    const { target, prefix } = lookup
    const scan = (from: Key, to: Key, way: 'up' | 'down', limit: number) =>
      this.#store.announced(from, to, way, limit, this.#nowMs)
    const rows: RecordRow[] = []
    for (const key of nearest(prefix, target, SHARD_CLOSEST_MAX, scan)) {
      const row = this.#store.record('announcement', key)
      if (row !== undefined) rows.push(row)
    }
    for (const row of this.#findings.get(lookup)?.records ?? [])
      if (isLive(row, this.#nowMs) && this.#store.record('announcement', row.key) === undefined)
        rows.push(row)
    rows.sort((a, b) => compareDistance(a.key, b.key, target))
    return rows.slice(0, SHARD_CLOSEST_MAX)
  }
}

const NO_BYTES = new Uint8Array()
export const NOTHING: Finding = { records: [], providers: [], heads: [] }

/** A value is its key's, so that only its times matter; of what is signed the bytes say whether it is a refresh. */
function recordLookup(slot: Slot, key: Key): Lookup & { readonly kind: 'record' } {
  return { kind: 'record', slot, key, withBytes: slot !== 'value' }
}

function isLive(row: { readonly expiresAtMs: number } | undefined, nowMs: number): boolean {
  return row !== undefined && row.expiresAtMs > nowMs
}
