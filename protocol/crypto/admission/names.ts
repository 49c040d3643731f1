// Names, hashed: what is signed and authenticated has one length, whatever a network or an origin is called.

import { utf8, Writer } from '../../wire/bytes.ts'
import { LABELS } from '../contexts.ts'
import type { Hash } from '../suite.ts'

export const NETWORK_TAG_BYTES = 8

/** Whom a pass is asked of: this network, at this origin. `label ‖ length 2 ‖ origin ‖ length 2 ‖ network`, hashed. */
export function audienceOf(hash: Hash, origin: string, network: string): Promise<Uint8Array> {
  const [o, n] = [utf8(origin), utf8(network)]
  const named = new Writer(256).bytes(LABELS.audience).u16(o.length).bytes(o).u16(n.length).bytes(n)
  return hash.sha256(named.done())
}

/**
 * The network as a pass has it. Eight bytes: a second network of the same tag takes 2^64 names to find, and two of one's
 * own that share a tag win nothing.
 */
export async function networkTag(hash: Hash, network: string): Promise<Uint8Array> {
  return (await hash.sha256(LABELS.network, utf8(network))).subarray(0, NETWORK_TAG_BYTES)
}
