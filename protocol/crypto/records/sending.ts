// The sending half: which sequence number and which keys a record gets, and when the keys are stepped forward.

import type { Suite } from '../suite.ts'
import { EpochKeys } from './epoch.ts'
import { nonceOf, RECORD_FRONT_BYTES, type RecordType, SEQUENCE_MAX, writeHeader } from './layout.ts'

/** A key seals at most so many records, over all channels of its direction… */
export const STEP_RECORDS = 2 ** 14
/** …and is used for at most so long: whoever reads our memory later reads a minute back, not a day. */
export const STEP_MS = 60_000

export class Sending {
  readonly #suite: Suite
  readonly #sequences = new Map<number, number>()
  #keys: EpochKeys
  #records = 0
  #sinceMs: number | undefined

  constructor(suite: Suite, secret: Uint8Array) {
    this.#suite = suite
    this.#keys = new EpochKeys(secret, 0, 0)
  }

  /** Never two at once: the layer queues. */
  async seal(channel: number, type: RecordType, body: Uint8Array, nowMs: number): Promise<Uint8Array> {
    const sequence = this.#sequences.get(channel) ?? 0
    if (sequence > SEQUENCE_MAX) throw new RangeError('this channel has had all its sequence numbers')
    // Spent before anything can fail: a number is used once, whatever happens.
    this.#sequences.set(channel, sequence + 1)
    await this.#stepIfDue(nowMs)
    const { key, iv } = await this.#keys.channel(this.#suite, channel)
    const header = writeHeader({ type, epoch: this.#keys.byte, sequence })
    return joined(header, await key.seal(nonceOf(iv, header), header, body))
  }

  /** From here on under a fresh secret, which is ours now. */
  renew(secret: Uint8Array): void {
    const { generation } = this.#keys
    this.#replace(new EpochKeys(secret, generation + 1, 0))
  }

  erase(): void {
    this.#keys.erase()
  }

  async #stepIfDue(nowMs: number): Promise<void> {
    this.#sinceMs ??= nowMs
    if (this.#records >= STEP_RECORDS || nowMs - this.#sinceMs >= STEP_MS) {
      this.#replace(await this.#keys.next(this.#suite.hash))
      this.#sinceMs = nowMs
    }
    this.#records++
  }

  #replace(keys: EpochKeys): void {
    this.#keys.erase()
    this.#keys = keys
    this.#records = 0
    this.#sinceMs = undefined
  }
}

function joined(header: Uint8Array, sealed: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(RECORD_FRONT_BYTES + header.length + sealed.length)
  bytes.set(header, RECORD_FRONT_BYTES)
  bytes.set(sealed, RECORD_FRONT_BYTES + header.length)
  return bytes.subarray(RECORD_FRONT_BYTES)
}
