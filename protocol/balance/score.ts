// How good a target seems before anything was measured: of a hundred points, forty for its latency, 25 for its bandwidth, twenty for
// being near, ten for having little to do, five for being reliable. What is not known counts half.

import { milesBetween } from '../dht/regions.ts'
import type { Asked, Target } from './contract.ts'

/** Half of the points are left at so much. */
const HALF = { latencyMs: 100, bandwidthMbps: 50, miles: 3_000 } as const

export function score(target: Target, { region }: Asked): number {
  const { latencyMs, bandwidthMbps, load, reliability } = target
  const isPlaced = region !== undefined && target.region !== undefined
  const latency = latencyMs === undefined ? 0.5 : HALF.latencyMs / (HALF.latencyMs + latencyMs)
  const bandwidth = bandwidthMbps === undefined ? 0.5 : bandwidthMbps / (HALF.bandwidthMbps + bandwidthMbps)
  const near = isPlaced ? HALF.miles / (HALF.miles + milesBetween(region, target.region)) : 0.5
  const idle = load === undefined ? 0.5 : 1 - Math.min(1, Math.max(0, load))
  return 40 * latency + 25 * bandwidth + 20 * near + 10 * idle + 5 * (reliability ?? 0.5)
}

/** The best first; of equals, as they are listed. */
export function byScore<Each extends Target>(targets: readonly Each[], asked: Asked): readonly Each[] {
  const worth = (target: Each) => (target.isWell ? 1_000 : 0) + score(target, asked)
  return targets.toSorted((one, other) => worth(other) - worth(one))
}
