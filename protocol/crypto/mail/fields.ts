// How numbers stand in mail's layouts, and how a layout is cut. Times inside are hours, but for lives, which decide an order.

import { Reader, WireError } from '../../wire/bytes.ts'
import { concat, type Hash } from '../suite.ts'

export const HOUR_MS = 3_600_000
export const ID_BYTES = 8
export const SESSION_ID_BYTES = 16
export const MAILBOX_BYTES = 32
export const PEER_BYTES = 32
/** Milliseconds, until the year 10889. */
export const LIFE_BYTES = 6
const U32 = 2 ** 32

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

export function u48(value: number): Uint8Array {
  return concat([Uint8Array.of(Math.floor(value / U32) >>> 8, Math.floor(value / U32)), u32(value % U32)])
}

export function readU48(reader: Reader): number {
  return reader.u16() * U32 + reader.u32()
}

/** The hour a time is in. */
export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS)
}

/** Undefined for what does not follow the layout to its end. */
export function parsed<T>(bytes: Uint8Array, read: (reader: Reader) => T): T | undefined {
  const reader = new Reader(bytes)
  try {
    const value = read(reader)
    reader.end()
    return value
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

export const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)

/** HKDF-Expand of a label and what stands behind it. */
export function expand(
  hash: Hash,
  secret: Uint8Array,
  label: Uint8Array,
  context: readonly Uint8Array[],
  length = 32,
): Promise<Uint8Array> {
  return hash.expand(secret, concat([label, ...context]), length)
}
