// Telling senders what became of their messages: over the link to them if there is one, else with the next letter to them,
// else, after a moment, in one of its own.

import { MAIL_RECEIPT_DELAY_MS, MAIL_RECEIPTS_MAX } from '../../protocol/limits/client-mail.ts'
import { encodeContent, type MailReceipt } from '../../protocol/mail/content.ts'
import type { PeerId } from '../types.ts'
import type { Changes } from './records.ts'
import type { MailState } from './state.ts'

export interface ReceiptsListener {
  /** Resolves when the peer has it; undefined when no link reaches it. */
  tell(to: PeerId, content: Uint8Array): Promise<unknown> | undefined
  /** A letter with what is to be told to this peer, and nothing else. */
  write(to: PeerId): void
}

export class Receipts {
  readonly #state: MailState
  readonly #listener: ReceiptsListener
  readonly #soon = new Map<PeerId, ReturnType<typeof setTimeout>>()
  readonly #telling = new Set<PeerId>()

  constructor(state: MailState, listener: ReceiptsListener) {
    this.#state = state
    this.#listener = listener
  }

  /** What an earlier life of the page had still to tell. */
  begin(): void {
    for (const peer of this.#state.toBeTold) this.owe(peer)
  }

  /** What came together while a letter was on its way. */
  again(to: PeerId): void {
    if (this.#state.told(to).length > 0) this.owe(to)
  }

  owe(to: PeerId): void {
    if (this.#soon.has(to)) return
    const timer = setTimeout(() => {
      this.#soon.delete(to)
      this.tellNow(to, true)
    }, MAIL_RECEIPT_DELAY_MS)
    this.#soon.set(to, timer)
  }

  /** By link, when there is one now; `byMail`: or else in a letter. */
  tellNow(to: PeerId, byMail: boolean): void {
    const receipts = this.#state.told(to).slice(0, MAIL_RECEIPTS_MAX)
    if (receipts.length === 0 || this.#telling.has(to)) return
    const told = this.#listener.tell(to, encodeContent({ receipts }))
    // Who never gave us a card has no mailbox that anybody would open, or wants no mail.
    if (told === undefined) {
      if (byMail && this.#state.peer(to).card !== undefined) this.#listener.write(to)
      return
    }
    this.#telling.add(to)
    void told
      .then(
        () => this.#forget(to, receipts),
        () => {},
      )
      .finally(() => {
        this.#telling.delete(to)
        this.again(to)
      })
  }

  close(): void {
    for (const timer of this.#soon.values()) clearTimeout(timer)
    this.#soon.clear()
  }

  #forget(to: PeerId, receipts: readonly MailReceipt[]): Promise<void> {
    return this.#state.inTurn(async () => {
      const changes: Changes = new Map()
      this.#state.forgetTold(to, receipts, changes)
      await this.#state.vault.commit(changes)
    })
  }
}
