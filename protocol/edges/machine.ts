// Which of several edges a client uses: the first that is well, in the order in which it was told of them. A breaker for each:
// closed while it answers, open after three failures, half open while it is looked at again. See README.md beside this file.
// Times are of the wall's clock, since those who share a room go back by it together.
//
// Invariants
// 1. One edge is in use at any time; `use` names another than before.
// 2. An edge has one look under way at most, and the next one has its time: nobody spins.
// 3. An edge that was given up is gone back to after several answers over some time, and at once when nothing else answers.

import {
  EDGE_DOUBT_MS,
  EDGE_FAILURES_MAX,
  EDGE_PAUSE_LEAST_MS,
  EDGE_PAUSE_MOST_MS,
  EDGE_RELAPSE_MS,
  EDGE_RETURN_MS,
  EDGE_RETURN_SPREAD_MS,
  EDGE_STEADY_MOST_MS,
  EDGE_STEADY_MS,
  EDGE_SUCCESSES,
} from '../limits/edges.ts'
import type { Machine, Random } from '../machine.ts'

/**
 * `untried`: nobody asked it yet. `doubted`: something failed, and it is looked at. `failed`: given up. `recovering`: it answers
 * again, and is not trusted yet.
 */
export type EdgeState = 'untried' | 'healthy' | 'doubted' | 'failed' | 'recovering'

export type EdgesInput =
  /** `use` answered, or is gone by; those of `failed` did not answer. */
  | { readonly kind: 'start'; readonly use: number; readonly failed: readonly number[] }
  /** What a look at it came to. */
  | { readonly kind: 'looked'; readonly edge: number; readonly answered: boolean }
  /** A socket to it let us in; broke after it had let us in; did not let us in. */
  | { readonly kind: 'entered' | 'interrupted' | 'shut'; readonly edge: number }
  /** The device's network changed: what was so need not be so. */
  | { readonly kind: 'networkChanged' }
  /**
   * One more that was learnt, in a new place or in that of another, which is not the one in use; or the rank of one that is
   * there: the least is tried first, NEVER not at all.
   */
  | { readonly kind: 'learnt'; readonly edge: number; readonly rank: number; readonly isNew: boolean }
  | { readonly kind: 'wake' }

export type EdgesEffect =
  /** Ask it anything, and say `looked`. */
  { readonly kind: 'look'; readonly edge: number } | { readonly kind: 'use'; readonly edge: number }

export interface EdgesConfig {
  /** Which of them are learnt: used when none of the others is to be had. */
  readonly learnt: readonly boolean[]
  readonly random: Random
  /** Of the network: others go back at other times. */
  readonly phaseMs: number
}

interface Watched {
  readonly learnt: boolean
  /** Among those that are learnt, or among those that are not. */
  rank: number
  state: EdgeState
  /** Looks without an answer, and sockets that did not let us in, since there was one that did. */
  silences: number
  shuts: number
  shutAtMs: number
  /** Answers in a row, and when the first came. */
  answers: number
  sinceMs: number
  looking: boolean
  lookAtMs: number
  pauses: number
  /** How long it has to be well before it is gone back to, and when that was last done. */
  steadyMs: number
  returnedAtMs: number
  returnAtMs: number
}

export const NEVER = Number.POSITIVE_INFINITY

export class EdgesMachine implements Machine<EdgesInput, EdgesEffect> {
  readonly #edges: Watched[]
  readonly #random: Random
  readonly #phaseMs: number
  #current = 0
  #effects: EdgesEffect[] = []

  constructor({ learnt, random, phaseMs }: EdgesConfig) {
    this.#edges = learnt.map((learnt, rank) => watched(learnt, rank))
    this.#random = random
    this.#phaseMs = phaseMs
  }

  get current(): number {
    return this.#current
  }

  stateOf(edge: number): EdgeState {
    return this.#at(edge).state
  }

  /** The one in use, then all others that may be asked for something, the best first. */
  get order(): readonly number[] {
    const others = this.#edges.flatMap((edge, index) =>
      index !== this.#current && isUsable(edge) && !edge.learnt ? [index] : [],
    )
    return [this.#current, ...others]
  }

