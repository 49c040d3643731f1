// Who is at a socket of a mailbox, as the socket's attachment keeps it while the object sleeps; and what it may still send.
// The limits are a room's (limits/room.ts): entering the object costs the same here.

import { FULL, type Rate, take } from '../bucket.ts'
import { GRANT_BYTES } from '../crypto/admission/pass.ts'
import { SIZES } from '../crypto/suite.ts'
import { REGIONS, type Region } from '../dht/regions.ts'
import { MAILBOX_PATIENCE_BURST } from '../limits/mailbox.ts'
import { PATIENCE_PER_SECOND, PRICE } from '../limits/room.ts'
import { Reader, Writer } from '../wire/bytes.ts'
import { FRAME } from '../wire/registry.ts'
import type { SocketRates } from './config.ts'

export interface CallerRecord {
  /** The owner's, or a sender's. */
  readonly isOwner: boolean
  /** For which origin and network stamps are made here. */
  readonly audience: Uint8Array
  /** Of an owner's pass, for the next one; a sender has none. */
  readonly grant: Uint8Array
  /** Where its request came from; empty where nobody knows. */
  readonly region: Region | ''
  /** The mailbox machine's, for an owner's socket: what it is to be told when it wakes. */
  state: Uint8Array
  /** Token buckets (bucket.ts): of tokens, of bytes, and of refusals it may still collect. */
  tokensPaidUntilMs: number
  bytesPaidUntilMs: number
  patiencePaidUntilMs: number
}

export function newCaller(
  audience: Uint8Array,
  grant: Uint8Array | undefined,
  region: Region | '' = '',
): CallerRecord {
  return {
    isOwner: grant !== undefined,
    audience,
    grant: grant ?? new Uint8Array(GRANT_BYTES),
    region,
    state: new Uint8Array(),
    tokensPaidUntilMs: FULL,
    bytesPaidUntilMs: FULL,
    patiencePaidUntilMs: FULL,
  }
}

const RECORD_VERSION = 1
const TIMES = 3
const FIXED_BYTES = 2 + SIZES.hash + GRANT_BYTES + 8 * TIMES

export function packCaller(caller: CallerRecord): Uint8Array {
  // No region is 0, as it was before there were any.
  const region = caller.region === '' ? 0 : 1 + REGIONS.indexOf(caller.region)
  const who = (region << 1) | (caller.isOwner ? 1 : 0)
  const to = new Writer(FIXED_BYTES + caller.state.length).u8(RECORD_VERSION).u8(who)
  to.bytes(caller.audience).bytes(caller.grant)
  const times = new DataView(new ArrayBuffer(8 * TIMES))
  times.setFloat64(0, caller.tokensPaidUntilMs)
  times.setFloat64(8, caller.bytesPaidUntilMs)
  times.setFloat64(16, caller.patiencePaidUntilMs)
  return to.bytes(new Uint8Array(times.buffer)).bytes(caller.state).done()
}

/** Undefined for a record of another version: a deploy changed it, and that socket has to be opened again. */
export function unpackCaller(record: Uint8Array): CallerRecord | undefined {
  if (record.length < FIXED_BYTES || record[0] !== RECORD_VERSION) return undefined
  const from = new Reader(record.slice())
  const [, who, audience, grant] = [from.u8(), from.u8(), from.bytes(SIZES.hash), from.bytes(GRANT_BYTES)]
  const { buffer, byteOffset } = from.bytes(8 * TIMES)
  const times = new DataView(buffer, byteOffset, 8 * TIMES)
  return {
    isOwner: (who & 1) === 1,
    audience,
    grant,
    region: REGIONS[(who >> 1) - 1] ?? '',
    state: from.rest(),
    tokensPaidUntilMs: times.getFloat64(0),
    bytesPaidUntilMs: times.getFloat64(8),
    patiencePaidUntilMs: times.getFloat64(16),
  }
}

const PATIENCE: Rate = { perSecond: PATIENCE_PER_SECOND, burst: MAILBOX_PATIENCE_BURST }

export function priceOf(frames: readonly Uint8Array[]): number {
  const passes = frames.filter(([type]) => type === FRAME.passWanted).length
  return PRICE.message + PRICE.batchedFrame * (frames.length - 1) + PRICE.pass * passes
}

export type Paying =
  | { readonly ok: true }
  | { readonly ok: false; readonly retryAfterMs: number }
  | 'flooding'

/** Debits what a message costs. What is refused costs patience, a unit for each of its frames: each is answered. */
export function pay(
  caller: CallerRecord,
  rates: SocketRates,
  { price, bytes, frames }: { readonly price: number; readonly bytes: number; readonly frames: number },
  nowMs: number,
): Paying {
  const tokens = take(caller.tokensPaidUntilMs, rates.tokens, price, nowMs)
  const room = take(caller.bytesPaidUntilMs, rates.bytes, bytes, nowMs)
  if (tokens.ok && room.ok) {
    caller.tokensPaidUntilMs = tokens.paidUntilMs
    caller.bytesPaidUntilMs = room.paidUntilMs
    return { ok: true }
  }
  const patience = take(caller.patiencePaidUntilMs, PATIENCE, frames, nowMs)
  if (!patience.ok) return 'flooding'
  caller.patiencePaidUntilMs = patience.paidUntilMs
  return { ok: false, retryAfterMs: Math.max(...[tokens, room].map((t) => (t.ok ? 0 : t.retryAfterMs))) }
}
