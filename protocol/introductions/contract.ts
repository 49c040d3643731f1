// What the machine of introductions is told, and what it asks for. See README.md beside this file.

import type { Version } from '../dht/records/compare.ts'
import type { DropReason } from '../drops.ts'
import type { Random } from '../machine.ts'

/** Who told: a peer, or the edge, whose word is worth no more. */
export const THE_EDGE = 'the edge'

/** An announcement that its owner signed, as it was verified. */
export interface Introduced extends Version {
  readonly peer: string
  /** As it says. */
  readonly region: string
  /** Where it is to be met, as it says: read, and such as we would go to. */
  readonly edges: readonly string[]
  readonly expiresAtMs: number
  readonly bytes: Uint8Array
}

export interface ToldEdge {
  readonly url: string
  /** Some of those who told of it; the first of them first. */
  readonly tellers: readonly string[]
  /** When somebody last did. */
  readonly toldAtMs: number
}

export type IntroductionsInput =
  /** What an earlier life was told. */
  | { readonly kind: 'restored'; readonly edges: readonly ToldEdge[] }
  | { readonly kind: 'linked' | 'unlinked'; readonly peer: string }
  | { readonly kind: 'heard'; readonly peer: string; readonly bytes: Uint8Array }
  /** The edge named peers that announced themselves. */
  | { readonly kind: 'sampled'; readonly records: readonly Uint8Array[] }
  /** Undefined: it is not signed by whom it says, or is none. */
  | {
      readonly kind: 'verified'
      readonly task: number
      readonly introduced: Introduced | 'expired' | undefined
    }
  /** Somebody wants to know of peers now. */
  | { readonly kind: 'wanted' }
  | { readonly kind: 'wake' }

export type IntroductionsEffect =
  | { readonly kind: 'send'; readonly peer: string; readonly bytes: Uint8Array }
  /** One at a time. */
  | { readonly kind: 'verify'; readonly task: number; readonly bytes: Uint8Array }
  /** Those that are known have changed: to be kept, and to be gone to when there is no other. */
  | { readonly kind: 'edges'; readonly edges: readonly ToldEdge[] }
  | { readonly kind: 'drop'; readonly reason: DropReason }

export interface IntroductionsConfig {
  readonly self: string
  readonly random: Random
  /** What we announced of ourselves, if we did. */
  readonly own: () => Pick<Introduced, 'digest' | 'bytes'> | undefined
  /** Edges that the application named, and the one in use. */
  readonly ownEdges: () => readonly string[]
  /** As we would go to it; undefined for what is no edge of anybody's. */
  readonly readEdge: (text: string) => string | undefined
}
