// What a node holds for others: records and providers by their keys, all of them verified. Bounded; what is near to the node
// is its business, so where there is no room what is farthest goes.

import { MESH_HELD_BYTES_MAX, MESH_HELD_RECORDS_MAX, MESH_PROVIDERS_MAX } from '../../limits/mesh.ts'
import { toBase64url } from '../../wire/base64url.ts'
import type { Key } from '../contract.ts'
import { compareDistance } from '../place.ts'
import { compareVersions } from '../records/compare.ts'
import type { Checked, Given } from './contract.ts'
import type { NodeId } from './node.ts'

interface Slot {
  readonly key: Key
  record: Checked | undefined
  readonly providers: Map<string, Checked>
}

export class Held {
  readonly #self: NodeId
  readonly #slots = new Map<string, Slot>()
  #records = 0
  #bytes = 0

  constructor(self: NodeId) {
    this.#self = self
  }

  get records(): number {
    return this.#records
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The bytes are copied. False where something better is there, its time is over, or all that is held is nearer. */
  put(given: Given, key: Key, item: Checked, nowMs: number): boolean {
    if (item.expiresAtMs <= nowMs || item.bytes.length > MESH_HELD_BYTES_MAX) return false
    const name = toBase64url(key)
    const slot = this.#slots.get(name) ?? { key: key.slice(), record: undefined, providers: new Map() }
    const kept = { ...item, bytes: item.bytes.slice() }
    if (given === 'record') {
      if (
        slot.record !== undefined &&
        slot.record.expiresAtMs > nowMs &&
        compareVersions(slot.record, item) > 0
      )
        return false
      this.#count(slot.record, -1)
      slot.record = kept
    } else {
      const provider = toBase64url(item.peer ?? item.digest)
      const known = slot.providers.get(provider)
      if (known !== undefined && known.expiresAtMs > item.expiresAtMs) return false
      this.#count(known, -1)
      slot.providers.set(provider, kept)
    }
    this.#count(kept, 1)
    this.#slots.set(name, slot)
    if (slot.providers.size > MESH_PROVIDERS_MAX) this.#dropsFirstToEnd(slot)
    return this.#fits(name, nowMs)
  }

  record(key: Key, nowMs: number): Checked | undefined {
    const record = this.#slots.get(toBase64url(key))?.record
    return record !== undefined && record.expiresAtMs > nowMs ? record : undefined
  }

  providers(key: Key, nowMs: number): Checked[] {
    const providers = this.#slots.get(toBase64url(key))?.providers
    return providers === undefined
      ? []
      : [...providers.values()].filter(({ expiresAtMs }) => expiresAtMs > nowMs)
  }

  #dropsFirstToEnd(slot: Slot): void {
    let [name, first] = [...slot.providers][0] as [string, Checked]
    for (const [other, item] of slot.providers) {
      if (item.expiresAtMs < first.expiresAtMs) [name, first] = [other, item]
    }
    slot.providers.delete(name)
    this.#count(first, -1)
  }

  /** Makes room, and says whether what was put under that name is still there. */
  #fits(name: string, nowMs: number): boolean {
    if (!this.#isFull) return true
    for (const [other, slot] of this.#slots) this.#expires(other, slot, nowMs)
    while (this.#isFull) {
      let [farthest, slot] = [...this.#slots][0] as [string, Slot]
      for (const [other, candidate] of this.#slots) {
        if (compareDistance(slot.key, candidate.key, this.#self) < 0) [farthest, slot] = [other, candidate]
      }
      this.#count(slot.record, -1)
      for (const item of slot.providers.values()) this.#count(item, -1)
      this.#slots.delete(farthest)
    }
    return this.#slots.has(name)
  }

  get #isFull(): boolean {
    return this.#records > MESH_HELD_RECORDS_MAX || this.#bytes > MESH_HELD_BYTES_MAX
  }

  #expires(name: string, slot: Slot, nowMs: number): void {
    if (slot.record !== undefined && slot.record.expiresAtMs <= nowMs) {
      this.#count(slot.record, -1)
      slot.record = undefined
    }
    for (const [provider, item] of slot.providers) {
      if (item.expiresAtMs > nowMs) continue
      slot.providers.delete(provider)
      this.#count(item, -1)
    }
    if (slot.record === undefined && slot.providers.size === 0) this.#slots.delete(name)
  }

  #count(item: Checked | undefined, times: 1 | -1): void {
    if (item === undefined) return
    this.#records += times
    this.#bytes += times * item.bytes.length
  }
}
