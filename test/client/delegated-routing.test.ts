// An unmodified client of IPFS with an edge as its router: every route of Delegated Routing V1, asked by Helia's own client.

import {
  type DelegatedRoutingV1HttpApiClient,
  delegatedRoutingV1HttpApiClient,
} from '@helia/delegated-routing-v1-http-api-client'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { defaultLogger } from '@libp2p/logger'
import { createIPNSRecord, marshalIPNSRecord, unmarshalIPNSRecord } from 'ipns'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chooseSuite } from '../../protocol/crypto/choose.ts'
import { signProvided } from '../../protocol/crypto/dht/provided.ts'
import { signRecord } from '../../protocol/crypto/dht/records.ts'
import { type Identity, identityFromSeed } from '../../protocol/crypto/identity.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { encodeAnnouncement } from '../../protocol/dht/records/announcement.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { passFor } from '../support/passes.ts'

const [RAW, LIBP2P_KEY, SHA2_256] = [0x55, 0x72, 0x12]
const ADDRESS = '/dns4/peer.example/tcp/443/wss'

const suite = await chooseSuite({
  subtle: crypto.subtle as unknown as Subtle,
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
})

let edge: LocalEdge
let router: DelegatedRoutingV1HttpApiClient

beforeAll(async () => {
  edge = await LocalEdge.start()
  router = delegatedRoutingV1HttpApiClient({ url: edge.url })({ logger: defaultLogger() } as never)
}, 90_000)
afterAll(() => edge.stop())

const randomKey = () => crypto.getRandomValues(new Uint8Array(32))
const cidOf = (digest: Uint8Array, codec = RAW) => CID.createV1(codec, create(SHA2_256, digest))

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

async function send(
  peer: Identity,
  path: string,
  method: string,
  type: string,
  body: Uint8Array,
): Promise<void> {
  const headers = { Authorization: `Bearer ${await passFor(peer.id)}`, 'Content-Type': type }
  const sent = await fetch(`${edge.url}${path}`, { method, headers, body: body as Uint8Array<ArrayBuffer> })
  expect(sent.status).toBe(201)
}

/** A peer that has said where it is, if it is anywhere. */
async function newPeer(
  addresses: readonly string[],
  capabilities: readonly string[] = [],
): Promise<Identity> {
  const peer = await identityFromSeed(suite, randomKey())
  const value = encodeAnnouncement({ addresses, capabilities, rooms: [], mailbox: false, region: '' })
  const terms = { kind: 'announcement', sequence: 1n, createdMs: Date.now(), ttlSeconds: 600, value } as const
  const { bytes } = await signRecord(suite, peer, terms)
  await send(peer, `/v1/dht/records/${peerIdText(peer.id)}`, 'PUT', 'application/vnd.waypost.record', bytes)
  return peer
}

async function provides(peer: Identity, key: Uint8Array): Promise<void> {
  const list = await signProvided(peer, [key], { ttlSeconds: 600, region: '', createdMs: Date.now() })
  await send(peer, '/v1/dht/providers', 'POST', 'application/octet-stream', list)
}

const digestOf = ({ ID }: { ID: CID }) => [...ID.multihash.digest]

describe('a client of IPFS', () => {
  it('finds who provides a CID, and where they are', async () => {
    const key = randomKey()
    const peer = await newPeer([ADDRESS, 'https://not.a.multiaddr'], ['transport-ipfs-gateway-http'])
    await provides(peer, key)
    const [found, ...more] = await all(router.getProviders(cidOf(key)))
    expect([digestOf(found as { ID: CID }), more]).toEqual([[...peer.id], []])
    expect(found?.Addrs.map(String)).toEqual([ADDRESS])
    expect(found?.Protocols).toEqual(['transport-ipfs-gateway-http'])
  })

  it('may ask for some only', async () => {
    const key = randomKey()
    await provides(await newPeer([ADDRESS], ['transport-bitswap']), key)
    const count = async (filters: { filterAddrs?: string[]; filterProtocols?: string[] }) =>
      (await all(router.getProviders(cidOf(key), filters))).length
    expect(await count({ filterAddrs: ['wss'] })).toBe(1)
    expect(await count({ filterAddrs: ['quic-v1'] })).toBe(0)
    expect(await count({ filterAddrs: ['!wss'] })).toBe(0)
    expect(await count({ filterProtocols: ['transport-bitswap'] })).toBe(1)
    expect(await count({ filterProtocols: ['unknown'] })).toBe(0)
  })

  it('finds nobody where there is nobody', async () => {
    expect(await all(router.getProviders(cidOf(randomKey())))).toEqual([])
    expect(await all(router.getPeers(cidOf(randomKey(), LIBP2P_KEY)))).toEqual([])
  })

  it('finds a peer, and the peers nearest to a key', async () => {
    const peer = await newPeer([ADDRESS])
    const [found] = await all(router.getPeers(cidOf(peer.id, LIBP2P_KEY)))
    expect([digestOf(found as { ID: CID }), found?.Addrs.map(String)]).toEqual([[...peer.id], [ADDRESS]])
    const [nearest] = await all(router.getClosestPeers(cidOf(peer.id, LIBP2P_KEY)))
    expect(digestOf(nearest as { ID: CID })).toEqual([...peer.id])
  })

  it('publishes a name, and anybody resolves it; an older record does not replace it', async () => {
    const key = await generateKeyPair('Ed25519')
    const name = key.publicKey.toCID()
    const made = async (value: string, sequence: bigint, lifetimeMs = 3_600_000) =>
      marshalIPNSRecord(await createIPNSRecord(key, `/ipfs/${value}`, sequence, lifetimeMs))
    await expect(router.getIPNS(name)).rejects.toThrow('No matching records found')
    const [first, second] = [cidOf(randomKey()).toString(), cidOf(randomKey()).toString()]
    await router.putIPNS(name, await made(first, 1n))
    await router.putIPNS(name, await made(second, 2n))
    await expect(router.putIPNS(name, await made(first, 1n))).rejects.toThrow('status other than 200')
    expect(unmarshalIPNSRecord(await router.getIPNS(name)).value).toBe(`/ipfs/${second}`)
    const stranger = (await generateKeyPair('Ed25519')).publicKey.toCID()
    await expect(router.putIPNS(stranger, await made(second, 3n))).rejects.toThrow('status other than 200')
  })

  it('gets JSON where it asks for nothing else, and a typed error for what is no CID', async () => {
    const asked = await fetch(`${edge.url}/routing/v1/providers/${cidOf(randomKey())}`)
    expect([asked.headers.get('Content-Type'), await asked.json()]).toEqual([
      'application/json',
      { Providers: [] },
    ])
    expect(asked.headers.get('Access-Control-Allow-Origin')).toBe('*')
    const wrong = await fetch(`${edge.url}/routing/v1/providers/nonsense`)
    expect([wrong.status, ((await wrong.json()) as { error: { code: string } }).error.code]).toEqual([
      422,
      'unprocessable',
    ])
  })
})
