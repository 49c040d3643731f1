// One of several edges: its passes, what it said, and how it is looked at.

import { EDGE_ANSWER_MS } from '../../protocol/limits/edges.ts'
import { type Answer, askEdge } from '../bootstrap.ts'
import { Bootstraps, Passes } from '../secure.ts'
import type { EdgesPlace } from './edges.ts'

export interface OwnOfEdge {
  readonly passes: Passes
  readonly bootstraps: Bootstraps
}

export class Candidate {
  readonly base: URL
  /** Another edge named it, or peers did (`told`), not the application. */
  readonly learnt: boolean
  readonly told: boolean
  readonly network: string
  readonly passes: Passes
  readonly bootstraps: Bootstraps
  onSocket: (socket: object, entered: boolean) => void = () => {}

  /** `own`: of an edge that was the only one until now. */
  constructor(base: URL, by: 'application' | 'edge' | 'peers', place: EdgesPlace, own?: OwnOfEdge) {
    this.base = base
    this.learnt = by !== 'application'
    this.told = by === 'peers'
    this.network = place.network
    const onSocket = (socket: object, entered: boolean) => this.onSocket(socket, entered)
    this.passes = own?.passes ?? new Passes({ ...place, base, onSocket })
    this.bootstraps = own?.bootstraps ?? new Bootstraps(base, place.network, place.store)
  }

  close(): void {
    this.passes.close()
    this.bootstraps.close()
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
