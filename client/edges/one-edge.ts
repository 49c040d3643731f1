// The one edge that an application named, while nobody knows of others; when peers tell of some (protocol/introductions/), what stands
// for several is loaded and takes its place, with its pass, its challenge and what it said. Whoever holds this one notices nothing.

import type { BootstrapDesk } from '../kept-bootstrap.ts'
import type { PassDesk, Passes, RoomSocket } from '../pass.ts'
import type { StampOptions } from '../stamp.ts'
import type { EdgeStatus } from '../types.ts'
import { deskOf } from './bootstrap-desk.ts'
import type { OwnOfEdge } from './candidate.ts'
import type { Edges, EdgesPlace } from './edges.ts'

type Hear = (socket: object, entered: boolean) => void

export class OneEdge implements PassDesk {
  readonly bootstraps: BootstrapDesk
  moved = () => {}
  troubled = () => {}
  readonly #own: OwnOfEdge
  readonly #place: EdgesPlace
  /** Until there are others: afterwards it is for these to say whether they are needed. */
  #hear: Hear = (_, entered) => {
    if (!entered) this.troubled()
  }
  #grown: Edges | undefined
  #growing: Promise<Edges> | undefined
  #told: readonly string[] = []
  #closed = false

  /** `make`: who hears of the sockets to that edge is said later. */
  constructor(make: (onSocket: Hear) => OwnOfEdge, place: EdgesPlace) {
    this.#own = make((socket, entered) => this.#hear(socket, entered))
    this.#place = place
    this.bootstraps = this.#desk()
  }

  learn(edges: readonly string[]): void {
    this.#told = edges.filter((href) => href !== this.#own.passes.base.href)
    if (this.#grown !== undefined) return this.#grown.learn(edges)
    if (this.#told.length === 0 || this.#closed) return
    this.#growing ??= this.#grow()
    this.#growing.catch(() => {
      this.#growing = undefined // What could not be loaded is tried again with the next news.
    })
  }

  async #grow(): Promise<Edges> {
    const { growEdges } = await import('./edges.ts')
    const { passes } = this.#own
    const grown = growEdges(passes.base, this.#own, this.#place, (hear) => {
      this.#hear = hear
    })
    if (this.#closed) grown.bootstraps.close()
    grown.moved = () => this.moved()
    grown.troubled = () => this.troubled()
    this.#grown = grown
    grown.learn(this.#told)
    return grown
  }

  // ---- passes --------------------------------------------------------------------------------------------------

  get #passes(): PassDesk {
    return this.#grown ?? this.#own.passes
  }

  get base(): URL {
    return this.#passes.base
  }

  get renewAtMs(): number {
    return this.#passes.renewAtMs
  }

  get edges(): readonly EdgeStatus[] | undefined {
    return this.#passes.edges
  }

  get all(): readonly Passes[] {
    return this.#passes.all
  }

  get order(): readonly Passes[] {
    return this.#passes.order
  }

  get(options?: StampOptions): Promise<string> {
    return this.#passes.get(options)
  }

  forget(pass: string): void {
    this.#passes.forget(pass)
  }

  renewed(pass: string): boolean {
    return this.#passes.renewed(pass)
  }

  baseOf(pass: string, room?: RoomSocket): URL {
    return this.#passes.baseOf(pass, room)
  }

  heard(socket: object, entered: boolean): void {
    this.#passes.heard(socket, entered)
  }

  offer(challenge: string | undefined): void {
    this.#passes.offer(challenge)
  }

  begin(): Promise<void> {
    return this.#passes.begin()
  }

  close(): void {
    this.#passes.close()
  }

  // ---- bootstrap -----------------------------------------------------------------------------------------------

  #desk(): BootstrapDesk {
    const current = () => this.#grown?.bootstraps ?? this.#own.bootstraps
    return deskOf(current, {
      begin: (asking) => this.#own.bootstraps.begin(asking),
      keep: () => current().keep(),
      close: () => {
        this.#closed = true
        current().close()
      },
    })
  }
}
