// How it was: points of a fixed distance, of which the oldest is written over. What rooms count over a period is spread over the points
// of that period, since they tell at different moments.

import {
  HEALTH_WINDOW_LEAST_MS,
  HEALTH_WINDOW_PERIODS,
  HISTORY_POINTS_MAX,
  HISTORY_STEP_LEAST_MS,
} from '../limits/network.ts'
import { addTraffic, NO_TRAFFIC, scaleTraffic, type TrafficCounts } from './counts.ts'
import { NO_ROUND_TRIPS, type RoundTrips } from './round-trips.ts'

/** How it is at a moment. */
export interface Gauges {
  readonly peers: number
  readonly rooms: number
  readonly direct: number
  readonly relay: number
  readonly roundTrips: RoundTrips
}

export const NO_GAUGES: Gauges = { peers: 0, rooms: 0, direct: 0, relay: 0, roundTrips: NO_ROUND_TRIPS }

export interface HistoryPoint extends Gauges {
  /** Its beginning, in steps since 1970. */
  readonly step: number
  readonly counts: TrafficCounts
}

export const stepMs = (everyMs: number) => Math.max(HISTORY_STEP_LEAST_MS, Math.round(everyMs / 2))
export const windowMs = (everyMs: number) => Math.max(HEALTH_WINDOW_LEAST_MS, everyMs * HEALTH_WINDOW_PERIODS)

export class History {
  readonly #stepMs: number
  #points: Map<number, HistoryPoint>
  #last: number

  constructor(everyMs: number, points: readonly HistoryPoint[] = []) {
    this.#stepMs = stepMs(everyMs)
    this.#points = new Map(points.map((point) => [point.step, point]))
    this.#last = Math.max(0, ...this.#points.keys())
  }

  /** The time of a new point has come; where there was no point for long, all that are missing are as it is now. */
  roll(nowMs: number, gauges: () => Gauges): void {
    const step = Math.floor(nowMs / this.#stepMs)
    if (step <= this.#last) return
    const now = gauges()
    const from = Math.max(this.#last + 1, step - HISTORY_POINTS_MAX + 1)
    // What is before the first point is not known.
    for (let at = this.#last === 0 ? step : from; at <= step; at++) this.#put(at, now)
    this.#last = step
    for (const old of this.#points.keys()) if (old <= step - HISTORY_POINTS_MAX) this.#points.delete(old)
  }

  add(counts: TrafficCounts, fromMs: number, toMs: number): void {
    const oldest = (this.#last - HISTORY_POINTS_MAX + 1) * this.#stepMs
    // By a clock that is far behind ours: too old to say anything of.
    if (toMs <= oldest) return
    const from = Math.max(Math.min(fromMs, toMs - 1), oldest)
    const last = Math.min(Math.floor(toMs / this.#stepMs), this.#last)
    for (let step = Math.min(Math.floor(from / this.#stepMs), last); step <= last; step++) {
      const begins = Math.max(from, step * this.#stepMs)
      const ends = step === last ? toMs : (step + 1) * this.#stepMs
      const point = this.#points.get(step) ?? { step, ...NO_GAUGES, counts: NO_TRAFFIC }
      const share = Math.min(1, Math.max(0, (ends - begins) / (toMs - from)))
      this.#points.set(step, { ...point, counts: addTraffic(point.counts, scaleTraffic(counts, share)) })
    }
  }

  /** What was counted in the time before now. */
  since(fromMs: number): TrafficCounts {
    let sum = NO_TRAFFIC
    for (const { step, counts } of this.#points.values())
      if ((step + 1) * this.#stepMs > fromMs) sum = addTraffic(sum, counts)
    return sum
  }

  /** Those that ended by then. */
  points(untilMs = Number.POSITIVE_INFINITY): readonly HistoryPoint[] {
    return [...this.#points.values()]
      .filter(({ step }) => (step + 1) * this.#stepMs <= untilMs)
      .sort((a, b) => a.step - b.step)
  }

  #put(step: number, gauges: Gauges): void {
    this.#points.set(step, { counts: NO_TRAFFIC, ...this.#points.get(step), ...gauges, step })
  }
}
