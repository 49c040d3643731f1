// Where a key is held: prefixes as text of zeros and ones, the names of shards' objects both ways, and the first and last
// key below a prefix.

import { SHARD_BITS_MAX, SHARD_ROOT_BITS } from '../limits/shard.ts'
import { isNetworkName } from '../names.ts'
import type { Key } from './contract.ts'
import { isRegion, type Region } from './regions.ts'

export const KEY_BYTES = 32
export const KEY_BITS = KEY_BYTES * 8

export interface ShardPlace {
  readonly network: string
  /** Empty in a deployment's first region, which may be its only one. */
  readonly region: Region | ''
  readonly prefix: string
}

/** Networks never meet: a network's name has no slash, so the first one ends it. */
export function shardObjectName(network: string, prefix: string, region: Region | '' = ''): string {
  return `${network}/dht/${region === '' ? '' : `${region}/`}${prefix}`
}

/** Undefined for what is no such name: the health route's, say. */
export function shardPlaceOf(name: string | null | undefined): ShardPlace | undefined {
  const [network = '', dht = '', ...more] = (name ?? '').split('/')
  const [prefix = '', region = '', ...rest] = more.toReversed()
  if (!isNetworkName(network) || dht !== 'dht' || !isPrefix(prefix) || rest.length > 0) return undefined
  if (more.length === 2 ? !isRegion(region) : region !== '') return undefined
  return { network, region: region as Region | '', prefix }
}

/** Whether a shard may have this prefix. */
export function isPrefix(text: string): boolean {
  return text.length >= SHARD_ROOT_BITS && text.length <= SHARD_BITS_MAX && /^[01]*$/.test(text)
}

export function isRoot(prefix: string): boolean {
  return prefix.length === SHARD_ROOT_BITS
}

export function parentOf(prefix: string): string | undefined {
  return isRoot(prefix) ? undefined : prefix.slice(0, -1)
}

/** The sixteen that every network begins with. */
export const ROOTS: readonly string[] = Array.from({ length: 2 ** SHARD_ROOT_BITS }, (_, at) =>
  at.toString(2).padStart(SHARD_ROOT_BITS, '0'),
)

export function bitOf(key: Key, at: number): 0 | 1 {
  return (((key[at >>> 3] ?? 0) >>> (7 - (at & 7))) & 1) as 0 | 1
}

/** The first bits of a key. */
export function bitsOf(key: Key, bits: number): string {
  let text = ''
  for (let at = 0; at < bits; at++) text += bitOf(key, at)
  return text
}

export function rootOf(key: Key): string {
  return bitsOf(key, SHARD_ROOT_BITS)
}

export function isBelow(prefix: string, key: Key): boolean {
  for (let at = 0; at < prefix.length; at++) if (bitOf(key, at) !== Number(prefix[at])) return false
  return true
}

/** How many first bits two keys share. */
export function sharedBits(a: Key, b: Key): number {
  for (let at = 0; at < KEY_BYTES; at++) {
    const differing = (a[at] ?? 0) ^ (b[at] ?? 0)
    if (differing !== 0) return at * 8 + Math.clz32(differing) - 24
  }
  return KEY_BITS
}

/** The key with its first bits as another's, and the rest all of one kind or its own. */
export function keyBelow(first: Key, bits: number, rest: 0 | 1 | Key): Uint8Array {
  const key = typeof rest === 'number' ? new Uint8Array(KEY_BYTES).fill(rest === 0 ? 0 : 0xff) : rest.slice()
  const whole = bits >>> 3
  key.set(first.subarray(0, whole))
  const left = bits & 7
  if (left > 0) {
    const mask = 0xff << (8 - left)
    key[whole] = ((first[whole] ?? 0) & mask) | ((key[whole] ?? 0) & ~mask)
  }
  return key
}

/** The least key below a prefix. */
export function firstBelow(prefix: string): Uint8Array {
  const key = new Uint8Array(KEY_BYTES)
  for (let at = 0; at < prefix.length; at++)
    if (prefix[at] === '1') key[at >>> 3] = (key[at >>> 3] ?? 0) | (0x80 >>> (at & 7))
  return key
}

/** Negative when the first is nearer to the target. */
export function compareDistance(a: Key, b: Key, target: Key): number {
  for (let at = 0; at < KEY_BYTES; at++) {
    const aim = target[at] ?? 0
    const difference = ((a[at] ?? 0) ^ aim) - ((b[at] ?? 0) ^ aim)
    if (difference !== 0) return difference
  }
  return 0
}

export function compareKeys(a: Key, b: Key): number {
  for (let at = 0; at < KEY_BYTES; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** As a key of maps: each byte a letter, so that texts are in the order of the bytes. */
export function keyText(bytes: Uint8Array): string {
  let [text, at] = ['', 0]
  // Written out: it is called ten times for each key that is provided, and spreading the bytes takes seven times as long.
  for (; at + 8 <= bytes.length; at += 8)
    text += String.fromCharCode(
      bytes[at] as number,
      bytes[at + 1] as number,
      bytes[at + 2] as number,
      bytes[at + 3] as number,
      bytes[at + 4] as number,
      bytes[at + 5] as number,
      bytes[at + 6] as number,
      bytes[at + 7] as number,
    )
  for (; at < bytes.length; at++) text += String.fromCharCode(bytes[at] as number)
  return text
}
