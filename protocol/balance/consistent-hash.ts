// The same key to the same one, whoever asks; when one goes, only its keys move (highest random weight). None gets more than a
// quarter above its share: the key's next one is taken then.

import { type Asked, candidates, type Strategy, type Target } from './contract.ts'

/** A target may have so much of the mean before it is passed over. */
export const BOUNDED_LOAD = 1.25

export class ConsistentHash implements Strategy {
  /** Undefined: a target is never passed over, so that all who ask agree whatever they know of loads. */
  readonly #bound: number | undefined

  constructor(bound: number | undefined = BOUNDED_LOAD) {
    this.#bound = bound
  }

  choose(targets: readonly Target[], { key }: Asked): number | undefined {
    const ranked = rank(targets, key)
    const bound = this.#bound
    if (bound === undefined) return ranked[0]
    const [load, weight] = ranked.reduce(
      ([load, weight], place) => {
        const target = targets[place] as Target
        return [load + target.inFlight, weight + target.weight]
      },
      [1, 0],
    )
    return ranked.find((place) => {
      const target = targets[place] as Target
      return target.inFlight + 1 <= Math.ceil((bound * load * target.weight) / weight)
    })
  }
}

/** All that may be chosen, in this key's order. */
export function rank(targets: readonly Pick<Target, 'id' | 'weight' | 'isWell'>[], key: string): number[] {
  const places = candidates(targets as readonly Target[])
  const scored = places.map((place) => {
    const { id, weight } = targets[place] as Target
    // An exponential variable of that rate: the least of several falls to each as often as its weight says.
    const unit = (hash(`${key}\n${id}`) + 1) / (2 ** 32 + 1)
    return { place, cost: -Math.log(unit) / weight }
  })
  return scored.sort((one, other) => one.cost - other.cost).map(({ place }) => place)
}

/** FNV-1a, and a mixing of its bits (MurmurHash3's end): for spreading, not against anybody. */
export function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
