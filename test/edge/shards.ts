// Shards from behind: their objects, as the Worker calls them.

import { env } from 'cloudflare:workers'
import type { DhtShard } from '../../durable-objects/dht-shard.ts'
import type { ShardAnswer, ShardRequest } from '../../protocol/dht/contract.ts'
import { shardObjectName } from '../../protocol/dht/place.ts'

const bindings = env as unknown as { readonly SHARDS: DurableObjectNamespace<DhtShard> }

export function shardObject(network: string, prefix: string): DurableObjectStub<DhtShard> {
  return bindings.SHARDS.getByName(shardObjectName(network, prefix))
}

export function askShard(
  network: string,
  prefix: string,
  ...requests: readonly ShardRequest[]
): Promise<readonly ShardAnswer[]> {
  const stub = shardObject(network, prefix) as unknown as {
    ask(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]>
  }
  return stub.ask(requests)
}
