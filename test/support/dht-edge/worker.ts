// The entry of an edge for tests that write to shards from another process: everything the real one has, and a door through
// which records are put that nobody signed.

import type { ShardAnswer, ShardRequest } from '../../../protocol/dht/contract.ts'
import { shardObjectName } from '../../../protocol/dht/place.ts'
import type { Env } from '../../../workers/env.ts'
import { keyOf, peerOf, signedOf, valueRecord } from '../dht.ts'
import type { Order, Orders, Outcome } from './orders.ts'

export { DhtShard } from '../../../durable-objects/dht-shard.ts'
export { NetworkRegistry } from '../../../durable-objects/network-registry.ts'
export { RelayMailbox } from '../../../durable-objects/relay-mailbox.ts'
export { SignalingRoom } from '../../../durable-objects/signaling-room.ts'

const TTL_SECONDS = 86_400

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { network, leaf, orders } = await request.json<Orders>()
    const answers = await env.SHARDS.getByName(shardObjectName(network, leaf)).ask(orders.map(requestOf))
    return Response.json(answers.map(outcomeOf))
  },
}

function requestOf({ do: what, seed, prefix, sequence }: Order): ShardRequest {
  const key = keyOf(seed, prefix)
  if (what === 'get') return { kind: 'get', key, of: 'signed' }
  if (what === 'fetch') return { kind: 'get', key, of: 'value' }
  if (what === 'keep')
    return { kind: 'put', record: valueRecord(key, { ttlSeconds: TTL_SECONDS }), owner: ownerOf(seed) }
  const terms = {
    sequence: sequence ?? 1,
    says: `${sequence}`,
    createdMs: Date.now(),
    ttlSeconds: TTL_SECONDS,
  }
  return { kind: 'put', record: signedOf(key, terms), owner: peerOf(seed) }
}

/** Of values: some hundred peers have them all. */
function ownerOf(seed: string): Uint8Array {
  return peerOf(Number(seed) % 256)
}

function outcomeOf(answer: ShardAnswer): Outcome {
  switch (answer.kind) {
    case 'record': {
      const { buffer, byteOffset } = answer.bytes
      return { kind: 'record', sequence: Number(new DataView(buffer, byteOffset).getBigUint64(8)) }
    }
    case 'refused':
      return { kind: 'refused', reason: answer.reason }
    case 'moved':
      return answer
    case 'stored':
    case 'nothing':
      return { kind: answer.kind }
    default:
      throw new TypeError(`nobody asked for ${answer.kind}`)
  }
}
