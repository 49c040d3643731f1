// What the page shows of a network, kept up to date: the edge's events say what changed, and where there are none it is asked
// again and again. While nobody looks nothing is asked.

import { DASHBOARD_ASKS_MS } from '../../../protocol/limits/network.ts'
import { type Answer, askFor, type Failure, type Question } from '../edge/ask.ts'
import { readEvents } from '../edge/events.ts'
import {
  type NetworkHealth,
  type QueueStats,
  readNetworkHealth,
  readQueueStats,
  readTopology,
  type Topology,
} from '../edge/shapes.ts'
import { isRecord } from '../health.ts'

/** How fresh what is shown is. */
export type Freshness =
  | { readonly kind: 'asking' }
  /** `live`: by events. Otherwise by asking. */
  | { readonly kind: 'fresh'; readonly live: boolean; readonly heardAtMs: number }
  /** Nothing came for a while: what is shown was true then. */
  | { readonly kind: 'stale'; readonly heardAtMs: number; readonly forMs: number }
  | { readonly kind: 'failed'; readonly failure: Failure }

export interface FeedListener {
  freshness(freshness: Freshness): void
  health(health: NetworkHealth): void
  topology(topology: Topology): void
  topologyFailed(failure: Failure): void
  queues(queues: Answer<QueueStats>): void
}

export const STALE_AFTER_MS = 12_000
const ASK_EVERY_MS = 3_000
const QUEUES_EVERY_MS = 10_000
const TOPOLOGY_EVERY_MS = 15_000
/** Somebody came or went. More come or go at once, mostly; and thousands of links are not fetched for each of them. */
const TOPOLOGY_PAUSE_MS = 1_000
const STREAM_AGAIN_MS = 3_000
const STREAM_AGAIN_MS_MAX = 60_000
const LIMIT_PEERS = 2_000

export class Feed {
  readonly #network: string
  readonly #listener: FeedListener
  readonly #ended = new AbortController()
  #heardAtMs: number | undefined
  #failure: Failure | undefined
  #live = false
  #streamPauseMs = STREAM_AGAIN_MS
  #topologyDue: ReturnType<typeof setTimeout> | undefined
  #shown = { peers: -1, links: -1 }

  constructor(network: string, listener: FeedListener) {
    this.#network = network
    this.#listener = listener
    listener.freshness({ kind: 'asking' })
    void this.#streamForever()
    // With events there is little to ask for; without, all of it is news.
    const every = (ms: number) => () => (this.#live ? DASHBOARD_ASKS_MS : ms)
    void this.#every(every(ASK_EVERY_MS), this.#askHealth)
    void this.#every(every(TOPOLOGY_EVERY_MS), this.#askTopology)
    void this.#every(every(QUEUES_EVERY_MS), this.#askQueues)
    void this.#every(() => 1_000, this.#judge)
  }

  end(): void {
    this.#ended.abort()
    clearTimeout(this.#topologyDue)
  }

  /** Now, because something is different: another token, or the visitor says so. */
  askNow(): void {
    void this.#askHealth()
    void this.#askTopology()
    void this.#askQueues()
  }

  #path(route: string, more = ''): string {
    return `/network/${route}?network=${encodeURIComponent(this.#network)}${more}`
  }

  get #question(): Question {
    return { signal: this.#ended.signal }
  }

  #askHealth = async (): Promise<void> => {
    const answer = await askFor(this.#path('health'), readNetworkHealth, this.#question)
    if (this.#ended.signal.aborted) return
    if ('failure' in answer) this.#failure = answer.failure
    else this.#tookHealth(answer.value)
    this.#judge()
  }

  #askTopology = async (): Promise<void> => {
    const path = this.#path('topology', `&limit=${LIMIT_PEERS}`)
    const answer = await askFor(path, readTopology, this.#question)
    if (this.#ended.signal.aborted) return
    if ('failure' in answer) return this.#listener.topologyFailed(answer.failure)
    this.#listener.topology(answer.value)
  }

  #askQueues = async (): Promise<void> => {
    const answer = await askFor(this.#path('queue/stats'), readQueueStats, this.#question)
    if (!this.#ended.signal.aborted) this.#listener.queues(answer)
  }

  #tookHealth(health: NetworkHealth): void {
    this.#heard()
    this.#listener.health(health)
    const [peers, links] = [health.peers, health.links.direct + health.links.relay]
    const changed = peers !== this.#shown.peers || links !== this.#shown.links
    if (changed && this.#shown.peers >= 0) this.#planTopology()
    this.#shown = { peers, links }
  }

  #planTopology(): void {
    this.#topologyDue ??= setTimeout(() => {
      this.#topologyDue = undefined
      void this.#askTopology()
    }, TOPOLOGY_PAUSE_MS)
  }

  #heard(): void {
    this.#heardAtMs = Date.now()
    this.#failure = undefined
  }

  async #streamForever(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const listener = {
        heard: () => {
          this.#live = true
          this.#streamPauseMs = STREAM_AGAIN_MS
          // A comment too: nothing is new, and that is fresh.
          this.#heard()
        },
        event: (name: string, data: unknown) => this.#happened(name, data),
      }
      const failure = await readEvents(this.#path('events'), listener, this.#ended.signal)
      this.#live = false
      // An edge without events is asked for them ever more rarely.
      if (failure !== undefined) this.#streamPauseMs = Math.min(this.#streamPauseMs * 2, STREAM_AGAIN_MS_MAX)
      await pause(this.#streamPauseMs, this.#ended.signal)
    }
  }

  #happened(name: string, data: unknown): void {
    if (!isRecord(data)) return
    this.#heard()
    switch (name) {
      case 'health': {
        const health = readNetworkHealth(data)
        if (health !== undefined) this.#tookHealth(health)
        break
      }
      case 'peer-joined':
      case 'peer-left':
        this.#planTopology()
        break
    }
    this.#judge()
  }

  #judge = (): void => {
    const nowMs = Date.now()
    const heardAtMs = this.#heardAtMs
    if (heardAtMs !== undefined) {
      const forMs = nowMs - heardAtMs
      if (forMs >= STALE_AFTER_MS) this.#listener.freshness({ kind: 'stale', heardAtMs, forMs })
      else this.#listener.freshness({ kind: 'fresh', live: this.#live, heardAtMs })
    } else if (this.#failure !== undefined) {
      this.#listener.freshness({ kind: 'failed', failure: this.#failure })
    }
  }

  async #every(pauseMs: () => number, act: () => Promise<void> | void): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await act()
      await pause(pauseMs(), this.#ended.signal)
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', over)
      resolve()
    }
    const timer = setTimeout(over, ms)
    signal.addEventListener('abort', over)
  })
}
