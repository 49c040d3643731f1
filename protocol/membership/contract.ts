// What the membership machine is told, and what it asks for.

import type { DropReason } from '../drops.ts'
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
  /** The host has nothing more for this turn: what collected may leave. */
  | { readonly kind: 'endOfTurn' }
  | { readonly kind: 'wake' }
  | { readonly kind: 'leave' }

export type MembershipEffect =
  /** To be answered by `pass` or `noPass`, whenever it may be. */
  | { readonly kind: 'obtainPass' }
  /** The edge will not take this one: another is needed. */
  | { readonly kind: 'passRefused'; readonly pass: string }
  /** The room's answer to our wanting a new one. */
  | { readonly kind: 'passRenewed'; readonly pass: string }
  | { readonly kind: 'openSocket'; readonly socket: number; readonly join: JoinFrame; readonly pass: string }
  | { readonly kind: 'closeSocket'; readonly socket: number }
  | { readonly kind: 'sendText'; readonly socket: number; readonly text: string }
  | { readonly kind: 'sendMessage'; readonly socket: number; readonly message: Uint8Array }
  /** In the room, with the whole roster: the first time, or again. */
  | { readonly kind: 'entered'; readonly again: boolean }
  /** The socket is gone; the next try is at that time. */
  | { readonly kind: 'interrupted'; readonly retryAtMs: number }
  | RosterChange
  | {
      readonly kind: 'heard'
      readonly as: 'relay' | 'signal' | 'broadcast'
      readonly from: KnownMember
      readonly payload: Uint8Array
    }
  | { readonly kind: 'undeliverable'; readonly to: KnownMember; readonly reason: UndeliverableReason }
  | { readonly kind: 'drop'; readonly reason: DropReason }
  /** For good. Without a reason: because we left. */
  | { readonly kind: 'ended'; readonly reason: EndReason }

export type EndReason =
  | 'left'
  | 'unreachable'
  | 'superseded'
  | 'room-full'
  | 'version-mismatch'
  | 'bad-request'
  | 'too-large'
  /** The edge gives us none; takes none of those it gives; takes ours for another's, or for none at all. */
  | 'no-pass'
  | 'pass-refused'
  | 'pass-foreign'
  | 'pass-malformed'
