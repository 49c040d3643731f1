// Two at random, and the better of them: by how long it takes and how much it has to do already, or, while neither was measured,
// by its score (score.ts). Nobody is flooded, as nobody is everybody's best.

import type { Random } from '../machine.ts'
import { type Asked, candidates, type Strategy, type Target } from './contract.ts'
import { score } from './score.ts'

export class PowerOfTwo implements Strategy {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  choose(targets: readonly Target[], asked: Asked): number | undefined {
    const places = candidates(targets)
    if (places.length < 2) return places[0]
    const first = this.#draw(targets, places)
    const second = this.#draw(targets, places, first)
    const [one, other] = [targets[first] as Target, targets[second] as Target]
    if (one.latencyMs === undefined || other.latencyMs === undefined)
      return score(one, asked) >= score(other, asked) ? first : second
    return cost(one) <= cost(other) ? first : second
  }

  /** The heavier the likelier; `except` not at all. */
  #draw(targets: readonly Target[], places: readonly number[], except?: number): number {
    const weightOf = (place: number) => (place === except ? 0 : (targets[place] as Target).weight)
    let total = 0
    for (const place of places) total += weightOf(place)
    let left = this.#random() * total
    for (const place of places) {
      left -= weightOf(place)
      if (left < 0 && place !== except) return place
    }
    return places.find((place) => place !== except) as number
  }
}

function cost({ latencyMs = 0, inFlight, weight }: Target): number {
  return (Math.max(1, latencyMs) * (inFlight + 1)) / weight
}
