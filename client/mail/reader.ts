// The inbox's host: opens letters, keeps what was in them, and only then lets the mailbox forget them; then the application
// hears of it, once.

import { openEnvelope } from '../../protocol/crypto/mail/opening.ts'
import type { DropReason } from '../../protocol/drops.ts'
import type { HomeLetter } from '../../protocol/home/contract.ts'
import {
  MAIL_HANDLING_MAX,
  MAIL_INBOX_BYTES_MAX,
  MAIL_INBOX_MESSAGES_MAX,
} from '../../protocol/limits/client-mail.ts'
import { type MailPart, type MailReceipt, tryDecodeContent } from '../../protocol/mail/content.ts'
import { type PeerId, peerIdText } from '../../protocol/peer-id.ts'
import { Inbox, type InboxMessage } from './inbox.ts'
import { Partials } from './partials.ts'
import { type Changes, IN, numbered, numberOf, packIn, unpackIn } from './records.ts'
import type { MailState } from './state.ts'

export interface ReaderListener {
  /** The mailbox may forget these letters. */
  took(ids: readonly Uint8Array[]): void
  receipt(from: PeerId, receipt: MailReceipt): void
  /** Whether the application listens. */
  listens(): boolean
  message(message: InboxMessage): Promise<unknown> | undefined
  /** Receipts are to be told to this peer. */
  owes(to: PeerId): void
  dropped(reason: DropReason): void
}

/** Between tries of a vault that cannot be written. Nothing is taken from the mailbox meanwhile. */
const RETRY_MS = 2_000
/** What the application is done with is forgotten together, after so long. */
const DONE_TOGETHER_MS = 20

/** What a batch of letters comes to. */
interface Outcome {
  readonly changes: Changes
  readonly messages: InboxMessage[]
  readonly receipts: { readonly from: PeerId; readonly receipt: MailReceipt }[]
  readonly owed: Set<PeerId>
}

export class Reader {
  readonly #state: MailState
  readonly #listener: ReaderListener
  readonly #inbox = new Inbox()
  readonly #partials: Partials
  #letters: HomeLetter[] = []
  #reading = false
  #closed = false
  #orders = 0
  #done: InboxMessage[] = []

  constructor(state: MailState, listener: ReaderListener) {
    this.#state = state
    this.#listener = listener
    this.#partials = new Partials(state.vault)
  }

  /** What the application was not done with when the page ended. */
  async begin(): Promise<void> {
    const messages: InboxMessage[] = []
    for (const [name, bytes] of await this.#state.vault.entries(IN)) {
      const record = unpackIn(bytes)
      const order = numberOf(IN, name)
      this.#orders = Math.max(this.#orders, order + 1)
      if (record !== undefined) messages.push({ ...record, from: record.from as PeerId, order })
    }
    this.#inbox.add(messages)
    await this.#partials.begin()
  }

  get waiting(): number {
    return this.#inbox.size
  }

