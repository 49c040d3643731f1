// Mail of one client: messages that reach peers who are away. What a link cannot bring is kept, sealed and put into the peer's
// mailbox; what comes into ours is opened and given to the application, once whichever way it took. Loaded with an
// identity that has mail; composes postman, reader, receipts, keys and home.

import { concat } from '../../protocol/crypto/suite.ts'
import { WaypostError } from '../../protocol/errors.ts'
import {
  MAIL_MESSAGE_BYTES_MAX,
  MAIL_OUTBOX_BYTES_MAX,
  MAIL_OUTBOX_MESSAGES_MAX,
} from '../../protocol/limits/client-mail.ts'
import { MAIL_TTL_MS } from '../../protocol/limits/mail.ts'
import { type MailReceipt, MESSAGE_ID_BYTES, tryDecodeContent } from '../../protocol/mail/content.ts'
import type { OutboxFailure } from '../../protocol/mail/outbox.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { NAMED_DATA } from '../../protocol/wire/data.ts'
import { SERVICE_MAIL } from '../../protocol/wire/registry.ts'
import type { MailStatus, PeerId, Receipt, Via } from '../types.ts'
import type { MailOwner, MailParts, MailSend } from './contract.ts'
import { asWaypostError, errorOf, tooLarge } from './failures.ts'
import type { HomeHost } from './home-host.ts'
import { beforePageEnds } from './page-end.ts'
import { PART_BYTES_MAX } from './part.ts'
import { MailPlaces } from './places.ts'
import { Postman } from './postman.ts'
import { Reader } from './reader.ts'
import { Receipts } from './receipts.ts'
import type { Changes } from './records.ts'
import { MailState } from './state.ts'

interface Waiting {
  readonly to: PeerId
  /** A link is trying it, and is not known to be gone. */
  held: boolean
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (error: WaypostError) => void
  readonly over: () => void
}

/** Ids of messages that came by link are kept together, after so long at most. */
const IDS_TOGETHER_MS = 1_000

interface Opened {
  readonly state: MailState
  readonly postman: Postman
  readonly reader: Reader
  readonly receipts: Receipts
}

export class Mail {
  readonly #parts: MailParts
  readonly #owner: MailOwner
  readonly #places: MailPlaces
  readonly #waiting = new Map<string, Waiting>()
  readonly #opening: Promise<Opened>
  readonly #stopListening: () => void
  #opened: Opened | undefined
  #savingIds = false
  #closed = false
  #state: 'opening' | 'opened' | 'failed' = 'opening'

