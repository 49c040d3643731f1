// Places in the key space, and how far they are from each other: by XOR, so that of two keys each is as far from the other,
// and all who go towards a key meet on the way.

export const NODE_BYTES = 32
const BITS = 8 * NODE_BYTES

/** SHA-256 over a PeerId and its stamp. Whoever hosts the mesh checks it before it links the neighbour. */
export type NodeId = Uint8Array

/** Whether the first is nearer to the key than the second. */
export function isNearer(a: Uint8Array, b: Uint8Array, key: Uint8Array): boolean {
  for (let i = 0; i < NODE_BYTES; i++) {
    const at = key[i] as number
    const [toA, toB] = [(a[i] as number) ^ at, (b[i] as number) ^ at]
    if (toA !== toB) return toA < toB
  }
  return false
}

/** Bits that two places begin with in common: the number of the bucket that one has the other in. 256: they are the same. */
export function sharedBits(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < NODE_BYTES; i++) {
    const difference = (a[i] as number) ^ (b[i] as number)
    if (difference !== 0) return 8 * i + Math.clz32(difference) - 24
  }
  return BITS
}

/** Nearest first. */
export function byDistance(key: Uint8Array): (a: NodeId, b: NodeId) => number {
  return (a, b) => (isNearer(a, b, key) ? -1 : isNearer(b, a, key) ? 1 : 0)
}
