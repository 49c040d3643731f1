// How many different peers there are, over rooms and registries that each know some of them, without showing all to anybody: the
// smallest of their ids, which are hashes. With fewer than SKETCH_MAX the count is exact; with more, how close together they lie says it.

import { SKETCH_MAX } from '../limits/network.ts'

/** The first six bytes of ids, ascending, each once; and each one's region. */
export interface PeerSketch {
  readonly ids: Float64Array
  readonly regions: Uint8Array
}

const SPACE = 2 ** 48

/** Six bytes: a number that is one exactly. Two peers in a million million share one. */
export function idNumber(ids: Uint8Array, at: number): number {
  const view = new DataView(ids.buffer, ids.byteOffset + at, 6)
  return view.getUint16(0) * 2 ** 32 + view.getUint32(2)
}

export class SketchMaker {
  #kept = new Map<number, number>()
  #below = SPACE

  add(id: number, region: number): void {
    if (id >= this.#below) return
    // A known region is worth more than an unknown one.
    if (region !== 0 || !this.#kept.has(id)) this.#kept.set(id, region)
    if (this.#kept.size > 4 * SKETCH_MAX) this.#prune()
  }

  addAll({ ids, regions }: PeerSketch): void {
    for (const [at, id] of ids.entries()) this.add(id, regions[at] ?? 0)
  }

  done(): PeerSketch {
    this.#prune()
    const ids = [...this.#kept.keys()]
    return { ids: Float64Array.from(ids), regions: Uint8Array.from(ids, (id) => this.#kept.get(id) ?? 0) }
  }

  #prune(): void {
    const ids = [...this.#kept.keys()].sort((a, b) => a - b).slice(0, SKETCH_MAX)
    this.#kept = new Map(ids.map((id) => [id, this.#kept.get(id) ?? 0]))
    if (ids.length === SKETCH_MAX) this.#below = (ids.at(-1) as number) + 1
  }
}

export function countOf({ ids }: PeerSketch): number {
  if (ids.length < SKETCH_MAX) return ids.length
  return Math.round((SKETCH_MAX - 1) / ((ids.at(-1) as number) / SPACE))
}
