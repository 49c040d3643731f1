// The DHT as applications see it, as types.

import type { PeerId } from '../types.ts'

/** As text, or an object of the `multiformats` package, whichever copy of it. */
export type AnyCid = string | { readonly version: number; readonly code: number; readonly bytes: Uint8Array }

export interface AskOptions {
  readonly signal?: AbortSignal
}

export interface FindOptions extends AskOptions {
  /**
   * Peers are asked for as long as it takes to find what liars hide: seven seconds and a thousand messages where there is nothing.
   * Default: false. When the edge is away, and peers say that there is nothing, it is done in any case.
   */
  readonly thorough?: boolean
}

/** How far it is. `total` is undefined until it is known. */
export interface ContentProgress {
  readonly bytes: number
  readonly total: number | undefined
}

export interface PutOptions extends AskOptions {
  /** How long others shall find it: at most, and by default, 7 days. What is larger than a record, only while we are here. */
  readonly ttlMs?: number
  readonly onProgress?: (progress: ContentProgress) => void
}

export interface GetOptions extends AskOptions {
  readonly onProgress?: (progress: ContentProgress) => void
  /** To keep what was fetched, and to provide it in turn. Default: false. */
  readonly provide?: boolean
}

export interface PublishOptions extends AskOptions {
  /** At most, and by default, 48 hours: whoever owns a name comes back before. */
  readonly ttlMs?: number
}

export interface ProvideOptions extends AskOptions {
  /** At most, and by default, 24 hours. */
  readonly ttlMs?: number
}

export interface ProvidersOptions extends FindOptions {
  /** Default: 20, which is the most. */
  readonly limit?: number
}

export interface AnnounceOptions extends AskOptions {
  /** At most, and by default, 2 hours; said again, before they are over, for as long as we are here. */
  readonly ttlMs?: number
}

/** Times are milliseconds since 1970. */
export interface Published {
  readonly sequence: bigint
  readonly expiresAt: number
}

export interface ResolvedName extends Published {
  /** As it was published: text or bytes. */
  readonly value: string | Uint8Array
}

export interface Provider {
  readonly peer: PeerId
  /** Where it says it is; empty if it does not say. */
  readonly region: string
  readonly expiresAt: number
}

/** What a peer says of itself; what is left out is empty, or false. */
export interface AboutPeer {
  /** URLs. */
  readonly addresses?: readonly string[]
  readonly capabilities?: readonly string[]
  /** Where it can be met. Whoever looks the peer up learns of them. */
  readonly rooms?: readonly string[]
  /** Whether letters can be left for it. */
  readonly mailbox?: boolean
  /** Letters. Default: where the edge sees us. */
  readonly region?: string
}

export interface FoundPeer extends Required<AboutPeer>, Published {}

export interface KnownPeer extends FoundPeer {
  readonly peer: PeerId
  /** By which it is met, as it says: addresses of edges. Nobody has looked whether they are any. */
  readonly edges: readonly string[]
}

export interface PeersOptions extends AskOptions {
  /** Default: 8; at most 64. */
  readonly limit?: number
}

/**
 * All reject with a WaypostError. `not-found`: it was asked, and there is nothing. `edge-unreachable`: nobody could be asked.
 * `dht-refused`: with the reason as `cause`. `unverified`: what came is not what was asked for.
 */
export interface Dht {
  /** Resolves to the CID. What is no larger than a record is kept at the edge; what is larger is kept here, cut, and provided. */
  put(bytes: Uint8Array | ArrayBuffer | ArrayBufferView, options?: PutOptions): Promise<string>
  /** Content of others, each block of it verified: from the edge, or from those who provide it: in a room with us, or where they said that they are met. */
  get(cid: AnyCid, options?: GetOptions): Promise<Uint8Array<ArrayBuffer>>
  /** What `put` or `get` kept here is kept no more. */
  forget(cid: AnyCid): Promise<void>
  /** A name of ours, at most 64 bytes of UTF-8, and what it says from now on: at most 4 KiB. */
  publish(name: string, value: string | Uint8Array, options?: PublishOptions): Promise<Published>
  /** Never older than what this identity saw of it before. */
  resolve(peer: PeerId | string, name: string, options?: FindOptions): Promise<ResolvedName>
  /** Says that we have these, at most 1,024 by one signature; how others get them is the application's affair, or `put`'s. */
  provide(cids: AnyCid | readonly AnyCid[], options?: ProvideOptions): Promise<{ readonly expiresAt: number }>
  providers(cid: AnyCid, options?: ProvidersOptions): Promise<readonly Provider[]>
  findPeer(peer: PeerId | string, options?: FindOptions): Promise<FoundPeer>
  /**
   * Some that announced themselves, as different in place and in who told of them as they are to be had: of what peers on links
   * say, while the edge is away too, and of what the edge says. Empty when nobody knows of any.
   */
  peers(options?: PeersOptions): Promise<readonly KnownPeer[]>
  /** Of ourselves. Said again as it was, it is written only when a quarter of its time is left. */
  announce(about: AboutPeer, options?: AnnounceOptions): Promise<Published>
}
