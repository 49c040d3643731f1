// The Worker's entry: the app, and the Durable Object classes the platform looks for here. The only file of workers/
// that names them.

import { app } from './app.ts'
import type { Env } from './env.ts'
import { atTheDoor } from './gate/door.ts'

export { DhtShard } from '../durable-objects/dht-shard.ts'
export { NetworkRegistry } from '../durable-objects/network-registry.ts'
export { RelayMailbox } from '../durable-objects/relay-mailbox.ts'
export { SignalingRoom } from '../durable-objects/signaling-room.ts'

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    return (await atTheDoor(request, env)) ?? app.fetch(request, env, context)
  },
}
