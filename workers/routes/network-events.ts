// GET /network/events?network=: server-sent events about a network, for five minutes; then a browser asks again by itself.

import type { Context } from 'hono'
import { DEFAULT_NETWORK, isNetworkName } from '../../protocol/names.ts'
import type { Edge } from '../env.ts'
import { refuse } from '../errors.ts'
import { watch } from '../network/events.ts'
import { namesFor } from '../network/names.ts'
import { viewerOf } from '../network/viewer.ts'

export async function networkEvents(c: Context<Edge>): Promise<Response> {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  if (!isNetworkName(network)) return refuse(c, 'bad-name', 'the name of the network is not well formed')
  const viewer = await viewerOf(c)
  if (viewer instanceof Response) return viewer
  const { maySee } = viewer
  const nameOf = await namesFor(c.env, network, maySee, Date.now())
  return c.body(watch({ env: c.env, network, nameOf, maySee }), 200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no', // A proxy that gathers a stream makes news of it that are old.
  })
}
