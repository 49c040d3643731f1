// What the mesh brings and is to keep, checked as everything of the DHT is, and said in the words of its machine.

import { verifyProvidedKey } from '../../../protocol/crypto/dht/provided.ts'
import { type Checking, verifyRecord } from '../../../protocol/crypto/dht/records.ts'
import type {
  Key,
  ProvidedHead,
  ProvidedKey,
  StoredRecord,
  Verified,
} from '../../../protocol/dht/contract.ts'
import type { Checked, Given } from '../../../protocol/dht/mesh/contract.ts'
import { encodeProvidedKey, readProvidedKey } from '../../../protocol/dht/records/provided.ts'
import { equalBytes } from '../../../protocol/wire/bytes.ts'

const NO_DIGEST = new Uint8Array()

/** Undefined for what is not what its key says. */
export async function checked(
  suite: Checking,
  given: Given,
  key: Key,
  bytes: Uint8Array,
  nowMs: number,
): Promise<Checked | undefined> {
  if (given === 'record') {
    const record = await verifyRecord(suite, bytes, key, nowMs)
    return typeof record === 'string' ? undefined : ofRecord(record, nowMs)
  }
  const read = readProvidedKey(bytes)
  if (read === undefined || !equalBytes(read.provided.key, key)) return undefined
  const head = await verifyProvidedKey(suite, read.head.bytes, read.provided, nowMs)
  return typeof head === 'string' ? undefined : ofProvided(head, read.provided)
}

export function ofRecord(record: Verified<StoredRecord>, nowMs: number): Checked {
  const { bytes } = record
  if (record.kind === 'value') {
    const expiresAtMs = nowMs + record.ttlSeconds * 1_000
    return { bytes, expiresAtMs, final: true, sequence: 0n, digest: NO_DIGEST, peer: undefined }
  }
  const expiresAtMs =
    record.kind === 'ipns' ? record.expiresAtMs : record.createdMs + record.ttlSeconds * 1_000
  const { sequence, digest } = record
  return { bytes, expiresAtMs, final: false, sequence, digest, peer: undefined }
}

export function ofProvided(head: Verified<ProvidedHead>, provided: ProvidedKey): Checked {
  return {
    bytes: encodeProvidedKey(head.bytes, provided),
    expiresAtMs: head.createdMs + head.ttlSeconds * 1_000,
    final: false,
    // Of one peer's announcements of one key the newest counts.
    sequence: BigInt(head.createdMs),
    digest: head.id,
    peer: head.peer,
  }
}
