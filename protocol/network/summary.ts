// What a room tells its registry: who is in it and where from, the links its members reported, and what it counted since it last told.
// In columns, since a room of a thousand tells this every minute: typed arrays go from object to object as they are.

import { isRegion, REGIONS, type Region } from '../dht/regions.ts'
import { REGISTRIES } from '../mailbox/report.ts'
import { PEER_ID_BYTES } from '../peer-id.ts'
import { utf8 } from '../wire/bytes.ts'
import type { TrafficCounts } from './counts.ts'

export interface RoomSummary {
  readonly room: string
  /** The counts are of the time from here to there. */
  readonly fromMs: number
  readonly atMs: number
  /** All there are, of whom no more than SUMMARY_MEMBERS_MAX follow. */
  readonly members: number
  /** One after another, 32 bytes each. */
  readonly ids: Uint8Array
  readonly regions: Uint8Array
  readonly sinceMs: Float64Array
  readonly native: Uint8Array
  /** Two for each link: its ends' places above (16 bits each, the lower one first), and how it is (packLink). */
  readonly links: Uint32Array
  readonly counts: TrafficCounts
}

/** A link as both of its ends have it, or one of them. */
export interface LinkState {
  readonly path: 'direct' | 'relay'
  readonly rttMs: number | null
  /** Only one end has said so: the other may know nothing of it. */
  readonly oneSided: boolean
}

const DIRECT = 1 << 16
const ONE_SIDED = 1 << 17
const NOT_KNOWN = 0xffff

export function packLink({ path, rttMs, oneSided }: LinkState): number {
  return (rttMs ?? NOT_KNOWN) | (path === 'direct' ? DIRECT : 0) | (oneSided ? ONE_SIDED : 0)
}

export function unpackLink(packed: number): LinkState {
  const rtt = packed & NOT_KNOWN
  return {
    path: (packed & DIRECT) === 0 ? 'relay' : 'direct',
    rttMs: rtt === NOT_KNOWN ? null : rtt,
    oneSided: (packed & ONE_SIDED) !== 0,
  }
}

export const packEnds = (a: number, b: number) => (a * 0x1_0000 + b) >>> 0
export const endsOf = (packed: number): readonly [number, number] => [packed >>> 16, packed & 0xffff]

/** The links of a summary, one by one. */
export function* linksOf({
  links,
}: RoomSummary): Iterable<LinkState & { readonly a: number; readonly b: number }> {
  for (let at = 0; at + 1 < links.length; at += 2) {
    const [a, b] = endsOf(links[at] as number)
    yield { a, b, ...unpackLink(links[at + 1] as number) }
  }
}

export const idAt = (ids: Uint8Array, at: number) =>
  ids.subarray(at * PEER_ID_BYTES, (at + 1) * PEER_ID_BYTES)

export const regionNumber = (region: Region | '') => (region === '' ? 0 : REGIONS.indexOf(region) + 1)
export type RegionName = Region | 'unknown'
export const regionName = (number: number): RegionName => REGIONS[number - 1] ?? 'unknown'
export const regionIn = (text: string | null): Region | '' => (text !== null && isRegion(text) ? text : '')

/** Native, in JavaScript, or not said. */
export const NATIVE = { unknown: 0, yes: 1, no: 2 } as const

/** Which of a network's registries a room tells: by its name, hashed (FNV-1a). */
export function registryOfRoom(room: string): number {
  let hash = 0x811c_9dc5
  for (const byte of utf8(room)) hash = Math.imul(hash ^ byte, 0x0100_0193)
  return (hash >>> 0) % REGISTRIES
}

/** Undefined for what is no room's object: the health route's. */
export function roomOfObject(
  name: string | null | undefined,
): { readonly network: string; readonly room: string } | undefined {
  const slash = (name ?? '').indexOf('/')
  if (name === null || name === undefined || slash <= 0) return undefined
  return { network: name.slice(0, slash), room: name.slice(slash + 1) }
}
