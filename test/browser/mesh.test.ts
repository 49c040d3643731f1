// The mesh among real browsers: the edge is killed, and what was published is still found, over their direct links.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { LocalEdge } from '../support/local-edge.ts'

let edge: LocalEdge
let browser: TestBrowser

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([LocalEdge.start(), TestBrowser.launch()])
})
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
