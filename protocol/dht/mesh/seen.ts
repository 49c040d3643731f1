// The lookups a node has carried, by their numbers: each once, so that the paths of one lookup meet nowhere, and none goes in circles.
// The oldest are forgotten; then hops are what ends a circle.

import { MESH_SEEN_MAX } from '../../limits/mesh.ts'

export class Seen {
  readonly #lookups = new Set<bigint>()

  /** False where it was seen before. */
  add(lookup: bigint): boolean {
    if (this.#lookups.has(lookup)) return false
    this.#lookups.add(lookup)
    if (this.#lookups.size > MESH_SEEN_MAX) {
      const [oldest] = this.#lookups
      this.#lookups.delete(oldest as bigint)
    }
    return true
  }
}
