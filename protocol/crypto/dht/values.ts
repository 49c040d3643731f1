// Digests of values, by either hash: the platform's SHA-256, or BLAKE3, whose code comes when the first is met.

import { type HashCode, SHA2_256, type ValueRecord, type Verified } from '../../dht/contract.ts'
import { encodeValue } from '../../dht/records/value.ts'
import type { Hash } from '../suite.ts'

export async function digestOf(hash: Hash, code: HashCode, value: Uint8Array): Promise<Uint8Array> {
  if (code === SHA2_256) return hash.sha256(value)
  const { blake3Of } = await import('../blake3.ts')
  return blake3Of(value)
}

export interface NewValue {
  readonly value: Uint8Array
  readonly ttlSeconds: number
  readonly code?: HashCode
}

/** To be put: its key is what it is found by. */
export async function makeValue(
  hash: Hash,
  { value, ttlSeconds, code = SHA2_256 }: NewValue,
): Promise<Verified<ValueRecord>> {
  const bytes = encodeValue({ code, ttlSeconds, value })
  const key = await digestOf(hash, code, value)
  return { kind: 'value', key, ttlSeconds, bytes } as Verified<ValueRecord>
}
