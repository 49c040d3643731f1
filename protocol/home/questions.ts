// Questions to the DHT that wait for their answers: each is said on every socket until it is answered or its time is over, for
// asking twice changes nothing, and nobody knows what was under way when a socket broke.

import { HOME_QUESTION_MS, HOME_QUESTIONS_MAX } from '../limits/mailbox.ts'

interface Asked {
  readonly frame: Uint8Array
  readonly overAtMs: number
}

export class Questions {
  /** By token, in the order asked, which is the order in which they are over. */
  readonly #asked = new Map<number, Asked>()
  /** Not said on this socket yet. */
  #unsaid = new Set<number>()

  /** When the first of them is over; Infinity when there is none. */
  get overAtMs(): number {
    const [first] = this.#asked.values()
    return first?.overAtMs ?? Number.POSITIVE_INFINITY
  }

  /** False: there are as many as may be, or one of that token. */
  ask(token: number, frame: Uint8Array, nowMs: number): boolean {
    if (this.#asked.size >= HOME_QUESTIONS_MAX || this.#asked.has(token)) return false
    this.#asked.set(token, { frame, overAtMs: nowMs + HOME_QUESTION_MS })
    this.#unsaid.add(token)
    return true
  }

  /** On a new socket nothing was said. */
  again(): void {
    this.#unsaid = new Set(this.#asked.keys())
  }

  /** What is to be said now. */
  say(): readonly Uint8Array[] {
    const frames = [...this.#unsaid].flatMap((token) => this.#asked.get(token)?.frame ?? [])
    this.#unsaid.clear()
    return frames
  }

  /** False: nobody asked, or it is over. */
  answered(token: number): boolean {
    this.#unsaid.delete(token)
    return this.#asked.delete(token)
  }

  /** Those whose time is over; they are forgotten. */
  over(nowMs: number): readonly number[] {
    const tokens: number[] = []
    for (const [token, { overAtMs }] of this.#asked) {
      if (overAtMs > nowMs) break
      tokens.push(token)
    }
    for (const token of tokens) this.answered(token)
    return tokens
  }
}
