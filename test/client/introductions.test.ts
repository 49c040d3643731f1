// Clients that learn of edges and of peers from each other, with real edges: who knew one edge alone goes on, or comes back, by
// another that a peer told it of.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Waypost } from '../../client/index.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { client, codeOf, newRoom } from './clients.ts'

/** Edges have nothing in common. */
const OTHER_SECRET = { PASS_SECRET: toBase64url(crypto.getRandomValues(new Uint8Array(32))) }

let first: LocalEdge
let second: LocalEdge
let directory = ''

beforeAll(async () => {
  ;[first, second] = [await LocalEdge.start(), await LocalEdge.start({ vars: OTHER_SECRET })]
}, 90_000)
afterAll(async () => {
  await first?.stop()
  await second?.stop()
})
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'waypost-introductions-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const as = (name: string) => ({ identity: { name, directory } })
const both = () => [first.url, second.url]

/** What it was told of, and whether it is used. */
const toldOf = (waypost: Waypost) =>
  (waypost.status().edges ?? []).flatMap(({ url, learnt, inUse }) => (learnt ? [{ url, inUse }] : []))

const uses = (waypost: Waypost, edge: LocalEdge) =>
  expect.poll(() => waypost.status().edge, { timeout: 30_000 }).toBe(`${edge.url}/`)

describe('a client that knows one edge alone', () => {
  it('comes back, in another life, by one that a peer told it of', async () => {
    const [alice, bob] = [await client(first.url, as('alice')), await client(both())]
    const room = newRoom()
    await Promise.all([alice.join(room), bob.join(room)])
    await expect.poll(() => toldOf(alice)).toEqual([{ url: `${second.url}/`, inUse: false }])
    await alice.close()
    await first.kill()
    try {
      const again = await client(first.url, as('alice'))
      expect(again.id).toBe(alice.id)
      await uses(again, second)
      const [here] = await Promise.all([again.join(room), uses(bob, second)])
      await expect.poll(() => here.peers.has(bob.id), { timeout: 30_000 }).toBe(true)
      const heard = new Promise((resolve) => bob.on('message', ({ data }) => resolve(data)))
      await again.send(bob.id, 'by the other edge')
      expect(await heard).toBe('by the other edge')
      // Who was told of nothing has nowhere to go.
      expect(await codeOf(client(first.url, { timeoutMs: 1_500 }))).toBe('edge-unreachable')
    } finally {
      await first.up()
    }
  }, 120_000)

  it('goes on there when its own falls, and comes back when that is back', async () => {
    const [alice, bob] = [await client(first.url), await client(both())]
    const room = newRoom()
    const [here] = await Promise.all([alice.join(room), bob.join(room)])
    await expect.poll(() => toldOf(alice).length).toBe(1)
    await first.kill()
    try {
      await Promise.all([uses(alice, second), uses(bob, second)])
      expect((await alice.send(bob.id, 'under way')).via).toBe('relay')
      expect(here.state).toBe('joined')
    } finally {
      await first.up()
    }
    await expect.poll(() => alice.status().edge, { timeout: 90_000 }).toBe(`${first.url}/`)
  }, 180_000)

  it('is told nothing where it wants nothing to do with it', async () => {
    const [alice, bob, carol] = [
      await client(first.url, { mesh: false }),
      await client(both()),
      await client(first.url),
    ]
    const room = newRoom()
    await Promise.all([alice, bob, carol].map((one) => one.join(room)))
    await expect.poll(() => toldOf(carol).length).toBe(1)
    await alice.send(bob.id, 'so that the link was used')
    expect(alice.status().edges).toBe(undefined)
  })
})

describe('peers that announced themselves', () => {
  it('are told of by peers, with the edge away, and by the edge', async () => {
    const clients = [await client(first.url), await client(both()), await client(first.url)]
    const [alice, bob, carol] = clients as [Waypost, Waypost, Waypost]
    const room = newRoom()
    await carol.dht.announce({ rooms: [room], region: 'apac', mailbox: true })
    await bob.dht.announce({ rooms: [room], region: 'weur' })
    await Promise.all([bob.join(room), carol.join(room)])
    // From carol herself, before alice ever meets her.
    await expect
      .poll(async () => (await bob.dht.peers()).map(({ peer }) => peer), { timeout: 45_000, interval: 1_000 })
      .toContain(carol.id)
    const real = globalThis.fetch
    globalThis.fetch = (input, init) =>
      String(input instanceof Request ? input.url : input).includes('peers=1')
        ? Promise.reject(new TypeError('no network'))
        : real(input, init)
    try {
      await alice.join(room)
      await expect
        .poll(async () => (await alice.dht.peers()).map(({ peer }) => peer).sort(), { timeout: 20_000 })
        .toEqual([bob.id, carol.id].sort())
    } finally {
      globalThis.fetch = real
    }
    const found = (await alice.dht.peers()).find(({ peer }) => peer === bob.id)
    expect(found).toMatchObject({ region: 'weur', rooms: [room], mailbox: false })
    expect(found?.edges).toEqual([`${first.url}/`, `${second.url}/`])
    // By the edge alone, to somebody who is in no room.
    const dave = await client(first.url)
    const known = (await dave.dht.peers({ limit: 64 })).map(({ peer }) => peer)
    expect(known).toEqual(expect.arrayContaining([bob.id, carol.id]))
    await expect(dave.dht.peers({ limit: 0 })).rejects.toThrow(RangeError)
    await expect(dave.dht.peers({ most: 1 } as never)).rejects.toThrow(TypeError)
  }, 120_000)
})
