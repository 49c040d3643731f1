// Signing a record, and the checks that make one: by its digest, or by its owner's signature. Cheapest first, in the order that
// dht/README.md writes down: length, layout, time, key, and then the signature. What stands between these two, quota and
// sequence, is for who keeps records: checkRecord and proveRecord are the halves, for who knows them before the signature.

import type { SignedRecord, StoredRecord, Verified } from '../../dht/contract.ts'
import { tryDecodeAnnouncement } from '../../dht/records/announcement.ts'
import { readRecord, recordBytesMax } from '../../dht/records/record.ts'
import { coveredRecord, encodeSigned, type ReadSigned, type SignedTerms } from '../../dht/records/signed.ts'
import type { ReadValue } from '../../dht/records/value.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { DhtRefusal } from '../../wire/registry.ts'
import { CONTEXTS } from '../contexts.ts'
import { type Identity, peerIdOf } from '../identity.ts'
import { type Hash, SIZES, type Signatures } from '../suite.ts'
import { ipnsKey, nameKey } from './keys.ts'
import { isLasting, isTimely } from './time.ts'
import { digestOf } from './values.ts'

export type Checking = { readonly hash: Hash; readonly signatures: Pick<Signatures, 'verify'> }

/** All but its signature is right. */
export interface CheckedRecord {
  readonly record: StoredRecord
  /** Undefined for a value, which needs none. */
  readonly signed: ReadSigned | undefined
}

const NO_SALT = new Uint8Array()

export type NewRecord = Omit<SignedTerms, 'salt'> & { readonly salt?: Uint8Array }

/** Throws a RangeError for what would be refused whenever it came. */
export async function signRecord(
  { hash }: Pick<Checking, 'hash'>,
  { key, id }: Identity,
  record: NewRecord,
): Promise<Verified<SignedRecord>> {
  const terms = { ...record, salt: record.salt ?? NO_SALT }
  if (!isLasting(terms.kind, terms.ttlSeconds)) throw new RangeError(`a ${terms.kind} lasts no such time`)
  if (terms.kind === 'announcement' && tryDecodeAnnouncement(terms.value) === undefined)
    throw new RangeError('an announcement holds what announcement.ts encodes')
  const covered = coveredRecord(terms, key.publicKey)
  const bytes = encodeSigned(covered, await key.sign(CONTEXTS.record, covered))
  return (await signedRecord(hash, id, terms, bytes)) as Verified<SignedRecord>
}

/** All checks of a record that came for that key. */
export async function verifyRecord(
  suite: Checking,
  bytes: Uint8Array,
  key: Uint8Array,
  nowMs: number,
): Promise<Verified<StoredRecord> | DhtRefusal> {
  const checked = await checkRecord(suite.hash, bytes, key, nowMs)
  return typeof checked === 'string' ? checked : proveRecord(suite, checked)
}

export async function checkRecord(
  hash: Hash,
  bytes: Uint8Array,
  key: Uint8Array,
  nowMs: number,
): Promise<CheckedRecord | DhtRefusal> {
  const bytesMax = recordBytesMax(bytes)
  if (bytesMax > 0 && bytes.length > bytesMax) return 'too-large'
  const read = key.length === SIZES.hash ? readRecord(bytes) : undefined
  if (read === undefined) return 'malformed'
  switch (read.kind) {
    case 'value':
      return checkValue(hash, bytes, read, key)
    case 'ipns':
      // Whether its owner signed it can be told by nothing here yet, so that nothing of it is taken.
      return equalBytes(await ipnsKey(hash, read.name), key) ? 'wrong-signature' : 'wrong-key'
    default:
      return checkSigned(hash, bytes, read, key, nowMs)
  }
}

export async function proveRecord(
  { signatures }: Pick<Checking, 'signatures'>,
  { record, signed }: CheckedRecord,
): Promise<Verified<StoredRecord> | DhtRefusal> {
  const isProved =
    signed === undefined ||
    (await signatures.verify(signed.publicKey, CONTEXTS.record, signed.covered, signed.signature))
  return isProved ? (record as Verified<StoredRecord>) : 'wrong-signature'
}

async function checkValue(
  hash: Hash,
  bytes: Uint8Array,
  { code, ttlSeconds, value }: ReadValue,
  key: Uint8Array,
): Promise<CheckedRecord | DhtRefusal> {
  if (!isLasting('value', ttlSeconds)) return 'expired'
  if (!equalBytes(await digestOf(hash, code, value), key)) return 'wrong-key'
  return { record: { kind: 'value', key, ttlSeconds, bytes }, signed: undefined }
}

async function checkSigned(
  hash: Hash,
  bytes: Uint8Array,
  read: ReadSigned,
  key: Uint8Array,
  nowMs: number,
): Promise<CheckedRecord | DhtRefusal> {
  if (read.kind === 'announcement' && tryDecodeAnnouncement(read.value) === undefined) return 'malformed'
  if (!isTimely(read.kind, read, nowMs)) return 'expired'
  const record = await signedRecord(hash, await peerIdOf(hash, read.publicKey), read, bytes)
  return equalBytes(record.key, key) ? { record, signed: read } : 'wrong-key'
}

async function signedRecord(
  hash: Hash,
  peer: Uint8Array,
  { kind, sequence, createdMs, ttlSeconds, salt }: SignedTerms,
  bytes: Uint8Array,
): Promise<SignedRecord> {
  const key = kind === 'name' ? await nameKey(hash, peer, salt) : peer
  return { kind, key, peer, sequence, digest: await hash.sha256(bytes), createdMs, ttlSeconds, bytes }
}
