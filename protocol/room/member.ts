// A member as the room knows it, and as its socket's attachment keeps it while the object sleeps.

import { FULL } from '../bucket.ts'
import { GRANT_BYTES } from '../crypto/admission/pass.ts'
import type { RosterMember } from '../wire/frames.ts'
import { PEER_BYTES, SESSION_BYTES } from '../wire/registry.ts'

/** Identity is fixed; what the machine may change is not readonly, and after a change it says `remember`. */
export interface Member extends RosterMember {
  /** When it joined, or last resumed: a sign of life, as a ping is. */
  joinedAtMs: number
  metadata: Uint8Array
  /** For what its pass was good, and its next one will be (crypto/admission/pass.ts). */
  grant: Uint8Array
  /** Token buckets (bucket.ts): of tokens, of bytes, and of refusals it may still collect. */
  tokensPaidUntilMs: number
  bytesPaidUntilMs: number
  patiencePaidUntilMs: number
  /** It has been told to wait until then; not to be told again before. */
  refusedUntilMs: number
}

export function newMember(entry: RosterMember, grant: Uint8Array, nowMs: number): Member {
  return {
    ...entry,
    grant,
    joinedAtMs: nowMs,
    tokensPaidUntilMs: FULL,
    bytesPaidUntilMs: FULL,
    patiencePaidUntilMs: FULL,
    refusedUntilMs: 0,
  }
}

const RECORD_VERSION = 2
const ADDRESS_AT = 1
const PEER_AT = ADDRESS_AT + 4
const SESSION_AT = PEER_AT + PEER_BYTES
const GRANT_AT = SESSION_AT + SESSION_BYTES
const TIMES_AT = GRANT_AT + GRANT_BYTES
const FIXED_BYTES = TIMES_AT + 5 * 8

/** The member's record; into the bytes of its last one if it fits there, as nearly every message changes its times. */
export function packMember(member: Member, last?: Uint8Array): Uint8Array {
  const length = FIXED_BYTES + member.metadata.length
  const record = last?.length === length ? last : new Uint8Array(length)
  const view = new DataView(record.buffer, record.byteOffset, length)
  view.setUint8(0, RECORD_VERSION)
  view.setUint32(ADDRESS_AT, member.address)
  record.set(member.peer, PEER_AT)
  record.set(member.session, SESSION_AT)
  record.set(member.grant, GRANT_AT)
  view.setFloat64(TIMES_AT, member.joinedAtMs)
  view.setFloat64(TIMES_AT + 8, member.tokensPaidUntilMs)
  view.setFloat64(TIMES_AT + 16, member.bytesPaidUntilMs)
  view.setFloat64(TIMES_AT + 24, member.patiencePaidUntilMs)
  view.setFloat64(TIMES_AT + 32, member.refusedUntilMs)
  record.set(member.metadata, FIXED_BYTES)
  return record
}

/** Undefined for a record of another version: a deploy changed it, and that member has to join again. */
export function unpackMember(record: Uint8Array): Member | undefined {
  if (record.length < FIXED_BYTES || record[0] !== RECORD_VERSION) return undefined
  const view = new DataView(record.buffer, record.byteOffset, record.length)
  return {
    address: view.getUint32(ADDRESS_AT),
    peer: record.subarray(PEER_AT, SESSION_AT),
    session: record.subarray(SESSION_AT, GRANT_AT),
    grant: record.subarray(GRANT_AT, TIMES_AT),
    joinedAtMs: view.getFloat64(TIMES_AT),
    tokensPaidUntilMs: view.getFloat64(TIMES_AT + 8),
    bytesPaidUntilMs: view.getFloat64(TIMES_AT + 16),
    patiencePaidUntilMs: view.getFloat64(TIMES_AT + 24),
    refusedUntilMs: view.getFloat64(TIMES_AT + 32),
    metadata: record.subarray(FIXED_BYTES),
  }
}
