// What the negotiation machine is told, and what it asks for.

import type { DropReason } from '../drops.ts'
import type { Random } from '../machine.ts'
import type { SignalFrame } from '../wire/frames.ts'
import type { DeclineReason } from '../wire/registry.ts'

export type FailureReason =
  | 'no-answer' // the peer did not answer our offer
  | 'no-path' // no pair of candidates worked in time
  | 'ice-failed' // the browser says that none will
  | 'not-supported' // the browser could not do what the descriptions ask

export interface NegotiationConfig {
  /** The one that yields when both offer. */
  readonly polite: boolean
  /** Why a new connection is declined here just now, if it is. */
  readonly unwilling: () => DeclineReason | undefined
  readonly random: Random
}

export type NegotiationInput =
  | { readonly kind: 'connect' }
  | { readonly kind: 'signal'; readonly frame: SignalFrame }
  /** The browser made our description for this round. */
  | {
      readonly kind: 'described'
      readonly connection: number
      readonly as: 'offer' | 'answer'
      readonly round: number
      readonly sdp: string
    }
  | { readonly kind: 'candidate'; readonly connection: number; readonly candidate: string }
  | { readonly kind: 'broken'; readonly connection: number }
  | {
      readonly kind: 'iceState'
      readonly connection: number
      readonly state: 'connected' | 'disconnected' | 'failed' | 'closed'
    }
  | { readonly kind: 'channelsOpen'; readonly connection: number }
  | { readonly kind: 'channelsClosed'; readonly connection: number }
  /** The link hears nothing on the open connection; or hears again. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'heard' }
  /** The credentials that its path hangs by have been replaced, and will expire. */
  | { readonly kind: 'renewed'; readonly connection: number }
  /** Signals can reach the peer again: what was under way may have been lost. */
  | { readonly kind: 'reachable' }
  | { readonly kind: 'networkChanged' }
  | { readonly kind: 'close' }
  | { readonly kind: 'wake' }

export type NegotiationEffect =
  | { readonly kind: 'create'; readonly connection: number }
  | {
      readonly kind: 'makeOffer'
      readonly connection: number
      readonly round: number
      readonly restart: boolean
    }
  | {
      readonly kind: 'acceptOffer'
      readonly connection: number
      readonly round: number
      readonly sdp: string
    }
  | { readonly kind: 'acceptAnswer'; readonly connection: number; readonly sdp: string }
  | { readonly kind: 'addCandidates'; readonly connection: number; readonly candidates: readonly string[] }
  | { readonly kind: 'destroy'; readonly connection: number }
  | { readonly kind: 'signal'; readonly frame: SignalFrame }
  | { readonly kind: 'opened'; readonly connection: number }
  | { readonly kind: 'lost'; readonly connection: number }
  | { readonly kind: 'failed'; readonly reason: FailureReason }
  | { readonly kind: 'drop'; readonly reason: DropReason }

export type NegotiationState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'attempting' }
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly retryAtMs: number }
  | { readonly kind: 'declined'; readonly reason: DeclineReason }
