// Who is let in while there is too much: the least important are turned away first, the critical never. Calm, everybody is. As what is
// in flight grows, one priority after another is held to its share, the lowest first; a share of its own each keeps, so that a
// flood of one does not starve those below it.

import { IN_FLIGHT_MAX, SHED_FROM, SHED_RETRY_MS } from '../limits/breaker.ts'
import { COST, PRIORITIES, type Priority } from '../priority.ts'

export type Admitted = { readonly pass: true } | { readonly pass: false; readonly retryAfterMs: number }

/** 4 : 2 : 1 : 0.5, as waiting lines are served (priority.ts). */
const WEIGHTS = PRIORITIES.reduce((sum, priority) => sum + 1 / COST[priority], 0)
const shareOf = (priority: Priority) => 1 / COST[priority] / WEIGHTS

const PASS: Admitted = { pass: true }

export class Shedding {
  #inFlight = 0
  readonly #byPriority: Record<Priority, number> = { critical: 0, high: 0, normal: 0, low: 0 }
  readonly #shed: Record<Priority, number> = { critical: 0, high: 0, normal: 0, low: 0 }

  /**
   * `slow`: what it calls answers late. That alone holds those who read and write to their shares, and not who joins: a crowd that comes at
   * once makes its own room slow, and would only come again. Whoever is let in must leave.
   */
  enter(priority: Priority, slow: boolean, inFlightMax: number = IN_FLIGHT_MAX): Admitted {
    const waits = slow && (priority === 'normal' || priority === 'low')
    const overloaded = waits || this.#inFlight >= inFlightMax * SHED_FROM[priority]
    if (overloaded && this.#byPriority[priority] >= inFlightMax * shareOf(priority)) {
      this.#shed[priority]++
      return { pass: false, retryAfterMs: SHED_RETRY_MS[priority] }
    }
    this.#inFlight++
    this.#byPriority[priority]++
    return PASS
  }

  leave(priority: Priority): void {
    this.#inFlight--
    this.#byPriority[priority]--
  }

  get inFlight(): Readonly<Record<Priority, number>> {
    return this.#byPriority
  }

  /** Turned away since the beginning. */
  get shed(): Readonly<Record<Priority, number>> {
    return this.#shed
  }
}
