// One request of a leaf, decided and its rows written. What the parent had to say of it is in the view by now.

import { SHARD_CLOSEST_MAX, SHARD_FULL_RETRY_MS, SHARD_PROVIDERS_MAX } from '../../limits/shard.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { DhtRefusal } from '../../wire/registry.ts'
import type { ShardAnswer, ShardRequest } from '../contract.ts'
import { isBelow, keyText, rootOf } from '../place.ts'
import { type Books, bytesOfRecord, payerOf } from './books.ts'
import { compare, rowOf } from './compare.ts'
import type { ShardStore } from './contract.ts'
import { provide } from './provide.ts'
import type { View } from './view.ts'

export interface Desk {
  readonly store: ShardStore
  readonly books: Books
  readonly view: View
  readonly prefix: string
  /** It may not split any more, and has all it can hold. */
  readonly isFull: boolean
  readonly nowMs: number
}

export function refused(reason: DhtRefusal, retryAfterMs = 0): ShardAnswer {
  return { kind: 'refused', reason, retryAfterMs }
}

export function decide(desk: Desk, request: ShardRequest): ShardAnswer {
  const elsewhere = misplaced(desk.prefix, request)
  if (elsewhere !== undefined) return elsewhere
  switch (request.kind) {
    case 'get':
      return get(desk, request)
    case 'put':
      return put(desk, request)
    case 'provide':
      return provide(desk, request)
    case 'providers':
      return providers(desk, request)
    case 'closest': {
      const { records } = desk.view.find({ kind: 'nearest', target: request.target, prefix: desk.prefix })
      const limit = Math.min(request.limit, SHARD_CLOSEST_MAX)
      return { kind: 'closest', records: records.slice(0, limit).map(({ key, bytes }) => ({ key, bytes })) }
    }
  }
}

/** For a key of another prefix: its root shard, which knows. */
function misplaced(prefix: string, request: ShardRequest): ShardAnswer | undefined {
  for (const key of keysOf(request)) {
    if (isBelow(prefix, key)) continue
    const root = rootOf(key)
    return { kind: 'moved', prefix: root, version: 0, leaves: [root] }
  }
  return undefined
}

function* keysOf(request: ShardRequest): Iterable<Uint8Array> {
  if (request.kind === 'put') yield request.record.key
  else if (request.kind === 'get' || request.kind === 'providers') yield request.key
  else if (request.kind === 'provide') for (const { key } of request.keys) yield key
}

function get({ view }: Desk, request: ShardRequest & { readonly kind: 'get' }): ShardAnswer {
  const row = view.first(request)
  return row === undefined
    ? { kind: 'nothing' }
    : { kind: 'record', bytes: row.bytes, expiresAtMs: row.expiresAtMs }
}

function put(desk: Desk, { record, owner }: ShardRequest & { readonly kind: 'put' }): ShardAnswer {
  const { books, view, nowMs } = desk
  const next = rowOf(record, owner, nowMs)
  if (next.expiresAtMs <= nowMs) return refused('expired')
  const there = view.recordToReplace(next.slot, next.key)
  const verdict = there === undefined ? 'write' : compare(next, there, nowMs)
  if (verdict === 'stale') return refused('stale')
  if (verdict === 'leave' && there !== undefined)
    return { kind: 'stored', expiresAtMs: there.expiresAtMs, isNew: false }
  const before = view.ownRecord(next.slot, next.key)
  if (before === undefined && desk.isFull) return refused('busy', SHARD_FULL_RETRY_MS)
  const isSameOwner = before !== undefined && equalBytes(before.owner, next.owner)
  const more = bytesOfRecord(next) - (isSameOwner && before !== undefined ? bytesOfRecord(before) : 0)
  if (!books.canKeep(payerOf(next), isSameOwner ? 0 : 1, more)) return refused('over-quota')
  if (before !== undefined) books.note(payerOf(before), -1, -bytesOfRecord(before))
  books.note(payerOf(next), 1, bytesOfRecord(next))
  const endsAtMs = Math.max(next.expiresAtMs, view.recordHidesUntilMs(next.slot, next.key))
  view.putRecord({ ...next, endsAtMs })
  return { kind: 'stored', expiresAtMs: next.expiresAtMs, isNew: true }
}

/** Of the asker's region first, then those that said it last. */
function providers({ view }: Desk, request: ShardRequest & { readonly kind: 'providers' }): ShardAnswer {
  const found = view.find({ kind: 'providers', key: request.key })
  const far = (region: string) => (region === request.near ? 0 : 1)
  const rows = [...found.providers].sort((a, b) => far(a.region) - far(b.region) || b.createdMs - a.createdMs)
  const chosen = rows.slice(0, Math.min(request.limit, SHARD_PROVIDERS_MAX))
  const heads: Uint8Array[] = []
  const places = new Map<string, number>()
  const entries = chosen.flatMap((row) => {
    const id = keyText(row.head)
    let head = places.get(id)
    if (head === undefined) {
      const bytes = found.heads.find((each) => keyText(each.id) === id)?.bytes
      if (bytes === undefined) return []
      head = heads.push(bytes) - 1
      places.set(id, head)
    }
    const { peer, index, path, expiresAtMs } = row
    return [{ peer, head, index, path, expiresAtMs }]
  })
  return { kind: 'providers', heads, providers: entries }
}
