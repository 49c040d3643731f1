// What one sender's link brought, in the order in which it was said: generations, whose frames come through the room, and
// pairwise broadcasts between them. It decides what may be delivered when, so that both ways together keep one order, and
// when a generation is over and its chain erased.
//
// 1. A pairwise broadcast at the front is delivered at once: it never waits but behind a generation.
// 2. A generation that something followed is over when all its frames up to the mark of what followed have come, when a later
//    one is used, or when the room had its time to bring the rest.

import { BROADCAST_GENERATIONS_KEPT, BROADCAST_ORDER_MS } from '../../limits/broadcast.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { Budget } from './held.ts'
import type { Position } from './layout.ts'
import type { ReceivingChain } from './receiving-chain.ts'

interface Generation {
  readonly kind: 'generation'
  readonly chain: ReceivingChain
  /** Set when something followed. */
  untilMs: number | undefined
}

interface Said {
  readonly kind: 'said'
  readonly data: Uint8Array
  readonly mark: Position
}

export class Timeline {
  readonly #budget: Budget
  #items: (Generation | Said)[] = []
  #erased: Uint8Array[] = []

  constructor(budget: Budget) {
    this.#budget = budget
  }

  chain(id: Uint8Array): ReceivingChain | undefined {
    return this.#generations().find(({ chain }) => equalBytes(chain.id, id))?.chain
  }

  hasErased(id: Uint8Array): boolean {
    return this.#erased.some((erased) => equalBytes(erased, id))
  }

  /** When the first generation's time is over. */
  get wakeAtMs(): number | undefined {
    const first = this.#items[0]
    return first?.kind === 'generation' ? first.untilMs : undefined
  }

  /** A new generation. Gives, as the others do, the pairwise broadcasts that are now to be delivered. */
  begin(chain: ReceivingChain, nowMs: number): readonly Uint8Array[] {
    this.#append({ kind: 'generation', chain, untilMs: undefined }, nowMs)
    const surplus = this.#generations().at(-BROADCAST_GENERATIONS_KEPT)
    return surplus === undefined ? [] : [...this.reached(surplus.chain), ...this.settle(nowMs)]
  }

  /** What there is no room to let wait goes at once, behind all that waits: better without some frames than without this. */
  say(data: Uint8Array, mark: Position, nowMs: number): readonly Uint8Array[] {
    if (!this.#budget.take(data.length)) return [...this.#pass(this.#items.length), data]
    this.#append({ kind: 'said', data, mark }, nowMs)
    return this.settle(nowMs)
  }

  /** A frame under this chain opened: what was to come before it has come, or is lost. */
  reached(chain: ReceivingChain): readonly Uint8Array[] {
    const at = this.#items.findIndex((item) => item.kind === 'generation' && item.chain === chain)
    return this.#pass(at)
  }

  settle(nowMs: number): readonly Uint8Array[] {
    const ready: Uint8Array[] = []
    while (this.#items.length > 0 && this.#isOver(nowMs)) ready.push(...this.#pass(1))
    return ready
  }

  erase(): void {
    this.#pass(this.#items.length)
  }

  #generations(): readonly Generation[] {
    return this.#items.filter((item) => item.kind === 'generation')
  }

  #append(item: Generation | Said, nowMs: number): void {
    const last = this.#items.at(-1)
    if (last?.kind === 'generation') last.untilMs = nowMs + BROADCAST_ORDER_MS
    this.#items.push(item)
  }

  /** Whether the first is done with. A generation that nothing followed goes on. */
  #isOver(nowMs: number): boolean {
    const [first, next] = this.#items
    if (first?.kind !== 'generation') return first !== undefined
    if (first.untilMs !== undefined && first.untilMs <= nowMs) return true
    if (next?.kind !== 'said') return false
    return !equalBytes(next.mark.id, first.chain.id) || first.chain.counter >= next.mark.counter
  }

  /** Leaves the first so many behind; gives those that were said. */
  #pass(count: number): readonly Uint8Array[] {
    const said: Uint8Array[] = []
    for (const item of this.#items.splice(0, count)) {
      if (item.kind === 'said') {
        this.#budget.give(item.data.length)
        said.push(item.data)
      } else {
        item.chain.erase()
        this.#erased = [...this.#erased, item.chain.id].slice(-BROADCAST_GENERATIONS_KEPT)
      }
    }
    return said
  }
}