  get wakeAtMs(): number | undefined {
    const atMs = Math.min(...this.#edges.map((edge) => Math.min(edge.lookAtMs, edge.returnAtMs)))
    return atMs === NEVER ? undefined : atMs
  }

  receive(input: EdgesInput, nowMs: number): readonly EdgesEffect[] {
    this.#effects = []
    this.#receive(input, nowMs)
    this.#lookAtDue(nowMs)
    return this.#effects
  }

  #receive(input: EdgesInput, nowMs: number): void {
    switch (input.kind) {
      case 'start':
        this.#current = input.use
        // All of them, before any is left for another of them.
        for (const edge of input.failed) this.#at(edge).state = 'failed'
        for (const edge of input.failed) this.#fail(this.#at(edge), nowMs)
        if (!input.failed.includes(input.use)) this.#at(input.use).state = 'healthy'
        return
      case 'looked':
        return this.#looked(input.edge, input.answered, nowMs)
      case 'entered':
        return this.#entered(this.#at(input.edge))
      case 'interrupted':
        return this.#doubt(input.edge, nowMs)
      case 'shut':
        return this.#shut(input.edge, nowMs)
      case 'networkChanged':
        for (const edge of this.#edges) {
          if (edge.state !== 'failed') continue
          edge.pauses = 0
          edge.lookAtMs = nowMs
        }
        return this.#doubt(this.#current, nowMs)
      case 'learnt':
        return this.#learnt(input.edge, input.rank, input.isNew, nowMs)
      case 'wake':
        return this.#goBack(nowMs)
    }
  }

