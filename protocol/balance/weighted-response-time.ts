// At random, and the faster the likelier. Who was not measured yet is taken for as fast as the others are in the middle.

import type { Random } from '../machine.ts'
import { type Asked, candidates, type Strategy, type Target } from './contract.ts'

export class WeightedResponseTime implements Strategy {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  choose(targets: readonly Target[], _asked: Asked): number | undefined {
    const places = candidates(targets)
    const known = places.flatMap((place) => targets[place]?.latencyMs ?? []).sort((a, b) => a - b)
    const middleMs = known[known.length >> 1] ?? 1
    const shareOf = (place: number) => {
      const { latencyMs = middleMs, weight } = targets[place] as Target
      return weight / Math.max(1, latencyMs)
    }
    let left = this.#random() * places.reduce((sum, place) => sum + shareOf(place), 0)
    // What is left of a sum of fractions may be a little more than nothing at its end.
    const found = places.find((place) => {
      left -= shareOf(place)
      return left < 0
    })
    return found ?? places.at(-1)
  }
}
