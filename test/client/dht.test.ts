// The DHT between clients and a real edge: over HTTP for who has no mailbox, over the home socket for who has; and over links of
// the relay, which is what Node has.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { identities, type Waypost } from '../../client/index.ts'
import { nameKey } from '../../protocol/crypto/dht/keys.ts'
import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { parsePeerId, peerIdText } from '../../protocol/peer-id.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { client, codeOf, newRoom } from './clients.ts'
import { noise, same } from './contents.ts'

const hash = nativeHash(crypto.subtle as unknown as Subtle)
let edge: LocalEdge
let directory = ''

beforeAll(async () => {
  edge = await LocalEdge.start()
}, 90_000)
afterAll(() => edge?.stop())
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'waypost-dht-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Of bytes that nobody puts here. */
const NOBODYS = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const loosely = (value: unknown) => value as never

async function atHome(name: string): Promise<Waypost> {
  const waypost = await client(edge.url, { identity: { name, directory } })
  await expect.poll(() => waypost.status().mail?.state, { timeout: 10_000 }).toBe('open')
  return waypost
}

/** Its key, as a request names it. */
async function nameOf({ id }: Waypost, name: string): Promise<string> {
  return peerIdText(await nameKey(hash, parsePeerId(id), new TextEncoder().encode(name)))
}

/** Counts what goes over HTTP to the DHT. */
function watchHttp() {
  const fetched: string[] = []
  const real = globalThis.fetch
  globalThis.fetch = (input, init) => {
    const url = String(input instanceof Request ? input.url : input)
    if (url.includes('/v1/dht/')) fetched.push(url)
    return real(input, init)
  }
  return { fetched, stop: () => Object.assign(globalThis, { fetch: real }) }
}

const WAYS: readonly (readonly [string, () => Promise<Waypost>])[] = [
  ['over HTTP', () => client(edge.url)],
  ['over the home socket', () => atHome('alice')],
]

describe.each(WAYS)('%s', (way, connects) => {
  it('a value is put, found by anybody under its CID, and is these bytes', async () => {
    const watch = watchHttp()
    const alice = await connects()
    const bytes = noise(40_000, way.length)
    const cid = await alice.dht.put(bytes)
    const own = watch.fetched.length
    watch.stop()
    expect(own).toBe(way === 'over HTTP' ? 1 : 0)
    expect(CID.parse(cid).code).toBe(0x55)
    const bob = await client(edge.url)
    const told: unknown[] = []
    expect(same(await bob.dht.get(cid, { onProgress: (progress) => told.push(progress) }), bytes)).toBe(true)
    expect(told).toEqual([{ bytes: 40_000, total: 40_000 }])
    expect(same(await alice.dht.get(CID.parse(cid)), bytes)).toBe(true)
  })

  it('what nobody put is not found', async () => {
    const alice = await connects()
    const cid = NOBODYS
    expect(await codeOf(alice.dht.get(cid))).toBe('not-found')
    expect(await codeOf(alice.dht.resolve(alice.id, 'nothing'))).toBe('not-found')
    expect(await codeOf(alice.dht.findPeer(alice.id))).toBe('not-found')
    expect(await alice.dht.providers(cid)).toEqual([])
  })

  it('a name says what its owner last said, text or bytes', async () => {
    const alice = await connects()
    const bob = await client(edge.url)
    const startMs = Date.now()
    const first = await alice.dht.publish('profile', 'hello', { ttlMs: HOUR })
    expect(first.sequence).toBe(1n)
    expect(Math.abs(first.expiresAt - startMs - HOUR)).toBeLessThan(MINUTE)
    expect(await bob.dht.resolve(alice.id, 'profile')).toEqual({ value: 'hello', ...first })
    const bytes = Uint8Array.of(0, 1, 2)
    const [second, third] = await Promise.all([
      alice.dht.publish('profile', bytes),
      alice.dht.publish('other', 'apart'),
    ])
    expect([second.sequence, third.sequence]).toEqual([2n, 1n])
    expect((await alice.dht.resolve(alice.id, 'profile')).value).toEqual(bytes)
    expect((await bob.dht.resolve(alice.id, 'other')).value).toBe('apart')
  })

  it('a peer is found as it announced itself, and is not written again before it must', async () => {
    const alice = await connects()
    const about = {
      addresses: ['https://example.com/alice'],
      capabilities: ['chat/1'],
      rooms: ['lobby'],
      mailbox: true,
      region: 'weur',
    }
    const announced = await alice.dht.announce(about)
    const bob = await client(edge.url)
    expect(await bob.dht.findPeer(alice.id)).toEqual({ ...about, ...announced })
    expect(await alice.dht.announce(about)).toEqual(announced)
    expect((await alice.dht.announce({ ...about, rooms: [] })).sequence).toBe(announced.sequence + 1n)
  })

  it('who provides is told, with all keys under one signature', async () => {
    const alice = await connects()
    const cids = await Promise.all(
      Array.from({ length: 5 }, async (_, i) => {
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', noise(10, i + 100 * way.length)))
        return CID.createV1(0x55, (await import('multiformats/hashes/digest')).create(0x12, digest))
      }),
    )
    const { expiresAt } = await alice.dht.provide([...cids, `${cids[0]}`], { ttlMs: HOUR })
    const bob = await client(edge.url)
    for (const cid of cids)
      expect(await bob.dht.providers(cid)).toEqual([{ peer: alice.id, region: '', expiresAt }])
  })
})

