// Values in the data centre's cache: found there without a shard, put there by who asked first, and nothing else ever.

import { describe, expect, it } from 'vitest'
import { encodeValue } from '../../protocol/dht/records/value.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { cachePlaceOf, keepValue } from '../../workers/dht/value-cache.ts'
import { ask, newPeer, putRecord, putValue, randomBytes, signs, suite } from './dht-http.ts'

const cache = (caches as unknown as { readonly default: Cache }).default
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer())
const cachedAt = (network: string, key: Uint8Array) => cache.match(cachePlaceOf(network, key))

/** A value that is in the cache and in no shard. */
async function onlyCached(network: string, aheadMs = 600_000) {
  const value = randomBytes(300)
  const key = await suite.hash.sha256(value)
  const record = encodeValue({ code: 0x12, ttlSeconds: 600, value })
  const headers = { 'Cache-Control': 'public, max-age=600', 'X-Expires-At': `${Date.now() + aheadMs}` }
  await cache.put(cachePlaceOf(network, key), new Response(record, { headers }))
  const path = `/v1/dht/records/${peerIdText(key)}`
  return { key, value, path }
}

describe('a value in the cache', () => {
  it('is answered to who wants a value, as if it came from its shard', async () => {
    const { value, path } = await onlyCached('default')
    const head = await ask(`${path}?of=value`, { method: 'HEAD' })
    expect([head.status, await bytesOf(head)]).toEqual([200, new Uint8Array()])
    const tag = head.headers.get('ETag') ?? ''
    const got = await ask(`${path}?of=value`)
    expect([got.status, got.headers.get('ETag')]).toEqual([200, tag])
    expect(got.headers.get('Cache-Control')).toMatch(/^public, max-age=(5\d\d|600), immutable$/)
    expect(await bytesOf(got)).toEqual(value)
    const again = await ask(`${path}?of=value`, { headers: { 'If-None-Match': tag } })
    expect([again.status, await bytesOf(again)]).toEqual([304, new Uint8Array()])
  })

  it('is not answered to who wants, or may be given, something signed; nor in another network; nor when it is over', async () => {
    const [{ path }, over] = [await onlyCached('default'), await onlyCached('default', -1)]
    const statusOf = async (path: string, network?: string) =>
      (await ask(path, network === undefined ? {} : { network })).status
    expect(await statusOf(`${path}?of=signed`)).toBe(404)
    expect(await statusOf(path)).toBe(404)
    expect(await statusOf(`${path}?of=value`, 'another')).toBe(404)
    expect(await statusOf(`${over.path}?of=value`)).toBe(404)
    expect(await statusOf(`${path}?of=anything`)).toBe(400)
  })

  it('is there when somebody has asked, and as long as it lasts', async () => {
    const [peer, bytes] = [await newPeer(), randomBytes(500)]
    const key = await suite.hash.sha256(bytes)
    await putValue(peer, bytes, '?ttl=600')
    expect(await cachedAt('default', key)).toBeUndefined()
    const got = await ask(`/v1/dht/records/${peerIdText(key)}?of=value`)
    await expect.poll(async () => (await cachedAt('default', key))?.status).toBe(200)
    const kept = (await cachedAt('default', key)) as Response
    expect(kept.headers.get('Cache-Control')).toMatch(/^public, max-age=(59\d|600)$/)
    expect(kept.headers.get('X-Expires-At')).toBe(got.headers.get('X-Expires-At'))
    expect((await bytesOf(kept)).subarray(6)).toEqual(bytes)
    expect(await cachedAt('another', key)).toBeUndefined()
  })
})

it('what is signed is never in the cache', async () => {
  const peer = await newPeer()
  const name = await signs(peer)
  await putRecord(peer, name.key, name.bytes)
  for (const query of ['', '?of=signed'])
    expect((await ask(`/v1/dht/records/${peerIdText(name.key)}${query}`)).status).toBe(200)
  expect((await ask(`/v1/dht/records/${peerIdText(name.key)}?of=value`)).status).toBe(404)
  keepValue(
    'default',
    name.key,
    { kind: 'record', bytes: name.bytes, expiresAtMs: Date.now() + 9e5 },
    Date.now(),
  )
  // What is put behind that is there: so that what came before it would be, too.
  const { key } = await onlyCached('default')
  expect(await cachedAt('default', key)).toBeDefined()
  expect(await cachedAt('default', name.key)).toBeUndefined()
})
