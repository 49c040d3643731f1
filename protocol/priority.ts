// Waiting lines of four priorities, served by weight and never starving any: of what waits in all of them, critical gets
// four places for two of high, one of normal and half a one of low.

import { Queue } from './queue.ts'

export const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const
export type Priority = (typeof PRIORITIES)[number]

/** What serving one costs its line: the line that has paid least is next. The inverse of its share. */
export const COST: Readonly<Record<Priority, number>> = { critical: 1, high: 2, normal: 4, low: 8 }

export class PriorityQueue<T extends { readonly priority: Priority }> {
  readonly #lines: Readonly<Record<Priority, Queue<T>>> = {
    critical: new Queue(),
    high: new Queue(),
    normal: new Queue(),
    low: new Queue(),
  }
  readonly #paid: Record<Priority, number> = { critical: 0, high: 0, normal: 0, low: 0 }
  /** What the line served last had paid: a line that was empty begins here, and has saved up nothing. */
  #level = 0
  /** The line whose first is next. It stays so until that is taken: nobody cuts in on what is half done. */
  #next: Priority | undefined

  get length(): number {
    return PRIORITIES.reduce((sum, priority) => sum + this.#lines[priority].length, 0)
  }

  push(item: T): void {
    const { priority } = item
    if (this.#lines[priority].length === 0) this.#paid[priority] = Math.max(this.#paid[priority], this.#level)
    this.#lines[priority].push(item)
  }

  first(): T | undefined {
    this.#next ??= this.#cheapest()
    return this.#next && this.#lines[this.#next].at(0)
  }

  shift(): T | undefined {
    const item = this.first()
    if (this.#next === undefined) return undefined
    this.#lines[this.#next].shift()
    this.#level = this.#paid[this.#next]
    this.#paid[this.#next] += COST[this.#next]
    this.#next = undefined
    return item
  }

  /** Keeps those, each in its place. */
  retain(keep: (item: T) => boolean): void {
    const first = this.first()
    for (const priority of PRIORITIES) this.#lines[priority].retain(keep)
    if (this.#next !== undefined && this.#lines[this.#next].at(0) !== first) this.#next = undefined
  }

  clear(): void {
    for (const priority of PRIORITIES) this.#lines[priority].clear()
    this.#next = undefined
  }

  /** Line by line. */
  *[Symbol.iterator](): Iterator<T> {
    for (const priority of PRIORITIES) yield* this.#lines[priority]
  }

  #cheapest(): Priority | undefined {
    let cheapest: Priority | undefined
    for (const priority of PRIORITIES) {
      if (this.#lines[priority].length === 0) continue
      if (cheapest === undefined || this.#paid[priority] < this.#paid[cheapest]) cheapest = priority
    }
    return cheapest
  }
}
