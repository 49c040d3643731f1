// The DHT over HTTP: what is put is found under its key by anybody, and what is not as it should be is not kept.

import { describe, expect, it } from 'vitest'
import { blake3Of } from '../../protocol/crypto/blake3.ts'
import { verifyProvidedKey } from '../../protocol/crypto/dht/provided.ts'
import { verifyRecord } from '../../protocol/crypto/dht/records.ts'
import { compareDistance } from '../../protocol/dht/place.ts'
import { tryDecodeAnnouncement } from '../../protocol/dht/records/announcement.ts'
import { readSigned } from '../../protocol/dht/records/signed.ts'
import { DHT_VALUE_BYTES_MAX } from '../../protocol/limits/dht.ts'
import { parsePeerId, peerIdText } from '../../protocol/peer-id.ts'
import { fromBase64url } from '../../protocol/wire/base64url.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import {
  announces,
  ask,
  cidOf,
  cidText,
  newPeer,
  provides,
  putRecord,
  putValue,
  RECORD_TYPE,
  randomBytes,
  signs,
  suite,
} from './dht-http.ts'

const codeOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string } }).error.code
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer())

interface ProvidersBody {
  readonly heads: readonly string[]
  readonly providers: readonly {
    peer: string
    head: number
    index: number
    path: string
    expiresAt: number
  }[]
}

describe('a value', () => {
  it('is found under its CID by anybody, and may be kept as long as it lives', async () => {
    const [peer, bytes] = [await newPeer(), randomBytes(1_000)]
    const put = await putValue(peer, bytes, '?ttl=600')
    expect(put.status).toBe(201)
    const { expiresAt } = (await put.json()) as { expiresAt: number }
    expect(Math.abs(expiresAt - Date.now() - 600_000)).toBeLessThan(10_000)
    const got = await ask(`/v1/dht/records/${await cidOf(bytes)}`)
    expect(got.status).toBe(200)
    expect(got.headers.get('Cache-Control')).toMatch(/^public, max-age=(59\d|600), immutable$/)
    expect(await bytesOf(got)).toEqual(bytes)
  })

  it('is not sent again to who has it, nor to who asks for its headers', async () => {
    const [peer, bytes] = [await newPeer(), randomBytes(1_000)]
    await putValue(peer, bytes)
    const path = `/v1/dht/records/${await cidOf(bytes)}`
    const head = await ask(path, { method: 'HEAD' })
    expect([head.status, head.headers.get('Content-Type')]).toEqual([200, 'application/octet-stream'])
    expect(await bytesOf(head)).toEqual(new Uint8Array())
    const tag = head.headers.get('ETag') ?? ''
    const again = await ask(path, { headers: { 'If-None-Match': `"another", W/${tag}` } })
    expect([again.status, again.headers.get('ETag')]).toEqual([304, tag])
    expect(again.headers.get('Cache-Control')).toMatch(/immutable$/)
    expect(await bytesOf(again)).toEqual(new Uint8Array())
    expect((await ask(path, { headers: { 'If-None-Match': '"another"' } })).status).toBe(200)
  })

  it('that is there already is not written again', async () => {
    const [peer, bytes] = [await newPeer(), randomBytes(100)]
    expect((await putValue(peer, bytes)).status).toBe(201)
    expect((await putValue(peer, bytes)).status).toBe(200)
  })

  it('may be of BLAKE3', async () => {
    const [peer, bytes] = [await newPeer(), randomBytes(100)]
    const cid = cidText(blake3Of(bytes), 0x1e)
    const put = await ask(`/v1/dht/records/${cid}`, { as: peer, method: 'PUT', body: bytes })
    expect(put.status).toBe(201)
    expect(await bytesOf(await ask(`/v1/dht/records/${cid}`))).toEqual(bytes)
  })

  it('is of one network', async () => {
    const [peer, bytes] = [await newPeer(), randomBytes(100)]
    await putValue(peer, bytes)
    const got = await ask(`/v1/dht/records/${await cidOf(bytes)}`, { network: 'another' })
    expect([got.status, await codeOf(got)]).toEqual([404, 'no-such-record'])
  })

  it('under another key, of too many bytes, or for too long is refused', async () => {
    const peer = await newPeer()
    const put = (key: string, body: Uint8Array, query = '') =>
      ask(`/v1/dht/records/${key}${query}`, { as: peer, method: 'PUT', body: body as never }).then(codeOf)
    const bytes = randomBytes(10)
    expect(await put(await cidOf(randomBytes(10)), bytes)).toBe('wrong-key')
    expect(await put(await cidOf(bytes), new Uint8Array(DHT_VALUE_BYTES_MAX + 1))).toBe('too-large')
    expect(await put(await cidOf(bytes), bytes, '?ttl=604801')).toBe('malformed')
    expect(await put(await cidOf(bytes), bytes, '?ttl=59')).toBe('expired')
    expect(await put('bafynonsense', bytes)).toBe('bad-name')
    expect(await put(cidText(randomBytes(20)), bytes)).toBe('bad-name')
  })
})

