// Peers as IPFS tools are told of them (Delegated Routing V1, schema `peer`): as a list in one JSON object, or as one per line.

import type { Context } from 'hono'
import { base58btc } from 'multiformats/bases/base58'
import { type Announcement, tryDecodeAnnouncement } from '../../protocol/dht/records/announcement.ts'
import { readSigned } from '../../protocol/dht/records/signed.ts'
import type { Edge } from '../env.ts'

export interface PeerEntry {
  readonly Schema: 'peer'
  readonly ID: string
  readonly Addrs: readonly string[]
  readonly Protocols: readonly string[]
}

const MULTIHASH_SHA256 = [0x12, 0x20] as const
/** How long an answer is good for, in seconds: with somebody in it, and without. */
const FOUND_SECONDS = 300
const EMPTY_SECONDS = 15
const NDJSON = 'application/x-ndjson'
const UNKNOWN = 'unknown'

/** `record`: the peer's announcement; undefined for one who has made none, and is known by name alone. */
export function peerEntry(peer: Uint8Array, record: Uint8Array | undefined): PeerEntry {
  const signed = record && readSigned(record)
  const said = signed && tryDecodeAnnouncement(signed.value)
  return {
    Schema: 'peer',
    // Without the multibase letter: that is how PeerIds are written there.
    ID: base58btc.baseEncode(Uint8Array.from([...MULTIHASH_SHA256, ...peer])),
    Addrs: said?.addresses.filter((address) => address.startsWith('/')) ?? [],
    Protocols: protocolsOf(said),
  }
}

function protocolsOf(said: Announcement | undefined): readonly string[] {
  return said?.capabilities ?? []
}

interface Filters {
  readonly addresses: readonly string[]
  readonly protocols: readonly string[]
}

function filtersOf(c: Context<Edge>): Filters {
  const list = (name: string) => (c.req.query(name) ?? '').split(',').filter((word) => word !== '')
  return { addresses: list('filter-addrs'), protocols: list('filter-protocols') }
}

/** Undefined for a peer that is filtered out. */
export function filtered(peer: PeerEntry, { addresses, protocols }: Filters): PeerEntry | undefined {
  const { Addrs, Protocols } = peer
  const wantsProtocol =
    protocols.length === 0 ||
    protocols.some((name) => (name === UNKNOWN ? Protocols.length === 0 : Protocols.includes(name)))
  if (!wantsProtocol) return undefined
  if (addresses.length === 0) return peer
  if (Addrs.length === 0) return addresses.includes(UNKNOWN) ? peer : undefined
  const left = Addrs.filter((address) => isWanted(address, addresses))
  return left.length === 0 ? undefined : { ...peer, Addrs: left }
}

/** None of the protocols with `!` before it, and one of the others if there are others. */
function isWanted(address: string, filters: readonly string[]): boolean {
  const parts = new Set(address.split('/'))
  const wanted = filters.filter((filter) => !filter.startsWith('!') && filter !== UNKNOWN)
  if (filters.some((filter) => filter.startsWith('!') && parts.has(filter.slice(1)))) return false
  return wanted.length === 0 || wanted.some((filter) => parts.has(filter))
}

export function answerPeers(
  c: Context<Edge>,
  list: 'Providers' | 'Peers',
  peers: readonly PeerEntry[],
): Response {
  const filters = filtersOf(c)
  const entries = peers.flatMap((peer) => filtered(peer, filters) ?? [])
  const seconds = entries.length === 0 ? EMPTY_SECONDS : FOUND_SECONDS
  const headers = {
    'Cache-Control': `public, max-age=${seconds}, stale-while-revalidate=172800, stale-if-error=172800`,
    Vary: 'Accept',
  }
  if (!(c.req.header('Accept') ?? '').includes(NDJSON)) return c.json({ [list]: entries }, 200, headers)
  const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
  return c.body(lines, 200, { ...headers, 'Content-Type': NDJSON })
}
