// The Worker's entry: the app, and the Durable Object classes the platform looks for here. The only file of workers/
// that names them.

import { app } from './app.ts'

export { DhtShard } from '../durable-objects/dht-shard.ts'
export { NetworkRegistry } from '../durable-objects/network-registry.ts'
export { RelayMailbox } from '../durable-objects/relay-mailbox.ts'
export { SignalingRoom } from '../durable-objects/signaling-room.ts'
export default app
