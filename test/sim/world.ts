// Virtual time: a heap of things that will happen, and nothing else that could. The same seed makes the same world,
// event for event; the trace hash says so in one number.

import { fnv1a, Random } from './random.ts'

/** Any moment would do; machines only ever compare times. */
export const BEGAN_AT_MS = 1_800_000_000_000

export interface Planned {
  readonly atMs: number
  cancel(): void
}

interface Event extends Planned {
  /** Ties are broken by the order of planning, so that nothing depends on the heap's mood. */
  readonly seq: number
  run: (() => void) | undefined
}

export class World {
  readonly seed: number | string
  readonly #random: Random
  readonly #heap: Event[] = []
  #nowMs = BEGAN_AT_MS
  #seq = 0
  #hash = 0x811c9dc5
  #ran = 0

  constructor(seed: number | string) {
    this.seed = seed
    this.#random = new Random(seed)
  }

  get nowMs(): number {
    return this.#nowMs
  }

  get passedMs(): number {
    return this.#nowMs - BEGAN_AT_MS
  }

  /** Of everything that was traced until now. */
  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0')
  }

  /** Events so far. */
  get ran(): number {
    return this.#ran
  }

  /** A stream of chance for whoever has this name. */
  random(name: string): Random {
    return this.#random.fork(name)
  }

  /** Something observable happened: it becomes part of the hash. */
  trace(who: string, what: string): void {
    this.#hash = fnv1a(`${this.passedMs.toFixed(3)} ${who} ${what}\n`, this.#hash)
  }

  /** Not before now: what is late happens at once, after what was planned for now before. */
  at(atMs: number, run: () => void): Planned {
    const event: Event = {
      atMs: Math.max(atMs, this.#nowMs),
      seq: this.#seq++,
      run,
      cancel: () => {
        event.run = undefined
      },
    }
    this.#push(event)
    return event
  }

  after(ms: number, run: () => void): Planned {
    return this.at(this.#nowMs + ms, run)
  }

  /** Lets so much time pass, and all that happens in it. */
  runs(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop()
      if (next.run === undefined) continue
      this.#nowMs = next.atMs
      this.#ran++
      next.run()
    }
    this.#nowMs = untilMs
  }

  /** The same, where events leave promises behind: each is followed by whatever it set off, in no time. */
  async runsWithPromises(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop()
      if (next.run === undefined) continue
      this.#nowMs = next.atMs
      this.#ran++
      next.run()
      await promisesKept()
    }
    this.#nowMs = untilMs
  }

  /** Until it is so, and how long that took. Throws when it is not within the bound. */
  runsUntil(what: string, isSo: () => boolean, withinMs: number, everyMs = 100): number {
    const sinceMs = this.#nowMs
    while (!isSo()) {
      if (this.#nowMs - sinceMs >= withinMs) {
        throw new Error(`seed ${this.seed}: not ${what} within ${withinMs} ms`)
      }
      this.runs(everyMs)
    }
    return this.#nowMs - sinceMs
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!before(event, heap[parent] as Event)) break
      heap[at] = heap[parent] as Event
      at = parent
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child++
      if (!before(heap[child] as Event, last)) break
      heap[at] = heap[child] as Event
      at = child
    }
    heap[at] = last
  }
}

/** All that can be done without waiting for anything outside has been done. */
export function promisesKept(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function before(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.seq < b.seq)
}
