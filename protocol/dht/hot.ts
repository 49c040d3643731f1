// Records that were asked for a moment ago, so that what everybody reads is not read from its shard by each of them. Values
// never change; of the others a reader may get one that is some seconds old, and knows its sequence.

import type { DhtAnswer } from '../wire/dht-frames.ts'
import type { Key } from './contract.ts'
import { keyText } from './place.ts'
import { VALUE_TAG } from './records/value.ts'

export type FoundRecord = Extract<DhtAnswer, { kind: 'record' }>

/** What is asked for, in words: a value and a name may be under one key. */
export function nameOfGet(
  network: string,
  { key, of }: { readonly key: Key; readonly of?: 'signed' | 'value' | undefined },
): string {
  return `${network}/${of ?? ''}/${keyText(key)}`
}

/** All that may be asked for under a key. */
export function namesOfGets(network: string, key: Key): readonly string[] {
  return LOOKED.map((of) => nameOfGet(network, { key, of }))
}

const LOOKED = [undefined, 'signed', 'value'] as const

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
  #last: Entry | undefined

  /** `freshMs`: how old what can change may be. */
  constructor(bytesMax: number, freshMs: number) {
    this.#bytesMax = bytesMax
    this.#freshMs = freshMs
  }

  /** `name`: as `nameOfGet` has it. */
  get(name: string, nowMs: number): FoundRecord | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    if (nowMs >= entry.freshUntilMs) {
      this.#drop(name)
      return undefined
    }
    // What everybody reads is the last already, and moving it would cost as much as finding it.
    if (this.#last !== entry) {
      this.#entries.delete(name)
      this.#entries.set(name, entry)
      this.#last = entry
    }
    return entry.record
  }

  keep(name: string, record: FoundRecord, nowMs: number): void {
    this.#drop(name)
    const isValue = record.bytes[0] === VALUE_TAG
    const freshUntilMs = isValue ? record.expiresAtMs : Math.min(record.expiresAtMs, nowMs + this.#freshMs)
    this.#keep(name, { record, freshUntilMs })
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#bytesMax) return
      this.#drop(oldest)
    }
  }

  /** Something newer was put, whatever it is. */
  forget(network: string, key: Key): void {
    for (const name of namesOfGets(network, key)) this.#drop(name)
  }

  #drop(name: string): void {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    this.#entries.delete(name)
    this.#bytes -= sizeOf(name, entry)
  }

  #keep(name: string, entry: Entry): void {
    this.#entries.set(name, entry)
    this.#last = entry
    this.#bytes += sizeOf(name, entry)
  }
}

/** What an entry takes besides its bytes, about. */
const ENTRY_BYTES = 128

function sizeOf(name: string, { record }: Entry): number {
  return ENTRY_BYTES + name.length + record.bytes.length
}
