// The nearest on the globe; of those as near the one that has least to do. Who asks from nobody knows where is asked of by load alone.

import { milesBetween } from '../dht/regions.ts'
import { type Asked, candidates, least, type Strategy, type Target } from './contract.ts'

/** Less than any two regions are apart, whatever the load. */
const MILES_FOR_LOAD = 100

export class Geographic implements Strategy {
  choose(targets: readonly Target[], { region }: Asked): number | undefined {
    const most = Math.max(1, ...targets.map(({ inFlight, weight }) => inFlight / weight))
    return least(candidates(targets), (place) => {
      const target = targets[place] as Target
      const miles = region === undefined ? 0 : milesBetween(region, target.region)
      return miles + (MILES_FOR_LOAD * target.inFlight) / target.weight / (most + 1)
    })
  }
}
