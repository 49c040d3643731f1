// Which challenges have been answered lately, as far as this isolate knows. It bounds what one stamp can make us compute;
// it is not what keeps a stamp from being used twice: a stamp is good for one key only, and a second pass for the same
// key is no gain to anybody. (An edge has many isolates, each with its own memory and a short life.)

import { CHALLENGE_LIFETIME_MS, CHALLENGE_TRIES_MAX, SPENT_REMEMBERED_MAX } from '../../limits/admission.ts'
import { toBase64url } from '../../wire/base64url.ts'

export class SpentChallenges {
  #young = new Map<string, number>()
  #old = new Map<string, number>()
  #turnedAtMs = 0

  /** Whether it has been answered as often as it may be. */
  isSpent(challenge: Uint8Array): boolean {
    return this.#count(toBase64url(challenge)) >= CHALLENGE_TRIES_MAX
  }

  /**
   * To be called once its stamp is found good: only work that was paid for fills the memory. False when it is spent, which
   * it may have become while the stamp was being checked.
   */
  take(challenge: Uint8Array, nowMs: number): boolean {
    if (this.isSpent(challenge)) return false
    // What the older half has is older than a challenge can live, or the memory is full.
    if (nowMs - this.#turnedAtMs > CHALLENGE_LIFETIME_MS || this.#young.size >= SPENT_REMEMBERED_MAX) {
      this.#old = this.#young
      this.#young = new Map()
      this.#turnedAtMs = nowMs
    }
    const key = toBase64url(challenge)
    this.#young.set(key, this.#count(key) + 1)
    return true
  }

  #count(key: string): number {
    return this.#young.get(key) ?? this.#old.get(key) ?? 0
  }
}
