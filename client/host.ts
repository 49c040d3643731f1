// Runs a machine in a page: gives it inputs one after another with the time, performs its effects, and wakes it when
// it asks. The only place of the client where a machine meets a clock.

import type { Machine } from '../protocol/machine.ts'
import { type Alarm, setAlarm } from './alarm.ts'
import { nowMs } from './clock.ts'

/** What a host knows of time. Simulations have their own. */
export interface Time {
  readonly nowMs: () => number
  /** Rings once at that time, and never before it returned. */
  readonly setAlarm: (atMs: number, ring: () => void) => Alarm
}

export const REAL_TIME: Time = { nowMs, setAlarm }

export class Host<Input, Effect> {
  readonly #machine: Machine<Input | { readonly kind: 'wake' }, Effect>
  readonly #perform: (effect: Effect) => void
  readonly #time: Time
  #inputs: (Input | { readonly kind: 'wake' })[] = []
  #running = false
  #alarm: Alarm | undefined
  #stopped = false

  constructor(
    machine: Machine<Input | { readonly kind: 'wake' }, Effect>,
    perform: (effect: Effect) => void,
    time: Time = REAL_TIME,
  ) {
    this.#machine = machine
    this.#perform = perform
    this.#time = time
  }

  /** Effects are performed before this returns, unless one of them led here: then after it, in order. */
  give(input: Input | { readonly kind: 'wake' }): void {
    if (this.#stopped) return
    this.#inputs.push(input)
    if (this.#running) return
    this.#running = true
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        for (const effect of this.#machine.receive(next, this.#time.nowMs())) this.#perform(effect)
      }
    } finally {
      this.#running = false
      this.#rearm()
    }
  }

  /** For good: what is still given (a handler that ends late, a frame under way) changes nothing and sets no alarm. */
  stop(): void {
    this.#stopped = true
    this.#alarm?.cancel()
    this.#alarm = undefined
  }

  /** An alarm that rings too early is left to ring: what waits for an answer would set another with each of a thousand frames. */
  #rearm(): void {
    const atMs = this.#stopped ? undefined : this.#machine.wakeAtMs
    if (this.#alarm !== undefined && atMs !== undefined && this.#alarm.atMs <= atMs) return
    this.#alarm?.cancel()
    this.#alarm = atMs === undefined ? undefined : this.#time.setAlarm(atMs, () => this.#wake())
  }

  #wake(): void {
    const early = this.#alarm
    this.#alarm = undefined
    const atMs = this.#machine.wakeAtMs
    if (early !== undefined && atMs !== undefined && atMs > this.#time.nowMs()) return this.#rearm()
    this.give({ kind: 'wake' })
  }
}
