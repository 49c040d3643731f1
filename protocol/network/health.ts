// How well a network does, judged by what all of its registries say: the rules, in one place, each with a sentence for people.

import {
  RTT_MEDIAN_HEALTHY_MS,
  RTT_P95_HEALTHY_MS,
  SUCCESS_DEGRADED,
  SUCCESS_HEALTHY,
  SUCCESS_MESSAGES_LEAST,
} from '../limits/network.ts'
import { addTraffic, NO_TRAFFIC, sumOfCounts, type TrafficCounts } from './counts.ts'
import { addDht, type DhtView, NO_DHT } from './dht-figures.ts'
import { addLinks, type LinkSums, NO_LINKS, type RegistryView } from './gathered.ts'
import { type HistoryPoint, NO_GAUGES, stepMs, windowMs } from './history.ts'
import { addRoundTrips, roundTripAt } from './round-trips.ts'
import { countOf, type PeerSketch, SketchMaker } from './sketch.ts'
import { regionName } from './summary.ts'

export const STATUSES = ['healthy', 'degraded', 'unhealthy', 'unknown'] as const
export type HealthStatus = (typeof STATUSES)[number]

export interface HealthPoint {
  readonly atMs: number
  readonly peers: number
  readonly rooms: number
  readonly messages: number
  readonly bytes: number
  readonly refused: number
  readonly direct: number
  readonly relay: number
  readonly medianRttMs: number | null
}

export interface NetworkHealth {
  readonly status: HealthStatus
  readonly reasons: readonly string[]
  readonly peers: number
  readonly rooms: number
  readonly links: {
    readonly direct: number
    readonly relay: number
    readonly oneSided: number
    readonly medianRttMs: number | null
    readonly p95RttMs: number | null
  }
  readonly traffic: {
    readonly windowMs: number
    readonly messages: number
    readonly bytes: number
    readonly refused: number
    readonly dropped: number
    readonly successRate: number | null
  }
  readonly regions: Readonly<Record<string, number>>
  readonly refusals: Readonly<Record<string, number>>
  /** What its shards hold, and what was asked of them in the time that `traffic` is of. */
  readonly dht: {
    readonly shards: number
    readonly splits: number
    readonly records: number
    readonly bytes: number
    readonly behind: number
    readonly gets: number
    readonly found: number
    readonly puts: number
    readonly refusals: Readonly<Record<string, number>>
  }
  readonly history: readonly HealthPoint[]
}

/** What a judgement is made of. */
export interface Evidence {
  /** Somebody said something within the window. */
  readonly told: boolean
  readonly delivered: number
  readonly failed: number
  readonly medianRttMs: number | null
  readonly p95RttMs: number | null
}

export function judge(evidence: Evidence): { readonly status: HealthStatus; readonly reasons: string[] } {
  const { told, delivered, failed, medianRttMs, p95RttMs } = evidence
  if (!told) return { status: 'unknown', reasons: ['No room has reported lately.'] }
  const reasons: string[] = []
  const success = successRate(evidence)
  const sent = Math.round(delivered + failed)
  let status: HealthStatus = 'healthy'
  if (success === null) {
    reasons.push(`Too few messages were reported to judge by: ${sent}.`)
  } else {
    if (success < SUCCESS_HEALTHY) status = success < SUCCESS_DEGRADED ? 'unhealthy' : 'degraded'
    reasons.push(`${percent(success)} of ${sent} messages that peers reported were delivered.`)
  }
  if (medianRttMs === null || p95RttMs === null) {
    reasons.push('No link reported how long its round trip takes.')
    return { status, reasons }
  }
  const slow = medianRttMs > RTT_MEDIAN_HEALTHY_MS || p95RttMs > RTT_P95_HEALTHY_MS
  if (slow && status === 'healthy') status = 'degraded'
  const spread = `half of the links answer within ${medianRttMs} ms, 95 % within ${p95RttMs} ms`
  const bounds = `${RTT_MEDIAN_HEALTHY_MS} and ${RTT_P95_HEALTHY_MS} ms`
  reasons.push(slow ? `Links are slow: ${spread}, where ${bounds} are well.` : `Links are quick: ${spread}.`)
  return { status, reasons }
}

/** Null where too few messages were sent to say. */
export function successRate({ delivered, failed }: Pick<Evidence, 'delivered' | 'failed'>): number | null {
  const sent = delivered + failed
  return sent < SUCCESS_MESSAGES_LEAST ? null : delivered / sent
}

/** Down, so that what is not all never reads as 100 %. */
const percent = (share: number) => `${Math.floor(share * 1_000) / 10} %`

