// Saying for many keys at once that one has what they are of: one signature over a tree of them. The edge is given all keys and
// checks the whole; who reads is given one, with its path, and checks that.

import type { ProvidedHead, ProvidedKey, Verified } from '../../dht/contract.ts'
import {
  compareBytes,
  coveredProvided,
  encodeHead,
  encodeList,
  PROVIDED_HEAD_BYTES_MAX,
  PROVIDED_LIST_BYTES_MAX,
  type ReadHead,
  readProvidedHead,
  readProvidedList,
} from '../../dht/records/provided.ts'
import { DHT_PROVIDED_KEYS_MAX } from '../../limits/dht.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { DhtRefusal } from '../../wire/registry.ts'
import { CONTEXTS } from '../contexts.ts'
import { type Identity, peerIdOf } from '../identity.ts'
import { SIZES } from '../suite.ts'
import type { Checking } from './records.ts'
import { isLasting, isTimely } from './time.ts'
import { isInTree, treeOf } from './tree.ts'

/** A head, and what of it says which keys are its. */
export interface ProvidedTree extends ProvidedHead {
  readonly count: number
  readonly root: Uint8Array
}

export interface Providing {
  readonly ttlSeconds: number
  readonly region: string
  readonly createdMs: number
}

/** For the edge: head and keys, in their order. Throws a RangeError for no key, too many, or one twice. */
export async function signProvided(
  { key }: Identity,
  keys: readonly Uint8Array[],
  providing: Providing,
): Promise<Uint8Array> {
  const sorted = [...keys].sort(compareBytes)
  if (sorted.length === 0 || sorted.length > DHT_PROVIDED_KEYS_MAX)
    throw new RangeError(`one to ${DHT_PROVIDED_KEYS_MAX} keys are provided at once, not ${keys.length}`)
  if (sorted.some(({ length }) => length !== SIZES.hash))
    throw new RangeError(`a key has ${SIZES.hash} bytes`)
  if (sorted.some((one, i) => i > 0 && compareBytes(sorted[i - 1] as Uint8Array, one) === 0))
    throw new RangeError('a key is provided once')
  if (!isLasting('provided', providing.ttlSeconds))
    throw new RangeError('nothing is provided for such a time')
  const { root } = treeOf(sorted)
  const covered = coveredProvided({ ...providing, count: sorted.length, root }, key.publicKey)
  const head = encodeHead(covered, await key.sign(CONTEXTS.batch, covered))
  return encodeList(head, sorted)
}

export interface VerifiedList {
  readonly head: Verified<ProvidedTree>
  /** Each with bytes of its own: they part here, to a shard each. */
  readonly keys: readonly ProvidedKey[]
}

/**
 * What the edge was given. The signature before the tree: where it is the platform's it costs a tenth of a tree, and elsewhere
 * as much as one.
 */
export async function verifyProvided(
  suite: Checking,
  bytes: Uint8Array,
  nowMs: number,
): Promise<VerifiedList | DhtRefusal> {
  if (bytes.length > PROVIDED_LIST_BYTES_MAX) return 'too-large'
  const list = readProvidedList(bytes)
  if (list === undefined) return 'malformed'
  const head = await proveHead(suite, list.head, nowMs)
  if (typeof head === 'string') return head
  const tree = treeOf(list.keys)
  if (!equalBytes(tree.root, head.root)) return 'wrong-key'
  return { head, keys: list.keys.map((key, index) => ({ key: key.slice(), index, path: tree.path(index) })) }
}

/** What a reader was given once for all keys under it. */
export async function verifyProvidedHead(
  suite: Checking,
  bytes: Uint8Array,
  nowMs: number,
): Promise<Verified<ProvidedTree> | DhtRefusal> {
  if (bytes.length > PROVIDED_HEAD_BYTES_MAX) return 'too-large'
  const head = readProvidedHead(bytes)
  return head === undefined ? 'malformed' : proveHead(suite, head, nowMs)
}

/** Whether a head that was verified is of that key too. */
export function isProvided(head: Verified<ProvidedTree>, { key, index, path }: ProvidedKey): boolean {
  return isInTree(head, key, index, path)
}

/** A reader's two checks in one. */
export async function verifyProvidedKey(
  suite: Checking,
  head: Uint8Array,
  provided: ProvidedKey,
  nowMs: number,
): Promise<Verified<ProvidedTree> | DhtRefusal> {
  const verified = await verifyProvidedHead(suite, head, nowMs)
  if (typeof verified === 'string') return verified
  return isProvided(verified, provided) ? verified : 'wrong-key'
}

async function proveHead(
  { hash, signatures }: Checking,
  { publicKey, covered, signature, createdMs, ttlSeconds, region, count, root, bytes }: ReadHead,
  nowMs: number,
): Promise<Verified<ProvidedTree> | DhtRefusal> {
  if (!isTimely('provided', { createdMs, ttlSeconds }, nowMs)) return 'expired'
  if (!(await signatures.verify(publicKey, CONTEXTS.batch, covered, signature))) return 'wrong-signature'
  const [peer, id] = [await peerIdOf(hash, publicKey), await hash.sha256(bytes)]
  const own = bytes.slice() // what it was cut from holds a thousand keys beside it
  return {
    peer,
    id,
    createdMs,
    ttlSeconds,
    region,
    count,
    root: root.slice(),
    bytes: own,
  } as Verified<ProvidedTree>
}
