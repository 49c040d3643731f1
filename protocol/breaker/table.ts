// Breakers of a class of objects: one for the class, and one for each object that failed lately. An object that does well needs none,
// so what is remembered is bounded by what goes wrong, and by a number.
//
// One bad object must not close its class to others: what it does once its own breaker has opened is no news about the class.
// A class that fails wholly opens by its many objects, each of which had no time to be known as bad.

import { CLASS_CALLS_LEAST, DOUBTFUL_OBJECTS_MAX } from '../limits/breaker.ts'
import type { Random } from '../machine.ts'
import { BREAKER, Breaker, type BreakerState, type Call, type Outcome } from './breaker.ts'
import type { Health } from './health.ts'
import type { CallCounts } from './window.ts'

const ONE = BREAKER
const WHOLE = { ...BREAKER, callsLeast: CLASS_CALLS_LEAST }

/** A call that was let through, by the breaker of the class and, where there is one, of the object. */
export interface ObjectCall {
  readonly name: string
  readonly ofClass: Call
  readonly ofObject: Call | undefined
}

export type ObjectVerdict =
  | { readonly pass: true; readonly call: ObjectCall }
  /** `by`: whose breaker it was. */
  | { readonly pass: false; readonly retryAfterMs: number; readonly by: 'object' | 'class' }

export class BreakerTable {
  readonly #random: Random | undefined
  readonly #objectsMax: number
  readonly #whole: Breaker
  /** The doubtful ones; the one longest so is first. */
  readonly #objects = new Map<string, Breaker>()

  constructor(random?: Random, objectsMax: number = DOUBTFUL_OBJECTS_MAX) {
    this.#random = random
    this.#objectsMax = objectsMax
    this.#whole = new Breaker(WHOLE, random)
  }

  ask(name: string, nowMs: number): ObjectVerdict {
    const object = this.#objects.get(name)
    const one = object?.ask(nowMs)
    if (one?.pass === false) return { ...one, by: 'object' }
    const whole = this.#whole.ask(nowMs)
    if (whole.pass) return { pass: true, call: { name, ofClass: whole.call, ofObject: one?.call } }
    if (one !== undefined) object?.ended(one.call, 'unheard', nowMs)
    return { ...whole, by: 'class' }
  }

  ended({ name, ofClass, ofObject }: ObjectCall, outcome: Outcome, nowMs: number): void {
    const bad = this.#whole.isBad(ofClass, outcome, nowMs)
    const known = this.#objects.get(name)
    const isNews = !bad || known === undefined || known.state === 'closed'
    this.#whole.ended(ofClass, isNews ? outcome : 'unheard', nowMs)
    if (known !== undefined) {
      if (ofObject !== undefined) known.ended(ofObject, outcome, nowMs)
      else known.noted(ofClass.beganAtMs, outcome, nowMs)
      if (known.state === 'closed' && known.counts(nowMs).bad === 0) this.#objects.delete(name)
    } else if (bad) this.#doubt(name).noted(ofClass.beganAtMs, outcome, nowMs)
  }

  get state(): BreakerState {
    return this.#whole.state
  }

  health(nowMs: number): Health {
    return this.#whole.health(nowMs)
  }

  counts(nowMs: number): CallCounts {
    return this.#whole.counts(nowMs)
  }

  /** Of the doubtful objects, by the state of their breakers. */
  objects(): Readonly<Record<BreakerState, number>> {
    const counts = { closed: 0, 'half-open': 0, open: 0 }
    for (const { state } of this.#objects.values()) counts[state]++
    return counts
  }

  #doubt(name: string): Breaker {
    if (this.#objects.size >= this.#objectsMax) {
      const [longest] = this.#objects.keys()
      if (longest !== undefined) this.#objects.delete(longest)
    }
    const breaker = new Breaker(ONE, this.#random)
    this.#objects.set(name, breaker)
    return breaker
  }
}
