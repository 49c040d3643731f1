// Rooms as a registry is told of them, for tests: members of given ids, and links between their places.

import { NO_TRAFFIC, type TrafficCounts } from '../../../protocol/network/counts.ts'
import { type LinkState, packEnds, packLink, type RoomSummary } from '../../../protocol/network/summary.ts'

/** A peer's id: spread over the space as hashes are, and the same for the same number. */
export function idOf(number: number): Uint8Array {
  const id = new Uint8Array(32)
  const view = new DataView(id.buffer)
  for (let at = 0; at < 32; at += 4)
    view.setUint32(at, Math.imul(number * 32 + at + 1, 0x9e37_79b1) ^ Math.imul(number + at, 0x85eb_ca6b))
  view.setUint32(28, number)
  return id
}

export type TestLink = readonly [a: number, b: number, state?: Partial<LinkState>]

export interface TestRoom {
  readonly room?: string
  readonly members?: readonly number[]
  readonly regions?: readonly number[]
  readonly links?: readonly TestLink[]
  readonly counts?: Partial<TrafficCounts>
  readonly fromMs?: number
  readonly atMs?: number
}

export function summaryOf({ room = 'lobby', members = [], ...rest }: TestRoom = {}): RoomSummary {
  const { regions = members.map(() => 0), links = [], counts = {}, atMs = 0, fromMs = atMs } = rest
  return {
    room,
    fromMs,
    atMs,
    members: members.length,
    ids: Uint8Array.from(members.flatMap((number) => [...idOf(number)])),
    regions: Uint8Array.from(regions),
    sinceMs: Float64Array.from(members, (_, at) => 1_000 + at),
    native: Uint8Array.from(members, () => 1),
    links: Uint32Array.from(
      links.flatMap(([a, b, state]) => [
        packEnds(a, b),
        packLink({ path: 'direct', rttMs: 20, oneSided: false, ...state }),
      ]),
    ),
    counts: { ...NO_TRAFFIC, ...counts },
  }
}
