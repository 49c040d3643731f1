// A generation of our own: what our next broadcast is sealed under, and the position somebody is given who may read from there.

import { wipe } from '../handshake/schedule.ts'
import { SIZES, type Suite } from '../suite.ts'
import { messageKey, nextChain } from './chain.ts'
import { KEY_ID_BYTES, type Position } from './layout.ts'

export class SendingChain {
  readonly id: Uint8Array
  readonly sinceMs: number
  readonly #suite: Suite
  #key: Uint8Array
  #counter = 0
  #erased = false

  constructor(suite: Suite, nowMs: number) {
    this.#suite = suite
    this.id = suite.random(KEY_ID_BYTES)
    this.#key = suite.random(SIZES.hash)
    this.sinceMs = nowMs
  }

  get position(): Position {
    return { id: this.id, counter: this.#counter }
  }

  /** A copy, for who may read from here on. */
  get key(): Uint8Array {
    this.#check()
    return this.#key.slice()
  }

  /** Never two at once: the room queues. The position is spent before the sealing can fail. */
  async seal(aad: Uint8Array, padded: Uint8Array): Promise<Uint8Array> {
    this.#check()
    const { key, nonce } = await messageKey(this.#suite, this.#key)
    const next = await nextChain(this.#suite.hash, this.#key)
    wipe(this.#key)
    this.#key = next
    this.#counter++
    return key.seal(nonce, aad, padded)
  }

  erase(): void {
    this.#erased = true
    wipe(this.#key)
  }

  /** What comes of zeros is known to all. */
  #check(): void {
    if (this.#erased) throw new TypeError('this chain is erased')
  }
}
