// What the layouts of records share: how large numbers stand in them, and how one is cut. Reading gives undefined for what is
// none, and views of what it was given.

import { DHT_REGION_LENGTH_MAX } from '../../limits/dht.ts'
import { Reader, WireError, type Writer } from '../../wire/bytes.ts'

export const KEY_BYTES = 32
export const PEER_BYTES = 32
/** Of ML-DSA-65, the one suite there is. crypto/dht/ holds them to crypto/suite.ts, which nothing here imports. */
export const PUBLIC_KEY_BYTES = 1_952
export const SIGNATURE_BYTES = 3_309
export const SUITE = 1
const U32 = 2 ** 32

/** Undefined for what does not follow the layout to its end. */
export function parsed<T>(bytes: Uint8Array, read: (from: Reader) => T): T | undefined {
  const from = new Reader(bytes)
  try {
    const value = read(from)
    from.end()
    return value
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

export function check(good: boolean, what: string): void {
  if (!good) throw new WireError('bad-value', what)
}

/** For those who write: a mistake of ours and not of a peer. */
export function demand(good: boolean, what: string): void {
  if (!good) throw new RangeError(what)
}

export function writeU64(to: Writer, value: bigint): Writer {
  return to.u32(Number(value >> 32n)).u32(Number(value & 0xffff_ffffn))
}

export function readU64(from: Reader): bigint {
  return (BigInt(from.u32()) << 32n) | BigInt(from.u32())
}

/** A time that a number holds exactly; what is later than 285,000 years from now is none. */
export function readMs(from: Reader): number {
  const ms = from.u64()
  check(Number.isSafeInteger(ms), 'no time')
  return ms
}

export function isMs(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= 0
}

export function isTtl(ttlSeconds: number): boolean {
  return Number.isInteger(ttlSeconds) && ttlSeconds >= 0 && ttlSeconds < U32
}

export function isU64(value: bigint): boolean {
  return value >= 0n && value < 1n << 64n
}

/** Where somebody is, roughly: as an edge or an application names it. Empty when nobody says. */
export function isRegion(text: string): boolean {
  return text.length <= DHT_REGION_LENGTH_MAX && /^[A-Za-z]*$/.test(text)
}
