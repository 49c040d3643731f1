// A member as the room knows it, and as its socket's attachment keeps it while the object sleeps.

import { FULL } from '../bucket.ts'
import { Reader, Writer } from '../wire/bytes.ts'
import type { RosterMember } from '../wire/frames.ts'
import { PEER_BYTES, SESSION_BYTES } from '../wire/registry.ts'

/** Identity is fixed; what the machine may change is not readonly, and after a change it says `remember`. */
export interface Member extends RosterMember {
  /** When it joined, or last resumed: a sign of life, as a ping is. */
  joinedAtMs: number
  metadata: Uint8Array
  /** Token buckets (bucket.ts): of tokens, of bytes, and of refusals it may still collect. */
  tokensPaidUntilMs: number
  bytesPaidUntilMs: number
  patiencePaidUntilMs: number
  /** It has been told to wait until then; not to be told again before. */
  refusedUntilMs: number
}

export function newMember(entry: RosterMember, nowMs: number): Member {
  return {
    ...entry,
    joinedAtMs: nowMs,
    tokensPaidUntilMs: FULL,
    bytesPaidUntilMs: FULL,
    patiencePaidUntilMs: FULL,
    refusedUntilMs: 0,
  }
}

const RECORD_VERSION = 1
const FIXED_BYTES = 1 + 4 + PEER_BYTES + SESSION_BYTES + 5 * 8

export function packMember(member: Member): Uint8Array {
  const to = new Writer(FIXED_BYTES + member.metadata.length)
  to.u8(RECORD_VERSION).u32(member.address).bytes(member.peer).bytes(member.session)
  const times = new Float64Array([
    member.joinedAtMs,
    member.tokensPaidUntilMs,
    member.bytesPaidUntilMs,
    member.patiencePaidUntilMs,
    member.refusedUntilMs,
  ])
  to.bytes(new Uint8Array(times.buffer)).bytes(member.metadata)
  return to.done()
}

/** Undefined for a record of another version: a deploy changed it, and that member has to join again. */
export function unpackMember(record: Uint8Array): Member | undefined {
  if (record.length < FIXED_BYTES || record[0] !== RECORD_VERSION) return undefined
  const from = new Reader(record.subarray(1))
  const address = from.u32()
  const peer = from.bytes(PEER_BYTES)
  const session = from.bytes(SESSION_BYTES)
  const times = new Float64Array(from.bytes(5 * 8).slice().buffer)
  return {
    address,
    peer,
    session,
    joinedAtMs: times[0] as number,
    tokensPaidUntilMs: times[1] as number,
    bytesPaidUntilMs: times[2] as number,
    patiencePaidUntilMs: times[3] as number,
    refusedUntilMs: times[4] as number,
    metadata: from.rest(),
  }
}
