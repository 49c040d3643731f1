// Asks several edges in their order, the next when the one before failed or has been silent for long; nobody waits for an edge
// that is not there.

import { EDGE_SILENT_MS } from '../../protocol/limits/edges.ts'
import { type Asking, askEdge, pause } from '../bootstrap.ts'
import type { Candidate } from './candidate.ts'

export interface FirstAnswer {
  /** Its place. Rejects as the first edge's answer does, when none has any. */
  readonly answered: Promise<number>
  /** All of them failed once, or have been silent. */
  readonly silent: Promise<void>
}

/** `first`: the asking of the first of them, which is under way; all end when that would. */
export function firstAnswer(candidates: readonly Candidate[], first: Asking, over: AbortSignal): FirstAnswer {
  const found = new AbortController()
  const until = AbortSignal.any([first.until, over, found.signal])
  let silent: Promise<unknown> = Promise.resolve()
  const tries = candidates.map(async (candidate, index) => {
    const before = silent
    let done = () => {}
    silent = new Promise<void>((resolve) => {
      done = resolve
    })
    await before
    until.throwIfAborted()
    const { answer, failed } = index === 0 ? first : askEdge(candidate.base, candidate.network, until)
    void Promise.race([failed, answer.catch(() => {}), pause(EDGE_SILENT_MS, until)]).then(done)
    candidate.hears(await answer)
    return index
  })
  // A slower answer is nobody's business any more; of several reasons, the first edge's is the application's.
  const answered = Promise.any(tries).then(
    (index) => {
      found.abort()
      return index
    },
    async (problem: AggregateError) => {
      throw problem.errors[0]
    },
  )
  return { answered, silent: silent.then(() => {}) }
}
