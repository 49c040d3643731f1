// CIDs as applications give them, and the names by which blocks are asked for: the same bytes have one name, whatever is said
// to be in them.

import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { BLAKE3, type HashCode, SHA2_256 } from '../../protocol/dht/contract.ts'
import type { BlockName } from '../../protocol/exchange/frames.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'

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

/** A name of a block as text. */
export function blockText({ code, digest }: BlockName): string {
  return `${code.toString(16)}${toBase64url(digest)}`
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

function isHashCode(code: number): code is HashCode {
  return code === SHA2_256 || code === BLAKE3
}
