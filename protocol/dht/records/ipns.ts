// A record of IPNS, which libp2p defines and this does not look into; with the name it is under, as no other part of it says
// whose it is: the key of the commonest kind of name is in the name alone.
//
//   1 tag (3) ‖ 1 length ‖ the name's multihash ‖ record

import { DHT_IPNS_BYTES_MAX, DHT_IPNS_NAME_BYTES_MAX } from '../../limits/dht.ts'
import { Writer } from '../../wire/bytes.ts'
import { check, demand, parsed } from './fields.ts'

export const IPNS_TAG = 3
export const IPNS_RECORD_BYTES_MAX = 2 + DHT_IPNS_NAME_BYTES_MAX + DHT_IPNS_BYTES_MAX

export interface ReadIpns {
  readonly kind: 'ipns'
  /** A multihash. */
  readonly name: Uint8Array
  readonly record: Uint8Array
}

export function encodeIpns({ name, record }: Omit<ReadIpns, 'kind'>): Uint8Array<ArrayBuffer> {
  demand(isName(name), `a name's multihash has at most ${DHT_IPNS_NAME_BYTES_MAX} bytes`)
  demand(isRecord(record), `an IPNS record has at most ${DHT_IPNS_BYTES_MAX} bytes`)
  const to = new Writer(2 + name.length + record.length)
  return to.u8(IPNS_TAG).u8(name.length).bytes(name).bytes(record).done()
}

export function readIpns(bytes: Uint8Array): ReadIpns | undefined {
  return parsed(bytes, (from) => {
    check(from.u8() === IPNS_TAG, 'no record of IPNS')
    const name = from.bytes(from.u8())
    const record = from.rest()
    check(isName(name) && isRecord(record), 'no name, no record, or too much of either')
    return { kind: 'ipns', name, record }
  })
}

function isName(name: Uint8Array): boolean {
  return name.length > 0 && name.length <= DHT_IPNS_NAME_BYTES_MAX
}

function isRecord(record: Uint8Array): boolean {
  return record.length > 0 && record.length <= DHT_IPNS_BYTES_MAX
}
