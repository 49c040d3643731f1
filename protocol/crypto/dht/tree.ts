// The tree over provided keys, of RFC 6962: leaves and nodes are hashed apart, so that no node can be shown as a leaf; where a
// level has an odd number of nodes the last goes up as it is, so that any count has one tree and no leaf is made up. The count is
// signed beside the root: a path says by it and the index where it turns, and how long it is.
//
// SHA-256 in plain JavaScript and not the platform's: two thousand hashes of a block or two are as many promises, which cost
// more than the hashes (README.md has the figures).

import { equalBytes } from '../../wire/bytes.ts'
import { sha256Block } from '../admission/search.ts'

const HASH_BYTES = 32
const BLOCK_BYTES = 64
const LEAF = 0
const NODE = 1

/** Of keys of 32 bytes. */
interface TreeHash {
  leaf(key: Uint8Array): Uint8Array
  node(left: Uint8Array, right: Uint8Array): Uint8Array
}

function treeHash(): TreeHash {
  const { initial, w, compress } = sha256Block()
  const state = new Int32Array(8)
  const leafBlock = padded(1 + HASH_BYTES)
  const nodeBlocks = padded(1 + 2 * HASH_BYTES)
  leafBlock.setUint8(0, LEAF)
  nodeBlocks.setUint8(0, NODE)
  const hash = (message: DataView): Uint8Array => {
    state.set(initial)
    for (let block = 0; block < message.byteLength; block += BLOCK_BYTES) {
      for (let t = 0; t < 16; t++) w[t] = message.getInt32(block + 4 * t)
      compress(state, state)
    }
    const digest = new Uint8Array(HASH_BYTES)
    const to = new DataView(digest.buffer)
    for (let t = 0; t < 8; t++) to.setInt32(4 * t, state[t] as number)
    return digest
  }
  const leafBytes = new Uint8Array(leafBlock.buffer)
  const nodeBytes = new Uint8Array(nodeBlocks.buffer)
  return {
    leaf: (key) => {
      leafBytes.set(key, 1)
      return hash(leafBlock)
    },
    node: (left, right) => {
      nodeBytes.set(left, 1)
      nodeBytes.set(right, 1 + HASH_BYTES)
      return hash(nodeBlocks)
    },
  }
}

let shared: TreeHash | undefined

/** One for all, as its constants take longer to make than a path to check; nothing waits while it is used. */
function sharedHash(): TreeHash {
  shared ??= treeHash()
  return shared
}

/** Room for a message of so many bytes, with SHA-256's padding already behind it. */
function padded(length: number): DataView {
  const blocks = Math.ceil((length + 1 + 8) / BLOCK_BYTES)
  const view = new DataView(new ArrayBuffer(blocks * BLOCK_BYTES))
  view.setUint8(length, 0x80)
  view.setUint32(view.byteLength - 4, 8 * length)
  return view
}

export interface Tree {
  readonly root: Uint8Array
  /** From the leaf up: the siblings it has. Bytes of their own. */
  path(index: number): Uint8Array
}

/** Of at least one key. */
export function treeOf(keys: readonly Uint8Array[]): Tree {
  if (keys.length === 0) throw new RangeError('a tree has a leaf')
  const hash = sharedHash()
  const levels = [keys.map((key) => hash.leaf(key))]
  for (let level = levels[0] as Uint8Array[]; level.length > 1; levels.push(level)) {
    const above: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i] as Uint8Array, level[i + 1]]
      above.push(right === undefined ? left : hash.node(left, right))
    }
    level = above
  }
  const path = (index: number) => {
    const siblings: Uint8Array[] = []
    for (const [height, level] of levels.entries()) {
      const sibling = level[(index >> height) ^ 1]
      if (sibling !== undefined) siblings.push(sibling)
    }
    const bytes = new Uint8Array(siblings.length * HASH_BYTES)
    for (const [i, sibling] of siblings.entries()) bytes.set(sibling, i * HASH_BYTES)
    return bytes
  }
  return { root: levels.at(-1)?.[0] as Uint8Array, path }
}

/** Whether that key stands at that index of the tree of that root, which has so many keys. */
export function isInTree(
  { root, count }: { readonly root: Uint8Array; readonly count: number },
  key: Uint8Array,
  index: number,
  path: Uint8Array,
): boolean {
  if (key.length !== HASH_BYTES || !Number.isInteger(index) || index < 0 || index >= count) return false
  const hash = sharedHash()
  let node = hash.leaf(key)
  let at = 0
  for (let place = index, width = count; width > 1; place >>= 1, width = (width + 1) >> 1) {
    if ((place ^ 1) >= width) continue
    const sibling = path.subarray(at, at + HASH_BYTES)
    at += HASH_BYTES
    if (sibling.length < HASH_BYTES) return false
    node = place % 2 === 1 ? hash.node(sibling, node) : hash.node(node, sibling)
  }
  return at === path.length && equalBytes(node, root)
}
