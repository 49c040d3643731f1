// A generation of somebody else's, from the position we were given. It only goes forward, and only for what opened: keys of what
// was stepped over are not kept, since what comes late would come out of order.

import { BROADCAST_STEPS_LEAST, BROADCAST_STEPS_MAX } from '../../limits/broadcast.ts'
import { wipe } from '../handshake/schedule.ts'
import type { Suite } from '../suite.ts'
import { messageKey, nextChain } from './chain.ts'
import type { BroadcastDrop } from './drops.ts'
import type { Position, SealedFrame } from './layout.ts'

export class ReceivingChain {
  readonly id: Uint8Array
  readonly #suite: Suite
  readonly #first: number
  #counter: number
  #key: Uint8Array
  #lost = false
  /** How many steps we follow; fewer after each frame for which it was in vain. */
  #reach = BROADCAST_STEPS_MAX
  #erased = false

  /** The key is this object's own from here on, and erased with it. */
  constructor(suite: Suite, { id, counter }: Position, key: Uint8Array) {
    this.#suite = suite
    this.id = id
    this.#first = counter
    this.#counter = counter
    this.#key = key
  }

  /** Of the next frame that can be opened. */
  get counter(): number {
    return this.#counter
  }

  /** More was lost than we step over: only a later position helps. */
  get lost(): boolean {
    return this.#lost
  }

  /** Never two at once: the room queues. Whatever the bytes are, this resolves. */
  async open(aad: Uint8Array, { counter, sealed }: SealedFrame): Promise<Uint8Array | BroadcastDrop> {
    if (this.#erased) return 'key-erased'
    if (counter < this.#first) return 'earlier'
    if (counter < this.#counter) return 'passed'
    if (counter - this.#counter > this.#reach) {
      this.#lost = true
      return 'too-far'
    }
    const there = await this.#walk(counter - this.#counter)
    const { key, nonce } = await messageKey(this.#suite, there)
    const padded = await key.open(nonce, aad, sealed)
    if (padded === undefined) this.#reach = Math.max(BROADCAST_STEPS_LEAST, this.#reach >>> 1)
    else this.#stand(await nextChain(this.#suite.hash, there), counter + 1)
    wipe(there)
    return padded ?? 'unopened'
  }

  /** A later position, after too much was lost. The key is ours then. False for one that is of no use. */
  leap(counter: number, key: Uint8Array): boolean {
    if (!this.#lost || this.#erased || counter <= this.#counter) return false
    this.#stand(key, counter)
    return true
  }

  erase(): void {
    this.#erased = true
    wipe(this.#key)
  }

  /** A copy of the chain's key so many steps on; ours stays, for the frame may be nobody's. */
  async #walk(steps: number): Promise<Uint8Array> {
    let key: Uint8Array = this.#key.slice()
    for (let step = 0; step < steps; step++) {
      const next = await nextChain(this.#suite.hash, key)
      wipe(key)
      key = next
    }
    return key
  }

  #stand(key: Uint8Array, counter: number): void {
    wipe(this.#key)
    this.#key = key
    this.#counter = counter
    this.#lost = false
    this.#reach = BROADCAST_STEPS_MAX
  }
}
