// Puts questions to the shards of a network, from within an object. What is known of a network's leaves is shared by all
// objects of the isolate; it may be old, and is put right by whoever is asked wrongly.

import type { ShardAnswer, ShardRequest } from '../../protocol/dht/contract.ts'
import { Inquiry, type ShardCall } from '../../protocol/dht/inquiry.ts'
import { KnownLeaves } from '../../protocol/dht/known-leaves.ts'
import { shardObjectName } from '../../protocol/dht/place.ts'

/** A shard, by the one method that is called here. */
export interface AskableShard {
  ask(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]>
}

export interface ShardNamespace {
  getByName(name: string): AskableShard
}

const NETWORKS_MAX = 256
const known = new Map<string, KnownLeaves>()

export class Asking {
  readonly #shards: ShardNamespace
  readonly #network: string

  constructor(shards: ShardNamespace, network: string) {
    this.#shards = shards
    this.#network = network
  }

  /** In the order of the requests. Resolves whatever happens: a shard that cannot be reached is an answer too. */
  async all(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]> {
    const inquiry = new Inquiry(leavesOf(this.#network), requests)
    for (let answers = inquiry.answers(); ; answers = inquiry.answers()) {
      if (answers !== undefined) return answers
      const made = inquiry.calls().map(async (call) => ({ call, answers: await this.#made(call) }))
      for (const { call, answers } of await Promise.all(made)) inquiry.answered(call, answers)
    }
  }

  async #made({ shard, requests }: ShardCall): Promise<readonly ShardAnswer[] | undefined> {
    try {
      return await this.#shards.getByName(shardObjectName(this.#network, shard)).ask(requests)
    } catch {
      return undefined
    }
  }
}

function leavesOf(network: string): KnownLeaves {
  const leaves = known.get(network)
  if (leaves !== undefined) return leaves
  if (known.size >= NETWORKS_MAX) known.clear()
  const fresh = new KnownLeaves()
  known.set(network, fresh)
  return fresh
}
