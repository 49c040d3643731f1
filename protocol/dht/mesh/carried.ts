// Requests that were sent on and are not answered yet: our own paths, and others' that pass through us. Each knows where its
// answer goes; so no request says where it comes from, and no answer needs a route.

import { MESH_CARRIED_MAX, MESH_CARRIED_OF_NEIGHBOUR_MAX } from '../../limits/mesh.ts'
import type { Neighbour } from './contract.ts'
import type { Answer, Ask } from './messages.ts'
import type { Entry } from './neighbours.ts'

export type PathAnswer = Exclude<Answer, { kind: 'refused' }>

/** A path of a lookup of ours. It hears one of the two, once. */
export interface OwnPath {
  /** Neighbours at which paths of this lookup began. */
  readonly used: Set<Neighbour>
  answered(answer: PathAnswer, from: Entry): void
  /** Where no neighbour was left to begin at, at once. */
  ended(): void
}

export interface Carry {
  /** As we were asked; for a path of our own, as if. */
  readonly ask: Ask
  readonly for: { readonly entry: Entry; readonly token: number } | OwnPath
  readonly deadlineMs: number
  /** Where it was sent already. */
  readonly tried: Neighbour[]
  /** Times that it was sent another way because of what became of it on the first. */
  deviated: number
  /** Of what is to be stored: whether we kept it. */
  copies: 0 | 1
  /** Neighbours that have it and may still answer. */
  flying: number
  /** Answers to it that are being verified. */
  checking: number
  over: boolean
}

/** One sending of it. */
interface Sent {
  readonly carry: Carry
  readonly to: Entry
  /** When it is sent another way as well; undefined: it was, or is not to be. */
  moreAtMs: number | undefined
}

/** `more`: silent for so long that it is sent another way as well. `over`: not answered in its time. */
export interface Due {
  readonly kind: 'more' | 'over'
  readonly carry: Carry
  readonly to: Entry
}

/** Tokens remembered whose requests are over: their answers are late, and no lies. */
const LATE_MAX = 256

export class Carried {
  readonly #sent = new Map<number, Sent>()
  readonly #late = new Map<number, Neighbour>()
  /** Not later than the first thing that is due. */
  #dueAtMs: number | undefined

  get wakeAtMs(): number | undefined {
    return this.#dueAtMs
  }

  mayCarry(entry: Entry): boolean {
    return this.#sent.size < MESH_CARRIED_MAX && entry.carried < MESH_CARRIED_OF_NEIGHBOUR_MAX
  }

  isFree(token: number): boolean {
    return !this.#sent.has(token) && !this.#late.has(token)
  }

  wait(token: number, carry: Carry, to: Entry, moreAtMs: number | undefined): void {
    const sent = { carry, to, moreAtMs }
    this.#sent.set(token, sent)
    if ('entry' in carry.for && carry.flying === 0) carry.for.entry.carried++
    carry.flying++
    this.#isDue(sent)
  }

  /** What this neighbour answers, and nobody else may. */
  take(token: number, neighbour: Neighbour): Carry | 'late' | undefined {
    const sent = this.#sent.get(token)
    if (sent?.to.neighbour === neighbour) {
      this.#ends(token, sent)
      return sent.carry
    }
    if (this.#late.get(token) !== neighbour) return undefined
    this.#late.delete(token)
    return 'late'
  }

  /** Nobody waits for its answer any more. */
  forget(isMeant: (carry: Carry) => boolean): void {
    for (const [token, sent] of this.#sent) {
      if (!isMeant(sent.carry)) continue
      sent.carry.over = true
      this.#ends(token, sent)
      this.#remembers(token, sent.to.neighbour)
    }
  }

  /** Those a neighbour had that is gone. */
  takeSentTo(neighbour: Neighbour): Carry[] {
    const taken: Carry[] = []
    for (const [token, sent] of this.#sent) {
      if (sent.to.neighbour !== neighbour) continue
      this.#ends(token, sent)
      taken.push(sent.carry)
    }
    return taken
  }

  takeDue(nowMs: number): Due[] {
    const due: Due[] = []
    if (this.#dueAtMs === undefined || this.#dueAtMs > nowMs) return due
    this.#dueAtMs = undefined
    for (const [token, sent] of this.#sent) {
      const { carry, to } = sent
      if (carry.deadlineMs <= nowMs) {
        this.#ends(token, sent)
        this.#remembers(token, to.neighbour)
        due.push({ kind: 'over', carry, to })
        continue
      }
      if (sent.moreAtMs !== undefined && sent.moreAtMs <= nowMs) {
        sent.moreAtMs = undefined
        due.push({ kind: 'more', carry, to })
      }
      this.#isDue(sent)
    }
    return due
  }

  #isDue({ carry, moreAtMs }: Sent): void {
    const atMs = Math.min(carry.deadlineMs, moreAtMs ?? carry.deadlineMs)
    if (this.#dueAtMs === undefined || atMs < this.#dueAtMs) this.#dueAtMs = atMs
  }

  #remembers(token: number, neighbour: Neighbour): void {
    this.#late.set(token, neighbour)
    if (this.#late.size <= LATE_MAX) return
    const [oldest] = this.#late.keys()
    this.#late.delete(oldest as number)
  }

  #ends(token: number, { carry }: Sent): void {
    this.#sent.delete(token)
    carry.flying--
    if ('entry' in carry.for && carry.flying === 0) carry.for.entry.carried--
    if (this.#sent.size === 0) this.#dueAtMs = undefined
  }
}
