// The mesh among real browsers: the edge is killed, and what was published is still found, over their direct links.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { LocalEdge } from '../support/local-edge.ts'

let edge: LocalEdge
let browser: TestBrowser

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([LocalEdge.start(), TestBrowser.launch()])
})
afterEach(() => browser?.closePages())
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

/** Whoever uses the DHT is of the mesh; that there is nothing is an answer. */
async function enters(peer: BrowserPeer): Promise<void> {
  await peer.page.evaluate((id) => kept.waypost.dht.findPeer(id).catch(() => {}), peer.id)
}

async function hasNeighbours(peer: BrowserPeer, count: number): Promise<void> {
  await expect.poll(async () => (await peer.status()).dht?.neighbours, { timeout: 60_000 }).toBe(count)
}

const publishes = ({ page }: BrowserPeer, text: string) =>
  page.evaluate((text) => kept.waypost.dht.publish('news', text), text)

const resolves = ({ page }: BrowserPeer, owner: BrowserPeer) =>
  page.evaluate((id) => kept.waypost.dht.resolve(id, 'news').catch((error) => String(error)), owner.id)

it('without an edge a name is resolved, and published anew, by browsers alone', async () => {
  const peers = await Promise.all([1, 2, 3].map(() => BrowserPeer.open(browser)))
  const [alice, bob, carol] = peers as [BrowserPeer, BrowserPeer, BrowserPeer]
  await Promise.all(peers.map((peer) => peer.joins(edge.url, 'mesh')))
  for (const one of peers) for (const other of peers) if (one !== other) await one.reaches(other, 'direct')
  await Promise.all(peers.map(enters))
  await Promise.all(peers.map((peer) => hasNeighbours(peer, 2)))
  await publishes(alice, 'the first')
  const held = async () =>
    (await Promise.all([bob, carol].map((peer) => peer.status()))).map(({ dht }) => dht?.held)
  await expect.poll(async () => (await held()).some((records) => (records ?? 0) > 0)).toBe(true)
  await edge.kill()
  expect(await resolves(bob, alice)).toMatchObject({ value: 'the first', sequence: 1n })
  expect(await resolves(carol, alice)).toMatchObject({ value: 'the first', sequence: 1n })
  await publishes(alice, 'the second')
  expect(await resolves(bob, alice)).toMatchObject({ value: 'the second', sequence: 2n })
  await alice.dies()
  expect(await resolves(carol, alice)).toMatchObject({ value: 'the second', sequence: 2n })
})

it('browsers that share no room meet, and find without an edge what one of them published; their applications do not', async () => {
  await edge.up()
  const peers = await Promise.all([1, 2, 3].map(() => BrowserPeer.open(browser)))
  const [alice, bob, carol] = peers as [BrowserPeer, BrowserPeer, BrowserPeer]
  await Promise.all(peers.map((peer, i) => peer.joins(edge.url, `alone ${i}`, { network: 'strangers' })))
  await Promise.all(peers.map(enters))
  await Promise.all(peers.map((peer) => hasNeighbours(peer, 2)))
  for (const [i, peer] of peers.entries()) {
    const { rooms, links, dht } = await peer.status()
    expect(rooms).toMatchObject([{ name: `alone ${i}`, peers: 0 }])
    expect(links).toMatchObject([
      { via: 'direct', isOfMesh: true },
      { via: 'direct', isOfMesh: true },
    ])
    expect(dht?.neighbourhood).toBe('')
    expect(await peer.page.evaluate(() => kept.room.peers.size)).toBe(0)
  }
  await publishes(alice, 'to whoever asks')
  const held = async () =>
    (await Promise.all([bob, carol].map((peer) => peer.status()))).map(({ dht }) => dht?.held)
  await expect.poll(async () => (await held()).some((records) => (records ?? 0) > 0)).toBe(true)
  // A link of the mesh's is none of the application's.
  const sent = await bob.page.evaluate(
    (id) => kept.waypost.send(id, 'hello').catch((error) => (error as { code: string }).code),
    alice.id,
  )
  expect(sent).toBe('peer-unreachable')
  await edge.kill()
  expect(await resolves(bob, alice)).toMatchObject({ value: 'to whoever asks', sequence: 1n })
  await publishes(carol, 'I too')
  expect(await resolves(alice, carol)).toMatchObject({ value: 'I too' })
  for (const peer of peers)
    expect(await peer.page.evaluate(() => [kept.heard, kept.events])).toEqual([[], []])
})
