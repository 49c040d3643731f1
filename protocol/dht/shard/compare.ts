// Which of two records under one key is kept, and whether a refresh is worth writing. A row that is written costs a thousand
// times one that is read, and a network refreshes all it has all the time; so what lasts is left as it is.

import { DHT_TTL_MS_MOST } from '../../limits/dht.ts'
import type { StoredRecord } from '../contract.ts'
import { compareKeys } from '../place.ts'
import type { RecordRow, Slot } from './contract.ts'

const NOTHING = new Uint8Array()
const SECOND_MS = 1_000

// In a signed record: what is before the time of making, and where what is after it begins. See README.md.
const TIMES_AT = 16
const TIMES_END = 28
const SIGNATURE_BYTES = 3_309

export function slotOf(record: StoredRecord): Slot {
  return record.kind
}

/** The row of a record that comes now; `endsAtMs` is at least its end. */
export function rowOf(record: StoredRecord, owner: Uint8Array | undefined, nowMs: number): RecordRow {
  const expiresAtMs = endOf(record, nowMs)
  const isValue = record.kind === 'value'
  return {
    slot: slotOf(record),
    key: record.key,
    owner: owner ?? NOTHING,
    sequence: isValue ? 0n : record.sequence,
    digest: isValue ? NOTHING : record.digest,
    expiresAtMs,
    endsAtMs: expiresAtMs,
    bytes: record.bytes,
  }
}

function endOf(record: StoredRecord, nowMs: number): number {
  switch (record.kind) {
    case 'value':
      return nowMs + Math.min(record.ttlSeconds * SECOND_MS, DHT_TTL_MS_MOST.value)
    case 'ipns':
      return Math.min(record.expiresAtMs, nowMs + DHT_TTL_MS_MOST.name)
    default:
      return Math.min(record.createdMs + record.ttlSeconds * SECOND_MS, nowMs + DHT_TTL_MS_MOST[record.kind])
  }
}

/** `leave`: what is there says the same, for long enough. */
export type Verdict = 'write' | 'leave' | 'stale'

/** What is there has not expired. */
export function compare(next: RecordRow, there: RecordRow, nowMs: number): Verdict {
  if (next.sequence !== there.sequence) return next.sequence > there.sequence ? 'write' : 'stale'
  const order = compareBytes(next.digest, there.digest)
  if (next.slot === 'value' || (next.slot !== 'ipns' && saysTheSame(next.bytes, there.bytes)))
    return isWorthWriting(next.expiresAtMs, there.expiresAtMs, nowMs) ? 'write' : 'leave'
  if (order === 0) return 'leave'
  // What IPNS republishes has a later end, and the sequence it had.
  if (next.slot === 'ipns' && next.expiresAtMs > there.expiresAtMs)
    return isWorthWriting(next.expiresAtMs, there.expiresAtMs, nowMs) ? 'write' : 'leave'
  if (next.slot === 'ipns' && next.expiresAtMs < there.expiresAtMs) return 'stale'
  return order > 0 ? 'write' : 'stale'
}

/** Not while what is there lasts longer than a quarter of what is asked for. */
export function isWorthWriting(nextEndMs: number, thereEndMs: number, nowMs: number): boolean {
  return nextEndMs > thereEndMs && (thereEndMs - nowMs) * 4 <= nextEndMs - nowMs
}

/** But for when it was made, how long it is to last, and the signature over that. */
function saysTheSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  const end = a.length - SIGNATURE_BYTES
  for (let at = 0; at < end; at = at === TIMES_AT - 1 ? TIMES_END : at + 1) if (a[at] !== b[at]) return false
  return true
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return a.length === b.length ? compareKeys(a, b) : a.length - b.length
}
