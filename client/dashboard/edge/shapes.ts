// What the edge answers, read with care: whoever answers may be another version, and what others named may be anything.

import type {
  HealthPoint,
  HealthStatus,
  NetworkHealth as SaidHealth,
} from '../../../protocol/network/health.ts'
import { PRIORITIES, type Priority } from '../../../protocol/priority.ts'
import { isRecord, numberOr, textOr } from '../health.ts'

type Json = Record<string, unknown>

const records = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : [])
const record = (value: unknown): Json => (isRecord(value) ? value : {})
const numberOrNull = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null

export const STATUSES = ['healthy', 'degraded', 'unhealthy', 'unknown'] as const satisfies readonly Status[]
export type Status = HealthStatus
export type HistoryPoint = HealthPoint

/** What the page shows of it. */
export interface NetworkHealth
  extends Pick<SaidHealth, 'status' | 'reasons' | 'peers' | 'rooms' | 'traffic'> {
  readonly atMs: number
  readonly links: Omit<SaidHealth['links'], 'oneSided'>
  readonly refusals: readonly (readonly [code: string, count: number])[]
  /** Undefined where the edge is of a version that says nothing of it. */
  readonly dht:
    | Pick<SaidHealth['dht'], 'shards' | 'splits' | 'records' | 'bytes' | 'gets' | 'found' | 'puts'>
    | undefined
  /** Undefined where it was not asked for, as in events. */
  readonly history: readonly HistoryPoint[] | undefined
}

export function readNetworkHealth(body: Json): NetworkHealth | undefined {
  const status = STATUSES.find((each) => each === body.status)
  if (status === undefined || typeof body.peers !== 'number') return undefined
  const { links, traffic } = { links: record(body.links), traffic: record(body.traffic) }
  return {
    atMs: numberOr(body.atMs, Date.now()),
    status,
    reasons: Array.isArray(body.reasons) ? body.reasons.filter((each) => typeof each === 'string') : [],
    peers: body.peers,
    rooms: numberOr(body.rooms, 0),
    links: {
      direct: numberOr(links.direct, 0),
      relay: numberOr(links.relay, 0),
      medianRttMs: numberOrNull(links.medianRttMs),
      p95RttMs: numberOrNull(links.p95RttMs),
    },
    traffic: {
      windowMs: numberOr(traffic.windowMs, 60_000),
      messages: numberOr(traffic.messages, 0),
      bytes: numberOr(traffic.bytes, 0),
      refused: numberOr(traffic.refused, 0),
      dropped: numberOr(traffic.dropped, 0),
      successRate: numberOrNull(traffic.successRate),
    },
    refusals: readCounts(body.refusals),
    dht: isRecord(body.dht) ? readDht(body.dht) : undefined,
    history: Array.isArray(body.history) ? records(body.history).flatMap(readPoint) : undefined,
  }
}

function readDht(dht: Json): NonNullable<NetworkHealth['dht']> {
  const of = (name: string) => numberOr(dht[name], 0)
  return {
    shards: of('shards'),
    splits: of('splits'),
    records: of('records'),
    bytes: of('bytes'),
    gets: of('gets'),
    found: of('found'),
    puts: of('puts'),
  }
}

function readPoint(point: Json): HistoryPoint[] {
  if (typeof point.atMs !== 'number') return []
  const of = (name: string) => numberOr(point[name], 0)
  return [
    {
      atMs: point.atMs,
      peers: of('peers'),
      rooms: of('rooms'),
      messages: of('messages'),
      bytes: of('bytes'),
      refused: of('refused'),
      direct: of('direct'),
      relay: of('relay'),
      medianRttMs: numberOrNull(point.medianRttMs),
    },
  ]
}

/** The greatest first; what counts nothing is left out. */
export function readCounts(value: unknown): (readonly [code: string, count: number])[] {
  return Object.entries(record(value))
    .flatMap(([code, counted]) => (numberOr(counted, 0) > 0 ? [[code, numberOr(counted, 0)] as const] : []))
    .sort(([, one], [, other]) => other - one)
}

export interface TopologyPeer {
  readonly id: string
  readonly region: string
  readonly rooms: readonly number[]
  readonly sinceMs: number | null
  readonly native: boolean
}

export interface TopologyRoom {
  /** What it is known by from one answer to the next. */
  readonly id: string
  readonly name: string | null
  readonly members: number
}

export interface TopologyLink {
  readonly a: number
  readonly b: number
  readonly path: 'direct' | 'relay'
  readonly rttMs: number | null
}

export interface Topology {
  readonly atMs: number
  readonly truncated: boolean
  readonly peers: readonly TopologyPeer[]
  readonly rooms: readonly TopologyRoom[]
  readonly links: readonly TopologyLink[]
}

