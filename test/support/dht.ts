// Records of the DHT as a shard is given them: verified, or so it is told. Of the right layout and with the right keys where a
// shard looks at that; the signatures are noise, as nobody below the Worker checks them.

import type {
  IpnsRecord,
  Key,
  ProvidedHead,
  ProvidedKey,
  SignedRecord,
  StoredRecord,
  ValueRecord,
  Verified,
} from '../../protocol/dht/contract.ts'
import { KEY_BYTES } from '../../protocol/dht/place.ts'

const SIGNATURE_BYTES = 3_309
const PUBLIC_KEY_BYTES = 1_952

/** As if it had been checked. */
export function verified<T>(record: T): Verified<T> {
  return record as Verified<T>
}

/** Bytes of which no two seeds give the same. */
export function noise(seed: number | string, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let state = 0x9e37_79b1
  for (const letter of String(seed))
    state = Math.imul(state ^ letter.charCodeAt(0), 0x85eb_ca6b) ^ (state >>> 13)
  for (let at = 0; at < length; at++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x6d2b_79f5
    bytes[at] = state >>> 21
  }
  return bytes
}

/** A key below a prefix; the rest of it is noise. */
export function keyOf(seed: number | string, prefix = ''): Key {
  const key = noise(`key ${seed}`, KEY_BYTES)
  for (let at = 0; at < prefix.length; at++) {
    const bit = 0x80 >>> (at & 7)
    const byte = key[at >>> 3] ?? 0
    key[at >>> 3] = prefix[at] === '1' ? byte | bit : byte & ~bit
  }
  return key
}

export function peerOf(seed: number | string): Uint8Array {
  return noise(`peer ${seed}`, 32)
}

export function valueRecord(
  key: Key,
  fields: { readonly ttlSeconds?: number; readonly bytes?: Uint8Array } = {},
) {
  const record: ValueRecord = {
    kind: 'value',
    key,
    ttlSeconds: fields.ttlSeconds ?? 3_600,
    bytes: fields.bytes ?? noise(`value ${key}`, 200),
  }
  return verified<StoredRecord>(record)
}

export interface SignedTerms {
  readonly kind?: 'name' | 'announcement'
  readonly peer?: Uint8Array
  readonly sequence?: bigint | number
  /** What it says. */
  readonly says?: string
  readonly createdMs: number
  readonly ttlSeconds?: number
}

/** Byte for byte as protocol/dht/README.md has it. */
export function signedOf(key: Key, terms: SignedTerms) {
  const {
    kind = 'name',
    peer = peerOf('somebody'),
    says = 'something',
    createdMs,
    ttlSeconds = 3_600,
  } = terms
  const sequence = BigInt(terms.sequence ?? 1)
  const value = new TextEncoder().encode(says)
  const before = 1 + 4 + 3 + 8 + 8 + 4 + 1 + 2
  const bytes = new Uint8Array(before + value.length + PUBLIC_KEY_BYTES + SIGNATURE_BYTES)
  const view = new DataView(bytes.buffer)
  bytes.set([2, 0x57, 0x50, 0x4d, 0x31, kind === 'name' ? 1 : 2, 0, 1])
  view.setBigUint64(8, sequence)
  view.setBigUint64(16, BigInt(createdMs))
  view.setUint32(24, ttlSeconds)
  view.setUint16(29, value.length)
  bytes.set(value, before)
  bytes.set(peer, before + value.length)
  bytes.set(
    noise(`${sequence} ${createdMs} ${ttlSeconds} ${says}`, SIGNATURE_BYTES),
    bytes.length - SIGNATURE_BYTES,
  )
  const digest = noise(`digest of ${key} ${sequence} ${createdMs} ${ttlSeconds} ${says}`, 32)
  const record: SignedRecord = { kind, key, peer, sequence, digest, createdMs, ttlSeconds, bytes }
  return verified<StoredRecord>(record)
}

export function ipnsOf(key: Key, sequence: number, expiresAtMs: number, says = 'x') {
  const bytes = noise(`ipns ${sequence} ${expiresAtMs} ${says}`, 300)
  const digest = noise(`digest of ${sequence} ${expiresAtMs} ${says}`, 32)
  const record: IpnsRecord = { kind: 'ipns', key, sequence: BigInt(sequence), digest, expiresAtMs, bytes }
  return verified<StoredRecord>(record)
}

export interface HeadTerms {
  readonly createdMs: number
  readonly ttlSeconds?: number
  readonly region?: string
  readonly seed?: number | string
}

export function headOf(peer: Uint8Array, terms: HeadTerms) {
  const { createdMs, ttlSeconds = 86_400, region = 'weur', seed = '' } = terms
  const bytes = noise(`head ${peer} ${createdMs} ${ttlSeconds} ${region} ${seed}`, 5_312)
  const id = noise(`id of ${peer} ${createdMs} ${ttlSeconds} ${region} ${seed}`, 32)
  const head: ProvidedHead = { peer, id, createdMs, ttlSeconds, region, bytes }
  return verified(head)
}

export function providedOf(keys: readonly Key[]): ProvidedKey[] {
  return keys.map((key, index) => ({ key, index, path: noise(`path ${index}`, 64) }))
}
