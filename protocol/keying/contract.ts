// What the keying machine is told, and what it asks for.

import type { HandshakeDrop } from '../crypto/handshake/drops.ts'
import type { MessageType } from '../crypto/handshake/layout.ts'
import type { Role } from '../crypto/handshake/session.ts'
import type { PathName } from '../path.ts'

export interface KeyingConfig {
  /** Of two dials that cross, ours stands: our PeerId is the smaller. */
  readonly ours: boolean
  /** Whether there is a ticket to come back with. */
  readonly hasTicket: () => boolean
}

/** What a piece of handshake has come to. */
export type TaskResult =
  /** To be sent, and sent again while there is no answer: M1, M2, R1, a join. */
  | { readonly kind: 'says'; readonly bytes: Uint8Array }
  /** Said once more because the peer said its own once more. */
  | { readonly kind: 'repeats'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'established'
      readonly role: Role
      readonly authenticatedAtMs: number
      /** M3 or R2. */
      readonly reply: Uint8Array | undefined
    }
  | { readonly kind: 'joined'; readonly path: number; readonly reply: Uint8Array | undefined }
  | { readonly kind: 'drop'; readonly reason: HandshakeDrop }
  /** No ticket, or one too old; no more path numbers. */
  | { readonly kind: 'impossible' }

export type KeyingInput =
  /** There is something to say to the peer. */
  | { readonly kind: 'wanted' }
  | { readonly kind: 'wayUp'; readonly way: number; readonly path: PathName; readonly life: number }
  | { readonly kind: 'wayDown'; readonly way: number }
  | {
      readonly kind: 'message'
      readonly way: number
      readonly type: MessageType
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'result'; readonly task: number; readonly result: TaskResult }
  /** A record opened there: the first of that session on that way. */
  | { readonly kind: 'heard'; readonly session: number; readonly way: number }
  /** On an ordered channel something came that is not the next record. */
  | { readonly kind: 'broken'; readonly way: number }
  /** What the link sent was not acknowledged for long: the peer may be unable to open it. */
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'wake' }

export type KeyingEffect =
  | {
      readonly kind: 'begin'
      readonly task: number
      readonly as: 'dial' | 'resume' | 'answer' | 'answerResume'
      readonly way: number
    }
  /** On the session's behalf: to join a way, or to accept a join there. */
  | {
      readonly kind: 'begin'
      readonly task: number
      readonly as: 'join' | 'accept'
      readonly way: number
      readonly session: number
    }
  | { readonly kind: 'feed'; readonly task: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly task: number }
  | { readonly kind: 'transmit'; readonly way: number; readonly bytes: Uint8Array }
  /** Sessions are named by the task that made them. `life` is the peer's, as this session proved it. */
  | { readonly kind: 'adopt'; readonly session: number; readonly life: number }
  | { readonly kind: 'retire'; readonly session: number }
  /** What does not open under the current session there may open under this one. */
  | { readonly kind: 'hold'; readonly session: number; readonly way: number }
  /** Records on this way are of this path of that session from now on… */
  | { readonly kind: 'attach'; readonly session: number; readonly way: number; readonly path: number }
  /** …and may be sent there. `first`: say something, be it nothing, so that the peer knows. */
  | { readonly kind: 'open'; readonly way: number; readonly first: boolean }
  /** No more records of the current session there. */
  | { readonly kind: 'detach'; readonly way: number }
  /** The way is no good: a direct connection is to be made anew. */
  | { readonly kind: 'giveUp'; readonly way: number }
  | { readonly kind: 'drop'; readonly reason: HandshakeDrop }
