// The entry of an edge gone bad, for tests: everything the honest one does, and two doors of its operator's own, by which
// an accomplice is let in and the room is told what lies to tell.

import { DEFAULT_NETWORK } from '../../../protocol/names.ts'
import { app } from '../../../workers/app.ts'
import type { Env } from '../../../workers/env.ts'
import { roomObjectName } from '../../../workers/placement.ts'
import { ACCOMPLICE_PATH, ORDERS_PATH } from '../accomplice/orders.ts'

export { DhtShard } from '../../../durable-objects/dht-shard.ts'
export { NetworkRegistry } from '../../../durable-objects/network-registry.ts'
export { RelayMailbox } from '../../../durable-objects/relay-mailbox.ts'
export { MaliciousRoom as SignalingRoom } from './room.ts'

export default {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname !== ACCOMPLICE_PATH && pathname !== ORDERS_PATH) return app.fetch(request, env, context)
    const room = roomObjectName(DEFAULT_NETWORK, searchParams.get('room') ?? '')
    return env.ROOMS.getByName(room).fetch(request)
  },
}
