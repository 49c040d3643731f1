// Bodies of routes that show a network: how it does, who is in it, and where one peer is.

import * as z from 'zod'
import { REGIONS } from '../../../protocol/dht/regions.ts'
import { type NetworkHealth as Judged, STATUSES } from '../../../protocol/network/health.ts'
import { named } from '../naming.ts'
import { Listing } from './protection.ts'
import { count, ms, networkName, peerId } from './words.ts'

/** As handlers write it: from what others made, and none of it theirs to change. */
type Written<Body> = Body extends object ? { readonly [Field in keyof Body]: Written<Body[Field]> } : Body
/** Fails to compile where the description has less than what it is made of, or other things. */
type Same<One extends Other, Other> = One

const region = z.enum([...REGIONS, 'unknown'])
const path = z.enum(['direct', 'relay'])
const rttMs = count.nullable().describe('Null: nobody said')
const share = z.number().min(0).max(1)
const partial = z.boolean().describe('Some registries did not answer: what they know is missing')
const peerName = z
  .string()
  .regex(/^(b[a-z2-7]+|[0-9a-f]{16})$/)
  .describe('A PeerId; for whom may not see it a pseudonym, another one every day')

export const NetworkHealth = named(
  'NetworkHealth',
  z.object({
    network: networkName,
    atMs: ms,
    partial,
    status: z.enum(STATUSES),
    reasons: z.array(z.string()).describe('Sentences for people'),
    peers: count.describe('Different ones, over all rooms'),
    rooms: count,
    links: z.object({
      direct: count,
      relay: count,
      oneSided: count.describe('Of which only one end has told; in neither of the others'),
      medianRttMs: rttMs,
      p95RttMs: rttMs,
    }),
    traffic: z.object({
      windowMs: ms.describe('What is counted here was in the last so long'),
      messages: count,
      bytes: count,
      refused: count,
      dropped: count,
      successRate: share.nullable().describe('Null: too few were sent to say'),
    }),
    regions: z.partialRecord(region, count).describe('Peers of each'),
    refusals: z.record(z.string(), count).describe('By code, the most frequent'),
    dht: z.object({
      shards: count.describe('That hold something or did'),
      splits: count.describe('Of shards whose keys are at others below them now'),
      records: count.describe('In the first region: each has all in the end'),
      bytes: count.describe('On the disks of all regions'),
      behind: count.describe('Shards that did not say in time, and are in none of this'),
      gets: count.describe('Whatever was read, in the time that traffic is of'),
      found: count.describe('Of those, that found something'),
      puts: count.describe('Whatever was to be kept'),
      refusals: z.record(z.string(), count).describe('By code, the most frequent'),
    }),
    mail: z.object({
      mailboxes: count,
      behind: count.describe('Of them, whose newest figures are not in it'),
      letters: count,
      bytes: count,
      partial,
    }),
    history: z
      .array(
        z.object({
          atMs: ms,
          peers: count,
          rooms: count,
          messages: count,
          bytes: count,
          refused: count,
          direct: count,
          relay: count,
          medianRttMs: rttMs,
        }),
      )
      .describe('Of the last hour, the oldest first'),
  }),
)
export type NetworkHealthBody = Same<Written<z.infer<typeof NetworkHealth>>, Judged>

export const NetworkTopology = named(
  'NetworkTopology',
  z.object({
    network: networkName,
    atMs: ms,
    truncated: z.boolean().describe('There is more than is shown'),
    partial,
    peers: z.array(
      z.object({
        id: peerName,
        region,
        rooms: z.array(count).describe('Ids of rooms'),
        sinceMs: ms,
        native: z.boolean().exactOptional().describe('Its cryptography is the platform’s; absent: not said'),
      }),
    ),
    rooms: z.array(
      z.object({
        id: count.describe('Its place in this list'),
        name: z.string().nullable().describe('Null for whom may not see it'),
        members: count.describe('All of them, those too who are not shown'),
        region: region.describe('Of most members'),
      }),
    ),
    links: z.array(
      z.object({
        a: count.describe('Place of a peer in the list of them'),
        b: count.describe('Place of another'),
        path,
        rttMs,
        oneSided: z.literal(true).exactOptional().describe('Only one end has said so'),
      }),
    ),
  }),
)
export type NetworkTopologyBody = Written<z.infer<typeof NetworkTopology>>

export const NetworkPeer = named(
  'NetworkPeer',
  z.object({
    network: networkName,
    id: peerId,
    partial,
    seenAtMs: ms.nullable().describe('Null: in no room lately'),
    region,
    native: z.boolean().nullable().describe('Its cryptography is the platform’s; null: not said'),
    rooms: z.array(z.object({ name: z.string(), sinceMs: ms })),
    links: z.array(z.object({ peer: peerId, path, rttMs, oneSided: z.boolean() })),
    blacklisted: Listing.nullable(),
  }),
)
export type NetworkPeerBody = Written<z.infer<typeof NetworkPeer>>
