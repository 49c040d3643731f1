// How long a path may be silent before another is begun beside it: what paths took lately, and four times how much that varies,
// as TCP reckons. As long as nothing was measured, so many round trips to a neighbour.

import { MESH_PATIENCE_MS_MAX, MESH_PATIENCE_MS_MIN, MESH_PATIENCE_ROUND_TRIPS } from '../../limits/mesh.ts'

const UNKNOWN_ROUND_TRIP_MS = 200

export class Patience {
  #meanMs: number | undefined
  #spreadMs = 0

  measured(ms: number): void {
    if (this.#meanMs === undefined) {
      this.#meanMs = ms
      this.#spreadMs = ms / 2
      return
    }
    this.#spreadMs += (Math.abs(ms - this.#meanMs) - this.#spreadMs) / 4
    this.#meanMs += (ms - this.#meanMs) / 8
  }

  ms(roundTripMs: number | undefined): number {
    const ms =
      this.#meanMs === undefined
        ? (roundTripMs ?? UNKNOWN_ROUND_TRIP_MS) * MESH_PATIENCE_ROUND_TRIPS
        : this.#meanMs + 4 * this.#spreadMs
    return Math.min(MESH_PATIENCE_MS_MAX, Math.max(MESH_PATIENCE_MS_MIN, ms))
  }
}
