// The keys of one direction in one epoch. An epoch is a generation (since the last fresh secret) and a step (how often it was
// hashed forward since): from a step one comes to the next, never back. All channels of a direction step together, so nothing
// older is left lying in a channel that is idle.

import { RECORD_IV, RECORD_KEY, RECORD_STEP } from '../handshake/labels.ts'
import { expand, wipe } from '../handshake/schedule.ts'
import { type AeadKey, type Hash, SIZES, type Suite } from '../suite.ts'

/** Four bits each on the wire. */
const MODULUS = 16
/** How far ahead of us a sender may have stepped unheard; with as many behind and our own, a byte names one epoch. */
export const STEPS_AHEAD_MAX = 7
export const EPOCHS_BEHIND_MAX = 8

export interface ChannelKey {
  readonly key: AeadKey
  readonly iv: Uint8Array
}

export class EpochKeys {
  readonly generation: number
  readonly step: number
  readonly #secret: Uint8Array
  readonly #channels = new Map<number, ChannelKey>()
  #erased = false

  /** The secret is this object's own, and erased with it. */
  constructor(secret: Uint8Array, generation: number, step: number) {
    this.#secret = secret
    this.generation = generation
    this.step = step
  }

  /** As a header says it. */
  get byte(): number {
    return ((this.generation % MODULUS) << 4) | (this.step % MODULUS)
  }

  async channel(suite: Suite, channel: number): Promise<ChannelKey> {
    this.#check()
    const known = this.#channels.get(channel)
    if (known !== undefined) return known
    const context = Uint8Array.of(channel >>> 16, channel >>> 8, channel)
    const [bytes, iv] = await Promise.all([
      expand(suite.hash, this.#secret, RECORD_KEY, context),
      expand(suite.hash, this.#secret, RECORD_IV, context, SIZES.nonce),
    ])
    const made = { key: await suite.aead.key(bytes), iv }
    wipe(bytes)
    this.#channels.set(channel, made)
    return made
  }

  async next(hash: Hash): Promise<EpochKeys> {
    this.#check()
    const secret = await expand(hash, this.#secret, RECORD_STEP, new Uint8Array())
    return new EpochKeys(secret, this.generation, this.step + 1)
  }

  /** How many steps after this one a header's epoch is, if it is of this generation at all. */
  stepsTo(byte: number): number | undefined {
    if (byte >>> 4 !== this.generation % MODULUS) return undefined
    return ((byte % MODULUS) - (this.step % MODULUS) + MODULUS) % MODULUS
  }

  erase(): void {
    this.#erased = true
    wipe(this.#secret)
    for (const { iv } of this.#channels.values()) wipe(iv)
    this.#channels.clear()
  }

  /** What comes of zeros is known to all: better nothing than that. */
  #check(): void {
    if (this.#erased) throw new TypeError('these keys are erased')
  }
}
