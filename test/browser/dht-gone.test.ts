// A file in the DHT whose only provider is closed in the middle. Apart from dht.test.ts, since nearly all of it is waiting for somebody
// who may come back: it takes its time beside others.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { gets, hasGot, puts } from '../support/provided-file.ts'

let edge: LocalEdge
let browser: TestBrowser

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([LocalEdge.start(), TestBrowser.launch({ cheapPlaces: true })])
})
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

it('a file whose only provider is closed in the middle: it is said so', async () => {
  const [alice, bob] = [await BrowserPeer.open(browser), await BrowserPeer.open(browser)]
  for (const peer of [alice, bob]) await peer.joins(edge.url, 'gone')
  const { cid } = await puts(alice)
  const got = gets(bob, cid)
  await hasGot(bob, 0.1)
  await alice.page.close()
  expect(await got).toBe('peer-unreachable')
})