describe('a name', () => {
  it('is found as its owner signed it; the highest sequence stays', async () => {
    const peer = await newPeer()
    const [first, second] = [await signs(peer), await signs(peer, { sequence: 2n, value: utf8('new') })]
    expect((await putRecord(peer, first.key, first.bytes)).status).toBe(201)
    expect((await putRecord(peer, second.key, second.bytes)).status).toBe(201)
    const older = await putRecord(peer, first.key, first.bytes)
    expect([older.status, await codeOf(older)]).toEqual([409, 'stale'])
    const got = await ask(`/v1/dht/records/${peerIdText(first.key)}`)
    expect([got.headers.get('Content-Type'), got.headers.get('Cache-Control')]).toEqual([
      RECORD_TYPE,
      'no-cache',
    ])
    const record = await verifyRecord(suite, await bytesOf(got), first.key, Date.now())
    expect(record).toMatchObject({ kind: 'name', sequence: 2n, peer: peer.id })
  })

  it('is sent again to who has an older one only', async () => {
    const peer = await newPeer()
    const [first, second] = [await signs(peer), await signs(peer, { sequence: 2n })]
    const path = `/v1/dht/records/${peerIdText(first.key)}`
    await putRecord(peer, first.key, first.bytes)
    const tag = (await ask(path)).headers.get('ETag') ?? ''
    const asks = async () => (await ask(path, { headers: { 'If-None-Match': tag } })).status
    expect(await asks()).toBe(304)
    await putRecord(peer, second.key, second.bytes)
    expect(await asks()).toBe(200)
  })

  it('that another signed, that was changed, or whose time is over is refused', async () => {
    const [peer, other] = [await newPeer(), await newPeer()]
    const [own, others] = [await signs(peer), await signs(other)]
    const put = async (bytes: Uint8Array) => codeOf(await putRecord(peer, own.key, bytes))
    expect(await put(others.bytes)).toBe('wrong-key')
    const changed = own.bytes.with(own.bytes.length - 1, (own.bytes.at(-1) ?? 0) ^ 1)
    expect(await put(changed)).toBe('wrong-signature')
    expect(await put(own.bytes.slice(0, -1))).toBe('malformed')
    expect(await put((await signs(peer, { createdMs: Date.now() - 3_600_001 })).bytes)).toBe('expired')
    expect(await put((await signs(peer, { createdMs: Date.now() + 660_000 })).bytes)).toBe('expired')
  })

  it('may be put by somebody else who has it', async () => {
    const [peer, friend] = [await newPeer(), await newPeer()]
    const { key, bytes } = await signs(peer)
    expect((await putRecord(friend, key, bytes)).status).toBe(201)
  })
})

