// What the home machine is told, and what it asks for. See README.md beside this file.

import type { DropReason } from '../drops.ts'
import type { KeptEffect, KeptEnd, KeptInput } from '../kept-socket.ts'
import type { Random } from '../machine.ts'
import type { Priority } from '../priority.ts'
import type { DhtAnswer, DhtQuestion } from '../wire/dht-frames.ts'
import type { HelloFrame } from '../wire/mail-frames.ts'

export interface HomeConfig {
  readonly random: Random
  /** Letters and bytes that may be under way to us at once; when left out, what a mailbox gives by default. */
  readonly window?: HomeWindow | undefined
}

export interface HomeWindow {
  readonly letters: number
  readonly bytes: number
}

export type HomeInput =
  | KeptInput
  | { readonly kind: 'socketMessage'; readonly socket: number; readonly bytes: Uint8Array }
  /** They are ours for good: the mailbox may forget them. May be said of any letter, also one that never came this way. */
  | { readonly kind: 'took'; readonly ids: readonly Uint8Array[] }
  /** Of the DHT, under a token that no question has that waits. Answered by `answer`, whatever becomes of the socket. */
  | { readonly kind: 'ask'; readonly token: number; readonly question: DhtQuestion }
  /** The host has nothing more for this turn: what was taken in it leaves in one frame, what was asked in few messages. */
  | { readonly kind: 'endOfTurn' }
  | { readonly kind: 'wake' }
  | { readonly kind: 'close' }

export type HomeEffect =
  | KeptEffect
  | {
      readonly kind: 'openSocket'
      readonly socket: number
      readonly hello: HelloFrame
      readonly pass: string
    }
  | { readonly kind: 'sendMessage'; readonly socket: number; readonly message: Uint8Array }
  /** The mailbox's answer to our wanting a new one. */
  | { readonly kind: 'passRenewed'; readonly pass: string }
  /** Home: the first time, or again. What the mailbox holds, and how many prekeys it has to give away. */
  | { readonly kind: 'ready'; readonly stored: number; readonly oneTimeLeft: number }
  /** Those of one message, each for the first time in this life. To be answered by `took`, whenever and in any order. */
  | { readonly kind: 'letters'; readonly letters: readonly HomeLetter[] }
  /** One-time prekeys, and they are few. */
  | { readonly kind: 'prekeysLeft'; readonly left: number }
  /** Undefined: none came in time, nor will; or more is asked than may be at once. */
  | { readonly kind: 'answer'; readonly token: number; readonly answer: DhtAnswer | undefined }
  | { readonly kind: 'drop'; readonly reason: DropReason }
  /** For good: nothing follows. */
  | { readonly kind: 'ended'; readonly reason: HomeEnd }

/** Its bytes are views of the message it came in. */
export interface HomeLetter {
  /** As the mailbox says: good for `took`, and for nothing else. What is once and whose it is, the envelope decides. */
  readonly id: Uint8Array
  readonly priority: Priority
  /** Since 1970, when it came to the mailbox. */
  readonly hour: number
  readonly envelope: Uint8Array
}

/** `superseded`: another device of the same owner has the mailbox now, and we do not fight for it. */
export type HomeEnd = 'closed' | KeptEnd
