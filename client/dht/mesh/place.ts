// Our place in the mesh: worked for once a week, and kept with the identity, so that a page that opens has it at once.

import { checkNode, eraOf, nodeId, nodePuzzle } from '../../../protocol/crypto/dht/node.ts'
import type { Hash } from '../../../protocol/crypto/suite.ts'
import { NODE_STAMP_BYTES, type NodeClaim } from '../../../protocol/dht/records/announcement.ts'
import { Reader, WireError, Writer } from '../../../protocol/wire/bytes.ts'
import { SERVICE_MESH_HELLO } from '../../../protocol/wire/registry.ts'
import type { SealedStore } from '../../identities/store.ts'
import { solve } from '../../stamp.ts'

/** Where the identity's store has it. */
const KEPT_AS = 'mesh place'

export interface Place {
  readonly claim: NodeClaim
  readonly node: Uint8Array
}

export interface PlaceOf {
  readonly hash: Hash
  /** The PeerId. */
  readonly peer: Uint8Array
  readonly store: Pick<SealedStore, 'get' | 'set'>
}

/** A second of work where none is kept, or what is kept is of another week. */
export async function ownPlace({ hash, peer, store }: PlaceOf, signal: AbortSignal): Promise<Place> {
  const nowMs = Date.now()
  const kept = readClaim(await store.get(KEPT_AS).catch(() => undefined))
  if (kept?.era === eraOf(nowMs)) {
    const node = await checkNode(hash, peer, kept, nowMs)
    if (node !== undefined) return { claim: kept, node }
  }
  const era = eraOf(nowMs)
  const stamp = await solve(await nodePuzzle(hash, peer, era), { signal })
  const claim = { era, stamp }
  await store.set(KEPT_AS, writeClaim(new Writer(), claim).done()).catch(() => {})
  return { claim, node: await nodeId(hash, peer, claim) }
}

/** What neighbours tell each other of their places. */
export interface MeshHello {
  /** Whoever hears it shall say the same of itself. */
  readonly wantsAnswer: boolean
  readonly claim: NodeClaim
}

export function encodeHello({ wantsAnswer, claim }: MeshHello): Uint8Array {
  const to = new Writer(10).u8(SERVICE_MESH_HELLO).u8(wantsAnswer ? 1 : 0)
  return writeClaim(to, claim).done()
}

/** Undefined for what is none. */
export function tryDecodeHello(bytes: Uint8Array): MeshHello | undefined {
  const [type, wants] = bytes
  const claim = readClaim(bytes.subarray(2))
  if (type !== SERVICE_MESH_HELLO || (wants !== 0 && wants !== 1) || claim === undefined) return undefined
  return { wantsAnswer: wants === 1, claim }
}

/** What members of a room where nodes meet say of themselves, as their metadata there. */
export interface Presence {
  readonly isKeeper: boolean
  readonly claim: NodeClaim
}

export function encodePresence({ isKeeper, claim }: Presence): Uint8Array {
  return writeClaim(new Writer(9).u8(isKeeper ? 1 : 0), claim).done()
}

/** Undefined for what is none. */
export function decodePresence(bytes: Uint8Array): Presence | undefined {
  const [keeper] = bytes
  const claim = readClaim(bytes.subarray(1))
  if ((keeper !== 0 && keeper !== 1) || claim === undefined) return undefined
  return { isKeeper: keeper === 1, claim }
}

function writeClaim(to: Writer, { era, stamp }: NodeClaim): Writer {
  return to.u32(era).bytes(stamp)
}

function readClaim(bytes: Uint8Array | undefined): NodeClaim | undefined {
  if (bytes === undefined) return undefined
  try {
    const from = new Reader(bytes)
    const claim = { era: from.u32(), stamp: from.bytes(NODE_STAMP_BYTES).slice() }
    from.end()
    return claim
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