  #at(edge: number): Watched {
    const watched = this.#edges[edge]
    if (watched === undefined) throw new RangeError(`there is no edge ${edge}`)
    return watched
  }

  // ---- what happened ------------------------------------------------------------------------------------------

  #learnt(index: number, rank: number, isNew: boolean, nowMs: number): void {
    if (!isNew) {
      this.#at(index).rank = rank
      return
    }
    if (index === this.#current || index > this.#edges.length)
      throw new RangeError(`an edge is not learnt in the place ${index}`)
    const edge = watched(true, rank)
    this.#edges[index] = edge
    if (isUsable(this.#at(this.#current))) return
    // Nothing is left, and this is used as soon as it answers.
    edge.state = 'failed'
    edge.lookAtMs = nowMs
  }

  #looked(index: number, answered: boolean, nowMs: number): void {
    const edge = this.#at(index)
    edge.looking = false
    if (answered) this.#answered(edge, index, nowMs)
    else this.#silent(edge, nowMs)
  }

  #answered(edge: Watched, index: number, nowMs: number): void {
    edge.silences = 0
    if (edge.state === 'failed') {
      edge.state = 'recovering'
      edge.answers = 0
      edge.sinceMs = nowMs
    }
    if (edge.state !== 'recovering') {
      // Still in doubt while its sockets let nobody in, whatever else it says.
      if (edge.shuts === 0) edge.state = 'healthy'
      return
    }
    edge.answers++
    edge.lookAtMs = nowMs + (EDGE_STEADY_MS / (EDGE_SUCCESSES - 1)) * (1 + this.#random() / 4)
    if (!isUsable(this.#at(this.#current))) return this.#use(index, nowMs)
    if (edge.answers < EDGE_SUCCESSES || nowMs - edge.sinceMs < edge.steadyMs) return
    if (!this.#precedes(index)) {
      edge.state = 'healthy'
      edge.lookAtMs = NEVER
      edge.pauses = 0
    } else if (edge.returnAtMs === NEVER) edge.returnAtMs = this.#periodEnd(nowMs)
  }

  #silent(edge: Watched, nowMs: number): void {
    edge.silences++
    // What is looked at again has to answer each time.
    if (!isUsable(edge) || edge.silences >= EDGE_FAILURES_MAX) return this.#fail(edge, nowMs)
    edge.state = 'doubted'
    edge.lookAtMs = nowMs + EDGE_DOUBT_MS * (0.5 + this.#random() / 2)
  }

  #entered(edge: Watched): void {
    edge.shuts = 0
    edge.silences = 0
    if (edge.state === 'doubted' || edge.state === 'untried') edge.state = 'healthy'
  }

  /** Many rooms that are shut at once say one thing. */
  #shut(index: number, nowMs: number): void {
    const edge = this.#at(index)
    if (edge.state === 'failed' || nowMs - edge.shutAtMs < EDGE_DOUBT_MS) return
    edge.shutAtMs = nowMs
    if (++edge.shuts >= EDGE_FAILURES_MAX) return this.#fail(edge, nowMs)
    this.#doubt(index, nowMs)
  }

  /** Looks at it at once; and at the one that would be next, to know by then whether that is there. */
  #doubt(index: number, nowMs: number): void {
    const edge = this.#at(index)
    if (edge.state === 'failed') return
    if (edge.state !== 'recovering') edge.state = 'doubted'
    edge.lookAtMs = Math.min(edge.lookAtMs, nowMs)
    if (index !== this.#current) return
    const next = this.#edges[this.#best(index) ?? index]
    if (next !== undefined && next.state === 'untried') next.lookAtMs = nowMs
  }

  // ---- what follows -------------------------------------------------------------------------------------------

  #fail(edge: Watched, nowMs: number): void {
    // A return that did not last: the next one is longer in coming.
    if (isUsable(edge) && nowMs - edge.returnedAtMs < EDGE_RELAPSE_MS)
      edge.steadyMs = Math.min(EDGE_STEADY_MOST_MS, edge.steadyMs * 4)
    edge.state = 'failed'
    edge.returnAtMs = NEVER
    edge.shuts = 0
    const pauseMs = Math.min(EDGE_PAUSE_MOST_MS, EDGE_PAUSE_LEAST_MS * 2 ** edge.pauses++)
    edge.lookAtMs = nowMs + pauseMs * (0.5 + this.#random() / 2)
    if (edge !== this.#at(this.#current)) return
    const next = this.#best(this.#current)
    if (next !== undefined) this.#use(next, nowMs)
    else {
      // Nothing is left: whichever of them answers first is taken.
      for (const other of this.#edges)
        if (other !== edge && other.rank !== NEVER) other.lookAtMs = Math.min(other.lookAtMs, nowMs)
    }
  }

  /** The first that may be used, of those that are not learnt if there is one. */
  #best(except: number): number | undefined {
    const usable = (learnt: boolean) =>
      this.#edges
        .flatMap((edge, index) => {
          const mayBe = index !== except && edge.learnt === learnt && edge.rank !== NEVER
          return mayBe && (isUsable(edge) || edge.state === 'recovering') ? [{ index, rank: edge.rank }] : []
        })
        .sort((one, other) => one.rank - other.rank)[0]?.index
    return usable(false) ?? usable(true)
  }

  #precedes(index: number): boolean {
    const [edge, current] = [this.#at(index), this.#at(this.#current)]
    return edge.learnt === current.learnt ? edge.rank < current.rank : current.learnt
  }

  #use(index: number, nowMs: number): void {
    const edge = this.#at(index)
    edge.returnAtMs = NEVER
    edge.pauses = 0
    if (edge.state === 'recovering') {
      edge.state = 'healthy'
      edge.lookAtMs = NEVER
      edge.returnedAtMs = nowMs
    }
    if (index === this.#current) return
    this.#current = index
    this.#effects.push({ kind: 'use', edge: index })
  }

  #periodEnd(nowMs: number): number {
    const intoMs = (nowMs + this.#phaseMs) % EDGE_RETURN_MS
    return nowMs - intoMs + EDGE_RETURN_MS + this.#random() * EDGE_RETURN_SPREAD_MS
  }

  #goBack(nowMs: number): void {
    for (const [index, edge] of this.#edges.entries()) {
      if (edge.returnAtMs > nowMs) continue
      edge.returnAtMs = NEVER
      if (this.#precedes(index)) this.#use(index, nowMs)
      else edge.state = 'healthy'
    }
  }

  #lookAtDue(nowMs: number): void {
    for (const [index, edge] of this.#edges.entries()) {
      if (edge.lookAtMs > nowMs) continue
      edge.lookAtMs = NEVER
      if (edge.looking) continue
      edge.looking = true
      this.#effects.push({ kind: 'look', edge: index })
    }
  }
}

function watched(learnt: boolean, rank: number): Watched {
  return {
    learnt,
    rank,
    state: 'untried',
    silences: 0,
    shuts: 0,
    shutAtMs: Number.NEGATIVE_INFINITY,
    answers: 0,
    sinceMs: 0,
    looking: false,
    lookAtMs: NEVER,
    pauses: 0,
    steadyMs: EDGE_STEADY_MS,
    returnedAtMs: Number.NEGATIVE_INFINITY,
    returnAtMs: NEVER,
  }
}

function isUsable({ state }: Watched): boolean {
  return state === 'healthy' || state === 'doubted' || state === 'untried'
}
