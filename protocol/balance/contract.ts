// Which of several, that could all do it, shall: one port, of which each strategy is an implementation in a file of its own.

import type { Region } from '../dht/regions.ts'

/** What may be chosen. What is not known is undefined: nothing is made up for it here. */
export interface Target {
  readonly id: string
  /** How much it carries beside the others; 1 unless somebody said. */
  readonly weight: number
  readonly region: Region | undefined
  /** False: not to be chosen while there is any other. */
  readonly isWell: boolean
  /** Requests of ours, or clients of everybody's, that it has now. */
  readonly inFlight: number
  /** Peak-weighted mean of round trips (ewma.ts). */
  readonly latencyMs: number | undefined
  readonly bandwidthMbps: number | undefined
  /** Of what it can carry, 0 to 1. */
  readonly load: number | undefined
  /** Share of what was asked that succeeded. */
  readonly reliability: number | undefined
}

/** Who asks, and for what. */
export interface Asked {
  readonly region: Region | undefined
  /** Of what is to go to the same one every time. */
  readonly key: string
}

export interface Strategy {
  /** The place of the chosen one; undefined for an empty list. */
  choose(targets: readonly Target[], asked: Asked): number | undefined
}

/** Those that are well; all of them when none is: somebody has to be asked. */
export function candidates(targets: readonly Target[]): readonly number[] {
  // By a plain loop: with a list for each target the idlest of 300 cost nearly three times as much (bench/balance.ts).
  const well: number[] = []
  for (let at = 0; at < targets.length; at++) if (targets[at]?.isWell) well.push(at)
  return well.length > 0 ? well : targets.map((_, at) => at)
}

/** The one of which `costOf` is least, and of equals the first. */
export function least(places: readonly number[], costOf: (place: number) => number): number | undefined {
  let [best, bestCost] = [places[0], Number.POSITIVE_INFINITY]
  for (const place of places) {
    const cost = costOf(place)
    if (cost < bestCost) [best, bestCost] = [place, cost]
  }
  return best
}