describe('an identity that comes back', () => {
  it('goes on above what it published, on another device too', async () => {
    const before = await atHome('carol')
    await before.dht.publish('page', 'one')
    await before.dht.publish('page', 'two')
    await before.close()
    const again = await atHome('carol')
    expect((await again.dht.publish('page', 'three')).sequence).toBe(3n)
    await again.close()
    const backup = await identities.at(directory).export('carol', 'a passphrase')
    const elsewhere = join(directory, 'elsewhere')
    await identities.at(elsewhere).import('carol', backup, 'a passphrase')
    const other = await client(edge.url, { identity: { name: 'carol', directory: elsewhere } })
    expect(other.id).toBe(again.id)
    expect((await other.dht.publish('page', 'four')).sequence).toBe(4n)
    expect((await other.dht.publish('page', 'five')).sequence).toBe(5n)
    await other.close()
    // The first knows nothing of it, and is told.
    const first = await atHome('carol')
    expect((await first.dht.publish('page', 'six')).sequence).toBe(6n)
  })

  it('provides what it keeps again, all of it at once, when it first uses the DHT', async () => {
    const before = await atHome('frank')
    for (const seed of [21, 22]) await before.dht.put(noise(80_000, seed))
    await before.close()
    const watch = watchHttp()
    const again = await client(edge.url, { identity: { name: 'frank', directory }, mail: false })
    expect(await codeOf(again.dht.resolve(again.id, 'nothing'))).toBe('not-found')
    const provided = () => watch.fetched.filter((url) => new URL(url).pathname === '/v1/dht/providers')
    await expect.poll(provided).toHaveLength(1)
    watch.stop()
  })

  it('is shown no older name than it saw in an earlier life', async () => {
    const [alice, before] = [await client(edge.url), await atHome('erin')]
    await alice.dht.publish('name', 'before')
    expect((await client(edge.url).then(({ dht }) => dht.resolve(alice.id, 'name'))).value).toBe('before')
    const url = `${edge.url}/v1/dht/records/${await nameOf(alice, 'name')}`
    const old = await fetch(url)
    expect(old.status).toBe(200)
    await alice.dht.publish('name', 'after')
    await expect
      .poll(async () => (await before.dht.resolve(alice.id, 'name')).value, { timeout: 20_000 })
      .toBe('after')
    await before.close()
    const again = await client(edge.url, { identity: { name: 'erin', directory }, mail: false })
    const real = globalThis.fetch
    globalThis.fetch = async (input, init) =>
      String(input).startsWith(url) ? old.clone() : real(input, init)
    const code = await codeOf(again.dht.resolve(alice.id, 'name')).finally(() => {
      globalThis.fetch = real
    })
    expect(code).toBe('unverified')
    expect(again.status().drops).toEqual({ stale: 1 })
    expect((await again.dht.resolve(alice.id, 'name')).value).toBe('after')
  })

  it('keeps what it put, and serves it', async () => {
    const room = newRoom()
    const bytes = noise(600_000)
    const before = await atHome('dora')
    const cid = await before.dht.put(bytes)
    await before.close()
    const again = await atHome('dora')
    expect(same(await again.dht.get(cid), bytes)).toBe(true)
    const bob = await client(edge.url)
    await Promise.all([again.join(room), bob.join(room)])
    expect(same(await bob.dht.get(cid), bytes)).toBe(true)
    await again.dht.forget(cid)
    const carol = await client(edge.url)
    await carol.join(room)
    expect(await codeOf(carol.dht.get(cid))).toBe('not-found')
  })
})

