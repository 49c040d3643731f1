// Content of those who are met elsewhere: the rooms that they announced are joined for it, unseen, and left again. And what is said of
// where a peer is.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkNode } from '../../protocol/crypto/dht/node.ts'
import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { tryDecodeAnnouncement } from '../../protocol/dht/records/announcement.ts'
import { readSigned } from '../../protocol/dht/records/signed.ts'
import { VISIT_LINGER_MS, VISIT_ROOMS_MAX } from '../../protocol/limits/content.ts'
import { parsePeerId } from '../../protocol/peer-id.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { client, codeOf, newRoom } from './clients.ts'
import { noise, same } from './contents.ts'

const hash = nativeHash(crypto.subtle as unknown as Subtle)
let edge: LocalEdge

beforeAll(async () => {
  edge = await LocalEdge.start()
}, 90_000)
afterAll(() => edge.stop())

describe('content', () => {
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
})

describe('where a peer is', () => {
  it('is said with what it announces and provides: where the edge sees it, and its place in the mesh', async () => {
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
    // What the edge read a moment ago it may say for some seconds more.
    await expect.poll(() => bob.dht.findPeer(alice.id)).toMatchObject({ rooms, region: 'apac' })
  })
})

/** As the edge keeps it. */
async function recordOf(url: string, peer: string) {
  const response = await fetch(`${url}/v1/dht/records/${peer}`)
  const signed = readSigned(new Uint8Array(await response.arrayBuffer()))
  if (signed === undefined) throw new Error(`no record: ${response.status}`)
  return { signed }
}
