// An owner's prekeys, handed out: each one-time prekey once, and to strangers no faster than an owner can make new ones.
// What a publication is made of is checked elsewhere (crypto/mail); here it is a head and one-time prekeys.

import { FULL, type Rate, take } from '../bucket.ts'
import {
  MAILBOX_ACCESS_KEYS_MAX,
  MAILBOX_DRAWS_BURST,
  MAILBOX_DRAWS_PER_SECOND,
  MAILBOX_PREKEYS_LOW,
  MAILBOX_PREKEYS_MAX,
} from '../limits/mailbox.ts'
import {
  ACCESS_KEY_BYTES,
  type AccessRules,
  type OneTimePrekey,
  type OwnerStore,
  type SenderKind,
} from './contract.ts'

/** Two publications are kept. */
const ONE_TIME_MAX = MAILBOX_PREKEYS_MAX / 2
const STRANGERS_DRAWS: Rate = { perSecond: MAILBOX_DRAWS_PER_SECOND, burst: MAILBOX_DRAWS_BURST }

export interface Publication {
  readonly head: Uint8Array
  readonly oneTime: readonly OneTimePrekey[]
  /** Of another signed prekey: who has it may not have what the one-time prekeys there are belong to. */
  readonly replaces?: boolean
}

export interface Drawn {
  readonly head: Uint8Array
  /** Key and path; undefined: there is none left, or none for strangers just now. */
  readonly oneTime: Uint8Array | undefined
  readonly left: number
  /** This draw left few: the owner is to be told. */
  readonly few: boolean
}

export class PrekeyDesk {
  readonly #store: OwnerStore
  /** In memory: an object that slept long enough to forget it has earned most of it. */
  #strangersPaidUntilMs = FULL

  constructor(store: OwnerStore) {
    this.#store = store
  }

  /**
   * Of the owner, and well formed: it opens the mailbox. Answers how many one-time prekeys are left in all; undefined for
   * more than one publication may have, or two of one number. Throws what the store throws.
   */
  publish({ head, oneTime, replaces = false }: Publication): number | undefined {
    if (oneTime.length > ONE_TIME_MAX) return undefined
    if (new Set(oneTime.map(({ id }) => id)).size < oneTime.length) return undefined
    if (!this.#store.opened) this.#store.open()
    // The publication before the last is forgotten; so, the one before this.
    if (replaces) this.#store.publish(head, [])
    this.#store.publish(head, oneTime)
    return this.#store.oneTimeLeft
  }

  /** Undefined when the owner has published nothing yet. Throws what the store throws, and has drawn nothing then. */
  draw(kind: SenderKind, nowMs: number): Drawn | undefined {
    const head = this.#store.prekeyHead()
    if (head === undefined) return undefined
    const paid = take(this.#strangersPaidUntilMs, STRANGERS_DRAWS, 1, nowMs)
    const drawn = paid.ok || kind === 'contact' ? this.#store.drawOneTime() : undefined
    const left = this.#store.oneTimeLeft
    if (drawn === undefined) return { head, oneTime: undefined, left, few: false }
    if (paid.ok && kind === 'stranger') this.#strangersPaidUntilMs = paid.paidUntilMs
    return { ...drawn, left, few: left <= MAILBOX_PREKEYS_LOW }
  }
}

/** What an owner asks for, if it may: undefined for too many keys, or what is none. */
export function accessRules({ keys, strangers }: AccessRules): AccessRules | undefined {
  if (keys.length > MAILBOX_ACCESS_KEYS_MAX) return undefined
  return keys.every((key) => key.length === ACCESS_KEY_BYTES) ? { keys, strangers } : undefined
}
