// One after another, each as often as its weight says: smoothly, so that a heavy one is not asked several times in a row.

import { type Asked, candidates, type Strategy, type Target } from './contract.ts'

export class RoundRobin implements Strategy {
  readonly #owed = new Map<string, number>()

  choose(targets: readonly Target[], _asked: Asked): number | undefined {
    const places = candidates(targets)
    let [total, best, most] = [0, places[0], Number.NEGATIVE_INFINITY]
    for (const place of places) {
      const { id, weight } = targets[place] as Target
      const owed = (this.#owed.get(id) ?? 0) + weight
      this.#owed.set(id, owed)
      total += weight
      if (owed > most) [best, most] = [place, owed]
    }
    if (best !== undefined) this.#owed.set((targets[best] as Target).id, most - total)
    return best
  }
}
