// What one of a network's registries has been told by its rooms, and what that comes to. In memory; told anew every period.

import {
  REGISTRY_MEMBERS_MAX,
  REGISTRY_ROOMS_MAX,
  REPORT_SILENT_PERIODS,
  SUMMARY_KEPT_PERIODS,
} from '../limits/network.ts'
import { equalBytes } from '../wire/bytes.ts'
import type { TrafficCounts } from './counts.ts'
import type { DhtView } from './dht-figures.ts'
import { type Gauges, History, type HistoryPoint, windowMs } from './history.ts'
import { addRoundTrips, bucketOf, NO_ROUND_TRIPS, type RoundTrips } from './round-trips.ts'
import { idNumber, type PeerSketch, SketchMaker } from './sketch.ts'
import { idAt, linksOf, NATIVE, type RegionName, type RoomSummary, regionName } from './summary.ts'
import { sampleTopology, type TopologyPart } from './topology.ts'

export interface LinkSums {
  readonly direct: number
  readonly relay: number
  /** Of which only one end has told, and which are in neither of the two. */
  readonly oneSided: number
  readonly roundTrips: RoundTrips
}

/** What a registry's rooms come to. */
export interface RegistryView {
  /** When it was last told anything; null: not within its memory. */
  readonly toldAtMs: number | null
  readonly rooms: number
  /** In all rooms, and how many of them are in the sketch. */
  readonly members: number
  readonly named: number
  readonly sketch: PeerSketch
  readonly links: LinkSums
  readonly counts: TrafficCounts
  readonly history: readonly HistoryPoint[]
  /** Absent from one that was asked for its rooms only. */
  readonly dht?: DhtView
}

/** A peer as one room has it. */
export interface PeerInRoom {
  readonly room: string
  readonly region: RegionName
  readonly sinceMs: number
  readonly seenAtMs: number
  readonly native: boolean | null
  readonly links: readonly {
    readonly peer: Uint8Array
    readonly path: 'direct' | 'relay'
    readonly rttMs: number | null
    readonly oneSided: boolean
  }[]
}

interface Kept {
  readonly summary: RoomSummary
  readonly links: LinkSums
  readonly untilMs: number
}

export class Gathered {
  readonly #everyMs: number
  readonly #history: History
  /** Those told of last are last. */
  readonly #rooms = new Map<string, Kept>()
  #named = 0
  #toldAtMs: number | null = null

  constructor(everyMs: number, history: readonly HistoryPoint[] = []) {
    this.#everyMs = everyMs
    this.#history = new History(everyMs, history)
  }

  hear(summary: RoomSummary, nowMs: number): void {
    this.#forget(summary.room)
    this.#toldAtMs = nowMs
    if (summary.members > 0) this.#keep(summary, nowMs)
    this.#roll(nowMs)
    this.#history.add(summary.counts, summary.fromMs, summary.atMs)
  }

  view(nowMs: number): RegistryView {
    this.#roll(nowMs)
    const maker = new SketchMaker()
    let members = 0
    for (const { summary } of this.#rooms.values()) {
      members += summary.members
      for (let at = 0; at < summary.regions.length; at++)
        maker.add(idNumber(summary.ids, at * 32), summary.regions[at] ?? 0)
    }
    return {
      toldAtMs: this.#toldAtMs,
      rooms: this.#rooms.size,
      members,
      named: this.#named,
      sketch: maker.done(),
      links: this.#links(),
      counts: this.#history.since(nowMs - windowMs(this.#everyMs)),
      // Not before all rooms have told what they counted then.
      history: this.#history.points(nowMs - this.#everyMs),
    }
  }

  topology(limit: number, nowMs: number): TopologyPart {
    this.#expire(nowMs)
    return sampleTopology(this.summaries(), limit)
  }

  /** In which rooms the peer is, and its links there. */
  peer(id: Uint8Array, nowMs: number): readonly PeerInRoom[] {
    this.#expire(nowMs)
    return [...this.summaries()].flatMap((summary) => peerIn(summary, id) ?? [])
  }

  /** All that is kept of earlier, to be written down. */
  history(): readonly HistoryPoint[] {
    return this.#history.points()
  }

