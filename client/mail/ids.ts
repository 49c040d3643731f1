// Which messages came already, whichever way: so that one that was tried on a link and then mailed is heard once, also by
// the next life of this page. An id counts with its sender: nobody can use up another's.

import { concat } from '../../protocol/crypto/suite.ts'
import { MAIL_IDS_REMEMBERED } from '../../protocol/limits/client-mail.ts'
import { MESSAGE_ID_BYTES } from '../../protocol/mail/content.ts'
import { parsePeerId } from '../../protocol/peer-id.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import type { Vault } from '../identities/vault.ts'
import type { PeerId } from '../types.ts'
import { type Changes, IDS, numbered, numberOf } from './records.ts'

/** Of a sender's PeerId: nobody finds a key whose id shares so much with another's. */
const SENDER_BYTES = 12
const ENTRY_BYTES = SENDER_BYTES + MESSAGE_ID_BYTES
/** Entries of a block: each commit writes the newest one anew, 7 KiB when it is full. */
const BLOCK_ENTRIES = 256
const BLOCKS_MAX = MAIL_IDS_REMEMBERED / BLOCK_ENTRIES

export class Ids {
  readonly #known = new Set<string>()
  readonly #blocks = new Map<number, Uint8Array[]>()
  #newest = 0
  readonly #unsaved = new Set<number>()

  static async read(vault: Vault): Promise<Ids> {
    const ids = new Ids()
    for (const [name, bytes] of await vault.entries(IDS)) {
      const number = numberOf(IDS, name)
      const entries: Uint8Array[] = []
      for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES)
        entries.push(bytes.slice(at, at + ENTRY_BYTES))
      ids.#blocks.set(number, entries)
      ids.#newest = Math.max(ids.#newest, number)
      for (const entry of entries) ids.#known.add(toBase64url(entry))
    }
    return ids
  }

  /** False: it was known already. */
  add(from: PeerId, id: Uint8Array): boolean {
    const entry = entryOf(from, id)
    const text = toBase64url(entry)
    if (this.#known.has(text)) return false
    this.#known.add(text)
    const block = this.#blocks.get(this.#newest) ?? []
    this.#blocks.set(this.#newest, block)
    block.push(entry)
    this.#unsaved.add(this.#newest)
    if (block.length >= BLOCK_ENTRIES) this.#newest++
    return true
  }

  has(from: PeerId, id: Uint8Array): boolean {
    return this.#known.has(toBase64url(entryOf(from, id)))
  }

  /** Adds to a commit what is not saved yet. */
  save(changes: Changes): void {
    for (const number of this.#unsaved)
      changes.set(numbered(IDS, number), concat(this.#blocks.get(number) ?? []))
    this.#unsaved.clear()
    for (const [number, entries] of this.#blocks) {
      if (number > this.#newest - BLOCKS_MAX) continue
      for (const entry of entries) this.#known.delete(toBase64url(entry))
      this.#blocks.delete(number)
      changes.set(numbered(IDS, number), undefined)
    }
  }

  /** That commit failed. */
  unsaved(changes: Changes): void {
    for (const [name, value] of changes)
      if (name.startsWith(IDS) && value !== undefined) this.#unsaved.add(numberOf(IDS, name))
  }
}

function entryOf(from: PeerId, id: Uint8Array): Uint8Array {
  return concat([parsePeerId(from).subarray(0, SENDER_BYTES), id])
}
