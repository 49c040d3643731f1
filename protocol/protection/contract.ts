// What is told to the blacklist, what comes of it, and what is known of somebody listed.

import type { PeerId } from '../peer-id.ts'
import type { Offence, OffenceCounts } from './offences.ts'

/** Somebody listed, as it is shown. */
export interface Listing {
  readonly id: PeerId
  readonly reason: Offence | 'admin'
  readonly source: 'automatic' | 'admin'
  readonly sinceMs: number
  /** Null: until somebody takes it off. */
  readonly untilMs: number | null
  readonly offences: OffenceCounts
  readonly note?: string
}

/** All a registry keeps of one peer, on its disk too once it was listed. */
export interface Offender {
  readonly id: PeerId
  /** As it was last; it may be over. */
  readonly listing: Listing | undefined
  /** How often it was listed, but for what was forgiven. */
  readonly strikes: number
  readonly struckAtMs: number
  readonly weight: number
  readonly weighedAtMs: number
  readonly offences: OffenceCounts
}

export interface AdminTerms {
  readonly reason: Offence | 'admin'
  readonly untilMs: number | null
  readonly note?: string
}

export type BlacklistInput =
  | { readonly kind: 'offended'; readonly id: PeerId; readonly counts: OffenceCounts }
  | { readonly kind: 'list'; readonly id: PeerId; readonly terms: AdminTerms }
  | { readonly kind: 'unlist'; readonly id: PeerId }

export type BlacklistEffect =
  /** It is listed from now on, or otherwise than it was. */
  | { readonly kind: 'listed'; readonly listing: Listing }
  | { readonly kind: 'unlisted'; readonly id: PeerId }
  | { readonly kind: 'notListed'; readonly id: PeerId }
  /** As many are listed by hand as there is room for. */
  | { readonly kind: 'full' }
  /** On the disk, in place of what was there of it. */
  | { readonly kind: 'keep'; readonly offender: Offender }
  | { readonly kind: 'forget'; readonly id: PeerId }

/** What Workers and objects go by: who is listed, and until when. */
export interface ListedPeers {
  /** Changes whenever the list does, and is never that of another life. */
  readonly version: string
  readonly peers: readonly { readonly id: PeerId; readonly untilMs: number | null }[]
}

export type AuditEntry = {
  readonly atMs: number
  readonly id: PeerId
  readonly by: 'admin'
  readonly note: string
} & (
  | { readonly act: 'list'; readonly reason: AdminTerms['reason']; readonly untilMs: number | null }
  | { readonly act: 'unlist' }
)
