// Messages that came in pieces, until they are whole. The pieces lie in the vault; which there are, and how large, is known here,
// so that nothing is read before all of it can be. Whoever sends pieces and never the last holds a bounded room with them.

import { concat } from '../../protocol/crypto/suite.ts'
import type { DropReason } from '../../protocol/drops.ts'
import {
  MAIL_MESSAGE_BYTES_MAX,
  MAIL_PARTIALS_MAX,
  MAIL_PARTIALS_OF_PEER_MAX,
  MAIL_PARTS_MAX,
} from '../../protocol/limits/client-mail.ts'
import type { MailPart } from '../../protocol/mail/content.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import type { Vault } from '../identities/vault.ts'
import type { PeerId } from '../types.ts'
import { type Changes, PART, partName } from './records.ts'

interface Partial {
  readonly from: string
  readonly sizes: Map<number, number>
}

export class Partials {
  readonly #vault: Vault
  /** By peer and message, the oldest first. Of an earlier life: in any order, and older than all of this one. */
  readonly #all = new Map<string, Partial>()

  constructor(vault: Vault) {
    this.#vault = vault
  }

  /** What an earlier life of the page left. */
  async begin(): Promise<void> {
    for (const [name, bytes] of await this.#vault.entries(PART)) {
      const [from = '', id = '', index] = name.slice(PART.length).split('/')
      this.#of(from, id).sizes.set(Number(index), bytes.length)
    }
  }

  /** The whole message, when this was its last piece; else the piece is in the commit, or it is said why not. */
  async add(from: PeerId, part: MailPart, changes: Changes): Promise<Uint8Array | DropReason | undefined> {
    const { index, count, bytes } = part
    const id = toBase64url(part.id)
    if (count > MAIL_PARTS_MAX) return 'too-large'
    const partial = this.#of(from, id)
    partial.sizes.set(index, bytes.length)
    const held = [...partial.sizes.values()].reduce((sum, size) => sum + size, 0)
    if (held > MAIL_MESSAGE_BYTES_MAX) {
      this.forget(from, part.id, changes)
      return 'too-large'
    }
    changes.set(partName(from, id, index), bytes.slice())
    const indices = Array.from({ length: count }, (_, i) => i)
    if (!indices.every((i) => partial.sizes.has(i))) return this.#forgetTooMany(from, changes)
    const pieces = await Promise.all(
      indices.map((i) => {
        const name = partName(from, id, i)
        return changes.get(name) ?? this.#vault.get(name)
      }),
    )
    this.forget(from, part.id, changes)
    // One that the vault lost: the message cannot become whole any more.
    return pieces.every((piece) => piece !== undefined) ? concat(pieces) : 'malformed'
  }

  forget(from: PeerId, messageId: Uint8Array, changes: Changes): void {
    this.#forget(`${from}/${toBase64url(messageId)}`, changes)
  }

  #of(from: string, id: string): Partial {
    const key = `${from}/${id}`
    const partial = this.#all.get(key) ?? { from, sizes: new Map() }
    this.#all.set(key, partial)
    return partial
  }

  #forgetTooMany(from: PeerId, changes: Changes): DropReason | undefined {
    const ofPeer = [...this.#all].filter(([, partial]) => partial.from === from)
    const [oldest] = ofPeer.length > MAIL_PARTIALS_OF_PEER_MAX ? ofPeer : this.#all
    if (oldest === undefined) return undefined
    if (ofPeer.length <= MAIL_PARTIALS_OF_PEER_MAX && this.#all.size <= MAIL_PARTIALS_MAX) return undefined
    this.#forget(oldest[0], changes)
    return 'too-much-held'
  }

  #forget(key: string, changes: Changes): void {
    for (const index of this.#all.get(key)?.sizes.keys() ?? [])
      changes.set(`${PART}${key}/${index}`, undefined)
    this.#all.delete(key)
  }
}
