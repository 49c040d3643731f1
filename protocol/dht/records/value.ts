// A value: bytes that are under their own digest. The header is nobody's word: who puts it says how long.
//
//   1 tag (1) ‖ 1 hash code ‖ 4 TTL in seconds ‖ bytes

import { DHT_VALUE_BYTES_MAX } from '../../limits/dht.ts'
import { Writer } from '../../wire/bytes.ts'
import { BLAKE3, type HashCode, SHA2_256 } from '../contract.ts'
import { check, demand, isTtl, parsed } from './fields.ts'

export const VALUE_TAG = 1
export const VALUE_HEAD_BYTES = 6
export const VALUE_RECORD_BYTES_MAX = VALUE_HEAD_BYTES + DHT_VALUE_BYTES_MAX

export interface ReadValue {
  readonly kind: 'value'
  readonly code: HashCode
  readonly ttlSeconds: number
  readonly value: Uint8Array
}

export function encodeValue({ code, ttlSeconds, value }: Omit<ReadValue, 'kind'>): Uint8Array<ArrayBuffer> {
  demand(isTtl(ttlSeconds), 'a TTL is a whole number of seconds')
  demand(value.length <= DHT_VALUE_BYTES_MAX, `a value has at most ${DHT_VALUE_BYTES_MAX} bytes`)
  const to = new Writer(VALUE_HEAD_BYTES + value.length)
  return to.u8(VALUE_TAG).u8(code).u32(ttlSeconds).bytes(value).done()
}

export function readValue(bytes: Uint8Array): ReadValue | undefined {
  return parsed(bytes, (from) => {
    check(from.u8() === VALUE_TAG, 'no value')
    const [code, ttlSeconds, value] = [from.u8(), from.u32(), from.rest()]
    check(value.length <= DHT_VALUE_BYTES_MAX, 'too large')
    if (code !== SHA2_256 && code !== BLAKE3) return undefined
    return { kind: 'value', code, ttlSeconds, value }
  })
}
