// Puts questions to the shards of a network, those of the region nearest to who asks first, and remembers which shards there
// are. What an isolate remembers is its own; it may be old, and is put right by whoever is asked wrongly.

import { waitUntil } from 'cloudflare:workers'
import type { ShardAnswer, ShardRequest } from '../../protocol/dht/contract.ts'
import { Inquiry, type ShardCall } from '../../protocol/dht/inquiry.ts'
import { KnownLeaves } from '../../protocol/dht/leaves.ts'
import { shardObjectName } from '../../protocol/dht/place.ts'
import { nearestFirst, type Region, type ShardSite } from '../../protocol/dht/regions.ts'
import { SitesInquiry } from '../../protocol/dht/sites.ts'
import type { Env } from '../env.ts'
import { settings } from '../settings/settings.ts'

/** Tries of shards that an isolate remembers: each is some hundred bytes, until it has split often. */
const TRIES_MAX = 256
const leavesOf = new Map<string, KnownLeaves>()

/** In the order of the requests. Resolves whatever happens: a shard that cannot be reached is an answer too. */
export async function askShards(
  env: Env,
  network: string,
  near: Region | '',
  requests: readonly ShardRequest[],
): Promise<readonly ShardAnswer[]> {
  const sites = nearestFirst(settings(env).DHT_REGIONS, near)
  const known = sites.map((site) => leaves(network, site)) as [KnownLeaves, ...KnownLeaves[]]
  const inquiry = new SitesInquiry(known, requests)
  for (let answers = inquiry.answers(); ; answers = inquiry.answers()) {
    if (answers !== undefined) {
      for (const { site, requests } of inquiry.behind())
        waitUntil(written(env, network, sites[site] as ShardSite, requests))
      return answers
    }
    const site = sites[inquiry.site] as ShardSite
    const asked = inquiry
      .calls()
      .map(async (call) => ({ call, answers: await made(env, network, site, call) }))
    for (const { call, answers } of await Promise.all(asked)) inquiry.answered(call, answers)
  }
}

/** In a region that is not waited for. What does not get there comes with its owner's next refresh. */
async function written(
  env: Env,
  network: string,
  site: ShardSite,
  requests: readonly ShardRequest[],
): Promise<void> {
  const inquiry = new Inquiry(leaves(network, site), requests)
  while (inquiry.answers() === undefined) {
    const asked = inquiry
      .calls()
      .map(async (call) => ({ call, answers: await made(env, network, site, call) }))
    for (const { call, answers } of await Promise.all(asked)) inquiry.answered(call, answers)
  }
}

async function made(
  env: Env,
  network: string,
  { region, hint }: ShardSite,
  { shard, requests }: ShardCall,
): Promise<readonly ShardAnswer[] | undefined> {
  try {
    const options = hint === undefined ? {} : { locationHint: hint }
    return await env.SHARDS.getByName(shardObjectName(network, shard, region), options).ask(requests)
  } catch {
    return undefined
  }
}

function leaves(network: string, { region }: ShardSite): KnownLeaves {
  const trie = `${network}/${region}`
  const known = leavesOf.get(trie)
  if (known !== undefined) return known
  if (leavesOf.size >= TRIES_MAX) leavesOf.clear()
  const fresh = new KnownLeaves()
  leavesOf.set(trie, fresh)
  return fresh
}
