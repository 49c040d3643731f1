// The one that has least to do for its weight. Of equals one at random: whoever all ask first would be asked by all at once.

import type { Random } from '../machine.ts'
import { type Asked, candidates, least, type Strategy, type Target } from './contract.ts'

export class LeastConnections implements Strategy {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  choose(targets: readonly Target[], _asked: Asked): number | undefined {
    return least(candidates(targets), (place) => {
      const { inFlight, weight } = targets[place] as Target
      return (inFlight + this.#random()) / weight
    })
  }
}
