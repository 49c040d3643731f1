// The DHT between real browsers: names, and a file that one provides and others fetch over their links, whoever of those that
// provide it lies or leaves.

import { CID } from 'multiformats/cid'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { liar, wrongBlock } from '../client/hostile-provider.ts'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { LocalEdge } from '../support/local-edge.ts'

const FILE_BYTES = 20_000_000

let edge: LocalEdge
let browser: TestBrowser
const open: BrowserPeer[] = []

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([LocalEdge.start(), TestBrowser.launch()])
})
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ page }) => page.close().catch(() => {})))
})

async function joins(room: string): Promise<BrowserPeer> {
  const peer = await BrowserPeer.open(browser)
  open.push(peer)
  return peer.joins(edge.url, room)
}

declare global {
  var stopping: AbortController
}

/** Puts a file of which no two blocks are alike; gives its CID and its digest. */
async function puts({ page }: BrowserPeer, bytes = FILE_BYTES): Promise<{ cid: string; digest: string }> {
  return page.evaluate(async (length) => {
    const bytes = new Uint8Array(length)
    let state = length
    for (let i = 0; i < length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      bytes[i] = state >>> 24
    }
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    return { cid: await kept.waypost.dht.put(bytes), digest: [...digest].join() }
  }, bytes)
}

/** What was fetched, as its digest; or the code of what it failed with. `kept.events` has its progress. */
function gets({ page }: BrowserPeer, cid: string, provide = false): Promise<string> {
  return page.evaluate(
    async ([cid, provide]) => {
      globalThis.stopping = new AbortController()
      const onProgress = ({ bytes, total }: { bytes: number; total: number | undefined }) =>
        kept.events.push(`${bytes} of ${total}`)
      try {
        const bytes = await kept.waypost.dht.get(cid, { onProgress, provide, signal: stopping.signal })
        return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].join()
      } catch (error) {
        return (error as { code?: string }).code ?? String(error)
      }
    },
    [cid, provide] as const,
  )
}

/** Waits until about this share of the file has come. */
async function hasGot({ page }: BrowserPeer, share: number): Promise<void> {
  await page.waitForFunction(
    (bytes) => Number(kept.events.at(-1)?.split(' ')[0] ?? 0) >= bytes,
    FILE_BYTES * share,
    { timeout: 60_000, polling: 5 },
  )
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
    // An answer of the mesh that comes when another was enough is late, and nobody's fault.
    const drops = Object.keys((await bob.status()).drops)
    expect(drops.filter((reason) => reason !== 'stale')).toEqual([])
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

  it('of whom the only one is closed in the middle: it is said so', async () => {
    const [alice, bob] = [await joins('gone'), await joins('gone')]
    const { cid } = await puts(alice)
    const got = gets(bob, cid)
    await hasGot(bob, 0.1)
    await alice.page.close()
    expect(await got).toBe('peer-unreachable')
  })
})
