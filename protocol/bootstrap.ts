// What GET /v1/bootstrap says: all a client needs before its first socket. JSON, written by the Worker and read by the client.

import type { Region } from './dht/regions.ts'
import type { RoomConfig } from './room/config.ts'

/** An RTCIceServer, without the browser's types. */
export interface IceServer {
  readonly urls: string | readonly string[]
  readonly username?: string
  readonly credential?: string
}

export interface Relay {
  readonly url: string
  readonly region?: Region
}

/** One that announced itself for everybody to find. */
export interface BootstrapPeer {
  readonly id: string
  /** As it says. */
  readonly region: string
  /** Its signed announcement, in base64url: whoever reads it checks it. */
  readonly record: string
}

export interface Bootstrap {
  readonly version: { readonly software: string; readonly wire: number }
  readonly network: string
  readonly iceServers: readonly IceServer[]
  /** GET /v1/turn has more of them, TURN among these. */
  readonly turn?: true
  /** What a stamp is to be made on, in base64url (protocol/crypto/admission/challenge.ts). */
  readonly challenge: string
  /** Zeros of each of its puzzles: what the challenge says too, for people. */
  readonly difficulty: number
  /** How often a client reports how its links do (network/README.md); 0: it does not. */
  readonly reportEveryMs: number
  /** Of the caller; absent where the platform does not say. */
  readonly region?: Region
  /** Edges that a client may use, this one among them, the best for the caller first. */
  readonly relays?: readonly Relay[]
  /** For who asks with `peers=1`. */
  readonly peers?: readonly BootstrapPeer[]
  readonly limits: {
    readonly messageBytesMax: number
    readonly metadataBytesMax: number
    readonly roomPeersMax: number
    readonly presenceTimeoutMs: number
    readonly tokensPerSecond: number
    readonly tokensBurst: number
    readonly bytesPerSecond: number
    readonly bytesBurst: number
  }
}

/** What GET /v1/turn says. */
export interface TurnCredentials {
  /** All there are, those of the bootstrap too. */
  readonly iceServers: readonly IceServer[]
  /** By the edge's clock; null where nothing expires, since there is no TURN. */
  readonly expiresAtMs: number | null
  /** How long that is from now: for those whose clock is not the edge's. */
  readonly lifetimeMs: number | null
}

export function bootstrapLimits(
  config: RoomConfig,
  wire: { messageBytesMax: number; metadataBytesMax: number },
) {
  return {
    ...wire,
    roomPeersMax: config.peersMax,
    presenceTimeoutMs: config.presenceTimeoutMs,
    tokensPerSecond: config.tokens.perSecond,
    tokensBurst: config.tokens.burst,
    bytesPerSecond: config.bytes.perSecond,
    bytesBurst: config.bytes.burst,
  }
}

/** Undefined unless it is a list of ICE servers with urls a browser would take. */
export function parseIceServers(value: unknown): readonly IceServer[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.every(isIceServer) ? value : undefined
}

function isIceServer(value: unknown): value is IceServer {
  if (typeof value !== 'object' || value === null) return false
  const { urls, username, credential } = value as Record<string, unknown>
  const list = Array.isArray(urls) ? urls : [urls]
  const urlsGood =
    list.length > 0 && list.every((url) => typeof url === 'string' && /^(stuns?|turns?):\S+$/.test(url))
  return urlsGood && [username, credential].every((text) => text === undefined || typeof text === 'string')
}
