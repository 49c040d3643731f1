// A mailbox's stores in memory: for machines under test and in the simulator. What a store must do is in
// test/protocol/mailbox/store-compliance.ts; SQLite's own is at the edge.

import type { AccessRules, Letter, LetterHead, LetterStore, OneTimePrekey, OwnerStore } from './contract.ts'
import { keyOf } from './heads.ts'
import type { MailCounts } from './tally.ts'

export class MemoryLetterStore implements LetterStore {
  readonly #letters = new Map<string, Letter>()
  readonly #seqs = new Set<number>()
  #counts: MailCounts | undefined

  heads(): Iterable<LetterHead> {
    const heads = [...this.#letters.values()].map(({ envelope: _, ...head }) => head)
    return heads.sort((a, b) => a.seq - b.seq)
  }

  insert(letters: readonly Letter[]): void {
    const [ids, seqs] = [letters.map(({ id }) => keyOf(id)), letters.map(({ seq }) => seq)]
    const isTwice = new Set(ids).size < ids.length || new Set(seqs).size < seqs.length
    if (isTwice || ids.some((id) => this.#letters.has(id)) || seqs.some((seq) => this.#seqs.has(seq)))
      throw new Error('a letter is there already')
    for (const letter of letters) {
      const [id, envelope] = [letter.id.slice(), letter.envelope.slice()]
      this.#letters.set(keyOf(id), { ...letter, id, envelope })
      this.#seqs.add(letter.seq)
    }
  }

  remove(heads: readonly LetterHead[], counts: MailCounts): void {
    if (heads.length > 0) this.#counts = counts
    for (const { id } of heads) {
      const letter = this.#letters.get(keyOf(id))
      if (letter !== undefined) this.#seqs.delete(letter.seq)
      this.#letters.delete(keyOf(id))
    }
  }

  counts(): MailCounts | undefined {
    return this.#counts
  }

  envelope({ id }: LetterHead): Uint8Array | undefined {
    return this.#letters.get(keyOf(id))?.envelope.slice()
  }
}

interface Publication {
  readonly head: Uint8Array
  readonly oneTime: OneTimePrekey[]
}

export class MemoryOwnerStore implements OwnerStore {
  #opened = false
  #access: AccessRules = { keys: [], strangers: true }
  #newest: Publication | undefined
  #before: Publication | undefined

  get opened(): boolean {
    return this.#opened
  }

  open(): void {
    this.#opened = true
  }

  access(): AccessRules {
    return this.#access
  }

  setAccess({ keys, strangers }: AccessRules): void {
    this.#access = { keys: keys.map((key) => key.slice()), strangers }
  }

  prekeyHead(): Uint8Array | undefined {
    return this.#newest?.head
  }

  publish(head: Uint8Array, oneTime: readonly OneTimePrekey[]): void {
    if (new Set(oneTime.map(({ id }) => id)).size < oneTime.length) throw new Error('a prekey is there twice')
    this.#before = this.#newest
    const copies = oneTime.map(({ id, bytes }) => ({ id, bytes: bytes.slice() }))
    this.#newest = { head: head.slice(), oneTime: copies }
  }

  drawOneTime(): { readonly head: Uint8Array; readonly oneTime: Uint8Array } | undefined {
    for (const publication of [this.#before, this.#newest]) {
      const first = publication?.oneTime.shift()
      if (publication !== undefined && first !== undefined)
        return { head: publication.head, oneTime: first.bytes }
    }
    return undefined
  }

  get oneTimeLeft(): number {
    return (this.#before?.oneTime.length ?? 0) + (this.#newest?.oneTime.length ?? 0)
  }
}