  /** What the application was done with shall not come again. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#forgetDone()
  }

  letters(letters: readonly HomeLetter[]): void {
    for (const letter of letters) this.#letters.push(letter)
    this.#goOn()
  }

  #goOn(): void {
    if (!this.#reading) void this.#read()
  }

  /** What is not opened is not taken; and of what was not taken the mailbox sends no more than our window. */
  get #hasRoom(): boolean {
    return this.#inbox.size < MAIL_INBOX_MESSAGES_MAX && this.#inbox.bytes < MAIL_INBOX_BYTES_MAX
  }

  /** Somebody listens now, perhaps. */
  drain(): void {
    if (this.#closed) return
    this.#inbox.drain(
      () => !this.#closed && this.#listener.listens(),
      (message) => {
        const handled = this.#listener.message(message)
        if (handled !== undefined) return handled.then(() => this.#handled(message))
        this.#handled(message)
        return undefined
      },
    )
  }

  async #read(): Promise<void> {
    this.#reading = true
    while (this.#letters.length > 0 && this.#hasRoom && !this.#closed) {
      const letters = this.#letters.splice(0, MAIL_HANDLING_MAX)
      await this.#state.inTurn(() => this.#take(letters))
    }
    this.#reading = false
  }

  async #take(letters: readonly HomeLetter[]): Promise<void> {
    const outcome: Outcome = { changes: new Map(), messages: [], receipts: [], owed: new Set() }
    for (const letter of letters) await this.#open(letter, outcome)
    this.#state.ids.save(outcome.changes)
    // In memory it is so already; until it is on the disk too, the mailbox keeps what we have.
    while (!(await this.#commit(outcome.changes))) {
      if (this.#closed) return
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
    if (this.#closed) return
    this.#listener.took(letters.map(({ id }) => id.slice()))
    for (const { from, receipt } of outcome.receipts) this.#listener.receipt(from, receipt)
    for (const peer of outcome.owed) this.#listener.owes(peer)
    this.#inbox.add(outcome.messages)
    this.drain()
  }

  #commit(changes: Changes): Promise<boolean> {
    if (changes.size === 0) return Promise.resolve(true)
    return this.#state.vault.commit(changes).then(
      () => true,
      () => false,
    )
  }

  async #open(letter: HomeLetter, outcome: Outcome): Promise<void> {
    const state = this.#state
    const me = { id: state.me.id, prekeys: state.prekeys, correspondences: state.correspondences }
    const opened = await openEnvelope(state.suite, me, letter.envelope.slice(), Date.now())
    if (opened.kind === 'drop') {
      // Had already: its acknowledgement was lost. All else is somebody's fault, and does not get better by lying there.
      if (opened.reason !== 'replayed') this.#listener.dropped(opened.reason)
      return
    }
    const from = peerIdText(opened.from)
    const content = tryDecodeContent(opened.content)
    if (!state.has(from) && !state.makesRoom(outcome.changes)) return this.#listener.dropped('too-much-held')
    const peer = state.peer(from)
    const card = content?.card?.slice() ?? peer.card
    state.setPrekeys(opened.prekeys, outcome.changes)
    state.setPeer(from, { ...peer, correspondence: opened.correspondence, card }, outcome.changes)
    if (content === undefined) return this.#listener.dropped('malformed')
    for (const receipt of content.receipts ?? [])
      outcome.receipts.push({ from, receipt: { ...receipt, id: receipt.id.slice() } })
    const { message, part } = content
    if (message !== undefined) {
      const { id, sentAtMs, data } = message
      this.#arrived(
        { from, id: id.slice(), sentAtMs, data: data.slice(), priority: letter.priority },
        outcome,
      )
    } else if (part !== undefined) await this.#assemble(from, part, letter, outcome)
  }

  #tellDelivered(from: PeerId, id: Uint8Array, { changes, owed }: Outcome): void {
    this.#state.addTold(from, { id, state: 'delivered' }, changes)
    owed.add(from)
  }

  #arrived(message: Omit<InboxMessage, 'order'>, outcome: Outcome): void {
    const [state, { changes, messages }] = [this.#state, outcome]
    this.#tellDelivered(message.from, message.id, outcome)
    if (!state.ids.add(message.from, message.id)) return // It came by a link before, or twice.
    const order = this.#orders++
    changes.set(numbered(IN, order), packIn(message))
    messages.push({ ...message, order })
  }

  /** Pieces wait in the vault until all are there. */
  async #assemble(from: PeerId, part: MailPart, letter: HomeLetter, outcome: Outcome): Promise<void> {
    const [id, { sentAtMs }] = [part.id.slice(), part]
    // A link brought it whole.
    if (this.#state.ids.has(from, id)) return this.#tellDelivered(from, id, outcome)
    const data = await this.#partials.add(from, part, outcome.changes)
    if (data === undefined) return
    if (typeof data === 'string') return this.#listener.dropped(data)
    this.#arrived({ from, id, sentAtMs, data, priority: letter.priority }, outcome)
  }

  /** Several at a time: the application is often done with many at once. */
  #handled(message: InboxMessage): void {
    this.#done.push(message)
    if (this.#done.length > 1) return
    setTimeout(() => void this.#forgetDone(), DONE_TOGETHER_MS)
  }

  async #forgetDone(): Promise<void> {
    const done = this.#done
    this.#done = []
    if (done.length > 0) await this.#state.inTurn(() => this.#forget(done))
  }

  async #forget(done: readonly InboxMessage[]): Promise<void> {
    const changes: Changes = new Map()
    for (const { order, from, id } of done) {
      changes.set(numbered(IN, order), undefined)
      this.#state.addTold(from, { id, state: 'read' }, changes)
    }
    if (!(await this.#commit(changes))) {
      this.#done.push(...done)
      if (!this.#closed) setTimeout(() => void this.#forgetDone(), RETRY_MS)
      return // Should this life end before: the next one gives them again.
    }
    if (this.#closed) return
    for (const { from } of done) this.#listener.owes(from)
    this.#goOn()
  }
}
