// A node's place in the mesh: where a browser stands among those that answer each other. It is drawn by hashing a stamp, so that
// who wants to stand near a key works for each place it tries; and drawn anew each week.
//
//   challenge = SHA-256("waypost node stamp" ‖ PeerId ‖ era 4)
//   stamp     = nonce 4, so that SHA-256(challenge ‖ 0 ‖ PeerId ‖ nonce) begins with the limit's bits as zeros
//   place     = SHA-256("waypost node" ‖ PeerId ‖ era 4 ‖ stamp)
//
// It is a stamp as admission's, of one puzzle and not of sixteen: who has two nonces for each of sixteen has 65,536 stamps, and
// as many places, for the work of two. Of one puzzle each stamp costs all of the work; it only takes less evenly long.
//
// Made by admission/search.ts as it is: stampSearcher(sha256Block(), challenge, place, bits, puzzles) with what nodePuzzle
// says, and so by the client's Web Worker too.

import { NODE_STAMP_BYTES, type NodeClaim } from '../../dht/records/announcement.ts'
import { DHT_AHEAD_MS, DHT_NODE_ERA_MS, DHT_NODE_STAMP_BITS } from '../../limits/dht.ts'
import { leadingZeros } from '../admission/stamp.ts'
import type { Hash } from '../suite.ts'
import { NODE, NODE_STAMP } from './labels.ts'

const FIRST_PUZZLE = Uint8Array.of(0)

/** The week a time is in, since 1970. */
export function eraOf(nowMs: number): number {
  return Math.floor(nowMs / DHT_NODE_ERA_MS)
}

/** This week's and the last one's, and for who is ahead of us the next. */
export function isEra(era: number, nowMs: number): boolean {
  return Number.isInteger(era) && era >= eraOf(nowMs) - 1 && era <= eraOf(nowMs + DHT_AHEAD_MS)
}

/** What the searcher is given. */
export interface NodePuzzle {
  readonly challenge: Uint8Array
  readonly place: Uint8Array
  readonly bits: number
  readonly puzzles: number
}

export async function nodePuzzle(
  hash: Hash,
  peer: Uint8Array,
  era: number,
  bits: number = DHT_NODE_STAMP_BITS,
): Promise<NodePuzzle> {
  const challenge = await hash.sha256(NODE_STAMP, peer, u32(era))
  return { challenge, place: peer, bits, puzzles: 1 }
}

/** Of a claim that was checked. */
export function nodeId(hash: Hash, peer: Uint8Array, { era, stamp }: NodeClaim): Promise<Uint8Array> {
  return hash.sha256(NODE, peer, u32(era), stamp)
}

/** Its place, or undefined where the claim is none: of another week, of another peer, or without the work. */
export async function checkNode(
  hash: Hash,
  peer: Uint8Array,
  claim: NodeClaim,
  nowMs: number,
  bits: number = DHT_NODE_STAMP_BITS,
): Promise<Uint8Array | undefined> {
  if (claim.stamp.length !== NODE_STAMP_BYTES || !isEra(claim.era, nowMs)) return undefined
  const { challenge, place } = await nodePuzzle(hash, peer, claim.era, bits)
  const digest = await hash.sha256(challenge, FIRST_PUZZLE, place, claim.stamp)
  return leadingZeros(digest) >= bits ? nodeId(hash, peer, claim) : undefined
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}