export function readTopology(body: Json): Topology | undefined {
  if (!Array.isArray(body.peers)) return undefined
  const rooms = records(body.rooms).map(
    (room, at): TopologyRoom => ({
      id: textOr(room.name, '') || `room ${String(room.id ?? at)}`,
      name: typeof room.name === 'string' ? room.name : null,
      members: numberOr(room.members, 0),
    }),
  )
  // Not filtered: links name peers by their place.
  const peers = body.peers.map(record).map((peer, at): TopologyPeer => {
    const within = Array.isArray(peer.rooms) ? peer.rooms.filter((room) => rooms[room] !== undefined) : []
    return {
      id: textOr(peer.id, `unnamed ${at}`),
      region: textOr(peer.region, '') || 'unknown',
      rooms: within,
      sinceMs: numberOrNull(peer.sinceMs),
      native: peer.native === true,
    }
  })
  const links = records(body.links).flatMap(({ a, b, path, rttMs }): TopologyLink[] => {
    const [one, other] = [numberOr(a, -1), numberOr(b, -1)]
    if (one === other || peers[one] === undefined || peers[other] === undefined) return []
    return [{ a: one, b: other, path: path === 'direct' ? 'direct' : 'relay', rttMs: numberOrNull(rttMs) }]
  })
  const isTruncated = body.truncated === true
  return inOrder({ atMs: numberOr(body.atMs, Date.now()), truncated: isTruncated, peers, rooms, links })
}

/** The edge may name the same peers in another order each time. Here they have one, so that nothing moves but for a reason. */
function inOrder(topology: Topology): Topology {
  const [peers, peerPlaces] = sorted(topology.peers)
  const [rooms, roomPlaces] = sorted(topology.rooms)
  const links = topology.links.map((link) => {
    const [one, other] = [peerPlaces[link.a] ?? 0, peerPlaces[link.b] ?? 0]
    return { ...link, a: Math.min(one, other), b: Math.max(one, other) }
  })
  return {
    ...topology,
    peers: peers.map((peer) => ({ ...peer, rooms: peer.rooms.map((room) => roomPlaces[room] ?? 0) })),
    rooms,
    links: links.sort((one, other) => one.a - other.a || one.b - other.b),
  }
}

/** By id; and for each place before the place now. */
function sorted<T extends { readonly id: string }>(list: readonly T[]): readonly [T[], number[]] {
  const order = list
    .map((each, at) => ({ each, at }))
    .sort((one, other) => (one.each.id < other.each.id ? -1 : 1))
  const places: number[] = []
  for (const [now, { at }] of order.entries()) places[at] = now
  return [order.map(({ each }) => each), places]
}

export interface QueueStats {
  readonly mailboxes: number
  readonly total: number
  readonly bytes: number
  readonly oldestAgeMs: number | null
  readonly depths: Readonly<Record<Priority, number>>
}

export function readQueueStats(body: Json): QueueStats | undefined {
  if (!isRecord(body.total) || !isRecord(body.priorities)) return undefined
  const { total, priorities } = body
  const depths = PRIORITIES.map((priority) => [priority, numberOr(record(priorities[priority]).depth, 0)])
  return {
    mailboxes: numberOr(body.mailboxes, 0),
    total: numberOr(total.depth, 0),
    bytes: numberOr(total.bytes, 0),
    oldestAgeMs: numberOrNull(total.oldestAgeMs),
    depths: Object.fromEntries(depths) as Record<Priority, number>,
  }
}

export interface BlacklistEntry {
  readonly id: string
  readonly reason: string
  readonly source: string
  readonly sinceMs: number
  readonly untilMs: number | null
  readonly offences: number
  readonly note: string
}

export function readEntry(entry: Json): BlacklistEntry | undefined {
  if (typeof entry.id !== 'string') return undefined
  return {
    id: entry.id,
    reason: textOr(entry.reason, ''),
    source: textOr(entry.source, ''),
    sinceMs: numberOr(entry.sinceMs, 0),
    untilMs: numberOrNull(entry.untilMs),
    offences:
      numberOr(entry.offences, 0) + readCounts(entry.offences).reduce((sum, [, many]) => sum + many, 0),
    note: textOr(entry.note, ''),
  }
}

export const readBlacklist = (body: Json): BlacklistEntry[] | undefined =>
  Array.isArray(body.entries) ? records(body.entries).flatMap((entry) => readEntry(entry) ?? []) : undefined

export interface AuditEntry {
  readonly atMs: number
  readonly act: string
  readonly id: string
  readonly by: string
  readonly note: string
  /** Of a listing. */
  readonly terms: { readonly reason: string; readonly untilMs: number | null } | undefined
}

export function readAudit(body: Json): AuditEntry[] | undefined {
  if (!Array.isArray(body.entries)) return undefined
  return records(body.entries).map(({ atMs, act, id, by, note, reason, untilMs }) => ({
    atMs: numberOr(atMs, 0),
    act: textOr(act, ''),
    id: textOr(id, ''),
    by: textOr(by, ''),
    note: textOr(note, ''),
    terms: typeof reason === 'string' ? { reason, untilMs: numberOrNull(untilMs) } : undefined,
  }))
}

/** What only the question about one peer answers. */
export interface PeerFacts {
  readonly seenAtMs: number | null
  readonly blacklisted: BlacklistEntry | undefined
}

export const readPeerFacts = (body: Json): PeerFacts => ({
  seenAtMs: numberOrNull(body.seenAtMs),
  blacklisted: isRecord(body.blacklisted) ? readEntry({ id: body.id, ...body.blacklisted }) : undefined,
})
