// Several edges of which one is in use: hosts the machine that says which (protocol/edges/), and stands where of one edge its passes
// and its bootstrap stand. Loaded when connect() is told of several, or others are known of: the one it is told of has named them, or
// peers have.

import { hash, rank } from '../../protocol/balance/consistent-hash.ts'
import type { Target } from '../../protocol/balance/contract.ts'
import { unknownTarget } from '../../protocol/balance/target.ts'
import { type EdgesEffect, type EdgesInput, EdgesMachine, NEVER } from '../../protocol/edges/machine.ts'
import { WaypostError } from '../../protocol/errors.ts'
import { EDGE_RETURN_MS, EDGES_LEARNT_MAX, EDGES_MAX } from '../../protocol/limits/edges.ts'
import { EDGES_TOLD_MAX } from '../../protocol/limits/introductions.ts'
import { setAlarm } from '../alarm.ts'
import type { Asking } from '../bootstrap.ts'
import { nowMs } from '../clock.ts'
import { Host } from '../host.ts'
import type { SealedStore } from '../identities/store.ts'
import type { BootstrapDesk } from '../kept-bootstrap.ts'
import { watchNetwork } from '../network-watch.ts'
import type { PassDesk, Passes, PassSource, RoomSocket } from '../pass.ts'
import type { StampOptions } from '../stamp.ts'
import type { EdgeStatus } from '../types.ts'
import { deskOf } from './bootstrap-desk.ts'
import { Candidate, type OwnOfEdge } from './candidate.ts'
import { firstAnswer } from './first-answer.ts'
import { inTurn, readToldEdges } from './told-edges.ts'

/** In this part of the page, as whoever is told of edges needs both; a part of its own would cut the first script into more pieces. */
export { Introductions } from '../introductions/introductions.ts'

export type EdgesPlace = Omit<PassSource, 'base' | 'store' | 'onSocket'> & { readonly store: SealedStore }

/** Those who share a room return by the same clock. */
const WALL = {
  nowMs: () => Date.now(),
  setAlarm: (atMs: number, ring: () => void) => setAlarm(nowMs() + Math.max(0, atMs - Date.now()), ring),
}

/** Those that peers told of come after all that edges named. */
const TOLD_RANK = 1_000

/** With those that were learnt in earlier lives behind them. */
export async function openEdges(
  bases: readonly URL[],
  place: EdgesPlace,
): Promise<{ readonly passes: PassDesk; readonly bootstraps: BootstrapDesk }> {
  const hrefs = bases.map(({ href }) => href)
  if (new Set(hrefs).size < hrefs.length || hrefs.length > EDGES_MAX)
    throw new RangeError(`connect: the edges must be at most ${EDGES_MAX}, and each another`)
  const candidates = bases.map((base) => new Candidate(base, 'application', place))
  await Promise.all(candidates.map(({ bootstraps }) => bootstraps.restore()))
  const learnt = new Set(candidates.flatMap(({ bootstraps }) => bootstraps.relays))
  for (const href of hrefs) learnt.delete(href)
  // Whoever lost the same edges goes to the same one, in whichever order it was told of them: or they would not meet.
  const unordered = [...learnt].sort().map((href) => unknownTarget(href))
  const ordered = rank(unordered, place.network).map((at) => (unordered[at] as Target).id)
  for (const href of ordered.slice(0, Math.min(EDGES_LEARNT_MAX, EDGES_MAX - hrefs.length)))
    candidates.push(new Candidate(new URL(href), 'edge', place))
  const isSecure = bases.every(({ protocol }) => protocol === 'https:')
  const told = await readToldEdges(place.store, place.network, isSecure, nowMs())
  const edges = new Edges(candidates, place)
  edges.learn(inTurn(told, place.network))
  return { passes: edges, bootstraps: edges.bootstraps }
}

/** What was the only edge until now, and is in use, with those that peers told of behind it. */
export function growEdges(base: URL, own: OwnOfEdge, place: EdgesPlace, onSocket: OnSocket): Edges {
  const only = new Candidate(base, 'application', place, own)
  const edges = new Edges([only], place)
  onSocket((socket, entered) => only.onSocket(socket, entered))
  edges.goOn()
  return edges
}

