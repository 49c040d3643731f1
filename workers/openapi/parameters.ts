// Parameters, in paths, queries and headers.

import * as z from 'zod'
import { REGIONS } from '../../protocol/dht/regions.ts'
import {
  DHT_CLOSEST_MAX,
  DHT_PROVIDERS_ANSWERED_MAX,
  DHT_TTL_SECONDS_MOST,
} from '../../protocol/limits/dht.ts'
import { MAILBOX_PAGE_LETTERS_MAX } from '../../protocol/limits/mailbox.ts'
import { TOPOLOGY_PEERS, TOPOLOGY_PEERS_MAX } from '../../protocol/limits/network.ts'
import { NAME_LENGTH_MAX } from '../../protocol/limits/room.ts'
import { base64url, networkName, peerId } from './bodies/words.ts'

export interface Parameter {
  readonly name: string
  readonly what: string
  readonly schema: z.ZodType
}

/** What stands in paths, by its name in the pattern. */
export const IN_PATH: Readonly<Record<string, Omit<Parameter, 'name'>>> = {
  room: { what: 'A room’s name: any text on one line', schema: z.string().min(1).max(NAME_LENGTH_MAX) },
  id: { what: 'A peer’s id', schema: peerId },
  ids: { what: 'Ids of letters, parted by commas', schema: z.string().regex(/^[\w-]{22}(,[\w-]{22})*$/) },
  key: { what: 'A CID, a PeerId, or the multihash of any key', schema: z.string() },
  target: { what: 'A CID, a PeerId, or the multihash of any key', schema: z.string() },
  cid: { what: 'A CID', schema: z.string() },
  peer: { what: 'A peer’s id, as IPFS writes it', schema: z.string() },
  name: { what: 'The name of an IPNS record: a CID of a libp2p key', schema: z.string() },
}

export const network: Parameter = {
  name: 'network',
  what: 'The network; `default` where it is not said',
  schema: networkName,
}
export const peers: Parameter = {
  name: 'peers',
  what: '`1`: a few peers that announced themselves, too',
  schema: z.literal('1'),
}
export const networks: Parameter = {
  name: 'network',
  what: 'Networks whose figures are wanted, too; up to eight, one by one',
  schema: z.array(networkName).max(8),
}
export const cursor: Parameter = { name: 'cursor', what: 'Of the page before', schema: base64url }
export const pageLimit: Parameter = {
  name: 'limit',
  what: 'Letters of a page',
  schema: z.int().min(1).default(MAILBOX_PAGE_LETTERS_MAX),
}
export const challengeOnly: Parameter = {
  name: 'challenge',
  what: '`only`: a new challenge, and no prekey is used up',
  schema: z.literal('only'),
}
export const ttl: Parameter = {
  name: 'ttl',
  what: 'Seconds that a value is kept',
  schema: z.int().min(1).max(DHT_TTL_SECONDS_MOST.value).default(DHT_TTL_SECONDS_MOST.value),
}
export const closestLimit: Parameter = {
  name: 'limit',
  what: 'How many',
  schema: z.int().min(1).max(DHT_CLOSEST_MAX).default(DHT_CLOSEST_MAX),
}
export const providersLimit: Parameter = {
  name: 'limit',
  what: 'How many',
  schema: z.int().min(1).max(DHT_PROVIDERS_ANSWERED_MAX).default(DHT_PROVIDERS_ANSWERED_MAX),
}
export const topologyLimit: Parameter = {
  name: 'limit',
  what: 'Peers shown',
  schema: z.int().min(1).max(TOPOLOGY_PEERS_MAX).default(TOPOLOGY_PEERS),
}
export const near: Parameter = { name: 'near', what: 'Those of this region first', schema: z.enum(REGIONS) }
export const filterAddresses: Parameter = {
  name: 'filter-addrs',
  what: 'Protocols that addresses have, or with `!` have not, parted by commas',
  schema: z.string(),
}
export const filterProtocols: Parameter = {
  name: 'filter-protocols',
  what: 'Protocols of which peers have one, parted by commas',
  schema: z.string(),
}
export const ifNoneMatch: Parameter = {
  name: 'If-None-Match',
  what: 'The ETag of what is there already',
  schema: z.string(),
}
