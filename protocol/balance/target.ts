// A target of which little is known.

import type { Target } from './contract.ts'

export function unknownTarget(id: string, known: Partial<Target> = {}): Target {
  return {
    id,
    weight: 1,
    region: undefined,
    isWell: true,
    inFlight: 0,
    latencyMs: undefined,
    bandwidthMbps: undefined,
    load: undefined,
    reliability: undefined,
    ...known,
  }
}
