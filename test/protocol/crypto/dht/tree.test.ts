// The tree over provided keys against its definition in RFC 6962, written once more the way the text has it, over the platform's
// own hash; and against each way to show what is not in it.

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isInTree, treeOf } from '../../../../protocol/crypto/dht/tree.ts'
import { hex } from '../golden.ts'
import { flipped } from '../handshake/meeting.ts'

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}
const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

/** RFC 6962, 2.1: split at the largest power of two that is smaller than the count. */
function rootBefore(keys: readonly Uint8Array[]): Uint8Array {
  const [only] = keys
  if (keys.length === 1 && only !== undefined) return sha256(LEAF, only)
  const split = splitOf(keys.length)
  return sha256(NODE, rootBefore(keys.slice(0, split)), rootBefore(keys.slice(split)))
}

/** …and 2.1.1. */
function pathBefore(keys: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  if (keys.length === 1) return []
  const split = splitOf(keys.length)
  const [left, right] = [keys.slice(0, split), keys.slice(split)]
  return index < split
    ? [...pathBefore(left, index), rootBefore(right)]
    : [...pathBefore(right, index - split), rootBefore(left)]
}

function splitOf(count: number): number {
  let split = 1
  while (split * 2 < count) split *= 2
  return split
}

const keysOf = (count: number, name = 'key') =>
  Array.from({ length: count }, (_, i) => sha256(new TextEncoder().encode(`${name} ${i}`)))

describe.each([1, 2, 3, 4, 5, 7, 8, 9, 1_023, 1_024])('a tree of %i', (count) => {
  const keys = keysOf(count)
  const tree = treeOf(keys)
  const head = { root: tree.root, count }
  const some = [...new Set([0, 1, count >> 1, count - 2, count - 1])].filter((i) => i >= 0 && i < count)

  it('has the root and the paths of its definition', () => {
    expect(hex(tree.root)).toBe(hex(rootBefore(keys)))
    for (const index of some)
      expect(hex(tree.path(index))).toBe(hex(Buffer.concat(pathBefore(keys, index).map((one) => one))))
  })

  it('has each of its keys in it, at one index alone', () => {
    for (const [index, key] of keys.entries()) expect(isInTree(head, key, index, tree.path(index))).toBe(true)
    for (const index of some)
      for (const other of [...some, index + 1, -1, count, 0.5].filter((other) => other !== index))
        expect(isInTree(head, keys[index] as Uint8Array, other, tree.path(index))).toBe(false)
  })

  it('has no other in it, by any of its paths', () => {
    for (const index of some) {
      const [key, path] = [keys[index] as Uint8Array, tree.path(index)]
      expect(isInTree(head, flipped(key, 255), index, path)).toBe(false)
      expect(isInTree({ root: flipped(tree.root, 0), count }, key, index, path)).toBe(false)
      expect(isInTree(head, key, index, Uint8Array.from([...path, ...path.subarray(0, 32), 0]))).toBe(false)
      expect(isInTree(head, key, index, Uint8Array.from([...path, ...tree.root]))).toBe(false)
      if (path.length === 0) continue
      expect(isInTree(head, key, index, flipped(path, 9))).toBe(false)
      expect(isInTree(head, key, index, path.subarray(0, -32))).toBe(false)
      expect(isInTree(head, key, index, path.subarray(0, -1))).toBe(false)
    }
  })

  it('is another tree when a key is another, or they change places', () => {
    const roots = [
      treeOf(keys.with(0, keys[0] as Uint8Array)).root,
      treeOf(keys.with(count - 1, sha256(LEAF))).root,
      treeOf([...keys, sha256(LEAF)]).root,
    ]
    if (count > 1) roots.push(treeOf(keys.toReversed()).root)
    expect(hex(roots[0] as Uint8Array)).toBe(hex(tree.root))
    expect(new Set(roots.map(hex)).size).toBe(roots.length)
  })
})

describe('what is no key', () => {
  const keys = keysOf(8)
  const [one, two, three, four] = keys.map((key) => sha256(LEAF, key)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const { root, path } = treeOf(keys)
  const upper = path(0).subarray(64)

  it('a node shown as a leaf is none: they are hashed apart', () => {
    const node = sha256(NODE, one, two)
    const beside = sha256(NODE, three, four)
    // If leaves were hashed as nodes are, or not at all, the level above would be a tree of four.
    expect(isInTree({ root, count: 4 }, node, 0, Uint8Array.from([...beside, ...upper]))).toBe(false)
    expect(isInTree({ root, count: 8 }, one, 0, path(0))).toBe(false)
    expect(isInTree({ root, count: 1 }, root, 0, new Uint8Array())).toBe(false)
    expect(isInTree({ root, count: 1 }, Uint8Array.from([...one, ...two]), 0, new Uint8Array())).toBe(false)
  })

  it('a path of another tree is none of this, nor is a tree without leaves one', () => {
    const other = treeOf(keysOf(8, 'other'))
    expect(isInTree({ root, count: 8 }, keys[3] as Uint8Array, 3, path(3))).toBe(true)
    expect(isInTree({ root, count: 8 }, keys[3] as Uint8Array, 3, other.path(3))).toBe(false)
    expect(isInTree({ root: other.root, count: 8 }, keys[3] as Uint8Array, 3, path(3))).toBe(false)
    expect(isInTree({ root, count: 0 }, keys[0] as Uint8Array, 0, new Uint8Array())).toBe(false)
    expect(() => treeOf([])).toThrow(RangeError)
  })

  it('another count makes the same path one of another length, or of other sides', () => {
    const five = treeOf(keysOf(5))
    const last = keysOf(5)[4] as Uint8Array
    expect(five.path(4).length).toBe(32)
    for (const count of [1, 2, 3, 4, 6, 8, 1_024])
      expect(isInTree({ root: five.root, count }, last, 4, five.path(4))).toBe(false)
    expect(isInTree({ root: five.root, count: 5 }, last, 4, five.path(4))).toBe(true)
  })
})

it('of any count is the tree of the definition', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), (count, place) => {
      const keys = keysOf(count, `${place}`)
      const [tree, index] = [treeOf(keys), place % count]
      expect(hex(tree.root)).toBe(hex(rootBefore(keys)))
      expect(hex(tree.path(index))).toBe(hex(Buffer.concat(pathBefore(keys, index).map((one) => one))))
      expect(isInTree({ root: tree.root, count }, keys[index] as Uint8Array, index, tree.path(index))).toBe(
        true,
      )
    }),
    { numRuns: 60 },
  )
})

it('gives paths with bytes of their own, so that one that is kept keeps no other', () => {
  const path = treeOf(keysOf(1_024)).path(7)
  expect(path.length).toBe(320)
  expect(path.buffer.byteLength).toBe(320)
})