/** Says who is told of the sockets of an edge from now on. */
export type OnSocket = (hear: (socket: object, entered: boolean) => void) => void

export class Edges implements PassDesk {
  readonly bootstraps: BootstrapDesk
  moved = () => {}
  troubled = () => {}
  readonly #candidates: Candidate[]
  readonly #place: EdgesPlace
  readonly #machine: EdgesMachine
  readonly #host: Host<EdgesInput, EdgesEffect>
  readonly #over = new AbortController()
  readonly #stopWatching: () => void
  /** Where the newest socket of each was opened; and those that are in. */
  readonly #places = new WeakMap<object, Candidate>()
  readonly #inside = new WeakSet<object>()
  /** Fires when another edge is used. */
  #leaving = new AbortController()

  constructor(candidates: Candidate[], place: EdgesPlace) {
    this.#candidates = candidates
    this.#place = place
    for (const candidate of candidates) this.#hears(candidate)
    const phaseMs = hash(place.network) % EDGE_RETURN_MS
    const learnt = candidates.map((candidate) => candidate.learnt)
    this.#machine = new EdgesMachine({ learnt, random: Math.random, phaseMs })
    this.#host = new Host(this.#machine, (effect) => this.#perform(effect), WALL)
    this.#stopWatching = watchNetwork(() => this.#host.give({ kind: 'networkChanged' }))
    this.bootstraps = this.#desk()
  }

  // ---- passes --------------------------------------------------------------------------------------------------

  get base(): URL {
    return this.#current.base
  }

