// The ICE servers of one client's direct connections, and the credentials of TURN among them: asked of the edge when a connection
// is about to be made, once for all of them, and renewed before they expire for as long as there are connections. An edge without
// TURN is never asked; nor is one whose servers the application replaced by its own. Comes with the direct connections.

import { type IceServer, parseIceServers } from '../protocol/bootstrap.ts'
import {
  TURN_ANSWER_MS,
  TURN_AWAITED_MS,
  TURN_FAILED_RETRY_MAX_MS,
  TURN_FAILED_RETRY_MS,
  TURN_RENEW_AT,
  TURN_RENEW_SPREAD,
} from '../protocol/limits/turn.ts'
import { type Alarm, setAlarm } from './alarm.ts'
import { nowMs } from './clock.ts'
import { watchNetwork } from './network-watch.ts'
import { traced } from './trace.ts'
import type { TurnStatus } from './types.ts'

export interface IceSource {
  readonly network: string
  /** `baseOf`: the edge at which a pass is good, ending in a slash. */
  readonly passes: { get(): Promise<string>; baseOf(pass: string): URL }
  readonly bootstraps: { readonly iceServers: readonly IceServer[]; readonly turn: boolean }
  /** The application's, which win. */
  readonly own: readonly IceServer[] | undefined
}

interface Held {
  readonly servers: readonly IceServer[]
  readonly untilMs: number
}

export class IceServers {
  readonly #source: IceSource
  readonly #connections = new Set<() => void>()
  #held: Held | undefined
  /** When to ask, or to ask again. */
  #askAtMs = 0
  #asking: Promise<void> | undefined
  #alarm: Alarm | undefined
  #stopWatching: (() => void) | undefined
  #given = 0
  #failures = 0
  /** Since the last success. */
  #failedInARow = 0

  constructor(source: IceSource) {
    this.#source = source
  }

  /** Those of the moment. */
  get now(): readonly IceServer[] {
    const { own, bootstraps } = this.#source
    return own ?? (this.#good ? this.#held?.servers : undefined) ?? bootstraps.iceServers
  }

  /** Undefined where no credentials are ever asked for. */
  get status(): TurnStatus | undefined {
    if (!this.#wanted) return undefined
    const failed = this.#failedInARow > 0 ? 'failed' : 'idle'
    return {
      state: this.#good ? 'held' : this.#asking === undefined ? failed : 'asking',
      expiresInMs: this.#good ? Math.max(0, (this.#held?.untilMs ?? 0) - nowMs()) : undefined,
      given: this.#given,
      failures: this.#failures,
    }
  }

  /** When `now` is as good as it will be for the next connection; undefined: at once. Bounded: a connection without TURN may do. */
  ready(): Promise<void> | undefined {
    if (!this.#wanted) return undefined
    if (nowMs() >= this.#askAtMs) this.#ask()
    if (this.#good || this.#asking === undefined) return undefined
    let timer: ReturnType<typeof setTimeout>
    const awaited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, TURN_AWAITED_MS)
    })
    return Promise.race([this.#asking, awaited]).finally(() => clearTimeout(timer))
  }

  /** While a connection lives, its credentials are renewed, and it is told. Gives the way to end that. */
  follow(renewed: () => void): () => void {
    this.#connections.add(renewed)
    this.#stopWatching ??= watchNetwork(() => this.#networkChanged())
    this.#schedule()
    return () => {
      this.#connections.delete(renewed)
      if (this.#connections.size > 0) return
      this.#alarm?.cancel()
      this.#alarm = undefined
      this.#stopWatching?.()
      this.#stopWatching = undefined
    }
  }

  get #wanted(): boolean {
    return this.#source.own === undefined && this.#source.bootstraps.turn
  }

  get #good(): boolean {
    return this.#held !== undefined && nowMs() < this.#held.untilMs
  }

  #networkChanged(): void {
    if (this.#failedInARow === 0) return
    this.#failedInARow = 1
    this.#askAtMs = 0
    this.#schedule()
  }

  /** Before anybody needed them there is nothing to renew. */
  #schedule(): void {
    this.#alarm?.cancel()
    this.#alarm = undefined
    if (this.#connections.size === 0 || this.#asking !== undefined) return
    if ((this.#held === undefined && this.#failedInARow === 0) || this.#askAtMs === Number.POSITIVE_INFINITY)
      return
    this.#alarm = setAlarm(this.#askAtMs, () => {
      this.#alarm = undefined
      this.#ask()
    })
  }

  #ask(): void {
    if (this.#asking !== undefined || !this.#wanted) return
    this.#asking = this.#fetch().then((after) => {
      this.#asking = undefined
      this.#schedule()
      if (after === 'renewed') for (const renewed of [...this.#connections]) renewed()
    })
  }

  async #fetch(): Promise<'renewed' | 'failed'> {
    const { network, passes } = this.#source
    let retryAfterMs = 0
    try {
      const pass = await passes.get()
      const url = new URL('v1/turn', passes.baseOf(pass))
      url.searchParams.set('network', network)
      const signal = AbortSignal.timeout(TURN_ANSWER_MS)
      const headers = { Authorization: `Bearer ${pass}` }
      const response = await fetch(traced(url), { headers, signal, cache: 'no-store' })
      const body = (await response.json()) as Record<string, unknown> | null
      if (response.ok && this.#take(body)) return 'renewed'
      const { retryAfterMs: said } = (body?.error ?? {}) as { retryAfterMs?: unknown }
      if (typeof said === 'number') retryAfterMs = Math.min(said, TURN_FAILED_RETRY_MAX_MS)
    } catch {
      // Offline, silent, refused a pass, or no edge at all: asked again as for any other failure.
    }
    this.#failures++
    const backoffMs = Math.min(TURN_FAILED_RETRY_MAX_MS, TURN_FAILED_RETRY_MS * 2 ** this.#failedInARow++)
    this.#askAtMs = nowMs() + Math.max(retryAfterMs, backoffMs * (0.5 + Math.random() / 2))
    return 'failed'
  }

  /** By the lifetime and not by the hour of expiry, since clocks differ. */
  #take(body: Record<string, unknown> | null): boolean {
    const servers = parseIceServers(body?.iceServers)
    const lifetimeMs = body?.lifetimeMs ?? Number.POSITIVE_INFINITY
    if (servers === undefined || typeof lifetimeMs !== 'number' || !(lifetimeMs > 0)) return false
    const share = TURN_RENEW_AT + (Math.random() * 2 - 1) * TURN_RENEW_SPREAD
    this.#held = { servers, untilMs: nowMs() + lifetimeMs }
    this.#askAtMs = nowMs() + lifetimeMs * share
    this.#given++
    this.#failedInARow = 0
    return true
  }
}
