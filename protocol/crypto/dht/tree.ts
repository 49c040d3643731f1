// The tree over provided keys, of RFC 6962: leaves and nodes are hashed apart, so that no node can be shown as a leaf; where a
// level has an odd number of nodes the last goes up as it is, so that any count has one tree and no leaf is made up. The count is
// signed beside the root: a path says by it and the index where it turns, and how long it is.
//
// SHA-256 in plain JavaScript and not the platform's: two thousand hashes of a block or two are as many promises, which cost
// more than the hashes (README.md has the figures).

import { equalBytes } from '../../wire/bytes.ts'
import { sha256Block } from '../admission/search.ts'

const HASH_BYTES = 32
const WORDS = HASH_BYTES / 4

/** Of hashes and keys as words. What stands before them is a byte, so that each word of a block is parts of two of theirs. */
interface TreeHash {
  leaf(key: Int32Array): Int32Array
  node(left: Int32Array, right: Int32Array): Int32Array
}

const LEAF = 0
const NODE = 1 << 24
/** SHA-256's padding: a one bit behind the message's last byte, and its length in bits in the last word. */
const END = 0x80 << 16
const LEAF_BITS = 8 * (1 + HASH_BYTES)
const NODE_BITS = 8 * (1 + 2 * HASH_BYTES)

function treeHash(): TreeHash {
  const { initial, w, compress } = sha256Block()
  /** Its words from there on, behind what is left of the word before; what is left of its own is returned. */
  const put = (at: number, before: number, words: Int32Array): number => {
    let carried = before
    for (let i = 0; i < WORDS; i++) {
      const word = words[i] as number
      w[at + i] = carried | (word >>> 8)
      carried = word << 24
    }
    return carried
  }
  const end = (at: number, carried: number, bits: number) => {
    w[at] = carried | END
    for (let t = at + 1; t < 15; t++) w[t] = 0
    w[15] = bits
  }
  return {
    leaf: (key) => {
      const out = new Int32Array(WORDS)
      end(WORDS, put(0, LEAF, key), LEAF_BITS)
      compress(initial, out)
      return out
    },
    node: (left, right) => {
      const out = new Int32Array(WORDS)
      const carried = put(WORDS, put(0, NODE, left), right)
      compress(initial, out)
      end(0, carried, NODE_BITS)
      compress(out, out)
      return out
    },
  }
}

let shared: TreeHash | undefined

/** One for all, as its constants take longer to make than a path to check; nothing waits while it is used. */
function sharedHash(): TreeHash {
  shared ??= treeHash()
  return shared
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HASH_BYTES)
  const words = new Int32Array(WORDS)
  for (let t = 0; t < WORDS; t++) words[t] = view.getInt32(4 * t)
  return words
}

function writeWords(to: DataView, at: number, words: Int32Array): void {
  for (let t = 0; t < WORDS; t++) to.setInt32(at + 4 * t, words[t] as number)
}

function bytesOf(hashes: readonly Int32Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES)
  const view = new DataView(bytes.buffer)
  for (const [i, words] of hashes.entries()) writeWords(view, i * HASH_BYTES, words)
  return bytes
}

export interface Tree {
  readonly root: Uint8Array
  /** From the leaf up: the siblings it has. Bytes of their own. */
  path(index: number): Uint8Array
}

/** Of at least one key, each of 32 bytes. */
export function treeOf(keys: readonly Uint8Array[]): Tree {
  if (keys.length === 0) throw new RangeError('a tree has a leaf')
  const hash = sharedHash()
  const levels = [keys.map((key) => hash.leaf(wordsOf(key)))]
  for (let level = levels[0] as Int32Array[]; level.length > 1; levels.push(level)) {
    const above: Int32Array[] = []
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i] as Int32Array, level[i + 1]]
      above.push(right === undefined ? left : hash.node(left, right))
    }
    level = above
  }
  const path = (index: number) => {
    const siblings: Int32Array[] = []
    for (let height = 0; height < levels.length; height++) {
      const sibling = levels[height]?.[(index >> height) ^ 1]
      if (sibling !== undefined) siblings.push(sibling)
    }
    return bytesOf(siblings)
  }
  return { root: bytesOf(levels.at(-1) ?? []), path }
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
  let node = hash.leaf(wordsOf(key))
  let at = 0
  for (let place = index, width = count; width > 1; place >>= 1, width = (width + 1) >> 1) {
    if ((place ^ 1) >= width) continue
    const sibling = path.subarray(at, at + HASH_BYTES)
    at += HASH_BYTES
    if (sibling.length < HASH_BYTES) return false
    const beside = wordsOf(sibling)
    node = place % 2 === 1 ? hash.node(beside, node) : hash.node(node, beside)
  }
  return at === path.length && equalBytes(bytesOf([node]), root)
}
