// The letters that came and what became of them, by their ids: held until they are taken, taken until the mailbox has surely
// heard of it. `took` has no answer, so a mailbox whose socket broke sends again whatever it did not hear of; of those
// that we took it is told once more, and those that we hold are not handed over twice.

import { HOME_HELD_WINDOWS, HOME_TAKEN_REMEMBERED, MAILBOX_TOOK_MAX } from '../limits/mailbox.ts'
import { toBase64url } from '../wire/base64url.ts'
import type { HomeWindow } from './contract.ts'

export class Shelf {
  readonly #window: HomeWindow
  /** Bytes of those handed over and not taken. */
  readonly #held = new Map<string, number>()
  #heldBytes = 0
  /** The last ones, oldest first. Their own bytes: a view would keep the whole message they came in. */
  readonly #taken = new Map<string, Uint8Array>()
  /** Of those taken: the mailbox is to be told. */
  readonly #unsaid = new Map<string, Uint8Array>()

  constructor(window: HomeWindow) {
    this.#window = window
  }

  get heldLetters(): number {
    return this.#held.size
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** There is room for all that a mailbox sends at once. */
  get hasRoom(): boolean {
    const { letters, bytes } = this.#window
    return this.#held.size <= letters && this.#heldBytes <= bytes
  }

  holds(id: Uint8Array): boolean {
    return this.#held.has(toBase64url(id))
  }

  get unsaid(): number {
    return this.#unsaid.size
  }

  /** `fresh`: held from now on. `full`: there is no room for it, and it is forgotten. */
  put(id: Uint8Array, bytes: number): 'fresh' | 'known' | 'full' {
    const key = toBase64url(id)
    if (this.#held.has(key)) return 'known'
    const taken = this.#taken.get(key)
    if (taken !== undefined) {
      this.#unsaid.set(key, taken)
      return 'known'
    }
    const { letters, bytes: windowBytes } = this.#window
    // Like the mailbox: one that is larger than everything goes alone.
    const alone = this.#held.size === 0
    const tooMany = this.#held.size >= letters * HOME_HELD_WINDOWS
    if (!alone && (tooMany || this.#heldBytes + bytes > windowBytes * HOME_HELD_WINDOWS)) return 'full'
    this.#held.set(key, bytes)
    this.#heldBytes += bytes
    return 'fresh'
  }

  take(id: Uint8Array): void {
    const key = toBase64url(id)
    this.#heldBytes -= this.#held.get(key) ?? 0
    this.#held.delete(key)
    const own = id.slice()
    this.#taken.delete(key) // Taken again is taken last.
    this.#taken.set(key, own)
    this.#unsaid.set(key, own)
    if (this.#taken.size <= HOME_TAKEN_REMEMBERED) return
    const [oldest] = this.#taken.keys() as MapIterator<string> & [string]
    this.#taken.delete(oldest)
    this.#unsaid.delete(oldest)
  }

  /** What one frame may say of those the mailbox is to be told of. */
  say(): Uint8Array[] {
    const said: Uint8Array[] = []
    for (const [key, id] of this.#unsaid) {
      if (said.length === MAILBOX_TOOK_MAX) break
      said.push(id)
      this.#unsaid.delete(key)
    }
    return said
  }
}
