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
}

/** By the names of registries. */
export class KnownLists {
  readonly #lists = new Map<string, Known>()
  /** Of each registry that is being asked, until when nobody else need. */
  readonly #asked = new Map<string, number>()

  /** Whoever is told `meanwhile` asks: nobody else is told so for a while. */
  asking(registry: string, nowMs: number): Asking {
    const ageMs = nowMs - (this.#lists.get(registry)?.atMs ?? Number.NEGATIVE_INFINITY)
    if (ageMs < LISTED_FRESH_MS) return 'no'
    if (ageMs >= LISTED_STALE_MS) return 'first'
    if (nowMs < (this.#asked.get(registry) ?? 0)) return 'no'
    this.#asked.set(registry, nowMs + LISTED_FRESH_MS)
    return 'meanwhile'
  }

  versionOf(registry: string): string | undefined {
    return this.#lists.get(registry)?.version
  }

  /** Undefined: nothing changed. */
  told(registry: string, list: ListedPeers | undefined, nowMs: number): void {
    const before = this.#lists.get(registry)
    if (this.#lists.size >= LISTED_LISTS_MAX && before === undefined) this.#lists.clear()
    const { version, peers } = list ?? {}
    if (version !== undefined && peers !== undefined) {
      const untilMs = new Map(peers.map((peer) => [peer.id, peer.untilMs]))
      this.#lists.set(registry, { version, untilMs, atMs: nowMs })
    } else if (before !== undefined) this.#lists.set(registry, { ...before, atMs: nowMs })
    this.#asked.delete(registry)
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