/** `missing`: registries that did not answer, of so many. */
export function healthOf(
  views: readonly RegistryView[],
  everyMs: number,
  missing: { readonly registries: number; readonly of: number } = { registries: 0, of: views.length },
): NetworkHealth {
  const sketch = new SketchMaker()
  let links: LinkSums = NO_LINKS
  let counts: TrafficCounts = NO_TRAFFIC
  for (const view of views) {
    sketch.addAll(view.sketch)
    links = addLinks(links, view.links)
    counts = addTraffic(counts, view.counts)
  }
  const sum = (of: (view: RegistryView) => number) => views.reduce((all, view) => all + of(view), 0)
  const [members, named] = [sum((view) => view.members), sum((view) => view.named)]
  const { peers, regions } = peersOf(sketch.done(), members, named)
  const medianRttMs = roundTripAt(links.roundTrips, 0.5)
  const p95RttMs = roundTripAt(links.roundTrips, 0.95)
  const told = views.some(({ toldAtMs }) => toldAtMs !== null)
  const { status, reasons } = judge({ told, ...counts, medianRttMs, p95RttMs })
  if (missing.registries > 0)
    reasons.push(
      `${missing.registries} of ${missing.of} registries did not answer: what they know is missing here.`,
    )
  const { direct, relay, oneSided } = links
  return {
    status,
    reasons,
    peers,
    rooms: sum((view) => view.rooms),
    links: { direct, relay, oneSided, medianRttMs, p95RttMs },
    traffic: {
      windowMs: windowMs(everyMs),
      messages: Math.round(counts.messages),
      bytes: Math.round(counts.bytes),
      refused: Math.round(sumOfCounts(counts.refused)),
      dropped: Math.round(counts.dropped),
      successRate: successRate(counts),
    },
    regions,
    refusals: topRefusals(counts.refused),
    dht: dhtOf(views),
    history: mergeHistories(
      views.map(({ history }) => history),
      everyMs,
      members === 0 ? 1 : peers / members,
    ),
  }
}

function dhtOf(views: readonly RegistryView[]): NetworkHealth['dht'] {
  const sum = views.reduce<DhtView>((all, { dht }) => (dht === undefined ? all : addDht(all, dht)), NO_DHT)
  const { counts, ...gauges } = sum
  const { gets, found, puts, refused } = counts
  return { ...gauges, gets, found, puts, refusals: topRefusals(refused) }
}

/** Different ones; members whom no summary names count in proportion. */
function peersOf(sketch: PeerSketch, members: number, named: number) {
  const scale = named === 0 ? 0 : members / named
  const peers = Math.round(countOf(sketch) * scale)
  const counts = new Map<string, number>()
  for (const region of sketch.regions)
    counts.set(regionName(region), (counts.get(regionName(region)) ?? 0) + 1)
  const share = peers / Math.max(1, sketch.ids.length)
  const regions = Object.fromEntries([...counts].map(([name, count]) => [name, Math.round(count * share)]))
  return { peers, regions }
}

/** A dozen codes is more than there are reasons to look at. */
const REFUSALS_SHOWN = 12

function topRefusals(refused: TrafficCounts['refused']): Record<string, number> {
  const counts = Object.entries(refused).map(([code, count]) => [code, Math.round(count)] as const)
  const top = counts.filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a)
  return Object.fromEntries(top.slice(0, REFUSALS_SHOWN))
}

/**
 * Point by point. Each registry counts members of rooms; `peersPerMember` is how many different peers that is now, and is taken to have been
 * so all the while.
 */
function mergeHistories(
  histories: readonly (readonly HistoryPoint[])[],
  everyMs: number,
  peersPerMember: number,
): readonly HealthPoint[] {
  const byStep = new Map<number, HistoryPoint>()
  for (const point of histories.flat()) {
    const { step } = point
    const known = byStep.get(step) ?? { step, ...NO_GAUGES, counts: NO_TRAFFIC }
    byStep.set(step, {
      step,
      peers: known.peers + point.peers,
      rooms: known.rooms + point.rooms,
      direct: known.direct + point.direct,
      relay: known.relay + point.relay,
      roundTrips: addRoundTrips(known.roundTrips, point.roundTrips),
      counts: addTraffic(known.counts, point.counts),
    })
  }
  const points = [...byStep.values()].sort((a, b) => a.step - b.step)
  return points.map(({ step, peers, rooms, direct, relay, roundTrips, counts }) => ({
    atMs: step * stepMs(everyMs),
    peers: Math.round(peers * peersPerMember),
    rooms,
    messages: Math.round(counts.messages),
    bytes: Math.round(counts.bytes),
    refused: Math.round(sumOfCounts(counts.refused)),
    direct,
    relay,
    medianRttMs: roundTripAt(roundTrips, 0.5),
  }))
}