  *summaries(): Iterable<RoomSummary> {
    for (const { summary } of this.#rooms.values()) yield summary
  }

  #keep(summary: RoomSummary, nowMs: number): void {
    const all = this.#named + summary.regions.length <= REGISTRY_MEMBERS_MAX
    const kept = all ? summary : withoutNames(summary)
    // A room of one is woken by nobody but the one, who says less often that it is there.
    const periods = SUMMARY_KEPT_PERIODS * (summary.members === 1 ? REPORT_SILENT_PERIODS : 1)
    const untilMs = nowMs + periods * this.#everyMs
    this.#rooms.set(summary.room, { summary: kept, links: sumLinks(summary), untilMs })
    this.#named += kept.regions.length
    const [oldest] = this.#rooms.keys()
    if (this.#rooms.size > REGISTRY_ROOMS_MAX && oldest !== undefined) this.#forget(oldest)
  }

  #forget(room: string): void {
    this.#named -= this.#rooms.get(room)?.summary.regions.length ?? 0
    this.#rooms.delete(room)
  }

  #expire(nowMs: number): void {
    for (const [room, { untilMs }] of this.#rooms) if (untilMs <= nowMs) this.#forget(room)
    const remembered = windowMs(this.#everyMs)
    if (this.#rooms.size === 0 && this.#toldAtMs !== null && this.#toldAtMs <= nowMs - remembered)
      this.#toldAtMs = null
  }

  #roll(nowMs: number): void {
    this.#expire(nowMs)
    this.#history.roll(nowMs, () => this.#gauges())
  }

  #gauges(): Gauges {
    const { direct, relay, roundTrips } = this.#links()
    let peers = 0
    for (const { summary } of this.#rooms.values()) peers += summary.members
    return { peers, rooms: this.#rooms.size, direct, relay, roundTrips }
  }

  #links(): LinkSums {
    let sum: LinkSums = NO_LINKS
    for (const { links } of this.#rooms.values()) sum = addLinks(sum, links)
    return sum
  }
}

export const NO_LINKS: LinkSums = { direct: 0, relay: 0, oneSided: 0, roundTrips: NO_ROUND_TRIPS }

export function addLinks(a: LinkSums, b: LinkSums): LinkSums {
  return {
    direct: a.direct + b.direct,
    relay: a.relay + b.relay,
    oneSided: a.oneSided + b.oneSided,
    roundTrips: b.roundTrips === NO_ROUND_TRIPS ? a.roundTrips : addRoundTrips(a.roundTrips, b.roundTrips),
  }
}

function sumLinks(summary: RoomSummary): LinkSums {
  if (summary.links.length === 0) return NO_LINKS
  const roundTrips = [...NO_ROUND_TRIPS]
  let [direct, relay, oneSided] = [0, 0, 0]
  for (const link of linksOf(summary)) {
    if (link.oneSided) {
      oneSided++
      continue
    }
    if (link.path === 'direct') direct++
    else relay++
    if (link.rttMs === null) continue
    const bucket = bucketOf(link.rttMs)
    roundTrips[bucket] = (roundTrips[bucket] ?? 0) + 1
  }
  return { direct, relay, oneSided, roundTrips }
}

const NOTHING = new Uint8Array()

function withoutNames(summary: RoomSummary): RoomSummary {
  return {
    ...summary,
    ids: NOTHING,
    regions: NOTHING,
    native: NOTHING,
    sinceMs: new Float64Array(),
    links: new Uint32Array(),
  }
}

function peerIn(summary: RoomSummary, id: Uint8Array): PeerInRoom | undefined {
  const { ids, regions, sinceMs, native, room, atMs } = summary
  let place = 0
  while (place < regions.length && !equalBytes(idAt(ids, place), id)) place++
  if (place === regions.length) return undefined
  const own: PeerInRoom['links'][number][] = []
  for (const { a, b, path, rttMs, oneSided } of linksOf(summary)) {
    if (a === place || b === place) own.push({ peer: idAt(ids, a === place ? b : a), path, rttMs, oneSided })
  }
  return {
    room,
    region: regionName(regions[place] ?? 0),
    sinceMs: sinceMs[place] ?? 0,
    seenAtMs: atMs,
    native: native[place] === NATIVE.unknown ? null : native[place] === NATIVE.yes,
    links: own,
  }
}
