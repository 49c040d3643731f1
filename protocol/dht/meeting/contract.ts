// What the meeting machine is told, and what it asks for.

import type { Machine, Random } from '../../machine.ts'

/** The first bits of places, as zeros and ones: of those who live there. The one without any is everybody's. */
export type Bits = string

export interface MeetingConfig {
  /** Our place. */
  readonly self: Uint8Array
  readonly random: Random
  /** Direct connections there are, or are being made, for whatever reason. */
  readonly connections: () => number
  /** Whether the application has a link with it for its own sake. */
  readonly isMet: (peer: string) => boolean
}

/** A member of a room whose place was proven; peers are named by text. */
export interface Member {
  readonly peer: string
  readonly node: Uint8Array
  /** It says that the room is split, and that it lives deeper. */
  readonly isKeeper: boolean
}

export type MeetingInput =
  | { readonly kind: 'begin' }
  /** We are in, and were told of all who are. */
  | { readonly kind: 'entered'; readonly room: Bits }
  /** We are not in, and will not be: it is full, or the edge refuses, or cannot be reached. */
  | { readonly kind: 'ended'; readonly room: Bits; readonly isFull: boolean }
  /** It is in the room, or says another thing of itself than before. */
  | { readonly kind: 'seen'; readonly room: Bits; readonly member: Member }
  | { readonly kind: 'gone'; readonly room: Bits; readonly peer: string }
  /** A neighbour in the mesh, wherever it was met. */
  | { readonly kind: 'linked'; readonly peer: string; readonly node: Uint8Array }
  | { readonly kind: 'unlinked'; readonly peer: string }
  /** Buckets of the mesh in which nobody is. */
  | { readonly kind: 'wanted'; readonly buckets: readonly number[] }
  /** A link that is of no use to the mesh. */
  | { readonly kind: 'spare'; readonly peer: string }
  | { readonly kind: 'wake' }

export type MeetingEffect =
  | { readonly kind: 'enter'; readonly room: Bits; readonly isKeeper: boolean }
  | { readonly kind: 'leave'; readonly room: Bits }
  /** What others in the room are to know of us from now on. */
  | { readonly kind: 'say'; readonly room: Bits; readonly isKeeper: boolean }
  /** Directly; by this room. */
  | { readonly kind: 'connect'; readonly room: Bits; readonly peer: string }
  /** Unless the application wants it. */
  | { readonly kind: 'letGo'; readonly peer: string }

export type MeetingMachine = Machine<MeetingInput, MeetingEffect>
