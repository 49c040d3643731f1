// A DHT that is kept in three regions: what is written in one is read in the others, whichever of them fails or is behind.

import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { Asking, type ShardNamespace } from '../../durable-objects/dht/asking.ts'
import type { Identity } from '../../protocol/crypto/identity.ts'
import type { Key, ShardRequest } from '../../protocol/dht/contract.ts'
import { rootOf, shardObjectName, shardPlaceOf } from '../../protocol/dht/place.ts'
import { readSigned } from '../../protocol/dht/records/signed.ts'
import { type Region, sitesOf } from '../../protocol/dht/regions.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { app } from '../../workers/app.ts'
import { keyOf, peerOf, valueRecord } from '../support/dht.ts'
import { passFor } from '../support/passes.ts'
import { announces, newPeer, ORIGIN, RECORD_TYPE, randomBytes, signs } from './dht-http.ts'

const DHT_REGIONS = 'weur, enam,apac'
type Site = '' | 'enam' | 'apac'
const EVERYWHERE: readonly Site[] = ['', 'enam', 'apac']

const shards = (env as unknown as { readonly SHARDS: ShardNamespace }).SHARDS

/** The way to the shards of some regions is cut. */
function without(...cut: readonly Site[]): ShardNamespace {
  return {
    getByName(name, options) {
      const region = shardPlaceOf(name)?.region ?? ''
      if (cut.some((site) => site === region)) throw new Error('the region is down')
      return shards.getByName(name, options)
    },
  }
}

const CONTINENTS = { weur: ['EU', 2], enam: ['NA', -75], apac: ['AS', 100] } as const

interface Terms {
  readonly near?: keyof typeof CONTINENTS
  readonly through?: ShardNamespace
  readonly as?: Identity
  readonly body?: Uint8Array
  readonly regions?: string
}

let networks = 0
const newNetwork = () => `regions-${networks++}`

async function ask(network: string, path: string, asking: Terms = {}): Promise<Response> {
  const { near = 'weur', through = shards, as, body, regions = DHT_REGIONS } = asking
  const [continent, longitude] = CONTINENTS[near]
  const headers = {
    'Content-Type': RECORD_TYPE,
    ...(as && { Authorization: `Bearer ${await passFor(as.id, { network })}` }),
  }
  const init = { method: body ? 'PUT' : 'GET', headers, body, cf: { continent, longitude: `${longitude}` } }
  const url = `${ORIGIN}/v1/dht/${path}?network=${network}`
  return app.fetch(new Request(url, init as never), {
    ...env,
    SHARDS: through,
    DHT_REGIONS: regions,
  } as never)
}

const put = (network: string, name: { key: Key; bytes: Uint8Array }, as: Identity, asking: Terms = {}) =>
  ask(network, `records/${peerIdText(name.key)}`, { ...asking, as, body: name.bytes })

const get = (network: string, key: Key, asking: Terms = {}) =>
  ask(network, `records/${peerIdText(key)}`, asking)

/** What is kept in a region, if there is something. */
async function keptIn(site: Site, network: string, key: Key): Promise<Uint8Array | undefined> {
  const request: ShardRequest = { kind: 'get', key }
  const [answer] = await shards.getByName(shardObjectName(network, rootOf(key), site)).ask([request])
  return answer?.kind === 'record' ? answer.bytes : undefined
}

async function sequenceOf(response: Response): Promise<bigint | undefined> {
  expect(response.status).toBe(200)
  return readSigned(new Uint8Array(await response.arrayBuffer()))?.sequence
}

