// What honest people met in one phase.

export interface Counted {
  readonly waits: number[]
  readonly arrivals: number[]
  readonly asked: number
  readonly came: number
  readonly comers: number
  readonly closed: number
}

export interface Tally {
  readonly asked: number
  /** Of what was asked, how much was answered within five seconds. */
  readonly answeredShare: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly comers: number
  /** Of those who came, how many got a pass and entered within half a minute. */
  readonly enteredShare: number
  readonly enterP99Ms: number
  readonly closed: number
}

export function tallied({ waits, arrivals, asked, came, comers, closed }: Counted): Tally {
  return {
    asked,
    answeredShare: asked === 0 ? 1 : came / asked,
    p50Ms: quantile(waits, 0.5),
    p99Ms: quantile(waits, 0.99),
    comers,
    enteredShare: comers === 0 ? 1 : arrivals.length / comers,
    enterP99Ms: quantile(arrivals, 0.99),
    closed,
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10
}
