// What is counted of a network's traffic: by a room since it last said, by a registry over a stretch of time, and summed up.

export interface TrafficCounts {
  /** Carried between members: relayed, signalled, broadcast. */
  readonly messages: number
  readonly bytes: number
  /** Refused to whoever sent or asked, by code. */
  readonly refused: Readonly<Record<string, number>>
  /** Not carried, because nobody is there or whoever is does not read. */
  readonly dropped: number
  /** As clients report: acknowledged by the peer, and not. */
  readonly delivered: number
  readonly failed: number
}

export const NO_TRAFFIC: TrafficCounts = {
  messages: 0,
  bytes: 0,
  refused: {},
  dropped: 0,
  delivered: 0,
  failed: 0,
}

export function addTraffic(a: TrafficCounts, b: TrafficCounts): TrafficCounts {
  return {
    messages: a.messages + b.messages,
    bytes: a.bytes + b.bytes,
    refused: addCounts(a.refused, b.refused),
    dropped: a.dropped + b.dropped,
    delivered: a.delivered + b.delivered,
    failed: a.failed + b.failed,
  }
}

export function addCounts(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = { ...a }
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count
  return sum
}

export function sumOfCounts(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

/** A share of it: of what was counted in an hour, what falls into one minute. */
export function scaleTraffic(counts: TrafficCounts, share: number): TrafficCounts {
  return {
    messages: counts.messages * share,
    bytes: counts.bytes * share,
    refused: Object.fromEntries(Object.entries(counts.refused).map(([code, n]) => [code, n * share])),
    dropped: counts.dropped * share,
    delivered: counts.delivered * share,
    failed: counts.failed * share,
  }
}
