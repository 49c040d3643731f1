// Bodies of routes about the edge itself: health, bootstrap, passes, refusals.

import * as z from 'zod'
import type { Bootstrap, TurnCredentials } from '../../../protocol/bootstrap.ts'
import { REGIONS } from '../../../protocol/dht/regions.ts'
import { HTTP_ERRORS } from '../../errors.ts'
import { named } from '../naming.ts'
import { base64url, count, ms, networkName, peerId } from './words.ts'

const CODES = Object.keys(HTTP_ERRORS) as [keyof typeof HTTP_ERRORS]

export const Refusal = named(
  'Refusal',
  z.object({
    error: z.object({
      code: z.enum(CODES),
      message: z.string().describe('A sentence for people'),
      retryAfterMs: count.exactOptional().describe('After so long the same may be answered'),
    }),
  }),
)

export const Probe = named(
  'Probe',
  z.union([
    z.object({ ok: z.literal(true), latencyMs: ms }),
    z.object({ ok: z.literal(false), latencyMs: ms, reason: z.string() }),
  ]),
)

export const Health = named(
  'Health',
  z.object({
    status: z.enum(['ok', 'unavailable']),
    version: z.string(),
    uptimeMs: ms.describe('Of this isolate'),
    objects: z.object({
      SignalingRoom: Probe,
      RelayMailbox: Probe,
      NetworkRegistry: Probe,
      DhtShard: Probe,
    }),
  }),
)
export type HealthBody = z.infer<typeof Health>

export const IceServer = named(
  'IceServer',
  z.object({
    urls: z.union([z.string(), z.array(z.string())]),
    username: z.string().exactOptional(),
    credential: z.string().exactOptional(),
  }),
)

const region = z.enum(REGIONS)

export const BootstrapAnswer = named(
  'Bootstrap',
  z.object({
    version: z.object({ software: z.string(), wire: count }),
    network: networkName,
    region: region.exactOptional().describe('Of the caller; absent where the platform does not say'),
    iceServers: z.array(IceServer),
    turn: z.literal(true).exactOptional().describe('GET /v1/turn has more of them'),
    relays: z
      .array(z.object({ url: z.string(), region: region.exactOptional() }))
      .describe('Edges that a client may use, this one among them, the best for the caller first'),
    peers: z
      .array(z.object({ id: peerId, region: z.string(), record: base64url }))
      .exactOptional()
      .describe('Some that announced themselves, for who asks with `peers=1`'),
    challenge: base64url.describe('What a stamp is to be made on'),
    difficulty: count.describe('Zeros of each puzzle of a stamp'),
    reportEveryMs: ms.describe('How often clients say how their links do; 0: never'),
    limits: z.object({
      messageBytesMax: count,
      metadataBytesMax: count,
      roomPeersMax: count,
      presenceTimeoutMs: count,
      tokensPerSecond: count,
      tokensBurst: count,
      bytesPerSecond: count,
      bytesBurst: count,
    }),
  }),
)
/** Fails to compile where this is not what the Worker writes and the client reads. */
type Same<One extends Other, Other> = One
export type BootstrapBody = Same<z.infer<typeof BootstrapAnswer>, Bootstrap>

export const TurnAnswer = named(
  'TurnCredentials',
  z.object({
    iceServers: z.array(IceServer),
    expiresAtMs: ms.nullable().describe('By the edge’s clock; null where there is no TURN'),
    lifetimeMs: ms.nullable().describe('How long that is from now'),
  }),
)
export type TurnBody = Same<z.infer<typeof TurnAnswer>, TurnCredentials>

export const Pass = named(
  'Pass',
  z.object({ pass: base64url, expiresAt: ms.describe('Milliseconds since 1970') }),
)
export type PassBody = z.infer<typeof Pass>
