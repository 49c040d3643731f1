// One signature for many keys: a tree of 64 leaves, always, so that a path has one length. Leaves and nodes are hashed apart, so
// that no node can be shown as a leaf; a leaf that is not there is zeros, which nothing hashes to.

import { MAIL_ONE_TIME_MAX } from '../../limits/mail.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { concat, type Hash, SIZES } from '../suite.ts'

const TREE_DEPTH = Math.log2(MAIL_ONE_TIME_MAX)
export const PATH_BYTES = TREE_DEPTH * SIZES.hash
const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)
const NONE = new Uint8Array(SIZES.hash)

export function leafOf(hash: Hash, id: Uint8Array, publicKey: Uint8Array): Promise<Uint8Array> {
  return hash.sha256(LEAF, id, publicKey)
}

export interface Tree {
  readonly root: Uint8Array
  /** From the leaf up: the sibling at each level. */
  path(index: number): Uint8Array
}

/** Of at most 64 leaves. */
export async function treeOf(hash: Hash, leaves: readonly Uint8Array[]): Promise<Tree> {
  const levels: (readonly Uint8Array[])[] = [
    Array.from({ length: MAIL_ONE_TIME_MAX }, (_, i) => leaves[i] ?? NONE),
  ]
  for (let depth = 0; depth < TREE_DEPTH; depth++) {
    const below = levels[depth] ?? []
    const pairs = Array.from({ length: below.length / 2 }, (_, i) => [below[2 * i], below[2 * i + 1]])
    levels.push(await Promise.all(pairs.map(([left = NONE, right = NONE]) => hash.sha256(NODE, left, right))))
  }
  const sibling = (level: number, index: number) => levels[level]?.[(index >> level) ^ 1] ?? NONE
  return {
    root: levels[TREE_DEPTH]?.[0] ?? NONE,
    path: (index) => concat(Array.from({ length: TREE_DEPTH }, (_, level) => sibling(level, index))),
  }
}

/** Whether the leaf stands at that place in the tree of that root. */
export async function isInTree(
  hash: Hash,
  root: Uint8Array,
  index: number,
  leaf: Uint8Array,
  path: Uint8Array,
): Promise<boolean> {
  let node = leaf
  for (let level = 0; level < TREE_DEPTH; level++) {
    const sibling = path.subarray(level * SIZES.hash, (level + 1) * SIZES.hash)
    const isRight = ((index >> level) & 1) === 1
    node = await (isRight ? hash.sha256(NODE, sibling, node) : hash.sha256(NODE, node, sibling))
  }
  return equalBytes(node, root)
}
