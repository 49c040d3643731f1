// What the streams machine is told and what it answers: the words between it and its host.

import type { DropReason } from '../drops.ts'
import type { StreamRefusal } from '../wire/registry.ts'

export type StreamsInput =
  /** With an id from `reserve`. */
  | { readonly kind: 'open'; readonly stream: number; readonly label: string }
  /** The bytes are the machine's from now on, until it says `drained` or the stream is over. */
  | { readonly kind: 'write'; readonly stream: number; readonly bytes: Uint8Array }
  /** Our half is complete. */
  | { readonly kind: 'end'; readonly stream: number }
  /** Our half is broken off. */
  | { readonly kind: 'reset'; readonly stream: number; readonly code: number }
  /** We read no more. */
  | { readonly kind: 'stop'; readonly stream: number; readonly code: number }
  | { readonly kind: 'refuse'; readonly stream: number; readonly reason: StreamRefusal }
  /** The application took so many bytes of what was received. */
  | { readonly kind: 'read'; readonly stream: number; readonly bytes: number }
  /** From the lane. */
  | { readonly kind: 'message'; readonly message: Uint8Array }
  /** The peer acknowledged a message of the lane. */
  | { readonly kind: 'settled'; readonly token: number }
  /** The link gave up what was under way. */
  | { readonly kind: 'abandoned' }
  /** The peer is a new session, and what the link still has to send would go to that. */
  | { readonly kind: 'peerRestarted' }
  | { readonly kind: 'wake' }

/** `lost`: the peer is gone, or knows nothing of it any more. */
export type Failure =
  | { readonly why: 'reset' | 'stop'; readonly code: number }
  | { readonly why: 'refused'; readonly reason: StreamRefusal }
  | { readonly why: 'lost' | 'over-window' }

export type StreamsEffect =
  /** To the lane. */
  | { readonly kind: 'send'; readonly token: number; readonly message: Uint8Array }
  /** Not to be sent after all, if it was not yet. */
  | { readonly kind: 'cancel'; readonly token: number }
  | { readonly kind: 'opened'; readonly stream: number; readonly label: string }
  /** An array of the receiver's own. */
  | { readonly kind: 'data'; readonly stream: number; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The peer's half is complete. */
  | { readonly kind: 'ended'; readonly stream: number }
  /** What was written has left, all but little: there is room for more. */
  | { readonly kind: 'drained'; readonly stream: number }
  /** The peer has all of our half, and knows that it is all. */
  | { readonly kind: 'acknowledged'; readonly stream: number }
  | {
      readonly kind: 'failed'
      readonly stream: number
      readonly half: 'sending' | 'receiving' | 'both'
      readonly failure: Failure
    }
  | { readonly kind: 'drop'; readonly reason: DropReason }
