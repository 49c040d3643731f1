// Any record by its first byte: what it says, taken apart, and how long one of its kind may be. Nothing is checked here but the
// layout; crypto/dht/ does the rest.

import { IPNS_RECORD_BYTES_MAX, IPNS_TAG, type ReadIpns, readIpns } from './ipns.ts'
import {
  type ReadSigned,
  readSigned,
  SIGNED_KIND,
  SIGNED_KIND_AT,
  SIGNED_RECORD_BYTES_MAX,
  SIGNED_TAG,
} from './signed.ts'
import { type ReadValue, readValue, VALUE_RECORD_BYTES_MAX, VALUE_TAG } from './value.ts'

export type ReadRecord = ReadValue | ReadSigned | ReadIpns

/** The largest of all: for who must bound what it reads before it has any of it. */
export const RECORD_BYTES_MAX = VALUE_RECORD_BYTES_MAX

/** As many bytes as one that begins like this may have; 0 when none begins so. */
export function recordBytesMax(bytes: Uint8Array): number {
  switch (bytes[0]) {
    case VALUE_TAG:
      return VALUE_RECORD_BYTES_MAX
    case SIGNED_TAG:
      return SIGNED_RECORD_BYTES_MAX[
        bytes[SIGNED_KIND_AT] === SIGNED_KIND.announcement ? 'announcement' : 'name'
      ]
    case IPNS_TAG:
      return IPNS_RECORD_BYTES_MAX
    default:
      return 0
  }
}

export function readRecord(bytes: Uint8Array): ReadRecord | undefined {
  switch (bytes[0]) {
    case VALUE_TAG:
      return readValue(bytes)
    case SIGNED_TAG:
      return readSigned(bytes)
    case IPNS_TAG:
      return readIpns(bytes)
    default:
      return undefined
  }
}
