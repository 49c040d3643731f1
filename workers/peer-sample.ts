// A few peers of a network, for who asks whom there is to talk to: only such as announced themselves for everybody to find, in
// records that they signed. Some near a random point of the key space, then as different in place as they are to be had.

import type { BootstrapPeer } from '../protocol/bootstrap.ts'
import type { ShardAnswer } from '../protocol/dht/contract.ts'
import { tryDecodeAnnouncement } from '../protocol/dht/records/announcement.ts'
import { readRecord } from '../protocol/dht/records/record.ts'
import type { Region } from '../protocol/dht/regions.ts'
import { DHT_CLOSEST_MAX } from '../protocol/limits/dht.ts'
import {
  BOOTSTRAP_PEERS_AGE_MS,
  BOOTSTRAP_PEERS_MAX,
  BOOTSTRAP_PEERS_NETWORKS,
} from '../protocol/limits/edges.ts'
import { peerIdText } from '../protocol/peer-id.ts'
import { toBase64url } from '../protocol/wire/base64url.ts'
import { askShards } from './dht/asking.ts'
import type { Env } from './env.ts'

interface Known {
  readonly atMs: number
  readonly peers: readonly BootstrapPeer[]
}

/** Of an isolate: it asks a network's shards for them once in a while, however many ask it. */
const known = new Map<string, Known>()

export async function peerSample(env: Env, network: string, region: Region | ''): Promise<BootstrapPeer[]> {
  const nowMs = Date.now()
  let sample = known.get(network)
  if (sample === undefined || nowMs - sample.atMs > BOOTSTRAP_PEERS_AGE_MS) {
    // Whoever comes meanwhile is given what was known before.
    if (sample !== undefined) keep(network, { ...sample, atMs: nowMs })
    sample = { atMs: nowMs, peers: await announced(env, network, region) }
    keep(network, sample)
  }
  return diverse(sample.peers, BOOTSTRAP_PEERS_MAX)
}

function keep(network: string, sample: Known): void {
  known.delete(network)
  known.set(network, sample)
  const [oldest] = known.keys()
  if (known.size > BOOTSTRAP_PEERS_NETWORKS && oldest !== undefined) known.delete(oldest)
}

async function announced(env: Env, network: string, near: Region | ''): Promise<readonly BootstrapPeer[]> {
  const target = crypto.getRandomValues(new Uint8Array(32))
  const [answer] = await askShards(env, network, near, [{ kind: 'closest', target, limit: DHT_CLOSEST_MAX }])
  return peersIn(answer)
}

function peersIn(answer: ShardAnswer | undefined): readonly BootstrapPeer[] {
  if (answer?.kind !== 'closest') return []
  return answer.records.flatMap(({ key, bytes }) => {
    const record = readRecord(bytes)
    const said = record !== undefined && 'value' in record && tryDecodeAnnouncement(record.value)
    return said ? [{ id: peerIdText(key), region: said.region, record: toBase64url(bytes) }] : []
  })
}

/** One of each region in turn; of a region, at random. */
export function diverse(
  peers: readonly BootstrapPeer[],
  most: number,
  random: () => number = Math.random,
): BootstrapPeer[] {
  const shuffled = peers
    .map((peer) => ({ peer, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ peer }) => peer)
  const seen = new Map<string, number>()
  const turnOf = ({ region }: BootstrapPeer) => {
    const turn = seen.get(region) ?? 0
    seen.set(region, turn + 1)
    return turn
  }
  const turns = shuffled.map((peer) => ({ peer, turn: turnOf(peer) }))
  return turns
    .sort((one, other) => one.turn - other.turn)
    .slice(0, most)
    .map(({ peer }) => peer)
}
