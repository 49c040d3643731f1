// What a mailbox is told, what it wants done, and the store it works on, as types.

import type { Priority } from '../priority.ts'
import type { MailRefusal } from '../wire/registry.ts'
import type { MailCounts } from './tally.ts'

/** Who puts a letter, as far as the mailbox cares. */
export type SenderKind = 'contact' | 'stranger'

/** All of a letter but its envelope: what is in memory of each. */
export interface LetterHead {
  /** Above that of every letter that is stored; in a mailbox that is empty it may begin at 1 again. */
  readonly seq: number
  /** SHA-256(envelope)[0..16). */
  readonly id: Uint8Array
  readonly priority: Priority
  readonly sender: SenderKind
  readonly bytes: number
  /** Since 1970, when it came. */
  readonly hour: number
  readonly expiresAtMs: number
}

export interface Letter extends LetterHead {
  readonly envelope: Uint8Array
}

/**
 * Where letters are kept: SQLite at the edge, memory in tests. Synchronous, so that nothing interleaves; each call is all or
 * nothing, and throws when it cannot be done. Held to one compliance suite (test/protocol/mailbox/store-compliance.ts).
 */
export interface LetterStore {
  /** Of every letter, in order of seq. Asked once, when the machine is made. */
  heads(): Iterable<LetterHead>
  insert(letters: readonly Letter[]): void
  /** And keeps what was counted with them, in place of what was kept so before. */
  remove(heads: readonly LetterHead[], counts: MailCounts): void
  /** What was kept last; undefined before anything was removed. */
  counts(): MailCounts | undefined
  /** Undefined for a letter that is not there. */
  envelope(head: LetterHead): Uint8Array | undefined
}

/** What an owner set up, and its prekeys. The same rules as above. */
export interface OwnerStore {
  /** Whether the owner ever opened the mailbox. Asking writes nothing. */
  readonly opened: boolean
  open(): void
  access(): AccessRules
  setAccess(rules: AccessRules): void
  /** The signed part of the newest publication; undefined before there is one. */
  prekeyHead(): Uint8Array | undefined
  /** Replaces the head; one-time prekeys of the publication before stay, those of earlier ones go. */
  publish(head: Uint8Array, oneTime: readonly OneTimePrekey[]): void
  /** The oldest, with the head it was signed with, and takes it away: nobody else is given it. */
  drawOneTime(): { readonly head: Uint8Array; readonly oneTime: Uint8Array } | undefined
  readonly oneTimeLeft: number
}

export const ACCESS_KEY_BYTES = 32

export interface AccessRules {
  /** ACCESS_KEY_BYTES each. */
  readonly keys: readonly Uint8Array[]
  readonly strangers: boolean
}

export interface OneTimePrekey {
  readonly id: number
  /** Key and path, as crypto/mail lays them out. */
  readonly bytes: Uint8Array
}

/** A letter on its way in, its proof verified. `Origin` is the host's: whom to answer. */
export interface Put<Origin> {
  readonly origin: Origin
  readonly id: Uint8Array
  readonly sender: SenderKind
  readonly priority: Priority
  readonly ttlMs: number
  readonly envelope: Uint8Array
}

export type PutOutcome =
  | { readonly ok: true; readonly known: boolean; readonly expiresAtMs: number }
  | { readonly ok: false; readonly reason: MailRefusal; readonly retryAfterMs: number }

/** How much may be under way to the owner at once. */
export interface Window {
  readonly letters: number
  readonly bytes: number
}

export type MailboxInput<Origin> =
  /** Puts that came together: one transaction for those that are kept. */
  | { readonly kind: 'puts'; readonly puts: readonly Put<Origin>[] }
  /** The owner's socket opened; the home before it, if there was one, is no more. */
  | { readonly kind: 'hello'; readonly window: Window; readonly cursor: Uint8Array | undefined }
  /** The object woke and finds the owner's socket still there, with the state kept for it. */
  | { readonly kind: 'resumed'; readonly state: Uint8Array }
  | { readonly kind: 'took'; readonly ids: readonly Uint8Array[] }
  | { readonly kind: 'ownerGone' }
  | { readonly kind: 'wake' }

export type MailboxEffect<Origin> =
  | { readonly kind: 'answer'; readonly to: Origin; readonly outcome: PutOutcome }
  /** So many of those in `took` were there, and are no more. Not said when the store failed. */
  | { readonly kind: 'taken'; readonly letters: number }
  /** To the owner's socket, with the cursor that says it came: what `hello` says after a reconnect. */
  | { readonly kind: 'push'; readonly letter: Letter; readonly cursor: Uint8Array }
  /** Kept with the owner's socket, for `resumed`: under 100 bytes. */
  | { readonly kind: 'remember'; readonly state: Uint8Array }
  /** For the log: what the store threw. The machine has already decided what follows. */
  | { readonly kind: 'storeFailed'; readonly doing: 'insert' | 'remove' | 'read'; readonly error: unknown }

export interface Page {
  readonly letters: readonly Letter[]
  /** Where the next page begins. */
  readonly cursor: Uint8Array
  /** Whether there is a next page now. */
  readonly more: boolean
}