describe('content of several blocks', () => {
  it('is fetched over links, from whoever provides it; who fetched it provides it in turn', async () => {
    const room = newRoom()
    const bytes = noise(1_500_000, 7)
    const [alice, bob, carol] = await Promise.all([client(edge.url), client(edge.url), client(edge.url)])
    for (const each of [alice, bob, carol]) await each.join(room)
    const told: unknown[] = []
    const cid = await alice.dht.put(bytes, { onProgress: (progress) => told.push(progress) })
    expect(told.at(-1)).toEqual({ bytes: bytes.length, total: bytes.length })
    expect(CID.parse(cid).code).toBe(0x70)
    expect(same(await bob.dht.get(cid, { provide: true }), bytes)).toBe(true)
    expect((await carol.dht.providers(cid)).map(({ peer }) => peer).sort()).toEqual([alice.id, bob.id].sort())
    await alice.close()
    expect(same(await carol.dht.get(cid), bytes)).toBe(true)
    // Of one link to the other nothing is left.
    await expect.poll(() => carol.status().links.map(({ streams }) => streams)).toEqual([0, 0])
  })

  it('is fetched in turn where much is asked for at once', async () => {
    const room = newRoom()
    const [alice, bob] = await Promise.all([client(edge.url), client(edge.url)])
    await Promise.all([alice.join(room), bob.join(room)])
    const files = Array.from({ length: 12 }, (_, i) => noise(280_000, 100 + i))
    const cids = await Promise.all(files.map((bytes) => alice.dht.put(bytes)))
    const got = await Promise.all(cids.map((cid) => bob.dht.get(cid)))
    expect(got.every((bytes, i) => same(bytes, files[i] as Uint8Array))).toBe(true)
  })

  it('of one block and no value is fetched too', async () => {
    const room = newRoom()
    const [alice, bob] = await Promise.all([client(edge.url), client(edge.url)])
    await Promise.all([alice.join(room), bob.join(room)])
    const bytes = noise(100_000, 9)
    const cid = await alice.dht.put(bytes)
    expect(CID.parse(cid).code).toBe(0x55)
    expect(same(await bob.dht.get(cid), bytes)).toBe(true)
  })

  it('whose provider is in no room with us cannot be fetched, and it is said why', async () => {
    const [alice, bob] = await Promise.all([client(edge.url), client(edge.url)])
    const cid = await alice.dht.put(noise(300_000, 11))
    expect(await codeOf(bob.dht.get(cid))).toBe('peer-unreachable')
  })

  it('ends in the middle when it is told to', async () => {
    const room = newRoom()
    const [alice, bob] = await Promise.all([client(edge.url), client(edge.url)])
    await Promise.all([alice.join(room), bob.join(room)])
    const cid = await alice.dht.put(noise(4_000_000, 13))
    const stop = new AbortController()
    const got = bob.dht.get(cid, {
      signal: stop.signal,
      onProgress: ({ bytes }) => bytes > 500_000 && stop.abort('enough'),
    })
    const error = await got.catch((problem: unknown) => problem)
    expect(error).toMatchObject({ code: 'aborted', cause: 'enough' })
    await expect.poll(() => alice.status().links[0]?.streams).toBe(0)
  })

  it('is no stream of the application', async () => {
    const room = newRoom()
    const [alice, bob] = await Promise.all([client(edge.url), client(edge.url)])
    await Promise.all([alice.join(room), bob.join(room)])
    const heard: string[] = []
    alice.on('stream', ({ label }) => heard.push(label))
    const cid = await alice.dht.put(noise(300_000, 17))
    await bob.dht.get(cid)
    expect(heard).toEqual([])
    await expect(bob.open(alice.id, 'waypost/blocks')).rejects.toThrow(RangeError)
    await expect(bob.open(alice.id, 'waypost/')).rejects.toThrow(/open: labels that begin with/)
  })
})

