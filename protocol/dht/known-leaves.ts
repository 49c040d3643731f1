// Which shard holds a key, as far as somebody knows who only ever hears of splits. Knowing nothing is no harm: a root shard
// is asked, and says what it became.

import type { Key, Moved } from './contract.ts'

/** A trie begins with one shard for each of these first bits. */
export const ROOT_BITS = 4
/** No more is known of a network's trie at once: 4,096 leaves are ten kilobytes, and hold two thousand million records. */
const SPLITS_KNOWN_MAX = 4_096

export class KnownLeaves {
  /** What was last heard of each shard that has split. */
  readonly #splits = new Map<string, Pick<Moved, 'version' | 'leaves'>>()

  /** The leaf that holds the key. */
  shardOf(key: Key): string {
    const bits = bitsOf(key)
    let shard = bits.slice(0, ROOT_BITS)
    for (let split = this.#splits.get(shard); split !== undefined; split = this.#splits.get(shard)) {
      const below = split.leaves.find((leaf) => bits.startsWith(leaf))
      if (below === undefined) return shard
      shard = below
    }
    return shard
  }

  /** False: that was known, or something newer. */
  heard({ prefix, version, leaves }: Moved): boolean {
    const known = this.#splits.get(prefix)
    if (known !== undefined && known.version >= version) return false
    const below = leaves.filter((leaf) => leaf.length > prefix.length && leaf.startsWith(prefix))
    if (below.length === 0) return this.#splits.delete(prefix)
    if (this.#splits.size >= SPLITS_KNOWN_MAX) this.#splits.clear()
    this.#splits.set(prefix, { version, leaves: below })
    return true
  }

  /** Every leaf, those first whose keys are nearest to the target. */
  nearest(target: Key): readonly string[] {
    const bits = bitsOf(target)
    const distance = (leaf: string) => [...leaf].map((bit, i) => (bit === bits[i] ? '0' : '1')).join('')
    const leaves = roots().flatMap((root) => this.#below(root))
    return leaves
      .map((leaf) => ({ leaf, away: distance(leaf) }))
      .sort((a, b) => (a.away < b.away ? -1 : 1))
      .map(({ leaf }) => leaf)
  }

  #below(shard: string): readonly string[] {
    const split = this.#splits.get(shard)
    return split === undefined ? [shard] : split.leaves.flatMap((leaf) => this.#below(leaf))
  }
}

export function roots(): readonly string[] {
  return Array.from({ length: 2 ** ROOT_BITS }, (_, i) => i.toString(2).padStart(ROOT_BITS, '0'))
}

export function bitsOf(key: Key): string {
  return Array.from(key, (byte) => byte.toString(2).padStart(8, '0')).join('')
}
