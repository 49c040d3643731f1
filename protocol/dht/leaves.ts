// Which shards take writes: a shard says it of what is below it, a caller remembers it of what it was told. Shards never
// grow together again, so who knows of more splits knows better.

import { DHT_SPLITS_KNOWN_MAX } from '../limits/dht.ts'
import type { Key, Moved } from './contract.ts'
import { bitOf, bitsOf, ROOTS, rootOf } from './place.ts'
import type { ShardSite } from './regions.ts'

/** Of a prefix and the prefixes that are split, in order. */
export function leavesBelow(prefix: string, splits: ReadonlySet<string>): string[] {
  if (!splits.has(prefix)) return [prefix]
  return [...leavesBelow(`${prefix}0`, splits), ...leavesBelow(`${prefix}1`, splits)]
}

/** What a shard says that is asked for what it does not hold. */
export function movedTo(prefix: string, splits: ReadonlySet<string>): Moved {
  let version = 0
  for (const split of splits) if (split.startsWith(prefix)) version++
  return { kind: 'moved', prefix, version, leaves: leavesBelow(prefix, splits) }
}

/** Tries that are remembered at once: each is some hundred bytes, until it has split often. */
const TRIES_KNOWN_MAX = 256

/** What an isolate knows of the leaves of networks, in each region. It may be old, and is put right by whoever is asked wrongly. */
export class KnownTries {
  readonly #tries = new Map<string, KnownLeaves>()

  /** Of these sites, in their order. */
  of(network: string, sites: readonly ShardSite[]): readonly [KnownLeaves, ...KnownLeaves[]] {
    return sites.map(({ region }) => this.#trie(`${network}/${region}`)) as [KnownLeaves, ...KnownLeaves[]]
  }

  #trie(name: string): KnownLeaves {
    const known = this.#tries.get(name)
    if (known !== undefined) return known
    if (this.#tries.size >= TRIES_KNOWN_MAX) this.#tries.clear()
    const leaves = new KnownLeaves()
    this.#tries.set(name, leaves)
    return leaves
  }
}

/** What a caller knows of a network's leaves. One that knows nothing takes each root shard for a leaf. */
export class KnownLeaves {
  readonly #splits = new Set<string>()

  leafOf(key: Key): string {
    let prefix = rootOf(key)
    while (this.#splits.has(prefix)) prefix = bitsOf(key, prefix.length + 1)
    return prefix
  }

  /** False when it says nothing that was not known: whoever asked the right leaf should not ask again. */
  note({ prefix, leaves }: Moved): boolean {
    let isNews = false
    if (this.#splits.size >= DHT_SPLITS_KNOWN_MAX) this.#splits.clear()
    for (const leaf of leaves)
      for (let length = prefix.length; length < leaf.length; length++) {
        const split = leaf.slice(0, length)
        if (this.#splits.has(split)) continue
        this.#splits.add(split)
        isNews = true
      }
    // One leaf where we know of more: it was asked in vain below it, or has not heard yet.
    if (leaves.length === 1 && leaves[0] === prefix && this.#splits.has(prefix)) {
      for (const split of [...this.#splits]) if (split.startsWith(prefix)) this.#splits.delete(split)
      isNews = true
    }
    return isNews
  }

  below(prefix: string): string[] {
    return leavesBelow(prefix, this.#splits)
  }

  /** Every leaf, those first whose keys are nearest to the target. */
  nearest(target: Key): readonly string[] {
    const away = (leaf: string) => [...leaf].map((bit, at) => Number(bit) ^ bitOf(target, at)).join('')
    const leaves = ROOTS.flatMap((root) => this.below(root))
    return leaves
      .map((leaf) => ({ leaf, away: away(leaf) }))
      .sort((a, b) => (a.away < b.away ? -1 : 1))
      .map(({ leaf }) => leaf)
  }
}
