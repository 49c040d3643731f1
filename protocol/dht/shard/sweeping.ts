// When what has ended is cleared away, and how far that has come. There is no index of ends: it would make each row two,
// and looking at all rows once in a while costs a hundredth of that.

import { SHARD_SWEEP_REST_MS, SHARD_SWEEP_ROWS } from '../../limits/shard.ts'
import { Books } from './books.ts'
import type { ShardConfig } from './config.ts'
import type { ShardStore, SweepCursor } from './contract.ts'

const START: SweepCursor = { table: 'records', after: undefined }

export interface Done {
  readonly gone: number
  /** At the end of a round: how many rows there are. */
  readonly counted: number | undefined
}

export class Sweeping {
  readonly #store: ShardStore
  readonly #config: ShardConfig
  /** In the middle of a round. */
  #cursor: SweepCursor | undefined
  #counted = 0
  #earliestEndMs = Number.POSITIVE_INFINITY
  #restUntilMs = 0
  /** The alarm of an earlier life rings when something has ended that this one does not know of. */
  #isFirst = true

  constructor(store: ShardStore, config: ShardConfig) {
    this.#store = store
    this.#config = config
  }

  get atMs(): number {
    return this.#cursor === undefined ? Math.max(this.#earliestEndMs, this.#restUntilMs) : this.#restUntilMs
  }

  noteEnd(endsAtMs: number, nowMs: number): void {
    if (this.#restUntilMs === 0) this.#restUntilMs = nowMs + SHARD_SWEEP_REST_MS
    this.#earliestEndMs = Math.min(this.#earliestEndMs, endsAtMs)
  }

  isDue(nowMs: number): boolean {
    return this.#isFirst || this.atMs <= nowMs
  }

  /** A page of it. Throws what the store throws. */
  next(nowMs: number): Done {
    const cursor = this.#cursor ?? START
    if (cursor === START) {
      this.#counted = 0
      this.#earliestEndMs = Number.POSITIVE_INFINITY
    }
    const swept = this.#store.atomically(() => {
      const page = this.#store.sweep(cursor, SHARD_SWEEP_ROWS, nowMs)
      const books = new Books(this.#store, this.#config)
      for (const { owner, bytes, head } of page.gone) {
        books.note(owner, -1, -bytes)
        if (head !== undefined) books.releaseHead(head, 1)
      }
      books.flush()
      return page
    })
    this.#isFirst = false
    this.#counted += swept.left
    this.#earliestEndMs = Math.min(this.#earliestEndMs, swept.earliestEndMs)
    this.#cursor = swept.next
    this.#restUntilMs = nowMs + (swept.next === undefined ? SHARD_SWEEP_REST_MS : 0)
    return { gone: swept.gone.length, counted: swept.next === undefined ? this.#counted : undefined }
  }

  /** From the beginning, after a rest. */
  restart(nowMs: number): void {
    this.#cursor = START
    this.#restUntilMs = nowMs + SHARD_SWEEP_REST_MS
  }
}
