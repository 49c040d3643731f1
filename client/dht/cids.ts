// CIDs as applications give them, and the names by which their blocks are asked for: the same bytes have one name, whatever is
// said to be in them.

import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { SHA2_256 } from '../../protocol/dht/contract.ts'
import { type BlockName, isHashCode } from '../../protocol/exchange/frames.ts'

export const RAW = 0x55
export const DAG_PB = 0x70
const DIGEST_BYTES = 32

/** A CID by one of the hashes that the DHT has keys of. */
export interface Address {
  readonly cid: CID
  readonly codec: number
  readonly block: BlockName
}

/** Throws for what is no CID (TypeError for another type), and for one of another hash. */
export function addressOf(what: string, value: unknown): Address {
  const cid = parsed(what, value)
  const address = tryAddress(cid)
  if (address === undefined)
    throw new RangeError(`${what}: the CID's hash must be SHA-256 or BLAKE3, of 32 bytes`)
  return address
}

/** Undefined for one of another hash. */
export function tryAddress(cid: CID): Address | undefined {
  const { code, digest } = cid.multihash
  if (digest.length !== DIGEST_BYTES || !isHashCode(code)) return undefined
  return { cid, codec: cid.code, block: { code, digest } }
}

export function sha256Cid(codec: number, digest: Uint8Array): CID {
  return CID.createV1(codec, create(SHA2_256, digest))
}

function parsed(what: string, value: unknown): CID {
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null))
    throw new TypeError(`${what}: a CID must be a string or a CID object`)
  try {
    const cid = typeof value === 'string' ? CID.parse(value) : CID.asCID(value)
    if (cid !== null) return cid.toV1()
  } catch {
    // Whatever was wrong with it.
  }
  throw new RangeError(
    `${what}: not a CID: ${typeof value === 'string' ? JSON.stringify(value) : 'an object'}`,
  )
}
