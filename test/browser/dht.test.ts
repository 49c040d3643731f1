// The DHT between real browsers: names, and a file that one provides and others fetch over their links, whoever of those that
// provide it lies or leaves.

import { CID } from 'multiformats/cid'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { liar, wrongBlock } from '../client/hostile-provider.ts'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { FILE_BYTES, gets, hasGot, puts } from '../support/provided-file.ts'

let edge: LocalEdge
let browser: TestBrowser

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([LocalEdge.start(), TestBrowser.launch({ cheapPlaces: true })])
})
afterEach(() => browser?.closePages())
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

async function joins(room: string): Promise<BrowserPeer> {
  return (await BrowserPeer.open(browser)).joins(edge.url, room)
}

const streamsOf = async (peer: BrowserPeer) => (await peer.status()).links.map(({ streams }) => streams)

describe('two browsers', () => {
  it('a name that one publishes says the same in the other', async () => {
    const [alice, bob] = await Promise.all([joins('names'), joins('names')])
    const published = await alice.page.evaluate(() => kept.waypost.dht.publish('profile', 'I am here'))
    const resolved = await bob.page.evaluate((id) => kept.waypost.dht.resolve(id, 'profile'), alice.id)
    expect(resolved).toEqual({ value: 'I am here', ...published })
    expect(published.sequence).toBe(1n)
  })

  it('20 MB that one provides come to the other over their link, verified', async () => {
    const [alice, bob] = [await joins('file'), await joins('file')]
    await Promise.all([alice.reaches(bob, 'direct'), bob.reaches(alice, 'direct')])
    const { cid, digest } = await puts(alice)
    expect(CID.parse(cid).code).toBe(0x70)
    expect(await gets(bob, cid)).toBe(digest)
    const events = await bob.events()
    expect(events.at(-1)).toBe(`${FILE_BYTES} of ${FILE_BYTES}`)
    // An answer of the mesh that comes when another was enough is late, and what is said again because its receipt was late is heard twice:
    // neither is anybody's fault.
    const { stale: _, duplicate: __, ...faults } = (await bob.status()).drops
    expect(faults).toEqual({})
    await expect.poll(() => streamsOf(alice)).toEqual([0])
  })

  it('20 MB of one who is met elsewhere come too, and nobody hears of the visit', async () => {
    const [alice, bob] = [await joins('library'), await joins('lobby')]
    const { cid, digest } = await puts(alice)
    await alice.page.evaluate(() => kept.waypost.dht.announce({ rooms: ['library'] }))
    expect(await gets(bob, cid)).toBe(digest)
    const { rooms } = await bob.status()
    expect(rooms.map(({ name }) => name)).toEqual(['lobby'])
    expect(await bob.page.evaluate(() => kept.room.peers.size)).toBe(0)
    await expect.poll(() => alice.page.evaluate(() => kept.room.peers.size)).toBe(0)
  })

  it('one who stops in the middle leaves nothing open', async () => {
    const [alice, bob] = [await joins('stop'), await joins('stop')]
    const { cid } = await puts(alice)
    const got = gets(bob, cid)
    await hasGot(bob, 0.1)
    await bob.page.evaluate(() => stopping.abort())
    expect(await got).toBe('aborted')
    await expect.poll(() => streamsOf(alice), { timeout: 20_000 }).toEqual([0])
    await expect.poll(() => streamsOf(bob), { timeout: 20_000 }).toEqual([0])
  })
})

describe('several providers', () => {
  it('of whom one lies: the file comes from the others, and the lie is counted', async () => {
    const [alice, bob] = [await joins('liar'), await joins('liar')]
    const { cid, digest } = await puts(alice, 5_000_000)
    const mallory = await liar(edge.url, 'liar', cid, () => wrongBlock(100_000))
    await alice.sees(bob, mallory.waypost)
    await bob.sees(alice, mallory.waypost)
    expect(await gets(bob, cid)).toBe(digest)
    expect(mallory.asked()).toBeGreaterThan(0)
    expect((await bob.status()).drops['wrong-key']).toBe(1)
    await mallory.waypost.close()
  })

  it('of whom one is closed in the middle: the other goes on', async () => {
    const [alice, carol, bob] = [await joins('closed'), await joins('closed'), await joins('closed')]
    const { cid, digest } = await puts(alice)
    expect(await gets(carol, cid, true)).toBe(digest)
    const got = gets(bob, cid)
    await hasGot(bob, 0.2)
    await alice.page.close()
    expect(await got).toBe(digest)
    const links = (await bob.status()).links.map(({ peer }) => peer as string)
    expect(links).toContain(carol.id)
  })
})
