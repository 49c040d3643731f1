// Names of IPNS, verified as libp2p has it. The library comes when the first record does: most edges never see one.

import { ipnsKey } from '../../protocol/crypto/dht/keys.ts'
import type { Hash } from '../../protocol/crypto/suite.ts'
import type { IpnsRecord, Verified } from '../../protocol/dht/contract.ts'
import { encodeIpns } from '../../protocol/dht/records/ipns.ts'
import { cidOf } from '../dht/keys.ts'

const LIBP2P_KEY = 0x72

/** The multihash of a name as a request has it: a CID of a libp2p key; undefined for what is none. */
export function nameOf(text: string): Uint8Array | undefined {
  const cid = cidOf(text)
  return cid?.code === LIBP2P_KEY ? cid.multihash.bytes : undefined
}

/** Undefined for a record that is none, is not by the key of the name, or whose time is over. */
export async function verifyIpns(
  hash: Hash,
  name: Uint8Array,
  record: Uint8Array,
): Promise<Verified<IpnsRecord> | undefined> {
  const [{ ipnsValidator }, { multihashToIPNSRoutingKey, unmarshalIPNSRecord }, { decode }] =
    await Promise.all([import('ipns/validator'), import('ipns'), import('multiformats/hashes/digest')])
  try {
    await ipnsValidator(multihashToIPNSRoutingKey(decode(name) as never), record)
    const { sequence, validity } = unmarshalIPNSRecord(record)
    const bytes = encodeIpns({ name, record })
    return {
      kind: 'ipns',
      key: await ipnsKey(hash, name),
      sequence,
      digest: await hash.sha256(bytes),
      expiresAtMs: Date.parse(validity),
      bytes,
    } as Verified<IpnsRecord>
  } catch {
    return undefined
  }
}
