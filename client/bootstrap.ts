// Asks what an edge has to say before anything else. In the first file of a page, so that it is asked before the rest is loaded, which
// reads the answer (kept-bootstrap.ts).

import { WaypostError } from '../protocol/errors.ts'
import { traced } from './trace.ts'

/** Between tries while the edge does not answer: a page that loads while the network comes up should not have to retry. */
export const RETRY_MS = 500

/** An edge that is silent for so long is asked again: among many a connection may be the one that is not looked at. */
const ANSWER_MS = 10_000

export interface Answer {
  readonly ok: boolean
  readonly status: number
  readonly text: string
}

export interface Asking {
  /** Rejects with `edge-unreachable` when there was none until then. */
  readonly answer: Promise<Answer>
  /** A try found nobody. There are others, until there is an answer. */
  readonly failed: Promise<void>
  /** Fires when nobody wants to know any more. */
  readonly until: AbortSignal
}

export function askEdge(base: URL, network: string, until: AbortSignal, paused = pause): Asking {
  const url = new URL('v1/bootstrap', base)
  url.searchParams.set('network', network)
  let fail = () => {}
  const failed = new Promise<void>((resolve) => {
    fail = resolve
  })
  const answer = answerOf(url, until, () => {
    fail()
    return paused(RETRY_MS, until)
  })
  answer.catch(() => {}) // Whoever asked may not be listening yet.
  return { answer, failed, until }
}

async function answerOf(url: URL, until: AbortSignal, failed: () => Promise<void>): Promise<Answer> {
  let cause: unknown
  while (!until.aborted) {
    try {
      const signal = AbortSignal.any([until, AbortSignal.timeout(ANSWER_MS)])
      const response = await fetch(traced(url), { signal, headers: { Accept: 'application/json' } })
      const { ok, status } = response
      // Throws when the connection breaks in the middle: that is worth another try.
      if (status < 500 && status !== 429) return { ok, status, text: await response.text() }
      cause = new Error(`status ${status}`)
    } catch (error) {
      if (!until.aborted) cause = error
    }
    if (!until.aborted) await failed()
  }
  throw new WaypostError('edge-unreachable', `no answer from ${url.origin}`, { cause })
}

/** Over at once when the signal fires. */
export function pause(ms: number, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    until.addEventListener('abort', done, { once: true })
    function done() {
      clearTimeout(timer)
      until.removeEventListener('abort', done)
      resolve()
    }
  })
}
