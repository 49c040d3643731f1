// Bodies of routes about the DHT: ours, and those of the Delegated Routing API.

import { z } from 'zod'
import { named } from '../naming.ts'
import { base64url, count, ms, peerId } from './words.ts'

export const Stored = named('Stored', z.object({ expiresAt: ms, isNew: z.boolean() }))
export type StoredBody = z.infer<typeof Stored>

export const ClosestPeers = named(
  'ClosestPeers',
  z.object({ peers: z.array(z.object({ id: peerId, record: base64url })) }),
)
export type ClosestPeersBody = z.infer<typeof ClosestPeers>

export const Providers = named(
  'Providers',
  z.object({
    heads: z.array(base64url).describe('Signed announcements'),
    providers: z.array(
      z.object({
        peer: peerId,
        head: count.describe('Which of the announcements'),
        index: count,
        path: base64url.describe('Proof that the key is in it'),
        expiresAt: ms,
      }),
    ),
  }),
)
export type ProvidersBody = z.infer<typeof Providers>

/** Schema `peer` of the Delegated Routing V1 HTTP API. */
export const RoutedPeer = named(
  'RoutedPeer',
  z.object({
    Schema: z.literal('peer'),
    ID: z.string(),
    Addrs: z.array(z.string()),
    Protocols: z.array(z.string()),
  }),
)
export const RoutedProviders = named('RoutedProviders', z.object({ Providers: z.array(RoutedPeer) }))
export const RoutedPeers = named('RoutedPeers', z.object({ Peers: z.array(RoutedPeer) }))
