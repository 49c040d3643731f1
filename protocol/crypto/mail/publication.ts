// A publication as bytes, and what the edge does with one: take it apart, and check it before it keeps it. Nothing here knows
// ciphers or key encapsulation, so that neither comes into the Worker's bundle: a hash and ML-DSA's check are enough.

import { MAIL_CLOCK_SKEW_MS, MAIL_ONE_TIME_MAX, MAIL_PREKEY_MS } from '../../limits/mail.ts'
import { equalBytes, utf8 } from '../../wire/bytes.ts'
import { isKeyOf } from '../identity.ts'
import { concat, type Hash, SIZES, type Signatures } from '../suite.ts'
import type { PrekeyDrop } from './drops.ts'
import { HOUR_MS, ID_BYTES, parsed, u32 } from './fields.ts'
import { SIGN_PREKEYS } from './labels.ts'
import { leafOf, PATH_BYTES, treeOf } from './merkle.ts'

const MAGIC = utf8('WPP1')
const COUNT_AT = MAGIC.length
const COVERED_BYTES = COUNT_AT + 1 + 4 + 4 + SIZES.kemPublicKey + SIZES.hash // 1261
export const HEAD_BYTES = COVERED_BYTES + SIZES.signaturePublicKey + SIZES.signature // 6522
export const ONE_TIME_BYTES = 1 + ID_BYTES + SIZES.kemPublicKey + PATH_BYTES // 1417
export const PUBLICATION_BYTES_MAX = HEAD_BYTES + MAIL_ONE_TIME_MAX * ONE_TIME_BYTES // 97,210

export interface Terms {
  /** How many one-time prekeys were signed with it. */
  readonly count: number
  readonly madeHour: number
  readonly endHour: number
  /** The signed prekey. */
  readonly publicKey: Uint8Array
  readonly root: Uint8Array
}

export interface Head extends Terms {
  readonly covered: Uint8Array
  readonly ownerKey: Uint8Array
  readonly signature: Uint8Array
}

export interface OneTime {
  readonly index: number
  readonly id: Uint8Array
  readonly publicKey: Uint8Array
  readonly path: Uint8Array
}

/** What the head's signature is over, but for the owner's PeerId. */
export function coveredHead({ count, madeHour, endHour, publicKey, root }: Terms): Uint8Array {
  return concat([MAGIC, Uint8Array.of(count), u32(madeHour), u32(endHour), publicKey, root])
}

export function signedHead(owner: Uint8Array, covered: Uint8Array): Uint8Array {
  return concat([owner, covered])
}

export function readHead(bytes: Uint8Array): Head | undefined {
  return parsed(bytes, (reader) => {
    const magic = reader.bytes(MAGIC.length)
    const head = {
      count: reader.u8(),
      madeHour: reader.u32(),
      endHour: reader.u32(),
      publicKey: reader.bytes(SIZES.kemPublicKey),
      root: reader.bytes(SIZES.hash),
      covered: bytes.subarray(0, COVERED_BYTES),
      ownerKey: reader.bytes(SIZES.signaturePublicKey),
      signature: reader.bytes(SIZES.signature),
    }
    return equalBytes(magic, MAGIC) && head.count <= MAIL_ONE_TIME_MAX ? head : undefined
  })
}

export function writeOneTime({ index, id, publicKey, path }: OneTime): Uint8Array {
  return concat([Uint8Array.of(index), id, publicKey, path])
}

export function readOneTime(bytes: Uint8Array): OneTime | undefined {
  return parsed(bytes, (reader) => ({
    index: reader.u8(),
    id: reader.bytes(ID_BYTES),
    publicKey: reader.bytes(SIZES.kemPublicKey),
    path: reader.bytes(PATH_BYTES),
  }))
}

export interface Split {
  readonly head: Uint8Array
  /** To be handed out once each, behind the head. */
  readonly oneTime: readonly { readonly id: Uint8Array; readonly bytes: Uint8Array }[]
}

/** By layout alone: views of the bytes given. Undefined for what is none, or has not as many one-time prekeys as its head says. */
export function splitPublication(bytes: Uint8Array): Split | undefined {
  const count = bytes[COUNT_AT] ?? 0
  if (count > MAIL_ONE_TIME_MAX || bytes.length !== HEAD_BYTES + count * ONE_TIME_BYTES) return undefined
  if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return undefined
  const oneTime: { readonly id: Uint8Array; readonly bytes: Uint8Array }[] = []
  for (let index = 0; index < count; index++) {
    const at = HEAD_BYTES + index * ONE_TIME_BYTES
    const part = bytes.subarray(at, at + ONE_TIME_BYTES)
    if (part[0] !== index) return undefined
    oneTime.push({ id: part.subarray(1, 1 + ID_BYTES), bytes: part })
  }
  return { head: bytes.subarray(0, HEAD_BYTES), oneTime }
}

/** What the edge hands to one who wants to write. */
export function joinBundle(head: Uint8Array, oneTime: Uint8Array | undefined): Uint8Array {
  return oneTime === undefined ? head : concat([head, oneTime])
}

type Checking = { readonly hash: Hash; readonly signatures: Pick<Signatures, 'verify'> }

/** Whose, whether now, and whether signed: the cheapest first. Undefined when all is well. */
export async function checkHead(
  { hash, signatures }: Checking,
  head: Head,
  owner: Uint8Array,
  nowMs: number,
): Promise<PrekeyDrop | undefined> {
  if (!(await isKeyOf(hash, owner, head.ownerKey))) return 'wrong-owner'
  const [madeMs, endMs] = [head.madeHour * HOUR_MS, head.endHour * HOUR_MS]
  if (madeMs > nowMs + MAIL_CLOCK_SKEW_MS) return 'too-early'
  if (endMs <= nowMs || endMs <= madeMs || endMs - madeMs > MAIL_PREKEY_MS) return 'expired'
  const signed = signedHead(owner, head.covered)
  const isSigned = await signatures.verify(head.ownerKey, SIGN_PREKEYS, signed, head.signature)
  return isSigned ? undefined : 'signature'
}

/** All that the edge should know before it keeps one. Undefined when all is well: two hashes for each prekey, one signature's check. */
export async function verifyPublication(
  suite: Checking,
  bytes: Uint8Array,
  owner: Uint8Array,
  nowMs: number,
): Promise<PrekeyDrop | undefined> {
  const split = splitPublication(bytes)
  const head = split && readHead(split.head)
  const oneTime = split?.oneTime.map((part) => readOneTime(part.bytes)) ?? []
  if (head === undefined || !oneTime.every((one) => one !== undefined)) return 'malformed'
  if (new Set(oneTime.map(({ id }) => String(id))).size !== oneTime.length) return 'malformed'
  const wrong = await checkHead(suite, head, owner, nowMs)
  if (wrong !== undefined) return wrong
  const leaves = await Promise.all(oneTime.map(({ id, publicKey }) => leafOf(suite.hash, id, publicKey)))
  const tree = await treeOf(suite.hash, leaves)
  if (!equalBytes(tree.root, head.root)) return 'root'
  return oneTime.every(({ index, path }) => equalBytes(path, tree.path(index))) ? undefined : 'path'
}
