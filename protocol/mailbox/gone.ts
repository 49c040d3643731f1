// Ids of letters that are no more, so that a put repeated because its answer got lost is known and not delivered twice.

import { MAILBOX_GONE_REMEMBERED } from '../limits/mailbox.ts'
import { keyOf } from './heads.ts'

export class GoneLetters {
  readonly #endsMs = new Map<string, number>()

  add(id: Uint8Array, expiresAtMs: number): void {
    this.#endsMs.set(keyOf(id), expiresAtMs)
    for (const oldest of this.#endsMs.keys()) {
      if (this.#endsMs.size <= MAILBOX_GONE_REMEMBERED) break
      this.#endsMs.delete(oldest)
    }
  }

  /** When the letter of this key (keyOf) would have ended; undefined for one that is not remembered. */
  endMs(key: string): number | undefined {
    return this.#endsMs.get(key)
  }
}
