// What the membership machine is told, and what it asks for.

import type { DropReason } from '../drops.ts'
import type { KeptEffect, KeptEnd, KeptInput } from '../kept-socket.ts'
import type { Random } from '../machine.ts'
import type { PeerId } from '../peer-id.ts'
import type { JoinFrame } from '../wire/frames.ts'
import type { UndeliverableReason } from '../wire/registry.ts'
import type { KnownMember, RosterChange } from './roster.ts'

export interface MembershipConfig {
  readonly peer: Uint8Array
  readonly session: Uint8Array
  readonly metadata: Uint8Array
  readonly random: Random
  /** Until we were in once, give up after this; afterwards, never. */
  readonly firstJoinWithinMs: number
}

export type MembershipInput =
  | KeptInput
  | { readonly kind: 'socketMessage'; readonly socket: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'carry'
      readonly as: 'relay' | 'signal'
      readonly to: PeerId
      readonly payload: Uint8Array
    }
  /** As `carry`, of a sealed record: it is the machine's, with the bytes that its buffer has to spare before it. */
  | { readonly kind: 'carryRecord'; readonly to: PeerId; readonly record: Uint8Array }
  | { readonly kind: 'broadcast'; readonly payload: Uint8Array }
  | { readonly kind: 'describe'; readonly metadata: Uint8Array }
  /**
   * There are several edges: who is missing after we moved may move later. `standIn`: so it is with those who leave this one,
   * which stands in for another.
   */
  | { readonly kind: 'patience'; readonly standIn: boolean }
  /** The host has nothing more for this turn: what collected may leave. */
  | { readonly kind: 'endOfTurn' }
  | { readonly kind: 'wake' }
  | { readonly kind: 'leave' }

export type MembershipEffect =
  | KeptEffect
  /** The room's answer to our wanting a new one. */
  | { readonly kind: 'passRenewed'; readonly pass: string }
  | { readonly kind: 'openSocket'; readonly socket: number; readonly join: JoinFrame; readonly pass: string }
  | { readonly kind: 'sendMessage'; readonly socket: number; readonly message: Uint8Array }
  /** In the room, with the whole roster: the first time, or again. */
  | { readonly kind: 'entered'; readonly again: boolean }
  | RosterChange
  | {
      readonly kind: 'heard'
      readonly as: 'relay' | 'signal' | 'broadcast'
      readonly from: KnownMember
      readonly payload: Uint8Array
    }
  | { readonly kind: 'undeliverable'; readonly to: KnownMember; readonly reason: UndeliverableReason }
  | { readonly kind: 'drop'; readonly reason: DropReason }
  /** For good: because we left, or there is no getting in. */
  | { readonly kind: 'ended'; readonly reason: EndReason }

export type EndReason = 'left' | KeptEnd
