// The lots that were read last. Letters go to their owner in order, so what is read next mostly lies beside what was read
// before; four lines are read in turns, so it is one lot for each of them.

import { PRIORITIES } from '../../protocol/priority.ts'
import type { Lot } from './lot.ts'

export class RecentLots {
  readonly #lots = new Map<number, Lot>()

  get(place: number): Lot | undefined {
    const lot = this.#lots.get(place)
    if (lot !== undefined) this.keep(place, lot)
    return lot
  }

  /** Of a lone letter nothing is read again. */
  keep(place: number, lot: Lot): void {
    this.#lots.delete(place)
    if (lot.heads.length < 2) return
    this.#lots.set(place, lot)
    for (const oldest of this.#lots.keys()) {
      if (this.#lots.size <= PRIORITIES.length) break
      this.#lots.delete(oldest)
    }
  }
}