describe('peers', () => {
  it('that announced themselves are found: those nearest to a target first', async () => {
    const network = 'nearest'
    const peers = await Promise.all(Array.from({ length: 30 }, newPeer))
    for (const peer of peers) {
      const { key, bytes } = await announces(peer, ['wss://peer.example'])
      const headers = { 'Content-Type': RECORD_TYPE }
      const put = { as: peer, network, method: 'PUT', headers, body: bytes as never }
      expect((await ask(`/v1/dht/records/${peerIdText(key)}`, put)).status).toBe(201)
    }
    const target = randomBytes(32)
    const got = await ask(`/v1/dht/peers/${peerIdText(target)}`, { network })
    const { peers: found } = (await got.json()) as { peers: readonly { id: string; record: string }[] }
    const nearest = peers.map(({ id }) => id).sort((a, b) => compareDistance(a, b, target))
    expect(found.map(({ id }) => id)).toEqual(nearest.slice(0, 20).map(peerIdText))
    const record = fromBase64url(found[0]?.record ?? '') as Uint8Array
    expect(tryDecodeAnnouncement(readSigned(record)?.value ?? new Uint8Array())?.addresses).toEqual([
      'wss://peer.example',
    ])
    const three = await ask(`/v1/dht/peers/${peerIdText(target)}?limit=3`, { network })
    expect(((await three.json()) as { peers: unknown[] }).peers.length).toBe(3)
    expect((await ask(`/v1/dht/peers/${peerIdText(target)}?limit=0`, { network })).status).toBe(400)
  })
})

describe('providers', () => {
  it('of a thousand keys by one signature are found at each, and proved', async () => {
    const peer = await newPeer()
    const keys = Array.from({ length: 1_024 }, () => randomBytes(32))
    expect((await provides(peer, keys)).status).toBe(201)
    for (const key of [keys[0], keys[511], keys[1_023]] as Uint8Array[]) {
      const got = await ask(`/v1/dht/providers/${cidText(key)}`)
      const { heads, providers } = (await got.json()) as ProvidersBody
      expect(providers.map(({ peer }) => parsePeerId(peer))).toEqual([peer.id])
      const [{ index, path }] = providers as [ProvidersBody['providers'][0]]
      const provided = { key, index, path: fromBase64url(path) as Uint8Array }
      const head = fromBase64url(heads[0] ?? '') as Uint8Array
      expect(await verifyProvidedKey(suite, head, provided, Date.now())).toMatchObject({ peer: peer.id })
    }
  })

  it('nearest come first', async () => {
    const key = randomBytes(32)
    const [here, there] = [await newPeer(), await newPeer()]
    await provides(here, [key], 'weur')
    await provides(there, [key], 'apac')
    const first = async (near: string) => {
      const got = await ask(`/v1/dht/providers/${cidText(key)}?near=${near}`)
      return ((await got.json()) as ProvidersBody).providers[0]?.peer
    }
    expect([await first('weur'), await first('apac')]).toEqual([peerIdText(here.id), peerIdText(there.id)])
    expect((await ask(`/v1/dht/providers/${cidText(key)}?near=moon`)).status).toBe(400)
  })

  it('are only who they say, and of the keys they say', async () => {
    const [peer, other] = [await newPeer(), await newPeer()]
    const { signProvided } = await import('../../protocol/crypto/dht/provided.ts')
    const key = randomBytes(32)
    const body = (await signProvided(peer, [key], {
      ttlSeconds: 600,
      region: '',
      createdMs: Date.now(),
    })) as Uint8Array<ArrayBuffer>
    const post = async (path: string, as: typeof peer, bytes: Uint8Array<ArrayBuffer>) =>
      codeOf(await ask(path, { as, method: 'POST', body: bytes }))
    expect(await post('/v1/dht/providers', other, body)).toBe('wrong-key')
    expect(await post(`/v1/dht/providers/${cidText(randomBytes(32))}`, peer, body)).toBe('wrong-key')
    const changed = body.slice()
    changed.set(randomBytes(32), body.length - 32)
    expect(await post('/v1/dht/providers', peer, changed)).toBe('wrong-key')
    expect((await ask(`/v1/dht/providers/${cidText(key)}`, { as: peer, method: 'POST', body })).status).toBe(
      201,
    )
  })
})

describe('whoever writes', () => {
  it('shows a pass; whoever reads need not', async () => {
    const bytes = randomBytes(10)
    const put = await ask(`/v1/dht/records/${await cidOf(bytes)}`, { method: 'PUT', body: bytes })
    expect([put.status, await codeOf(put)]).toEqual([401, 'pass-missing'])
    const post = await ask('/v1/dht/providers', { method: 'POST', body: bytes })
    expect(await codeOf(post)).toBe('pass-missing')
    const remove = await ask(`/v1/dht/records/${await cidOf(bytes)}`, { method: 'DELETE' })
    expect([remove.status, remove.headers.get('Allow')]).toEqual([405, 'GET, HEAD, PUT, OPTIONS'])
  })
})
