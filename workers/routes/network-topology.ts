// GET /network/topology?network=&limit=: peers, rooms and links, up to a bound; under pseudonyms for whom may not see who they are.

import type { Context } from 'hono'
import { TOPOLOGY_PEERS, TOPOLOGY_PEERS_MAX } from '../../protocol/limits/network.ts'
import { DEFAULT_NETWORK, isNetworkName } from '../../protocol/names.ts'
import type { Edge } from '../env.ts'
import { refuse } from '../errors.ts'
import { namesFor } from '../network/names.ts'
import { askTopology, topologyBody } from '../network/topology.ts'
import { viewerOf } from '../network/viewer.ts'
import type { NetworkTopologyBody } from '../openapi/bodies/network.ts'

export async function networkTopology(c: Context<Edge>): Promise<Response> {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  if (!isNetworkName(network)) return refuse(c, 'bad-name', 'the name of the network is not well formed')
  const limit = Number(c.req.query('limit') ?? TOPOLOGY_PEERS)
  if (!Number.isInteger(limit) || limit < 1 || limit > TOPOLOGY_PEERS_MAX)
    return refuse(c, 'malformed', `limit is a whole number from 1 to ${TOPOLOGY_PEERS_MAX}`)
  const atMs = Date.now()
  const viewer = await viewerOf(c)
  if (viewer instanceof Response) return viewer
  const { maySee } = viewer
  const names = await namesFor(c.env, network, maySee, atMs)
  const picture = await topologyBody(await askTopology(c.env, network, limit), names, maySee)
  const body: NetworkTopologyBody = { network, atMs, ...picture }
  return c.json(body, 200, { 'Cache-Control': 'no-store' })
}
