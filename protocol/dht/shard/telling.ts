// Splits that the parent has not heard of yet, and when it is told again.

import { SHARD_TELL_BASE_MS, SHARD_TELL_MAX_MS } from '../../limits/shard.ts'

export class Telling {
  readonly #untold = new Set<string>()
  #atMs = 0
  #tries = 0

  get atMs(): number {
    return this.#untold.size === 0 ? Number.POSITIVE_INFINITY : this.#atMs
  }

  add(prefix: string): void {
    this.#untold.add(prefix)
    this.#tries = 0
    this.#atMs = 0
  }

  /** What is to be said now; the next time is after a while, whatever comes of this one. */
  due(nowMs: number): string[] {
    if (this.atMs > nowMs) return []
    this.#wait(nowMs)
    return [...this.#untold]
  }

  heard(prefixes: readonly string[]): void {
    for (const prefix of prefixes) this.#untold.delete(prefix)
    this.#tries = 0
  }

  failed(nowMs: number): void {
    this.#wait(nowMs)
  }

  #wait(nowMs: number): void {
    this.#atMs = nowMs + Math.min(SHARD_TELL_BASE_MS * 2 ** this.#tries, SHARD_TELL_MAX_MS)
    this.#tries++
  }
}