describe('a DHT of three regions', () => {
  it('keeps in all of them what is put in one', async () => {
    const [network, peer] = [newNetwork(), await newPeer()]
    const name = await signs(peer)
    expect((await put(network, name, peer, { near: 'enam' })).status).toBe(201)
    // Where it was put it is when that is answered.
    expect(await keptIn('enam', network, name.key)).toEqual(name.bytes)
    for (const site of EVERYWHERE)
      await expect.poll(() => keptIn(site, network, name.key)).toEqual(name.bytes)
  })

  it('finds in the others what the nearest does not have', async () => {
    const [network, peer] = [newNetwork(), await newPeer()]
    const name = await signs(peer)
    expect((await put(network, name, peer, { through: without('enam', 'apac') })).status).toBe(201)
    expect(await keptIn('apac', network, name.key)).toBeUndefined()
    expect(await sequenceOf(await get(network, name.key, { near: 'apac' }))).toBe(1n)
    expect((await get(network, randomBytes(32), { near: 'apac' })).status).toBe(404)
  })

  it('takes and answers everything while a region is down', async () => {
    const [network, peer] = [newNetwork(), await newPeer()]
    const through = without('')
    const name = await announces(peer)
    expect((await put(network, name, peer, { through })).status).toBe(201)
    expect(await keptIn('', network, name.key)).toBeUndefined()
    expect((await get(network, name.key, { through })).status).toBe(200)
    const { peers } = (await (await ask(network, `peers/${peerIdText(name.key)}`, { through })).json()) as {
      peers: { id: string }[]
    }
    expect(peers.map(({ id }) => id)).toEqual([peerIdText(peer.id)])
    // That there is nothing is said by those that are left.
    expect((await get(network, randomBytes(32), { through })).status).toBe(404)
    const all = without(...EVERYWHERE)
    expect((await get(network, randomBytes(32), { through: all })).status).toBe(500)
  })

  it('answers from one that is behind what that has, until the owner comes again', async () => {
    const [network, peer] = [newNetwork(), await newPeer()]
    const [first, second] = [await signs(peer), await signs(peer, { sequence: 2n })]
    await put(network, first, peer)
    for (const site of EVERYWHERE)
      await expect.poll(() => keptIn(site, network, first.key)).toEqual(first.bytes)
    expect((await put(network, second, peer, { through: without('enam') })).status).toBe(201)
    expect(await sequenceOf(await get(network, first.key, { near: 'enam' }))).toBe(1n)
    // An older one put where it is not known to be old goes no further.
    expect((await put(network, first, peer, { near: 'enam' })).status).toBe(200)
    expect((await put(network, first, peer)).status).toBe(409)
    expect((await put(network, second, peer)).status).toBe(200)
    for (const site of EVERYWHERE)
      await expect.poll(() => keptIn(site, network, first.key)).toEqual(second.bytes)
  })

  it('is as it was where there are none, and fails where they are none', async () => {
    const [network, peer] = [newNetwork(), await newPeer()]
    const name = await signs(peer)
    expect((await put(network, name, peer, { regions: '' })).status).toBe(201)
    expect(await keptIn('', network, name.key)).toEqual(name.bytes)
    for (const regions of ['weur,nowhere', 'weur,weur', ','])
      expect((await get(network, name.key, { regions })).status).toBe(500)
  })
})

describe('an object that asks', () => {
  const sites = sitesOf({ DHT_REGIONS })
  const asks = (network: string, near: Region, request: ShardRequest, through = shards) =>
    new Asking(through, network).all(sites, near, [request])

  it('writes near its owner, and in the others behind the answer', async () => {
    const [network, key] = [newNetwork(), keyOf('object')]
    const record = valueRecord(key)
    const request = { kind: 'put', record, owner: peerOf(1) } as const
    expect(await asks(network, 'oc', request)).toMatchObject([{ kind: 'stored', isNew: true }])
    expect(await keptIn('apac', network, key)).toEqual(record.bytes)
    for (const site of EVERYWHERE) await expect.poll(() => keptIn(site, network, key)).toEqual(record.bytes)
  })

  it('asks the next where one is down', async () => {
    const [network, key] = [newNetwork(), keyOf('down')]
    const request = { kind: 'put', record: valueRecord(key), owner: peerOf(1) } as const
    const through = without('apac')
    expect(await asks(network, 'oc', request, through)).toMatchObject([{ kind: 'stored' }])
    expect(await asks(network, 'oc', { kind: 'get', key }, through)).toMatchObject([{ kind: 'record' }])
    expect(await asks(network, 'oc', { kind: 'get', key: keyOf('no') }, through)).toEqual([
      { kind: 'nothing' },
    ])
  })

  it('asks a shard together what comes while it is asked', async () => {
    const [network, asked] = [newNetwork(), [] as number[]]
    const through: ShardNamespace = {
      getByName: (name) => ({
        ask(requests) {
          asked.push(requests.length)
          return shards.getByName(name).ask(requests)
        },
        fetch: (url, init) => shards.getByName(name).fetch(url, init),
      }),
    }
    const asking = new Asking(through, network)
    const keys = Array.from({ length: 20 }, (_, i) => keyOf(i, '0101'))
    const gets = keys.map((key) => asking.all(sitesOf({}), '', [{ kind: 'get', key }]))
    expect((await Promise.all(gets)).flat()).toEqual(keys.map(() => ({ kind: 'nothing' })))
    expect(asked).toEqual([1, 19])
  })
})
