// The frames as values: what encode takes and decode gives. One named union; layouts are in the registry.

import type { DeclineReason, Lane, LeftReason, RefusalCode, UndeliverableReason } from './registry.ts'

export type { Lane }

export interface RosterMember {
  readonly address: number
  readonly peer: Uint8Array
  readonly session: Uint8Array
  readonly metadata: Uint8Array
}

export interface BatchFrame {
  readonly kind: 'batch'
  readonly frames: readonly Uint8Array[]
}
export interface RefusalFrame {
  readonly kind: 'refusal'
  readonly code: RefusalCode
  readonly refusedType: number
  readonly retryAfterMs: number
}
export interface JoinFrame {
  readonly kind: 'join'
  readonly version: number
  readonly peer: Uint8Array
  readonly session: Uint8Array
  readonly metadata: Uint8Array
}
export interface WelcomeFrame {
  readonly kind: 'welcome'
  readonly version: number
  readonly resumed: boolean
  readonly address: number
  readonly keepAliveMs: number
  readonly presenceTimeoutMs: number
  readonly peersMax: number
  readonly tokensPerSecond: number
  readonly tokensBurst: number
  readonly bytesPerSecond: number
  readonly bytesBurst: number
}
export interface RosterFrame {
  readonly kind: 'roster'
  readonly last: boolean
  readonly members: readonly RosterMember[]
}
export interface JoinedFrame {
  readonly kind: 'joined'
  readonly member: RosterMember
}
export interface LeftFrame {
  readonly kind: 'left'
  readonly address: number
  readonly reason: LeftReason
}
export interface MetadataFrame {
  readonly kind: 'metadata'
  readonly address: number
  readonly metadata: Uint8Array
}
export interface SweepFrame {
  readonly kind: 'sweep'
}
export interface DrainedFrame {
  readonly kind: 'drained'
  readonly bytes: number
}
export interface PassWantedFrame {
  readonly kind: 'passWanted'
}
export interface PassFrame {
  readonly kind: 'pass'
  readonly pass: string
}
/** The three that travel between members. */
export interface CarriedFrame<Kind extends 'relay' | 'broadcast' | 'signal'> {
  readonly kind: Kind
  readonly address: number
  readonly payload: Uint8Array
}
export interface UndeliverableFrame {
  readonly kind: 'undeliverable'
  readonly address: number
  readonly reason: UndeliverableReason
}

export interface LinkDataFrame {
  readonly kind: 'linkData'
  readonly epoch: number
  readonly lane: Lane
  readonly first: boolean
  readonly last: boolean
  readonly seq: number
  /** The sender's oldest unacknowledged seq: where a receiver that knows nothing of this epoch begins. */
  readonly base: number
  readonly fragment: Uint8Array
}
export interface LinkAckFrame {
  readonly kind: 'linkAck'
  readonly epoch: number
  readonly lane: Lane
  readonly next: number
  readonly windowBytes: number
}
export interface LinkDatagramFrame {
  readonly kind: 'linkDatagram'
  readonly data: Uint8Array
}
export interface LinkProbeFrame<Kind extends 'linkPing' | 'linkPong'> {
  readonly kind: Kind
  readonly token: number
}

export interface DescriptionFrame<Kind extends 'offer' | 'answer'> {
  readonly kind: Kind
  readonly connection: number
  readonly round: number
  readonly sdp: string
}
export interface CandidatesFrame {
  readonly kind: 'candidates'
  readonly connection: number
  readonly candidates: readonly string[]
}
export interface DeclineFrame {
  readonly kind: 'decline'
  readonly connection: number
  readonly reason: DeclineReason
}

export type RoomFrame =
  | JoinFrame
  | WelcomeFrame
  | RosterFrame
  | JoinedFrame
  | LeftFrame
  | MetadataFrame
  | SweepFrame
  | DrainedFrame
  | PassWantedFrame
  | PassFrame
  | CarriedFrame<'relay'>
  | CarriedFrame<'broadcast'>
  | CarriedFrame<'signal'>
  | UndeliverableFrame
export type LinkFrame =
  | LinkDataFrame
  | LinkAckFrame
  | LinkDatagramFrame
  | LinkProbeFrame<'linkPing'>
  | LinkProbeFrame<'linkPong'>
export type SignalFrame =
  | DescriptionFrame<'offer'>
  | DescriptionFrame<'answer'>
  | CandidatesFrame
  | DeclineFrame
export type Frame = BatchFrame | RefusalFrame | RoomFrame | LinkFrame | SignalFrame