  get edges(): readonly EdgeStatus[] {
    return this.#candidates.map(({ base, learnt }, index) => ({
      url: base.href,
      state: this.#machine.stateOf(index),
      inUse: index === this.#machine.current,
      learnt,
    }))
  }

  get #isAnyNamedWell(): boolean {
    return this.#candidates.some(({ learnt }, at) => !learnt && this.#machine.stateOf(at) === 'healthy')
  }

  get all(): readonly Passes[] {
    return this.#candidates.filter(({ learnt }) => !learnt).map(({ passes }) => passes)
  }

  get order(): readonly Passes[] {
    return this.#machine.order.map((index) => this.#at(index).passes)
  }

  get renewAtMs(): number {
    return this.#current.passes.renewAtMs
  }

  /** Of the edge that is in use when there is one: whoever waits for another edge's waits no longer. */
  async get(options: StampOptions = {}): Promise<string> {
    for (;;) {
      const [edge, left] = [this.#current, this.#leaving.signal]
      const signal = options.signal === undefined ? left : AbortSignal.any([options.signal, left])
      try {
        return await edge.passes.get({ ...options, signal })
      } catch (problem) {
        if (edge === this.#current || options.signal?.aborted) throw problem
      }
    }
  }

  forget(pass: string): void {
    for (const { passes } of this.#candidates) passes.forget(pass)
  }

  /** It is told by a room, and that is where we are. Of one that we left this moment it is refused, and another is asked for. */
  renewed(pass: string): boolean {
    return this.#current.passes.renewed(pass)
  }

  baseOf(pass: string, room?: RoomSocket): URL {
    const isOf = ({ passes }: Candidate) => passes.has(pass)
    // Edges of one secret give the same pass in the same second.
    const edge = isOf(this.#current) ? this.#current : (this.#candidates.find(isOf) ?? this.#current)
    if (room !== undefined) {
      this.#places.set(room, edge)
      room.give({ kind: 'patience', standIn: edge !== this.#candidates[0] })
    }
    return edge.base
  }

  heard(socket: object, entered: boolean): void {
    this.#socket(this.#places.get(socket) ?? this.#current, socket, entered)
  }

  /** Each edge was offered its own. */
  offer(): void {}

  /** A place is taken from one that is told of no more, unless it is in use. */
  learn(edges: readonly string[]): void {
    const others = new Set(this.#candidates.flatMap(({ told, base }) => (told ? [] : [base.href])))
    const wanted = edges.filter((href) => !others.has(href)).slice(0, EDGES_TOLD_MAX)
    for (const href of wanted) {
      if (this.#candidates.some(({ base }) => base.href === href)) continue
      const edge = this.#placeFor(wanted)
      if (edge === undefined) break
      const candidate = new Candidate(new URL(href), 'peers', this.#place)
      this.#hears(candidate)
      this.#candidates[edge]?.close()
      this.#candidates[edge] = candidate
      this.#host.give({ kind: 'learnt', edge, rank: TOLD_RANK, isNew: true })
    }
    for (const [edge, { told, base }] of this.#candidates.entries()) {
      const at = wanted.indexOf(base.href)
      if (told) this.#host.give({ kind: 'learnt', edge, rank: at < 0 ? NEVER : TOLD_RANK + at, isNew: false })
    }
  }

  #placeFor(wanted: readonly string[]): number | undefined {
    const told = this.#candidates.filter((candidate) => candidate.told)
    if (told.length < EDGES_TOLD_MAX && this.#candidates.length < EDGES_MAX) return this.#candidates.length
    const free = told.find((one) => one !== this.#current && !wanted.includes(one.base.href))
    return free && this.#candidates.indexOf(free)
  }

  #hears(candidate: Candidate): void {
    candidate.onSocket = (socket, entered) => this.#socket(candidate, socket, entered)
  }

  begin(): Promise<void> {
    return this.#current.passes.begin()
  }

  close(): void {
    for (const { passes } of this.#candidates) passes.close()
  }

  // ---- the machine ---------------------------------------------------------------------------------------------

  get #current(): Candidate {
    return this.#at(this.#machine.current)
  }

  #at(index: number): Candidate {
    return this.#candidates[index] as Candidate
  }

  #socket(edge: Candidate, socket: object, entered: boolean): void {
    const index = this.#candidates.indexOf(edge)
    if (index < 0) return // Its place is another's by now.
    const wasIn = this.#inside.delete(socket)
    if (entered) this.#inside.add(socket)
    this.#host.give({ kind: entered ? 'entered' : wasIn ? 'interrupted' : 'shut', edge: index })
    // While another that we were told of is well there is a way, and no need to ask all whom we know at the worst of moments.
    if (!entered && !this.#isAnyNamedWell) this.troubled()
  }

  #perform(effect: EdgesEffect): void {
    const edge = this.#at(effect.edge)
    if (effect.kind === 'look') {
      void edge.looksWell(this.#over.signal).then((answered) => {
        if (this.#at(effect.edge) === edge) this.#host.give({ kind: 'looked', edge: effect.edge, answered })
      })
      return
    }
    this.#leaving.abort()
    this.#leaving = new AbortController()
    this.moved()
  }

  // ---- bootstrap -----------------------------------------------------------------------------------------------

  #desk(): BootstrapDesk {
    return deskOf(() => this.#current.bootstraps, {
      begin: (asking) => this.#begin(asking),
      keep: async () => {
        await Promise.all(this.#candidates.map(({ bootstraps }) => bootstraps.keep()))
      },
      close: () => {
        this.#over.abort()
        this.#host.stop()
        this.#stopWatching()
        for (const { bootstraps } of this.#candidates) bootstraps.close()
      },
    })
  }

  /** From where it had come before there were others. */
  goOn(): void {
    const isKept = this.bootstraps.status.state === 'kept'
    this.#host.give({ kind: 'start', use: 0, failed: isKept ? [0] : [] })
  }

  /** The first that answers; when none does and one was reached before, that, and whichever answers later. */
  async #begin(first: Asking): Promise<undefined> {
    const { answered, silent } = firstAnswer(this.#candidates, first, this.#over.signal)
    const kept = silent.then((): number | Promise<number> => {
      const index = this.#candidates.findIndex(({ bootstraps }) => bootstraps.isKept)
      return index < 0 ? answered : index
    })
    const use = await Promise.race([answered, kept])
    const isKept = this.#at(use).bootstraps.status.state === 'kept'
    const failed = this.#candidates.flatMap(({ learnt }, index) =>
      index < use || (isKept && !learnt) ? [index] : [],
    )
    if (this.#over.signal.aborted) throw new WaypostError('closed', 'this Waypost is closed')
    this.#host.give({ kind: 'start', use, failed })
    return undefined
  }
}