describe('misuse', () => {
  it.each<[string, (waypost: Waypost) => Promise<unknown>, new () => Error, RegExp]>([
    ['no bytes', ({ dht }) => dht.put(loosely('text')), TypeError, /put: takes bytes/],
    [
      'a misspelt option',
      ({ dht }) => dht.put(new Uint8Array(1), loosely({ ttl: 1 })),
      TypeError,
      /put: unknown option 'ttl'/,
    ],
    [
      'a time too long',
      ({ dht }) => dht.publish('a', 'b', { ttlMs: 49 * HOUR }),
      RangeError,
      /publish: ttlMs/,
    ],
    [
      'a time too short',
      ({ dht }) => dht.publish('a', 'b', { ttlMs: 1_000 }),
      RangeError,
      /publish: ttlMs must be at least/,
    ],
    ['no name', ({ dht }) => dht.publish('', 'b'), RangeError, /publish: the name/],
    ['a long name', ({ dht }) => dht.resolve('b', 'é'.repeat(33)), RangeError, /a peer id|resolve: the name/],
    ['no value', ({ dht }) => dht.publish('a', loosely(7)), TypeError, /publish: the value/],
    ['no CID', ({ dht }) => dht.get('nonsense'), RangeError, /get: not a CID/],
    ['a number for a CID', ({ dht }) => dht.get(loosely(7)), TypeError, /get: a CID must be/],
    [
      'a CID of another hash',
      ({ dht }) => dht.providers('bafkqaaa'),
      RangeError,
      /providers: the CID's hash/,
    ],
    [
      'a CID of what is no file',
      ({ dht }) => dht.get('bafyreigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'),
      RangeError,
      /get: the CID must be/,
    ],
    ['no CIDs', ({ dht }) => dht.provide([]), RangeError, /provide: one to/],
    ['a limit of none', ({ dht }) => dht.providers(NOBODYS, { limit: 0 }), RangeError, /providers: limit/],
    ['no peer', ({ dht }) => dht.findPeer('bob'), RangeError, /a peer id/],
    [
      'a signal that is none',
      ({ id, dht }) => dht.findPeer(id, { signal: loosely({}) }),
      TypeError,
      /findPeer: signal/,
    ],
    [
      'what is not announced',
      ({ dht }) => dht.announce(loosely({ name: 'x' })),
      TypeError,
      /announce: unknown option 'name'/,
    ],
    ['a room that is none', ({ dht }) => dht.announce({ rooms: [''] }), RangeError, /announcement/],
    [
      'no function',
      ({ dht, id }) => dht.get(loosely(id), { onProgress: loosely(1) }),
      TypeError,
      /get: onProgress/,
    ],
  ])('%s', async (_, act, kind, message) => {
    const waypost = await client(edge.url)
    const error = await act(waypost).catch((problem: unknown) => problem)
    expect(error).toBeInstanceOf(kind)
    expect((error as Error).message).toMatch(message)
  })

  it('what is too large, or comes too late, is said so', async () => {
    const waypost = await client(edge.url)
    expect(await codeOf(waypost.dht.publish('a', 'x'.repeat(4_096)))).toBe('too-large')
    expect(await codeOf(waypost.dht.put(new Uint8Array(64 * 2 ** 20 + 1)))).toBe('too-large')
    expect(await codeOf(waypost.dht.get(NOBODYS, { signal: AbortSignal.abort() }))).toBe('aborted')
    await waypost.close()
    expect(await codeOf(waypost.dht.resolve(waypost.id, 'a'))).toBe('closed')
  })
})
