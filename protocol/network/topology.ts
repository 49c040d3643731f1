// A picture of a network: peers, rooms and links, of all registries together, with a bound. Where there are more peers than are shown, those of
// the smallest ids are: which are hashes, so it is a fair sample, the same in every registry and from one look to the next.

import { TOPOLOGY_LINKS_MAX } from '../limits/network.ts'
import { PEER_ID_BYTES } from '../peer-id.ts'
import { idNumber } from './sketch.ts'
import {
  idAt,
  linksOf,
  NATIVE,
  packEnds,
  packLink,
  type RegionName,
  type RoomSummary,
  regionName,
  unpackLink,
} from './summary.ts'

export interface TopologyRoom {
  readonly name: string
  readonly members: number
  readonly region: RegionName
}

/** In columns, as in a summary; `rooms` of a peer and ends of a link are places in this. */
export interface TopologyPart {
  readonly ids: Uint8Array
  readonly regions: Uint8Array
  readonly sinceMs: Float64Array
  readonly native: Uint8Array
  readonly peerRooms: readonly (readonly number[])[]
  readonly rooms: readonly TopologyRoom[]
  /** Three for each link: its ends, and how it is. */
  readonly links: Uint32Array
  readonly truncated: boolean
}

interface Shown {
  readonly id: Uint8Array
  readonly order: number
  region: number
  sinceMs: number
  native: number
  readonly rooms: number[]
}

/** By the ids' bytes: a map needs one value that stands for an id. */
const keyOf = (id: Uint8Array) => String.fromCharCode(...id)

class Picture {
  readonly peers = new Map<string, Shown>()
  readonly rooms: TopologyRoom[] = []
  readonly #links = new Map<number, number>()
  truncated = false

  see(id: Uint8Array, room: number[], region: number, sinceMs: number, native: number): void {
    const key = keyOf(id)
    const known = this.peers.get(key)
    if (known === undefined) {
      this.peers.set(key, { id, order: idNumber(id, 0), region, sinceMs, native, rooms: room })
      return
    }
    known.rooms.push(...room)
    known.sinceMs = Math.min(known.sinceMs, sinceMs)
    if (known.region === 0) known.region = region
    if (known.native === NATIVE.unknown) known.native = native
  }

  /** Only so many, of the smallest ids. */
  crop(limit: number): void {
    if (this.peers.size <= limit) return
    this.truncated = true
    const kept = [...this.peers].sort(([, a], [, b]) => a.order - b.order).slice(0, limit)
    this.peers.clear()
    for (const [key, peer] of kept) this.peers.set(key, peer)
  }

  /** One that is told of in two rooms is one: of both statements the better founded. */
  link(a: number, b: number, packed: number): void {
    const ends = packEnds(Math.min(a, b), Math.max(a, b))
    const known = this.#links.get(ends)
    if (known !== undefined && !unpackLink(known).oneSided) return
    if (known === undefined && this.#links.size === TOPOLOGY_LINKS_MAX) this.truncated = true
    else this.#links.set(ends, packed)
  }

  done(): TopologyPart {
    const peers = [...this.peers.values()]
    const used = [...new Set(peers.flatMap(({ rooms }) => rooms))].sort((a, b) => a - b)
    const roomAt = new Map(used.map((room, at) => [room, at]))
    const ids = new Uint8Array(peers.length * PEER_ID_BYTES)
    for (const [at, { id }] of peers.entries()) ids.set(id, at * PEER_ID_BYTES)
    return {
      ids,
      regions: Uint8Array.from(peers, ({ region }) => region),
      sinceMs: Float64Array.from(peers, ({ sinceMs }) => sinceMs),
      native: Uint8Array.from(peers, ({ native }) => native),
      peerRooms: peers.map(({ rooms }) => [...new Set(rooms)].map((room) => roomAt.get(room) as number)),
      rooms: used.map((room) => this.rooms[room] as TopologyRoom),
      links: Uint32Array.from(
        [...this.#links].flatMap(([ends, packed]) => [ends >>> 16, ends & 0xffff, packed]),
      ),
      truncated: this.truncated,
    }
  }
}

/** What one registry shows of its rooms. */
export function sampleTopology(summaries: Iterable<RoomSummary>, limit: number): TopologyPart {
  const picture = new Picture()
  const all = [...summaries]
  for (const [at, summary] of all.entries()) {
    const { room, members, ids, regions, sinceMs, native } = summary
    picture.rooms.push({ name: room, members, region: commonRegion(regions) })
    if (members > regions.length) picture.truncated = true
    for (let place = 0; place < regions.length; place++) {
      const [region = 0, since = 0, known = 0] = [regions[place], sinceMs[place], native[place]]
      picture.see(idAt(ids, place), [at], region, since, known)
    }
    // Not only at the end: an enormous network shall not be held twice.
    if (picture.peers.size > 8 * limit) picture.crop(limit)
  }
  picture.crop(limit)
  const places = new Map([...picture.peers.keys()].map((key, place) => [key, place]))
  for (const summary of all) {
    const placed = Array.from(summary.regions, (_, place) => places.get(keyOf(idAt(summary.ids, place))))
    for (const { a, b, ...state } of linksOf(summary)) {
      const [one, other] = [placed[a], placed[b]]
      if (one !== undefined && other !== undefined) picture.link(one, other, packLink(state))
    }
  }
  return picture.done()
}

/** What all registries show, together. */
export function mergeTopologies(parts: readonly TopologyPart[], limit: number): TopologyPart {
  const picture = new Picture()
  for (const { ids, regions, sinceMs, native, peerRooms, rooms, truncated } of parts) {
    const first = picture.rooms.length
    picture.rooms.push(...rooms)
    picture.truncated ||= truncated
    for (const [place, of] of peerRooms.entries()) {
      const [region = 0, since = 0, known = 0] = [regions[place], sinceMs[place], native[place]]
      const own = of.map((room) => first + room)
      picture.see(idAt(ids, place), own, region, since, known)
    }
  }
  picture.crop(limit)
  const places = new Map([...picture.peers.keys()].map((key, place) => [key, place]))
  for (const { ids, peerRooms, links } of parts) {
    const placed = peerRooms.map((_, place) => places.get(keyOf(idAt(ids, place))))
    for (let at = 0; at + 2 < links.length; at += 3) {
      const [one, other] = [placed[links[at] as number], placed[links[at + 1] as number]]
      if (one !== undefined && other !== undefined) picture.link(one, other, links[at + 2] as number)
    }
  }
  return picture.done()
}

/** Where most of a room's members are, of those of whom it is known. */
function commonRegion(regions: Uint8Array): RegionName {
  const counts = new Map<number, number>()
  for (const region of regions) if (region !== 0) counts.set(region, (counts.get(region) ?? 0) + 1)
  const [most] = [...counts].sort(([, a], [, b]) => b - a)
  return regionName(most?.[0] ?? 0)
}
