// The edges that peers told of, and who did. Nobody can say which of them are good; so none is believed more than others but by how
// many told of it, and no teller has more than a few.

import {
  INTRODUCTION_EDGE_KEPT_MS,
  INTRODUCTION_EDGE_TELLERS_MAX,
  INTRODUCTION_EDGES_KEPT_MAX,
  INTRODUCTION_EDGES_OF_TELLER_MAX,
} from '../limits/introductions.ts'
import type { Random } from '../machine.ts'
import type { ToldEdge } from './contract.ts'

interface Told {
  readonly url: string
  tellers: string[]
  toldAtMs: number
}

export class ToldEdges {
  readonly #told = new Map<string, Told>()
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** Those first that several told of; of as many, as they came. */
  get all(): readonly ToldEdge[] {
    return [...this.#told.values()]
      .map(({ url, tellers, toldAtMs }) => ({ url, tellers: [...tellers], toldAtMs }))
      .sort((one, other) => other.tellers.length - one.tellers.length)
  }

  /** As they were kept: so many, and of so many tellers. */
  restore(edges: readonly ToldEdge[], nowMs: number): void {
    for (const edge of edges)
      if (nowMs - edge.toldAtMs < INTRODUCTION_EDGE_KEPT_MS)
        this.#told.set(edge.url, { ...edge, tellers: [...edge.tellers] })
  }

  /** Whether something of it is news. */
  add(url: string, teller: string, nowMs: number): boolean {
    const known = this.#told.get(url)
    if (known !== undefined) known.toldAtMs = nowMs
    if (known?.tellers.includes(teller) || known?.tellers.length === INTRODUCTION_EDGE_TELLERS_MAX)
      return false
    const own = [...this.#told.values()].filter(({ tellers }) => tellers.includes(teller))
    const [first] = own
    if (own.length >= INTRODUCTION_EDGES_OF_TELLER_MAX && first !== undefined) this.#untell(first, teller)
    if (known === undefined) {
      if (this.#told.size >= INTRODUCTION_EDGES_KEPT_MAX) this.#forgetOne()
      this.#told.set(url, { url, tellers: [teller], toldAtMs: nowMs })
      return true
    }
    known.tellers.push(teller)
    return true
  }

  /** It lied: whether anything went with it. */
  forgetTeller(teller: string): boolean {
    const own = [...this.#told.values()].filter(({ tellers }) => tellers.includes(teller))
    for (const told of own) this.#untell(told, teller)
    return own.length > 0
  }

  expire(nowMs: number): void {
    for (const [url, { toldAtMs }] of this.#told)
      if (nowMs - toldAtMs >= INTRODUCTION_EDGE_KEPT_MS) this.#told.delete(url)
  }

  #untell(told: Told, teller: string): void {
    told.tellers = told.tellers.filter((other) => other !== teller)
    if (told.tellers.length === 0) this.#told.delete(told.url)
  }

  /** By chance: neither who comes first nor who comes last has them all. */
  #forgetOne(): void {
    const fewest = Math.min(...[...this.#told.values()].map(({ tellers }) => tellers.length))
    const urls = [...this.#told.values()].flatMap(({ url, tellers }) =>
      tellers.length === fewest ? [url] : [],
    )
    const url = urls[Math.floor(this.#random() * urls.length)]
    if (url !== undefined) this.#told.delete(url)
  }
}
