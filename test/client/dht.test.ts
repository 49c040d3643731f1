// The DHT between clients and a real edge: over HTTP for who has no mailbox, over the home socket for who has; and over links of
// the relay, which is what Node has.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { identities, type Waypost } from '../../client/index.ts'
import { nameKey } from '../../protocol/crypto/dht/keys.ts'
import { checkNode } from '../../protocol/crypto/dht/node.ts'
import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { tryDecodeAnnouncement } from '../../protocol/dht/records/announcement.ts'
import { readSigned } from '../../protocol/dht/records/signed.ts'
import { VISIT_LINGER_MS, VISIT_ROOMS_MAX } from '../../protocol/limits/content.ts'
import { parsePeerId, peerIdText } from '../../protocol/peer-id.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { client, codeOf, newRoom } from './clients.ts'

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

function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** Its key, as a request names it. */
async function nameOf({ id }: Waypost, name: string): Promise<string> {
  return peerIdText(await nameKey(hash, parsePeerId(id), new TextEncoder().encode(name)))
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0

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

  it('a peer says where the edge sees it, and which place it has in the mesh, with what it announces and provides', async () => {
    const real = globalThis.fetch
    globalThis.fetch = async (input, init) => {
      const response = await real(input, init)
      if (!String(input).includes('/v1/bootstrap')) return response
      return Response.json({ ...((await response.json()) as object), region: 'weur' })
    }
    const alice = await client(edge.url).finally(() => {
      globalThis.fetch = real
    })
    const bob = await client(edge.url)
    await alice.dht.announce({ capabilities: ['chat'] })
    expect(await bob.dht.findPeer(alice.id, { thorough: true })).toMatchObject({ region: 'weur' })
    const { signed } = await recordOf(edge.url, alice.id)
    const claim = tryDecodeAnnouncement(signed.value)?.node
    expect(claim && (await checkNode(hash, parsePeerId(alice.id), claim, Date.now()))).toHaveLength(32)
    const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
    await alice.dht.provide(cid)
    expect(await bob.dht.providers(cid)).toMatchObject([{ peer: alice.id, region: 'weur' }])
    // What the application says of itself stands, and is said whole.
    const rooms = Array.from({ length: 15 }, (_, i) => `${i}`.padStart(124, 'x'))
    await alice.dht.announce({ rooms, region: 'apac' })
    expect(await bob.dht.findPeer(alice.id)).toMatchObject({ rooms, region: 'apac' })
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

  it('whose provider said where it is met is fetched there; the room is left, and the application hears nothing of it', async () => {
    const room = newRoom()
    const [alice, bob] = await Promise.all([client(edge.url), client(edge.url)])
    const library = await alice.join(room)
    const said: string[] = []
    alice.on('message', ({ data }) => said.push(String(data)))
    bob.on('message', ({ data }) => said.push(String(data)))
    const greeted: Promise<unknown>[] = []
    library.on('join', ({ id }) => greeted.push(alice.send(id, 'welcome')))
    const bytes = noise(1_500_000, 21)
    const cid = await alice.dht.put(bytes)
    // Of no use: a room of machinery, and one in which nobody is.
    await alice.dht.announce({ rooms: ['waypost/mesh', newRoom(), room] })
    const got = bob.dht.get(cid)
    await expect.poll(() => library.peers.size).toBe(1)
    expect(bob.status().rooms).toEqual([])
    expect(await codeOf(bob.send(alice.id, 'hello'))).toBe('peer-unreachable')
    expect(same(await got, bytes)).toBe(true)
    await expect.poll(() => library.peers.size).toBe(0)
    // To whom it was said it is a stranger who says so, and it is dropped when it has not been met by then.
    await Promise.all(greeted)
    await expect.poll(() => bob.status().drops.stranger).toBe(1)
    expect(said).toEqual([])
  })

  it('stays in a room that the application joins while something is fetched there; and hears what was said before', async () => {
    const room = newRoom()
    const [alice, bob] = await Promise.all([client(edge.url), client(edge.url)])
    const library = await alice.join(room)
    const said: unknown[] = []
    bob.on('message', ({ data }) => said.push(data))
    const greeted = new Promise((resolve) => {
      library.on('join', ({ id }) => resolve(alice.send(id, 'welcome')))
    })
    const cid = await alice.dht.put(noise(1_500_000, 23))
    await alice.dht.announce({ rooms: [room] })
    const got = bob.dht.get(cid)
    await greeted
    const ours = await bob.join(room, { metadata: 'a reader' })
    expect([...ours.peers.keys()]).toEqual([alice.id])
    await expect.poll(() => said).toEqual(['welcome'])
    await got
    await new Promise((resolve) => setTimeout(resolve, VISIT_LINGER_MS + 500))
    expect(ours.state).toBe('joined')
    expect(bob.status().rooms).toMatchObject([{ name: room, peers: 1 }])
    expect(library.peers.get(bob.id)?.metadata).toBe('a reader')
    await bob.send(alice.id, 'thank you')
  })

  it('is looked for in a few rooms, and in no more', async () => {
    const rooms = Array.from({ length: VISIT_ROOMS_MAX + 1 }, newRoom)
    const [alice, bob, host] = await Promise.all([client(edge.url), client(edge.url), client(edge.url)])
    await alice.join(rooms.at(-1) as string)
    const seen = await Promise.all(rooms.map((room) => host.join(room)))
    const cid = await alice.dht.put(noise(300_000, 25))
    await alice.dht.announce({ rooms })
    const visited: string[] = []
    for (const room of seen) room.on('join', ({ id }) => id === bob.id && visited.push(room.name))
    expect(await codeOf(bob.dht.get(cid))).toBe('peer-unreachable')
    // It had been there when it was told.
    await expect.poll(() => visited.toSorted()).toEqual(rooms.slice(0, VISIT_ROOMS_MAX).sort())
    await expect.poll(() => seen.filter(({ peers }) => peers.has(bob.id)).length).toBe(0)
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

/** As the edge keeps it. */
async function recordOf(url: string, peer: string) {
  const response = await fetch(`${url}/v1/dht/records/${peer}`)
  const signed = readSigned(new Uint8Array(await response.arrayBuffer()))
  if (signed === undefined) throw new Error(`no record: ${response.status}`)
  return { signed }
}
