// The announcements that are kept: of each peer the newest, each charged to whoever told of it first, so that who tells of a
// thousand replaces his own.

import { compareVersions } from '../dht/records/compare.ts'
import {
  INTRODUCTION_LEAST_MS,
  INTRODUCTIONS_KEPT_MAX,
  INTRODUCTIONS_OF_TELLER_MAX,
} from '../limits/introductions.ts'
import type { Random } from '../machine.ts'
import type { Introduced } from './contract.ts'

interface Kept {
  readonly introduced: Introduced
  readonly teller: string
}

export class KnownPeers {
  readonly #kept = new Map<string, Kept>()
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  get size(): number {
    return this.#kept.size
  }

  /** What was told by another before stays that one's, however new it is: nobody takes over what others found. */
  add(introduced: Introduced, teller: string): void {
    const { peer } = introduced
    const known = this.#kept.get(peer)
    if (known !== undefined) {
      if (compareVersions(introduced, known.introduced) > 0)
        this.#kept.set(peer, { introduced, teller: known.teller })
      return
    }
    const own = this.#of(teller)
    if (own.length >= INTRODUCTIONS_OF_TELLER_MAX) this.#forgetOne(own)
    else if (this.#kept.size >= INTRODUCTIONS_KEPT_MAX) this.#forgetOne(this.#most())
    this.#kept.set(peer, { introduced, teller })
  }

  /** Nothing that only a liar told is kept. */
  forgetTeller(teller: string): void {
    for (const peer of this.#of(teller)) this.#kept.delete(peer)
  }

  expire(nowMs: number): void {
    for (const [peer, { introduced }] of this.#kept)
      if (introduced.expiresAtMs <= nowMs) this.#kept.delete(peer)
  }

  /** Which we have: by chance, where there are more than may be said. */
  digests(most: number): readonly Uint8Array[] {
    return this.#shuffled()
      .slice(0, most)
      .map(({ introduced }) => introduced.digest)
  }

  /**
   * As different as they are to be had: each next one is of the region and of the teller of whom there are fewest among those
   * before; of equals, by chance.
   */
  sample(most: number, nowMs: number, isWanted: (kept: Introduced, teller: string) => boolean): Introduced[] {
    const left = this.#shuffled().filter(
      ({ introduced, teller }) =>
        introduced.expiresAtMs - nowMs >= INTRODUCTION_LEAST_MS && isWanted(introduced, teller),
    )
    const seen = new Map<string, number>()
    const countOf = ({ introduced, teller }: Kept) =>
      (seen.get(`in ${introduced.region}`) ?? 0) + (seen.get(`by ${teller}`) ?? 0)
    const sample: Introduced[] = []
    while (sample.length < most && left.length > 0) {
      let next = 0
      for (const [at, kept] of left.entries()) if (countOf(kept) < countOf(left[next] as Kept)) next = at
      const [chosen] = left.splice(next, 1)
      const { introduced, teller } = chosen as Kept
      for (const what of [`in ${introduced.region}`, `by ${teller}`])
        seen.set(what, (seen.get(what) ?? 0) + 1)
      sample.push(introduced)
    }
    return sample
  }

  #of(teller: string): string[] {
    return [...this.#kept].flatMap(([peer, kept]) => (kept.teller === teller ? [peer] : []))
  }

  /** All of the teller who has most. */
  #most(): string[] {
    const counts = new Map<string, number>()
    for (const { teller } of this.#kept.values()) counts.set(teller, (counts.get(teller) ?? 0) + 1)
    const [first] = [...counts].sort(([, one], [, other]) => other - one)
    return first === undefined ? [] : this.#of(first[0])
  }

  #forgetOne(peers: readonly string[]): void {
    const peer = peers[Math.floor(this.#random() * peers.length)]
    if (peer !== undefined) this.#kept.delete(peer)
  }

  #shuffled(): Kept[] {
    return [...this.#kept.values()]
      .map((kept) => ({ kept, at: this.#random() }))
      .sort((one, other) => one.at - other.at)
      .map(({ kept }) => kept)
  }
}
