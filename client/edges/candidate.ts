// One of several edges: its passes, what it said, and how it is looked at.

import { EDGE_ANSWER_MS } from '../../protocol/limits/edges.ts'
import { type Answer, askEdge } from '../bootstrap.ts'
import { Bootstraps, Passes } from '../secure.ts'
import type { EdgesPlace } from './edges.ts'

export class Candidate {
  readonly base: URL
  /** Another edge named it, not the application. */
  readonly learnt: boolean
  readonly network: string
  readonly passes: Passes
  readonly bootstraps: Bootstraps
  onSocket: (socket: object, entered: boolean) => void = () => {}

  constructor(base: URL, learnt: boolean, place: EdgesPlace) {
    this.base = base
    this.learnt = learnt
    this.network = place.network
    const onSocket = (socket: object, entered: boolean) => this.onSocket(socket, entered)
    this.passes = new Passes({ ...place, base, onSocket })
    this.bootstraps = new Bootstraps(base, place.network, place.store)
  }

  /** Throws what a refusal says, and what answers and is no edge. */
  hears(answer: Answer): void {
    this.passes.offer(this.bootstraps.hears(answer))
    void this.bootstraps.keep()
  }

  /** Asks it once. */
  async looksWell(until: AbortSignal): Promise<boolean> {
    const enough = new AbortController()
    const signal = AbortSignal.any([until, enough.signal, AbortSignal.timeout(EDGE_ANSWER_MS)])
    const { answer, failed } = askEdge(this.base, this.network, signal)
    void failed.then(() => enough.abort())
    try {
      this.hears(await answer)
      return true
    } catch {
      return false
    }
  }
}
