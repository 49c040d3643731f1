// Places of nodes in the key space of the DHT: how far they are from each other is said by XOR, as of all keys, so that of two each
// is as far from the other, and all who go towards a key meet on the way.

import { compareDistance } from '../place.ts'

export const NODE_BYTES = 32

/** SHA-256 over a PeerId and its stamp. Whoever hosts the mesh checks it before it links the neighbour. */
export type NodeId = Uint8Array

/** Nearest first. */
export function byDistance(key: Uint8Array): (a: NodeId, b: NodeId) => number {
  return (a, b) => compareDistance(a, b, key)
}
