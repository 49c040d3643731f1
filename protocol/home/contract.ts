// What the home machine is told, and what it asks for. See README.md beside this file.

import type { DropReason } from '../drops.ts'
import type { Random } from '../machine.ts'
import type { HelloFrame, LetterFrame } from '../mailbox/frames.ts'

export interface HomeConfig {
  readonly random: Random
  /** Letters and bytes that may be under way to us at once; what a mailbox gives by default when left out. */
  readonly window?: { readonly letters: number; readonly bytes: number }
}

export type HomeInput =
  | { readonly kind: 'start' }
  /** The pass to show from now on, and when to ask for the next. */
  | { readonly kind: 'pass'; readonly pass: string; readonly renewAtMs: number }
  /** There is none to be had now, or for us ever. */
  | { readonly kind: 'noPass'; readonly forGood: boolean }
  | { readonly kind: 'socketMessage'; readonly socket: number; readonly bytes: Uint8Array }
  | { readonly kind: 'socketText'; readonly socket: number; readonly text: string }
  | { readonly kind: 'socketClosed'; readonly socket: number; readonly code: number }
  /** The device says that its network, or its being awake, changed. */
  | { readonly kind: 'networkChanged' }
  /** Something else that took the same network fell silent: is the socket still there? */
  | { readonly kind: 'suspected' }
  /** They are ours for good: the mailbox may forget them. May be said of any letter, also one that never came this way. */
  | { readonly kind: 'took'; readonly ids: readonly Uint8Array[] }
  /** The host has nothing more for this turn: what was taken in it leaves in one frame. */
  | { readonly kind: 'endOfTurn' }
  | { readonly kind: 'wake' }
  | { readonly kind: 'close' }

export type HomeEffect =
  /** To be answered by `pass` or `noPass`, whenever it may be. */
  | { readonly kind: 'obtainPass' }
  /** The edge will not take this one: another is needed. */
  | { readonly kind: 'passRefused'; readonly pass: string }
  /** The mailbox's answer to our wanting a new one. */
  | { readonly kind: 'passRenewed'; readonly pass: string }
  | {
      readonly kind: 'openSocket'
      readonly socket: number
      readonly hello: HelloFrame
      readonly pass: string
    }
  | { readonly kind: 'closeSocket'; readonly socket: number }
  | { readonly kind: 'sendText'; readonly socket: number; readonly text: string }
  | { readonly kind: 'sendMessage'; readonly socket: number; readonly message: Uint8Array }
  /** Home: the first time, or again. */
  | { readonly kind: 'ready'; readonly stored: number; readonly oneTimeLeft: number }
  /** Those of one message, none of which was given before in this life. To be answered by `took`, in any order. */
  | { readonly kind: 'letters'; readonly letters: readonly HomeLetter[] }
  /** One-time prekeys, and they are few. */
  | { readonly kind: 'prekeysLeft'; readonly left: number }
  /** No socket; the next try is at that time, or, when it is undefined, as soon as enough of what we hold was taken. */
  | { readonly kind: 'interrupted'; readonly retryAtMs: number | undefined }
  | { readonly kind: 'drop'; readonly reason: DropReason }
  /** For good: nothing follows. */
  | { readonly kind: 'ended'; readonly reason: HomeEnd }

/** Its bytes are views of the message it came in. */
export type HomeLetter = Omit<LetterFrame, 'kind'>

export type HomeEnd =
  | 'closed'
  /** Another device of the same owner has the mailbox now. We do not fight for it. */
  | 'superseded'
  | 'version-mismatch'
  | 'bad-request'
  | 'too-large'
  /** The edge gives us none; takes none of those it gives; takes ours for another's, or for none at all. */
  | 'no-pass'
  | 'pass-refused'
  | 'pass-foreign'
  | 'pass-malformed'
