// The Delegated Routing V1 HTTP API: with it an unmodified Helia or js-libp2p uses this DHT as its router. The paths, names of
// fields and statuses are that specification's; nothing here is ours to choose.

import type { Context } from 'hono'
import { ipnsKey } from '../../protocol/crypto/dht/keys.ts'
import type { ShardRequest } from '../../protocol/dht/contract.ts'
import { readIpns } from '../../protocol/dht/records/ipns.ts'
import { DHT_CLOSEST_MAX, DHT_IPNS_BYTES_MAX, DHT_PROVIDERS_ANSWERED_MAX } from '../../protocol/limits/dht.ts'
import { DEFAULT_NETWORK, isNetworkName } from '../../protocol/names.ts'
import { readAtMost } from '../body.ts'
import { admissionDesk, passCheck } from '../desk.ts'
import { askShards } from '../dht/asking.ts'
import { namedKey } from '../dht/keys.ts'
import type { Edge } from '../env.ts'
import { refuse } from '../errors.ts'
import { regionOf } from '../region.ts'
import { nameOf, verifyIpns } from '../routing/ipns.ts'
import { answerPeers, type PeerEntry, peerEntry } from '../routing/peers.ts'

const IPNS_TYPE = 'application/vnd.ipfs.ipns-record'

const wrongKey = (c: Context<Edge>) =>
  refuse(c, 'unprocessable', 'the path must end with a CID that this DHT can hold')
const failed = (c: Context<Edge>) => refuse(c, 'internal', 'the DHT failed to answer; try again')

/** Undefined for what is no network. */
function networkOf(c: Context<Edge>): string | undefined {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  return isNetworkName(network) ? network : undefined
}

export async function routeProviders(c: Context<Edge>): Promise<Response> {
  const [network, named] = [networkOf(c), namedKey(c.req.param('cid') ?? '')]
  if (network === undefined || named === undefined) return wrongKey(c)
  const request = {
    kind: 'providers',
    limit: DHT_PROVIDERS_ANSWERED_MAX,
    near: regionOf(c.req.raw),
    ...named,
  } as const
  const [answer] = await askShards(c.env, network, regionOf(c.req.raw), [request])
  if (answer?.kind !== 'providers') return failed(c)
  return answerPeers(
    c,
    'Providers',
    await entriesOf(
      c,
      network,
      answer.providers.map(({ peer }) => peer),
    ),
  )
}

export async function routePeer(c: Context<Edge>): Promise<Response> {
  const [network, named] = [networkOf(c), namedKey(c.req.param('peer') ?? '')]
  if (network === undefined || named === undefined) return wrongKey(c)
  const [answer] = await askShards(c.env, network, regionOf(c.req.raw), [
    { kind: 'get', key: named.key, of: 'signed' },
  ])
  if (answer?.kind === 'nothing') return answerPeers(c, 'Peers', [])
  return answer?.kind === 'record' ? answerPeers(c, 'Peers', [peerEntry(named.key, answer.bytes)]) : failed(c)
}

export async function routeClosestPeers(c: Context<Edge>): Promise<Response> {
  const [network, named] = [networkOf(c), namedKey(c.req.param('key') ?? '')]
  if (network === undefined || named === undefined) return wrongKey(c)
  const request = { kind: 'closest', target: named.key, limit: DHT_CLOSEST_MAX } as const
  const [answer] = await askShards(c.env, network, regionOf(c.req.raw), [request])
  if (answer?.kind !== 'closest') return failed(c)
  return answerPeers(
    c,
    'Peers',
    answer.records.map(({ key, bytes }) => peerEntry(key, bytes)),
  )
}

export async function getIpns(c: Context<Edge>): Promise<Response> {
  const [network, name] = [networkOf(c), nameOf(c.req.param('name') ?? '')]
  if (network === undefined || name === undefined) return wrongKey(c)
  const { hash } = await passCheck(c.env)
  const [answer] = await askShards(c.env, network, regionOf(c.req.raw), [
    { kind: 'get', key: await ipnsKey(hash, name), of: 'signed' },
  ])
  const found = answer?.kind === 'record' ? readIpns(answer.bytes) : undefined
  if (answer?.kind === 'nothing') return refuse(c, 'no-such-record', 'nothing is published under this name')
  if (answer?.kind !== 'record' || found === undefined) return failed(c)
  const seconds = Math.max(0, Math.min(60, Math.floor((answer.expiresAtMs - Date.now()) / 1_000)))
  const headers = { 'Content-Type': IPNS_TYPE, 'Cache-Control': `public, max-age=${seconds}`, Vary: 'Accept' }
  return c.body(found.record.slice() as Uint8Array<ArrayBuffer>, 200, headers)
}

/** Whoever holds the name's key may: the record says so itself, so that no pass is asked for. */
export async function putIpns(c: Context<Edge>): Promise<Response> {
  const [network, name] = [networkOf(c), nameOf(c.req.param('name') ?? '')]
  if (network === undefined || name === undefined) return wrongKey(c)
  if (c.req.header('Content-Type')?.split(';')[0]?.trim().toLowerCase() !== IPNS_TYPE)
    return refuse(c, 'unsupported-media-type', `the body must be ${IPNS_TYPE}`)
  const body = await readAtMost(c.req.raw, DHT_IPNS_BYTES_MAX)
  if (body === undefined) return refuse(c, 'too-large', `a record has ${DHT_IPNS_BYTES_MAX} bytes at most`)
  const { hash } = await admissionDesk(c.env)
  const record = await verifyIpns(hash, name, body)
  if (record === undefined)
    return refuse(
      c,
      'unprocessable',
      'the record is none, or not by the key of the name, or its time is over',
    )
  const [answer] = await askShards(c.env, network, regionOf(c.req.raw), [
    { kind: 'put', record, owner: undefined },
  ])
  if (answer?.kind === 'refused') return refuse(c, answer.reason, 'the record was not kept')
  return answer?.kind === 'stored' ? c.body(null, 200) : failed(c)
}

/** With the addresses that each announced, which are asked for together. */
async function entriesOf(
  c: Context<Edge>,
  network: string,
  peers: readonly Uint8Array[],
): Promise<readonly PeerEntry[]> {
  const requests = peers.map((key): ShardRequest => ({ kind: 'get', key, of: 'signed' }))
  const answers = await askShards(c.env, network, regionOf(c.req.raw), requests)
  return peers.map((peer, i) => {
    const answer = answers[i]
    return peerEntry(peer, answer?.kind === 'record' ? answer.bytes : undefined)
  })
}
