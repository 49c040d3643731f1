// Records that were asked for a moment ago, so that what everybody reads is not read from its shard by each of them. Values
// never change; of the others a reader may get one that is some seconds old, and knows its sequence.

import type { DhtAnswer } from '../wire/dht-frames.ts'

export type FoundRecord = Extract<DhtAnswer, { kind: 'record' }>

interface Entry {
  readonly record: FoundRecord
  readonly freshUntilMs: number
}

export class HotRecords {
  readonly #bytesMax: number
  readonly #freshMs: number
  /** In the order of last use: the first is the next to go. */
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  /** `freshMs`: how old what can change may be. */
  constructor(bytesMax: number, freshMs: number) {
    this.#bytesMax = bytesMax
    this.#freshMs = freshMs
  }

  /** `name`: of the key, in its network. */
  get(name: string, nowMs: number): FoundRecord | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    this.forget(name)
    if (nowMs >= entry.freshUntilMs) return undefined
    this.#keep(name, entry)
    return entry.record
  }

  keep(name: string, record: FoundRecord, isValue: boolean, nowMs: number): void {
    this.forget(name)
    const freshUntilMs = isValue ? record.expiresAtMs : Math.min(record.expiresAtMs, nowMs + this.#freshMs)
    this.#keep(name, { record, freshUntilMs })
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#bytesMax) return
      this.forget(oldest)
    }
  }

  /** Something newer was put. */
  forget(name: string): void {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    this.#entries.delete(name)
    this.#bytes -= sizeOf(name, entry)
  }

  #keep(name: string, entry: Entry): void {
    this.#entries.set(name, entry)
    this.#bytes += sizeOf(name, entry)
  }
}

/** What an entry takes besides its bytes, about. */
const ENTRY_BYTES = 128

function sizeOf(name: string, { record }: Entry): number {
  return ENTRY_BYTES + name.length + record.bytes.length
}
