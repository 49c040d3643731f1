// Round trips as a histogram: what registries can add up, and medians be read off. A step is a quarter, so what is read off is within
// an eighth of what it was.

const LEAST_MS = 2
const STEP = 1.25
/** The last one holds all from 5 s on. */
export const ROUND_TRIP_BUCKETS = 36

export type RoundTrips = readonly number[]

export const NO_ROUND_TRIPS: RoundTrips = Array.from({ length: ROUND_TRIP_BUCKETS }, () => 0)

export function bucketOf(ms: number): number {
  if (ms < LEAST_MS) return 0
  return Math.min(ROUND_TRIP_BUCKETS - 1, 1 + Math.floor(Math.log(ms / LEAST_MS) / Math.log(STEP)))
}

/** The middle of a bucket. */
function middleOf(bucket: number): number {
  return bucket === 0 ? LEAST_MS / 2 : LEAST_MS * STEP ** (bucket - 0.5)
}

export function addRoundTrips(a: RoundTrips, b: RoundTrips): RoundTrips {
  return a.map((count, bucket) => count + (b[bucket] ?? 0))
}

/** What so large a share of them does not exceed; null when there are none. */
export function roundTripAt(counts: RoundTrips, share: number): number | null {
  const all = counts.reduce((sum, count) => sum + count, 0)
  if (all === 0) return null
  let seen = 0
  for (let bucket = 0; bucket < counts.length; bucket++) {
    seen += counts[bucket] ?? 0
    if (seen >= all * share) return Math.max(1, Math.round(middleOf(bucket)))
  }
  return null
}
