// Between the DHT of a client and the Waypost it belongs to: what it is made of, whom it asks, and what it may use.

import type { Suite } from '../../protocol/crypto/suite.ts'
import type { DropReason } from '../../protocol/drops.ts'
import type { DhtAnswer, DhtQuestion } from '../../protocol/wire/dht-frames.ts'
import type { SealedStore } from '../identities/store.ts'
import type { Vault } from '../identities/vault.ts'
import type { Identity } from '../identity.ts'
import type { JoinedRoom } from '../joined-room.ts'
import type { Links } from '../links.ts'
import type { Passes } from '../pass.ts'
import type { RoomHost } from '../room-host.ts'
import type { PeerId, WaypostStream } from '../types.ts'

/**
 * Whoever answers questions to the DHT: the edge, and whatever is asked beside it. Nothing it says is believed. Undefined: it
 * could not be asked, or did not answer. `isThorough`: what is there shall be found, whatever that takes. Rejects when the signal fires, and for nothing else but what keeps us from asking.
 */
export interface DhtSource {
  ask(question: DhtQuestion, signal: AbortSignal, isThorough?: boolean): Promise<DhtAnswer | undefined>
}

export interface DhtParts {
  readonly base: URL
  readonly network: string
  readonly suite: Suite
  readonly identity: Identity
  readonly passes: Passes
  readonly vault: () => Promise<Vault>
  readonly store: SealedStore
  /** Where the edge sees us. */
  readonly bootstraps: { readonly region?: string }
  readonly relayOnly: boolean
  readonly direct: unknown
  /** Whether we answer peers, and are answered by them. */
  readonly mesh: boolean
}

/** What the DHT needs of its Waypost. */
export interface DhtOwner {
  /** Over the home socket; undefined at once where it is not open. */
  askHome(question: DhtQuestion): Promise<DhtAnswer | undefined> | undefined
  /** To our machinery at that peer. Throws where no link reaches it. */
  open(peer: PeerId, label: string): WaypostStream
  /** Streams that peers open to ours. */
  serve(label: string, take: (stream: WaypostStream) => void): void
  readonly links: Links
  /** Those that are told of new passes, and of another network. */
  readonly hosts: Set<RoomHost>
  /** A room for machinery alone, unless the application is in it, or joins it. */
  borrow(name: string): JoinedRoom
  /** To our machinery at that peer, if it is still there. */
  tell(peer: PeerId, bytes: Uint8Array): void
  passRenewed(pass: string): void
  dropped(reason: DropReason): void
}
