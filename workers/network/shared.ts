// What one request has asked for is good for others of the same isolate, for a while: so that many who watch a network cost no more than
// one. Values only: a promise that was made while serving one request may never resolve for another.

interface Entry<T> {
  value: T | undefined
  atMs: number
  /** Somebody has asked since, and not heard yet. */
  askedAtMs: number
}

export class Shared<T> {
  readonly #most: number
  readonly #patienceMs: number
  /** Those used last are last. */
  readonly #entries = new Map<string, Entry<T>>()

  /** `patienceMs`: whoever asked and has not heard by then went away. */
  constructor(most: number, patienceMs: number) {
    this.#most = most
    this.#patienceMs = patienceMs
  }

  /** No older than `freshMs`, or by a question that is under way older than that. `ask` is given what was known before. */
  async get(key: string, freshMs: number, ask: (known: T | undefined) => Promise<T>): Promise<T> {
    const nowMs = Date.now()
    const entry = this.#entry(key)
    const { value } = entry
    if (value !== undefined && (nowMs - entry.atMs < freshMs || nowMs - entry.askedAtMs < this.#patienceMs))
      return value
    entry.askedAtMs = nowMs
    try {
      const asked = await ask(value)
      entry.value = asked
      entry.atMs = nowMs
      return asked
    } finally {
      if (entry.askedAtMs === nowMs) entry.askedAtMs = Number.NEGATIVE_INFINITY
    }
  }

  #entry(key: string): Entry<T> {
    const never = Number.NEGATIVE_INFINITY
    const entry = this.#entries.get(key) ?? { value: undefined, atMs: never, askedAtMs: never }
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    for (const oldest of this.#entries.keys())
      if (this.#entries.size > this.#most) this.#entries.delete(oldest)
    return entry
  }
}
