// Who is in a network and who is linked with whom, as all its registries together know it, up to a bound.

import { NATIVE, regionName, unpackLink } from '../../protocol/network/summary.ts'
import { mergeTopologies, type TopologyPart } from '../../protocol/network/topology.ts'
import type { Env } from '../env.ts'
import type { NetworkTopologyBody } from '../openapi/bodies/network.ts'
import { type NameOf, namesOf } from './names.ts'
import { askRegistries } from './registries.ts'

export interface Picture {
  readonly topology: TopologyPart
  readonly missing: number
}

export async function askTopology(env: Env, network: string, limit: number): Promise<Picture> {
  const { answers, missing } = await askRegistries(env, network, (registry) => registry.topology(limit))
  return { topology: mergeTopologies(answers, limit), missing }
}

/** As JSON shows it. Rooms have names only for whom may see them. */
export async function topologyBody(
  { topology, missing }: Picture,
  nameOf: NameOf,
  maySee: boolean,
): Promise<Omit<NetworkTopologyBody, 'network' | 'atMs'>> {
  const { ids, regions, sinceMs, native, peerRooms, rooms, links, truncated } = topology
  const names = await namesOf(ids, peerRooms.length, nameOf)
  return {
    truncated,
    partial: missing > 0,
    peers: names.map((id, at) => ({
      id,
      region: regionName(regions[at] ?? 0),
      rooms: peerRooms[at] ?? [],
      sinceMs: sinceMs[at] ?? 0,
      ...(native[at] === NATIVE.unknown ? {} : { native: native[at] === NATIVE.yes }),
    })),
    rooms: rooms.map(({ name, members, region }, id) => ({
      id,
      name: maySee ? name : null,
      members,
      region,
    })),
    links: Array.from({ length: links.length / 3 }, (_, at) => {
      const [a = 0, b = 0, packed = 0] = links.subarray(3 * at, 3 * at + 3)
      const { path, rttMs, oneSided } = unpackLink(packed)
      return { a, b, path, rttMs, ...(oneSided ? { oneSided } : {}) }
    }),
  }
}
