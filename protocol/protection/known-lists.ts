// What a Worker or an object goes by when somebody comes: the lists of those registries it asked lately. Asking is its host's;
// here is how old an answer may be, and what is said when there is none.

import { LISTED_FRESH_MS, LISTED_KEPT_MS, LISTED_LISTS_MAX, LISTED_STALE_MS } from '../limits/protection.ts'
import { type PeerId, peerIdText } from '../peer-id.ts'
import type { ListedPeers } from './contract.ts'

/** `unknown`: nobody could be asked for longer than anything is believed. */
export type Verdict =
  | { readonly kind: 'clear' }
  | { readonly kind: 'listed'; readonly untilMs: number | null }
  | { readonly kind: 'unknown' }

export const CLEAR: Verdict = { kind: 'clear' }

/** Whether a registry is to be asked: not at all, without waiting for the answer, or before anything is said. */
export type Asking = 'no' | 'meanwhile' | 'first'

interface Known {
  readonly version: string
  readonly untilMs: ReadonlyMap<PeerId, number | null>
  readonly atMs: number
  /** It is being asked for again: until then nobody else need. */
  askedUntilMs: number
}

/** By the names of registries. */
export class KnownLists {
  readonly #lists = new Map<string, Known>()

  /** Whoever is told `meanwhile` asks: nobody else is told so for a while. */
  asking(registry: string, nowMs: number): Asking {
    const known = this.#lists.get(registry)
    if (known === undefined || nowMs - known.atMs >= LISTED_STALE_MS) return 'first'
    if (nowMs - known.atMs < LISTED_FRESH_MS || nowMs < known.askedUntilMs) return 'no'
    known.askedUntilMs = nowMs + LISTED_FRESH_MS
    return 'meanwhile'
  }

  versionOf(registry: string): string | undefined {
    return this.#lists.get(registry)?.version
  }

  /** Undefined: nothing changed. */
  told(registry: string, list: ListedPeers | undefined, nowMs: number): void {
    const before = this.#lists.get(registry)
    if (this.#lists.size >= LISTED_LISTS_MAX && before === undefined) this.#lists.clear()
    const heard = { atMs: nowMs, askedUntilMs: 0 }
    if (list !== undefined) {
      const untilMs = new Map(list.peers.map((peer) => [peer.id, peer.untilMs]))
      this.#lists.set(registry, { version: list.version, untilMs, ...heard })
    } else if (before !== undefined) this.#lists.set(registry, { ...before, ...heard })
  }

  verdict(registry: string, peer: Uint8Array, nowMs: number): Verdict {
    const known = this.#lists.get(registry)
    if (known === undefined || nowMs - known.atMs >= LISTED_KEPT_MS) return { kind: 'unknown' }
    const untilMs = known.untilMs.get(peerIdText(peer))
    return untilMs === undefined || (untilMs !== null && untilMs <= nowMs)
      ? CLEAR
      : { kind: 'listed', untilMs }
  }
}

/** As a refusal on a socket says it; 0 where no time is known. A socket's field holds 49 days. */
export function retryAfterMsOf(untilMs: number | null, nowMs: number): number {
  return untilMs === null ? 0 : Math.min(Math.max(1, Math.ceil(untilMs - nowMs)), 2 ** 32 - 1)
}
