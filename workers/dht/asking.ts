// Puts questions to the shards of a network, and remembers which shards there are. What an isolate remembers is its own; it
// may be old, and is put right by whoever is asked wrongly.

import type { ShardAnswer, ShardRequest } from '../../protocol/dht/contract.ts'
import { Inquiry, type ShardCall } from '../../protocol/dht/inquiry.ts'
import { KnownLeaves } from '../../protocol/dht/known-leaves.ts'
import { shardObjectName } from '../../protocol/dht/place.ts'
import type { Env } from '../env.ts'

/** Networks whose shards an isolate remembers: each is some hundred bytes, until it has split often. */
const NETWORKS_MAX = 256
const leavesOf = new Map<string, KnownLeaves>()

/** In the order of the requests. Resolves whatever happens: a shard that cannot be reached is an answer too. */
export async function askShards(
  env: Env,
  network: string,
  requests: readonly ShardRequest[],
): Promise<readonly ShardAnswer[]> {
  const inquiry = new Inquiry(leaves(network), requests)
  for (let answers = inquiry.answers(); ; answers = inquiry.answers()) {
    if (answers !== undefined) return answers
    const asked = inquiry.calls().map(async (call) => ({ call, answers: await made(env, network, call) }))
    for (const { call, answers } of await Promise.all(asked)) inquiry.answered(call, answers)
  }
}

async function made(
  env: Env,
  network: string,
  { shard, requests }: ShardCall,
): Promise<readonly ShardAnswer[] | undefined> {
  try {
    return await env.SHARDS.getByName(shardObjectName(network, shard)).ask(requests)
  } catch {
    return undefined
  }
}

function leaves(network: string): KnownLeaves {
  const known = leavesOf.get(network)
  if (known !== undefined) return known
  if (leavesOf.size >= NETWORKS_MAX) leavesOf.clear()
  const fresh = new KnownLeaves()
  leavesOf.set(network, fresh)
  return fresh
}
