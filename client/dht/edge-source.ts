// The edge as a source: over the home socket where that is open, for a frame there costs a fifth of a request; else over HTTP.

import { DHT_TRIES_MAX, DHT_WAIT_MS_MAX } from '../../protocol/limits/content.ts'
import type { DhtAnswer, DhtQuestion } from '../../protocol/wire/dht-frames.ts'
import type { DhtRefusal } from '../../protocol/wire/registry.ts'
import type { DhtOwner, DhtSource } from './contract.ts'
import { orAborted } from './signals.ts'

/** What a moment later may be otherwise. */
const PASSING: readonly DhtRefusal[] = ['busy', 'internal', 'rate-limited']

export class EdgeSource implements DhtSource {
  readonly #owner: Pick<DhtOwner, 'askHome'>
  readonly #http: DhtSource

  constructor(owner: Pick<DhtOwner, 'askHome'>, http: DhtSource) {
    this.#owner = owner
    this.#http = http
  }

  async ask(question: DhtQuestion, signal: AbortSignal): Promise<DhtAnswer | undefined> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#once(question, signal)
      if (answer?.kind !== 'refused' || !PASSING.includes(answer.reason)) return answer
      if (attempt >= DHT_TRIES_MAX || answer.retryAfterMs > DHT_WAIT_MS_MAX) return answer
      await pause(answer.retryAfterMs, signal)
    }
  }

  /** A socket that does not answer may be dead and not know it: then the other way. */
  async #once(question: DhtQuestion, signal: AbortSignal): Promise<DhtAnswer | undefined> {
    const home = this.#owner.askHome(question)
    const answer = home && (await orAborted(home, signal))
    return answer ?? this.#http.ask(question, signal)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  return orAborted(over, signal).finally(() => clearTimeout(timer))
}
