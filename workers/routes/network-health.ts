// GET /network/health?network=: how a network does, in words and figures, and how it did in the last hour.

import type { Context } from 'hono'
import { DEFAULT_NETWORK, isNetworkName } from '../../protocol/names.ts'
import type { Edge } from '../env.ts'
import { refuse } from '../errors.ts'
import { askHealth } from '../network/health.ts'
import type { NetworkHealthBody } from '../openapi/bodies/network.ts'

export async function networkHealth(c: Context<Edge>): Promise<Response> {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  if (!isNetworkName(network)) return refuse(c, 'bad-name', 'the name of the network is not well formed')
  const body: NetworkHealthBody = await askHealth(c.env, network)
  return c.json(body, 200, { 'Cache-Control': 'no-store' })
}
