// Requests that were sent on and are not answered yet: our own paths, and others' that pass through us. Each knows where its
// answer goes; so no request says where it comes from, and no answer needs a route.

import { MESH_CARRIED_MAX, MESH_CARRIED_OF_NEIGHBOUR_MAX } from '../../limits.ts'
import type { Neighbour } from './contract.ts'
import type { Lookup } from './lookup.ts'
import type { Ask } from './messages.ts'
import type { Entry } from './neighbours.ts'

export interface Carry {
  readonly ask: Ask
  /** Who asked us; for ourselves, the lookup this is a path of. */
  readonly for: { readonly entry: Entry; readonly token: number } | { readonly lookup: Lookup }
  readonly deadlineMs: number
  readonly beganAtMs: number
  /** Where it was sent already. */
  readonly tried: Neighbour[]
  /** Of what is to be stored: whether we kept it. */
  copies: 0 | 1
  asked: Entry | undefined
}

/** Requests whose time was over, whose answers are late and no lies. */
const LATE_MAX = 256

export class Carried {
  readonly #carries = new Map<number, Carry>()
  readonly #late = new Map<number, Neighbour>()
  /** Not later than the first deadline. */
  #dueAtMs: number | undefined

  get wakeAtMs(): number | undefined {
    return this.#dueAtMs
  }

  mayCarry(entry: Entry): boolean {
    return this.#carries.size < MESH_CARRIED_MAX && entry.carried < MESH_CARRIED_OF_NEIGHBOUR_MAX
  }

  isFree(token: number): boolean {
    return !this.#carries.has(token) && !this.#late.has(token)
  }

  wait(token: number, carry: Carry): void {
    this.#carries.set(token, carry)
    if ('entry' in carry.for) carry.for.entry.carried++
    if (this.#dueAtMs === undefined || carry.deadlineMs < this.#dueAtMs) this.#dueAtMs = carry.deadlineMs
  }

  /** What this neighbour answers, and nobody else may. */
  take(token: number, neighbour: Neighbour): Carry | 'late' | undefined {
    const carry = this.#carries.get(token)
    if (carry?.asked?.neighbour === neighbour) {
      this.#end(token, carry)
      return carry
    }
    if (this.#late.get(token) !== neighbour) return undefined
    this.#late.delete(token)
    return 'late'
  }

  /** Those sent to a neighbour that is gone. */
  takeSentTo(neighbour: Neighbour): Carry[] {
    return this.#takeAll((carry) => carry.asked?.neighbour === neighbour)
  }

  /** Those nobody waits for any more. */
  takeOf(lookup: Lookup): void {
    this.#takeAll((carry) => 'lookup' in carry.for && carry.for.lookup === lookup, true)
  }

  takeFrom(neighbour: Neighbour): void {
    this.#takeAll((carry) => 'entry' in carry.for && carry.for.entry.neighbour === neighbour, true)
  }

  takeOverdue(nowMs: number): Carry[] {
    if (this.#dueAtMs === undefined || this.#dueAtMs > nowMs) return []
    const overdue = this.#takeAll(({ deadlineMs }) => deadlineMs <= nowMs, true)
    this.#dueAtMs = undefined
    for (const { deadlineMs } of this.#carries.values()) {
      if (this.#dueAtMs === undefined || deadlineMs < this.#dueAtMs) this.#dueAtMs = deadlineMs
    }
    return overdue
  }

  #takeAll(isMeant: (carry: Carry) => boolean, mayAnswer = false): Carry[] {
    const taken: Carry[] = []
    for (const [token, carry] of this.#carries) {
      if (!isMeant(carry)) continue
      taken.push(carry)
      this.#end(token, carry)
      if (mayAnswer && carry.asked !== undefined) this.#remembers(token, carry.asked.neighbour)
    }
    return taken
  }

  #remembers(token: number, neighbour: Neighbour): void {
    this.#late.set(token, neighbour)
    if (this.#late.size <= LATE_MAX) return
    const [oldest] = this.#late.keys()
    this.#late.delete(oldest as number)
  }

  #end(token: number, carry: Carry): void {
    this.#carries.delete(token)
    if ('entry' in carry.for) carry.for.entry.carried--
    if (this.#carries.size === 0) this.#dueAtMs = undefined
  }
}
