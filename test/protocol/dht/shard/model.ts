// What all shards of a network together should be like from outside: one map. Written without looking at how they do it.

import type {
  ClosestEntry,
  ProvidedHead,
  ProvidedKey,
  ShardAnswer,
  StoredRecord,
} from '../../../../protocol/dht/contract.ts'

interface Kept {
  readonly record: StoredRecord
  readonly expiresAtMs: number
}

interface Provider {
  readonly head: ProvidedHead
  readonly expiresAtMs: number
}

const text = (bytes: Uint8Array) => String.fromCharCode(...bytes)
const HOUR_MS = 3_600_000
const TTL_HOURS_MAX = { value: 7 * 24, name: 48, announcement: 2, ipns: 48 }

/** Whether the later end is worth a row. */
function lastsLonger(nextMs: number, thereMs: number, nowMs: number): boolean {
  return nextMs > thereMs && thereMs - nowMs <= (nextMs - nowMs) / 4
}

/** What is said, apart from when and by which signature. Test records say it between their times and the public key. */
function saidIn({ bytes }: StoredRecord): string {
  return text(bytes.subarray(28, bytes.length - 3_309))
}

export class Model {
  readonly #kept = new Map<string, Kept>()
  readonly #providers = new Map<string, Map<string, Provider>>()

  get(key: Uint8Array, of: 'signed' | 'value', nowMs: number): ShardAnswer {
    for (const kind of of === 'value' ? ['value'] : ['announcement', 'name', 'ipns']) {
      const kept = this.#live(kind + text(key), nowMs)
      if (kept !== undefined)
        return { kind: 'record', bytes: kept.record.bytes, expiresAtMs: kept.expiresAtMs }
    }
    return { kind: 'nothing' }
  }

  put(record: StoredRecord, nowMs: number): ShardAnswer {
    const end = this.#endOf(record, nowMs)
    if (end <= nowMs) return { kind: 'refused', reason: 'expired', retryAfterMs: 0 }
    const place = record.kind + text(record.key)
    const there = this.#live(place, nowMs)
    const verdict = there === undefined ? 'write' : this.#compare(record, end, there, nowMs)
    if (verdict === 'stale') return { kind: 'refused', reason: 'stale', retryAfterMs: 0 }
    if (verdict === 'leave' && there !== undefined)
      return { kind: 'stored', expiresAtMs: there.expiresAtMs, isNew: false }
    this.#kept.set(place, { record, expiresAtMs: end })
    return { kind: 'stored', expiresAtMs: end, isNew: true }
  }

  provide(head: ProvidedHead, keys: readonly ProvidedKey[], nowMs: number): ShardAnswer {
    const end = Math.min(head.createdMs + head.ttlSeconds * 1_000, nowMs + 24 * HOUR_MS)
    if (end <= nowMs) return { kind: 'refused', reason: 'expired', retryAfterMs: 0 }
    let [isNew, kept, first] = [false, 0, Number.POSITIVE_INFINITY]
    for (const { key } of keys) {
      const providers = this.#providersOf(key)
      const there = providers.get(text(head.peer))
      const isThere = there !== undefined && there.expiresAtMs > nowMs
      if (isThere && there.head.createdMs > head.createdMs) continue
      kept++
      if (isThere && !lastsLonger(end, there.expiresAtMs, nowMs)) {
        first = Math.min(first, there.expiresAtMs)
        continue
      }
      providers.set(text(head.peer), { head, expiresAtMs: end })
      isNew = true
      first = Math.min(first, end)
    }
    if (kept === 0) return { kind: 'refused', reason: 'stale', retryAfterMs: 0 }
    return { kind: 'stored', expiresAtMs: first, isNew, kept }
  }

  /** Peers with the heads that say so, in any order. */
  providers(key: Uint8Array, nowMs: number): string[] {
    const live = [...this.#providersOf(key)].filter(([, { expiresAtMs }]) => expiresAtMs > nowMs)
    return live.map(([peer, { head, expiresAtMs }]) => `${peer} ${text(head.bytes)} ${expiresAtMs}`).sort()
  }

  /** Announcements below a prefix, nearest first. */
  closest(target: Uint8Array, isBelow: (key: Uint8Array) => boolean, nowMs: number): ClosestEntry[] {
    const live = [...this.#kept.values()].filter(
      ({ record, expiresAtMs }) =>
        record.kind === 'announcement' && expiresAtMs > nowMs && isBelow(record.key),
    )
    const distance = (key: Uint8Array) =>
      [...key].map((byte, at) => String(byte ^ (target[at] ?? 0)).padStart(3, '0')).join()
    const keyed = live.map(({ record: { key, bytes } }) => ({ far: distance(key), key, bytes }))
    return keyed.sort((a, b) => (a.far < b.far ? -1 : 1)).map(({ key, bytes }) => ({ key, bytes }))
  }

  #providersOf(key: Uint8Array): Map<string, Provider> {
    const known = this.#providers.get(text(key)) ?? new Map<string, Provider>()
    this.#providers.set(text(key), known)
    return known
  }

  #live(place: string, nowMs: number): Kept | undefined {
    const kept = this.#kept.get(place)
    return kept !== undefined && kept.expiresAtMs > nowMs ? kept : undefined
  }

  #endOf(record: StoredRecord, nowMs: number): number {
    const most = nowMs + TTL_HOURS_MAX[record.kind] * HOUR_MS
    if (record.kind === 'ipns') return Math.min(record.expiresAtMs, most)
    const from = record.kind === 'value' ? nowMs : record.createdMs
    return Math.min(from + record.ttlSeconds * 1_000, most)
  }

  #compare(next: StoredRecord, end: number, { record, expiresAtMs }: Kept, nowMs: number) {
    const refresh = lastsLonger(end, expiresAtMs, nowMs) ? 'write' : 'leave'
    if (next.kind === 'value' || record.kind === 'value') return refresh
    if (next.sequence !== record.sequence) return next.sequence > record.sequence ? 'write' : 'stale'
    const isSame = text(next.digest) === text(record.digest)
    const isGreater = text(next.digest) > text(record.digest)
    if (next.kind !== 'ipns') {
      if (saidIn(next) === saidIn(record)) return refresh
      return isGreater ? 'write' : 'stale'
    }
    if (isSame) return 'leave'
    if (end !== expiresAtMs) return end > expiresAtMs ? refresh : 'stale'
    return isGreater ? 'write' : 'stale'
  }
}
