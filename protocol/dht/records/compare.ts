// Which of two records of one key stands: one rule for shards, the mesh and whoever reads, so that all of them come to hold
// the same one in whatever order they hear of them.

import type { StoredRecord } from '../contract.ts'
import { compareBytes } from './provided.ts'

/**
 * Above zero when `a` stands, below when `b` does, zero when they are the same. The higher sequence; of one sequence the
 * greater digest, which is chance: who wants to replace what it said, or to lengthen it, takes the next sequence. Values of one
 * key are the same bytes, whoever put them and for how long.
 */
export function compareRecords(a: StoredRecord, b: StoredRecord): number {
  if (a.kind === 'value' || b.kind === 'value') return Number(a.kind === 'value') - Number(b.kind === 'value')
  return compareVersions(a, b)
}

/** What of a signed record says so. */
export interface Version {
  readonly sequence: bigint
  readonly digest: Uint8Array
}

/** The same of what has no other kind beside it. */
export function compareVersions(a: Version, b: Version): number {
  if (a.sequence !== b.sequence) return a.sequence > b.sequence ? 1 : -1
  return compareBytes(a.digest, b.digest)
}
