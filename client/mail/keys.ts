// Keeps our mailbox open to others: prekeys that are fresh and enough, and the access keys of our contacts. What is offered to
// the world is in the vault before.

import { forgetOldPrekeys, makePrekeys, replenish } from '../../protocol/crypto/mail/prekeys.ts'
import { SIZES } from '../../protocol/crypto/suite.ts'
import { MAIL_REPLENISH_MS } from '../../protocol/limits/client-mail.ts'
import { MAIL_PREKEY_ROTATION_MS, MAIL_TTL_MOST_MS } from '../../protocol/limits/mail.ts'
import { MAILBOX_ACCESS_KEYS_MAX, MAILBOX_PREKEYS_LOW } from '../../protocol/limits/mailbox.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import type { Passes } from '../pass.ts'
import type { MailEdge, OwnerAnswer } from './edge.ts'
import type { Changes } from './records.ts'
import type { MailState } from './state.ts'

const HOUR_MS = 3_600_000
const TRIES_MAX = 3

/** The hour of the signed prekey that an edge was given last. Of the first edge the newest one is that. */
export interface Said {
  get(): Promise<number | undefined>
  set(hour: number): Promise<void>
}

interface Unpublished {
  readonly publication: Uint8Array
  readonly hour: number
}

export class MailKeys {
  readonly #state: MailState
  readonly #edge: MailEdge
  readonly #passes: Passes
  readonly #said: Said | undefined
  #busy: Promise<void> = Promise.resolve()
  /** Somebody waits for its turn already: that one is enough for all who come until then. */
  #next: Promise<void> | undefined
  #left = 0
  #unpublished: Unpublished | undefined
  /** The access keys that this edge has by us in this life. */
  #given: readonly Uint8Array[] | undefined
  #madeAtMs = Number.NEGATIVE_INFINITY

  /** `said`: what an edge beside the first was given in earlier lives. */
  constructor(state: MailState, edge: MailEdge, passes: Passes, said: Said | undefined) {
    this.#state = state
    this.#said = said
    this.#edge = edge
    this.#passes = passes
  }

  /** The first letter we write has a card in it already. */
  async begin(): Promise<void> {
    await this.#state.inTurn(async () => {
      if (this.#state.access === undefined) await this.#setAccess([this.#newKey()], false)
    })
  }

  /** Our home says how many one-time prekeys are left there. Resolves when the edge has what it should have, or will not take it. */
  refresh(oneTimeLeft: number): Promise<void> {
    this.#left = oneTimeLeft
    this.#next ??= this.#busy.then(async () => {
      this.#next = undefined
      await this.#publishAccess()
      await this.#publishPrekeys(this.#left)
    })
    this.#busy = this.#next.catch(() => {})
    return this.#next
  }

  /** Contacts get the new key with the next that we write to them; the old ones are good until then. */
  async rotate(): Promise<void> {
    await this.#state.inTurn(async () => {
      const keys = [this.#newKey(), ...(this.#state.access?.keys ?? [])].slice(0, MAILBOX_ACCESS_KEYS_MAX)
      await this.#setAccess(keys, false)
    })
    await this.refresh(MAILBOX_PREKEYS_LOW + 1)
  }

  #newKey(): Uint8Array {
    return this.#state.suite.random(SIZES.hash)
  }

  async #setAccess(keys: readonly Uint8Array[], published: boolean): Promise<void> {
    const changes: Changes = new Map()
    this.#state.setAccess({ keys, madeAtMs: Date.now(), published }, changes)
    await this.#state.vault.commit(changes)
  }

  async #publishAccess(): Promise<void> {
    const state = this.#state
    await state.inTurn(async () => {
      const { access } = state
      // Whoever did not hear from us for as long as letters live has the old key for nothing.
      if (
        access !== undefined &&
        access.keys.length > 1 &&
        access.published &&
        Date.now() - access.madeAtMs > MAIL_TTL_MOST_MS
      )
        await this.#setAccess(access.keys.slice(0, 1), false)
    })
    const { access } = state
    if (access === undefined || (this.#said === undefined ? access.published : this.#given === access.keys))
      return
    const done = await this.#ask((pass) => this.#edge.setAccess(peerIdText(state.me.id), pass, access.keys))
    if (done) this.#given = access.keys
    if (done && this.#said === undefined)
      await state.inTurn(async () => {
        const changes: Changes = new Map()
        state.setAccess({ ...access, published: true }, changes)
        await state.vault.commit(changes)
      })
  }

  async #publishPrekeys(oneTimeLeft: number): Promise<void> {
    const { me } = this.#state
    this.#unpublished = (await this.#state.inTurn(() => this.#makePrekeys(oneTimeLeft))) ?? this.#unpublished
    const unpublished = this.#unpublished
    if (unpublished === undefined) return
    const { publication, hour } = unpublished
    // What the edge did not get now it gets at the next opening: the same, as making others would use up those that are kept.
    const done = await this.#ask((pass) => this.#edge.publish(peerIdText(me.id), pass, publication))
    if (!done) return
    this.#unpublished = undefined
    await this.#said?.set(hour).catch(() => {}) // It is given the same once more, in the next life.
  }

  /** Undefined: there are enough, or what is said to be left of the last ones cannot be so. */
  async #makePrekeys(oneTimeLeft: number): Promise<Unpublished | undefined> {
    const { suite, me } = this.#state
    const nowMs = Date.now()
    const kept = forgetOldPrekeys(this.#state.prekeys, nowMs)
    const newest = kept.signed[0]
    const fresh = newest !== undefined && nowMs - newest.madeHour * HOUR_MS < MAIL_PREKEY_ROTATION_MS
    const isSaid = this.#said === undefined || (await this.#said.get().catch(() => 0)) === newest?.madeHour
    const enough = oneTimeLeft > MAILBOX_PREKEYS_LOW || nowMs - this.#madeAtMs < MAIL_REPLENISH_MS
    if (fresh && isSaid && enough) return undefined
    const made = await (fresh
      ? replenish(suite, me, nowMs, kept, enough ? 0 : undefined)
      : makePrekeys(suite, me, nowMs, kept))
    const changes: Changes = new Map()
    this.#state.setPrekeys(made.prekeys, changes)
    await this.#state.vault.commit(changes)
    this.#madeAtMs = nowMs
    return { publication: made.publication, hour: made.prekeys.signed[0]?.madeHour ?? 0 }
  }

  /** Not now is soon enough: our home says again what is left whenever it is opened. */
  async #ask(how: (pass: string) => Promise<OwnerAnswer>): Promise<boolean> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const pass = await this.#passes.get().catch(() => undefined)
      if (pass === undefined) return false
      const answer = await how(pass)
      if (answer !== 'stale') return answer === 'done'
      this.#passes.forget(pass)
    }
    return false
  }
}
