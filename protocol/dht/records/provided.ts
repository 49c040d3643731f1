// What a peer says it has, as bytes: one signed head over the root of a tree of keys. The edge is given all keys and makes the
// paths itself; readers are given one key with its path.
//
//   head  "WPK1" ‖ 1 flags (0) ‖ 1 suite (1) ‖ 8 created in ms ‖ 4 TTL in seconds ‖ 1 length ‖ region ‖ 2 count ‖ 32 root
//         ‖ 1952 public key ‖ 3309 signature over all before it
//   list  head ‖ count × 32 keys, each greater than the one before
//   key   head ‖ 32 key ‖ 2 index ‖ path of 32 each

import { DHT_PROVIDED_KEYS_MAX, DHT_REGION_LENGTH_MAX } from '../../limits/dht.ts'
import { equalBytes, type Reader, utf8, Writer } from '../../wire/bytes.ts'
import type { ProvidedKey } from '../contract.ts'
import {
  check,
  demand,
  isMs,
  isRegion,
  isTtl,
  KEY_BYTES,
  PUBLIC_KEY_BYTES,
  parsed,
  readMs,
  SIGNATURE_BYTES,
  SUITE,
} from './fields.ts'

const MAGIC = utf8('WPK1')
const FIXED_BYTES = MAGIC.length + 2 + 8 + 4 + 1 + 2 + KEY_BYTES + PUBLIC_KEY_BYTES + SIGNATURE_BYTES // 5,314
export const PROVIDED_HEAD_BYTES_MAX = FIXED_BYTES + DHT_REGION_LENGTH_MAX
export const PROVIDED_LIST_BYTES_MAX = PROVIDED_HEAD_BYTES_MAX + KEY_BYTES * DHT_PROVIDED_KEYS_MAX // 38,098
/** Of the tree: as many as halvings of all keys. */
const PATH_STEPS_MAX = Math.log2(DHT_PROVIDED_KEYS_MAX)

/** What is signed, but for the signer's key. */
export interface ProvidedTerms {
  readonly createdMs: number
  readonly ttlSeconds: number
  readonly region: string
  readonly count: number
  readonly root: Uint8Array
}

export interface ReadHead extends ProvidedTerms {
  readonly publicKey: Uint8Array
  /** What the signature is over. */
  readonly covered: Uint8Array
  readonly signature: Uint8Array
  /** All of it. */
  readonly bytes: Uint8Array
}

export interface ReadList {
  readonly head: ReadHead
  readonly keys: readonly Uint8Array[]
}

/** What is to be signed. */
export function coveredProvided(terms: ProvidedTerms, publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  const { createdMs, ttlSeconds, region, count, root } = terms
  demand(isMs(createdMs), 'a time is a whole number of milliseconds')
  demand(isTtl(ttlSeconds), 'a TTL is a whole number of seconds')
  demand(isRegion(region), `a region is at most ${DHT_REGION_LENGTH_MAX} letters`)
  demand(isCount(count), `one to ${DHT_PROVIDED_KEYS_MAX} keys are provided at once`)
  demand(
    root.length === KEY_BYTES && publicKey.length === PUBLIC_KEY_BYTES,
    'a root or key of another length',
  )
  const to = new Writer(PROVIDED_HEAD_BYTES_MAX).bytes(MAGIC).u8(0).u8(SUITE)
  to.u64(createdMs).u32(ttlSeconds).u8(region.length).text(region)
  return to.u16(count).bytes(root).bytes(publicKey).done()
}

export function encodeHead(covered: Uint8Array, signature: Uint8Array): Uint8Array<ArrayBuffer> {
  demand(signature.length === SIGNATURE_BYTES, `a signature has ${SIGNATURE_BYTES} bytes`)
  return new Writer(covered.length + SIGNATURE_BYTES).bytes(covered).bytes(signature).done()
}

export function readProvidedHead(bytes: Uint8Array): ReadHead | undefined {
  return parsed(bytes, (from) => readHead(from, bytes))
}

export function encodeList(head: Uint8Array, keys: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const to = new Writer(head.length + KEY_BYTES * keys.length).bytes(head)
  for (const key of keys) to.bytes(key)
  return to.done()
}

export function readProvidedList(bytes: Uint8Array): ReadList | undefined {
  return parsed(bytes, (from) => {
    const head = readHead(from, bytes)
    const keys: Uint8Array[] = []
    for (let i = 0; i < head.count; i++) {
      const key = from.bytes(KEY_BYTES)
      const before = keys[i - 1]
      check(before === undefined || compareBytes(before, key) < 0, 'a key twice, or out of order')
      keys.push(key)
    }
    return { head, keys }
  })
}

export function encodeProvidedKey(
  head: Uint8Array,
  { key, index, path }: ProvidedKey,
): Uint8Array<ArrayBuffer> {
  demand(key.length === KEY_BYTES && isPath(path) && isIndex(index), 'no key and place of a tree')
  const to = new Writer(head.length + KEY_BYTES + 2 + path.length)
  return to.bytes(head).bytes(key).u16(index).bytes(path).done()
}

export interface ReadProvided {
  readonly head: ReadHead
  readonly provided: ProvidedKey
}

export function readProvidedKey(bytes: Uint8Array): ReadProvided | undefined {
  return parsed(bytes, (from) => {
    const head = readHead(from, bytes)
    const provided = { key: from.bytes(KEY_BYTES), index: from.u16(), path: from.rest() }
    check(provided.index < head.count && isPath(provided.path), 'no place in that tree')
    return { head, provided }
  })
}

function readHead(from: Reader, bytes: Uint8Array): ReadHead {
  check(equalBytes(from.bytes(MAGIC.length), MAGIC), 'no head')
  check(from.u8() === 0 && from.u8() === SUITE, 'no flags and suite of ours')
  const [createdMs, ttlSeconds] = [readMs(from), from.u32()]
  const region = from.text(from.u8())
  const [count, root, publicKey] = [from.u16(), from.bytes(KEY_BYTES), from.bytes(PUBLIC_KEY_BYTES)]
  check(isRegion(region) && isCount(count), 'no region, or no count')
  const covered = bytes.subarray(0, bytes.length - from.remaining)
  const signature = from.bytes(SIGNATURE_BYTES)
  const whole = bytes.subarray(0, covered.length + SIGNATURE_BYTES)
  return { createdMs, ttlSeconds, region, count, root, publicKey, covered, signature, bytes: whole }
}

function isCount(count: number): boolean {
  return Number.isInteger(count) && count >= 1 && count <= DHT_PROVIDED_KEYS_MAX
}

function isIndex(index: number): boolean {
  return Number.isInteger(index) && index >= 0 && index < DHT_PROVIDED_KEYS_MAX
}

function isPath(path: Uint8Array): boolean {
  return path.length % KEY_BYTES === 0 && path.length <= PATH_STEPS_MAX * KEY_BYTES
}

/** Below zero when the first comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
