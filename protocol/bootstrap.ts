// What GET /v1/bootstrap says: all a client needs before its first socket. JSON, written by the Worker and read by the client.

import type { RoomConfig } from './room/config.ts'

/** An RTCIceServer, without the browser's types. */
export interface IceServer {
  readonly urls: string | readonly string[]
  readonly username?: string
  readonly credential?: string
}

export interface Bootstrap {
  readonly version: { readonly software: string; readonly wire: number }
  readonly network: string
  readonly iceServers: readonly IceServer[]
  /** What a stamp is to be made on, in base64url (protocol/crypto/admission/challenge.ts). */
  readonly challenge: string
  /** Zeros of each of its puzzles: what the challenge says too, for people. */
  readonly difficulty: number
  /** How often a client reports how its links do (network/README.md); 0: it does not. */
  readonly reportEveryMs: number
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
