// Runs a machine in virtual time, as client/host.ts runs it in a page: inputs one after another, effects in order, and
// a wake when it asks for one. A machine that asks and asks without getting anywhere is caught.

import type { Machine } from '../../protocol/machine.ts'
import type { Planned, World } from './world.ts'

/** Wakes at one and the same moment after which a machine is going round in circles. */
const WAKES_AT_ONCE_MAX = 100

export class MachineHost<Input, Effect> {
  readonly #world: World
  readonly #name: string
  readonly #machine: Machine<Input | { readonly kind: 'wake' }, Effect>
  readonly #perform: (effect: Effect) => void
  readonly #inputs: (Input | { readonly kind: 'wake' })[] = []
  #running = false
  #stopped = false
  #alarm: Planned | undefined
  #wokeAtMs = 0
  #wakes = 0

  constructor(
    world: World,
    name: string,
    machine: Machine<Input | { readonly kind: 'wake' }, Effect>,
    perform: (effect: Effect) => void,
  ) {
    this.#world = world
    this.#name = name
    this.#machine = machine
    this.#perform = perform
  }

  give(input: Input | { readonly kind: 'wake' }): void {
    if (this.#stopped) return
    this.#inputs.push(input)
    if (this.#running) return
    this.#running = true
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      for (const effect of this.#machine.receive(next, this.#world.nowMs)) this.#perform(effect)
    }
    this.#running = false
    this.#rearm()
  }

  /** It is over, or its computer sleeps for good: no alarm will ring. */
  stop(): void {
    this.#stopped = true
    this.#alarm?.cancel()
    this.#alarm = undefined
  }

  #rearm(): void {
    const atMs = this.#machine.wakeAtMs
    if (this.#stopped || this.#alarm?.atMs === atMs) return
    this.#alarm?.cancel()
    this.#alarm = atMs === undefined ? undefined : this.#world.at(atMs, () => this.#wake())
  }

  #wake(): void {
    this.#alarm = undefined
    this.#wakes = this.#wokeAtMs === this.#world.nowMs ? this.#wakes + 1 : 0
    this.#wokeAtMs = this.#world.nowMs
    if (this.#wakes > WAKES_AT_ONCE_MAX)
      throw new Error(`${this.#name} wakes in circles at ${this.#wokeAtMs}`)
    this.give({ kind: 'wake' })
  }
}
