// Not more than may be: of each address, by how urgent a request is, then of each network. The cheapest check of all, before
// anything is parsed; refusals say when to come again.

import type { Context, Next } from 'hono'
import { routePath } from 'hono/route'
import { DEFAULT_NETWORK, isNetworkName } from '../../protocol/names.ts'
import type { Priority } from '../../protocol/priority.ts'
import type { Edge } from '../env.ts'
import { refuseFor } from '../errors.ts'
import { priorityOf } from '../meter/priorities.ts'
import { isUpgrade, refuseUpgrade } from '../upgrade.ts'
import { addressWaitMs, bindingWaitMs, connectionWaitMs, limitedAddress, networkWaitMs } from './rates.ts'

export async function limited(c: Context<Edge>, next: Next): Promise<Response | undefined> {
  const priority = priorityOf(c.req.method, routePath(c, -1))
  const address = limitedAddress(c.req.raw, c.env)
  if (address === undefined) {
    await next()
    return undefined
  }
  const refused = await refuseAddress(c, address, priority)
  if (refused !== undefined) return refused
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  // What is no network's name is refused by its route, and counts for nobody's.
  const waitMs = isNetworkName(network) ? networkWaitMs(c.env, network, priority, Date.now()) : 0
  if (waitMs > 0) return refuseForNow(c, 'more is asked of this network than may be', waitMs)
  await next()
  return undefined
}

async function refuseAddress(
  c: Context<Edge>,
  address: string,
  priority: Priority,
): Promise<Response | undefined> {
  const nowMs = Date.now()
  const ownMs = addressWaitMs(c.env, address, priority, nowMs)
  // What is critical is not left to counters that know no urgency.
  const waitMs = ownMs > 0 || priority === 'critical' ? ownMs : await bindingWaitMs(c.env, address)
  if (waitMs > 0) return refuseForNow(c, 'more comes from this address than may', waitMs)
  if (!isUpgrade(c.req.raw)) return undefined
  const busyMs = connectionWaitMs(c.env, address, nowMs)
  return busyMs > 0 ? refuseUpgrade(c.req.raw, 'edge-busy', busyMs) : undefined
}

function refuseForNow(c: Context<Edge>, why: string, waitMs: number): Response {
  return isUpgrade(c.req.raw)
    ? refuseUpgrade(c.req.raw, 'rate-limited', waitMs)
    : refuseFor(c, 'rate-limited', `${why}; come again in ${waitMs} ms`, waitMs)
}