  constructor(parts: MailParts, owner: MailOwner) {
    this.#parts = parts
    this.#owner = owner
    this.#places = this.#makePlaces()
    this.#stopListening = beforePageEnds(() => this.#opened?.postman.give({ kind: 'ending' }))
    this.#opening = this.#open()
    this.#opening.then(
      () => this.#closed || this.#places.start(),
      () => {
        this.#state = 'failed' // Whoever sends is told why.
      },
    )
  }

  // ---- sending -------------------------------------------------------------------------------------------------

  /**
   * `tryLink` is called at once with what a link is to carry; undefined: there is no link. Rejects as `waypost.send` says.
   */
  async send(
    to: PeerId,
    data: Uint8Array,
    how: MailSend,
    tryLink: (named: Uint8Array) => Promise<Receipt> | undefined,
  ): Promise<Receipt> {
    const bytes = this.#parts.suite.random(MESSAGE_ID_BYTES)
    const id = toBase64url(bytes)
    const attempt = tryLink(concat([Uint8Array.of(NAMED_DATA), bytes, data]))
    if (data.length > MAIL_MESSAGE_BYTES_MAX) {
      if (attempt !== undefined) return { ...(await attempt), id }
      throw tooLarge()
    }
    // What a link that is gone has not brought goes before this, or it would be overtaken.
    if (attempt === undefined) this.departed(to)
    const settled = this.#settled(id, to, attempt !== undefined, how.signal)
    if (attempt !== undefined) this.#follow(id, attempt)
    // A link may have brought it before the vault is open.
    this.#opening.then(
      ({ postman }) => {
        const waiting = this.#waiting.get(id)
        if (waiting !== undefined) this.#post(postman, id, to, data, how, waiting.held)
      },
      (problem: unknown) => {
        if (attempt === undefined) this.#fail(id, asWaypostError(problem))
      },
    )
    return settled
  }

  #settled(id: string, to: PeerId, held: boolean, signal: AbortSignal | undefined): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#opened?.postman.give({ kind: 'cancel', id })
        const message = 'send was aborted; the peer may have the message all the same'
        this.#fail(id, new WaypostError('aborted', message, { cause: signal?.reason }))
      }
      if (signal?.aborted)
        return reject(new WaypostError('aborted', 'send was aborted', { cause: signal.reason }))
      signal?.addEventListener('abort', abort, { once: true })
      const over = () => signal?.removeEventListener('abort', abort)
      this.#waiting.set(id, { to, held, resolve, reject, over })
    })
  }

  #follow(id: string, attempt: Promise<Receipt>): void {
    attempt.then(
      (receipt) => {
        this.#opened?.postman.give({ kind: 'cancel', id })
        this.#settle(id, { ...receipt, id })
      },
      (problem: unknown) => {
        const code = problem instanceof WaypostError ? problem.code : undefined
        // The peer left, or says nothing: its mailbox will take it.
        if (code === 'peer-unreachable' || code === 'timeout')
          return this.#opening.then(
            ({ postman }) =>
              // The outbox was full: the link was its only chance.
              postman.has(id)
                ? postman.give({ kind: 'release', id })
                : this.#fail(id, asWaypostError(problem)),
            () => this.#fail(id, asWaypostError(problem)),
          )
        // Of a Waypost that is closed, what was kept leaves in its next life.
        if (code !== 'closed') this.#opened?.postman.give({ kind: 'cancel', id })
        return this.#fail(id, asWaypostError(problem))
      },
    )
  }

  #post(postman: Postman, id: string, to: PeerId, data: Uint8Array, how: MailSend, held: boolean): void {
    const { priority, ttlMs } = how
    if (
      postman.waiting >= MAIL_OUTBOX_MESSAGES_MAX ||
      postman.waitingBytes + data.length > MAIL_OUTBOX_BYTES_MAX
    ) {
      const message = `the outbox holds ${MAIL_OUTBOX_MESSAGES_MAX} messages, or as many bytes as it may, already`
      if (!held) this.#fail(id, new WaypostError('queue-full', message))
      return // A link has it: that is its only chance.
    }
    const parts: Uint8Array[] = []
    for (let at = 0; at < data.length; at += PART_BYTES_MAX) parts.push(data.slice(at, at + PART_BYTES_MAX))
    const sentAtMs = Date.now()
    postman.add(id, { to, priority, sentAtMs, expiresAtMs: sentAtMs + ttlMs }, parts, held)
  }

  #settle(id: string, receipt: Receipt): void {
    const waiting = this.#take(id)
    waiting?.resolve(receipt)
  }

  #fail(id: string, error: WaypostError): void {
    this.#take(id)?.reject(error)
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.over()
    return waiting
  }

  // ---- what comes ----------------------------------------------------------------------------------------------

  /** A message with an id, by a link: heard unless it came before. */
  async heard(from: PeerId, named: Uint8Array, via: Via, consumed: () => void): Promise<void> {
    const opened = this.#opened ?? (await this.#opening.catch(() => undefined))
    const [id, data] = [named.slice(1, 1 + MESSAGE_ID_BYTES), named.subarray(1 + MESSAGE_ID_BYTES)]
    if (opened !== undefined) {
      if (!opened.state.ids.add(from, id)) {
        this.#owner.dropped('duplicate')
        return consumed()
      }
      this.#saveIdsSoon(opened.state)
    }
    const handled = this.#owner.message({ from, id: toBase64url(id), data, via })
    if (handled === undefined) consumed()
    else void handled.then(consumed)
  }

  /** What a peer's mail says over the link: receipts, for now. */
  service(from: PeerId, service: Uint8Array): void {
    const content = tryDecodeContent(service.subarray(1))
    if (content === undefined) return this.#owner.dropped('malformed')
    for (const receipt of content.receipts ?? []) this.#receipt(from, receipt)
  }

  #receipt(peer: PeerId, { id, state }: MailReceipt): void {
    this.#owner.receipt({ peer, id: toBase64url(id), state })
  }

  /** Somebody listens for messages. */
  listening(): void {
    this.#opened?.reader.drain()
  }

  /** A link reaches this peer now. */
  reached(peer: PeerId): void {
    this.#opened?.receipts.tellNow(peer, false)
  }

  /** No way leads to the peer: what its link has not brought goes into its mailbox too. Whichever comes first is heard, once. */
  departed(peer: PeerId): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.to !== peer || !waiting.held) continue
      waiting.held = false
      this.#opened?.postman.give({ kind: 'release', id })
    }
  }

  networkChanged(kind: 'networkChanged' | 'moved'): void {
    this.#places.networkChanged(kind)
    this.#opened?.postman.give({ kind: 'networkChanged' })
  }

  /** Those who have a card of ours get another with what we write next; the old one is good for a month. */
  async rotateAccess(): Promise<void> {
    await this.#opening
    await this.#places.rotate()
  }

  /** The socket to our mailbox, for what else goes on it. */
  get home(): HomeHost {
    return this.#places.home
  }

  get status(): MailStatus {
    const { postman, reader } = this.#opened ?? {}
    const opened = this.#state === 'opened' ? this.#places.state : this.#state
    const state = this.#closed ? 'closed' : opened
    return { state, outbox: postman?.waiting ?? 0, inbox: reader?.waiting ?? 0 }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#stopListening()
    this.#places.close()
    const opened = await this.#opening.catch(() => undefined)
    opened?.postman.close()
    await opened?.reader.close()
    opened?.receipts.close()
    await opened?.state.inTurn(async () => this.#saveIds(opened.state)).catch(() => {})
    const message =
      'closed before the message was taken over; it is kept, and leaves when this identity is used again'
    for (const id of [...this.#waiting.keys()]) this.#fail(id, new WaypostError('closed', message))
  }

  // ---- making --------------------------------------------------------------------------------------------------

  async #open(): Promise<Opened> {
    const { network, suite, identity } = this.#parts
    const me = { id: identity.bytes, key: identity.key }
    const state = await MailState.open(suite, me, await this.#parts.vault())
    const postman = new Postman(
      state,
      { edges: () => this.#places.edges, network },
      {
        mailed: (id, to, isMessage) => this.#mailed(id, to, isMessage),
        failed: (id, to, isMessage, why, cause) => this.#failed(id, to, isMessage, why, cause),
      },
    )
    const receipts = new Receipts(state, {
      tell: (to, content) => this.#owner.tell(to, concat([Uint8Array.of(SERVICE_MAIL), content])),
      write: (to) => this.#writeReceipts(postman, to),
    })
    const reader = new Reader(state, {
      took: (ids) => this.#places.took(ids),
      receipt: (from, receipt) => this.#receipt(from, receipt),
      listens: () => this.#owner.listens(),
      message: ({ from, id, data }) =>
        this.#owner.message({ from, id: toBase64url(id), data, via: 'mailbox' }),
      owes: (to) => receipts.owe(to),
      dropped: (reason) => this.#owner.dropped(reason),
    })
    await this.#places.open(state)
    await reader.begin()
    const opened = { state, postman, reader, receipts }
    if (!this.#closed) {
      this.#state = 'opened'
      await postman.begin()
    }
    // Last: what links brought meanwhile is heard now, and nothing before it.
    this.#opened = opened
    if (this.#closed) return opened
    receipts.begin()
    reader.drain()
    return opened
  }

  #makePlaces(): MailPlaces {
    return new MailPlaces(this.#parts, {
      ready: () => this.#opened?.postman.give({ kind: 'networkChanged' }),
      letters: (letters) => this.#opened?.reader.letters(letters),
      passRenewed: (pass) => this.#owner.passRenewed(pass),
      dropped: (reason) => this.#owner.dropped(reason),
    })
  }

  /** One at a time: to a mailbox that takes none they would pile up. */
  #writeReceipts(postman: Postman, to: PeerId): void {
    if (postman.tells(to)) return
    const id = toBase64url(this.#parts.suite.random(MESSAGE_ID_BYTES))
    const sentAtMs = Date.now()
    const expiresAtMs = sentAtMs + MAIL_TTL_MS
    postman.add(id, { to, priority: 'low', sentAtMs, expiresAtMs }, [], false)
  }

  /** Of an earlier life nobody waits; it is told as news. A letter of receipts is nobody's news. */
  #mailed(id: string, to: PeerId, isMessage: boolean): void {
    if (this.#waiting.has(id)) this.#settle(id, { via: 'mailbox', id })
    else if (isMessage) this.#owner.receipt({ peer: to, id, state: 'mailed' })
    else this.#opened?.receipts.again(to)
  }

  #failed(id: string, to: PeerId, isMessage: boolean, why: OutboxFailure, cause: unknown): void {
    const error = errorOf(why, to, cause)
    if (this.#waiting.has(id)) this.#fail(id, error)
    else if (isMessage) this.#owner.receipt({ peer: to, id, state: 'failed', error })
  }

  #saveIdsSoon(state: MailState): void {
    if (this.#savingIds) return
    this.#savingIds = true
    setTimeout(() => {
      this.#savingIds = false
      void state.inTurn(() => this.#saveIds(state))
    }, IDS_TOGETHER_MS)
  }

  async #saveIds(state: MailState): Promise<void> {
    const changes: Changes = new Map()
    state.ids.save(changes)
    if (changes.size > 0) await state.vault.commit(changes).catch(() => state.ids.unsaved(changes))
  }
}
