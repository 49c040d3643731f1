// Introductions among real browsers: when the only edge that two of them know is killed, a third, whom one of them had met, has told
// that one of another; and it tells the other, over the direct link that is left, once it is there itself.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { LocalEdge } from '../support/local-edge.ts'

const OTHER_SECRET = { PASS_SECRET: toBase64url(crypto.getRandomValues(new Uint8Array(32))) }

let first: LocalEdge
let second: LocalEdge
let browser: TestBrowser

beforeAll(async () => {
  ;[first, second, browser] = await Promise.all([
    LocalEdge.start(),
    LocalEdge.start({ vars: OTHER_SECRET }),
    TestBrowser.launch(),
  ])
})
afterAll(async () => {
  await browser?.close()
  await first?.stop()
  await second?.stop()
})

const told = async (peer: BrowserPeer) =>
  ((await peer.status()).edges ?? []).flatMap(({ url, learnt }) => (learnt ? [url] : []))

it('who has lost its edge learns of another over a direct link, and meets the others there', async () => {
  const [alice, bob, carol] = [
    await BrowserPeer.open(browser),
    await BrowserPeer.open(browser),
    await BrowserPeer.open(browser),
  ]
  // Alice and bob meet before anybody knows of a second edge; bob and carol in a room that alice is not in.
  await Promise.all([alice.joins(first.url, 'both'), bob.joins(first.url, 'both')])
  await alice.reaches(bob, 'direct')
  await bob.reaches(alice, 'direct')
  await carol.joins([first.url, second.url], 'others')
  await bob.page.evaluate(async () => void (await kept.waypost.join('others')))
  await expect.poll(() => told(bob)).toEqual([`${second.url}/`])
  expect(await told(alice)).toEqual([])

  await first.kill()
  for (const peer of [bob, alice])
    await expect.poll(async () => (await peer.status()).edge, { timeout: 80_000 }).toBe(`${second.url}/`)
  expect(await told(alice)).toEqual([`${second.url}/`])
  await expect.poll(() => alice.page.evaluate(() => kept.room.state), { timeout: 30_000 }).toBe('joined')
  await carol.page.evaluate(async () => void (await kept.waypost.join('both')))
  await expect
    .poll(() => alice.page.evaluate(() => [...kept.room.peers.keys()].length), { timeout: 30_000 })
    .toBe(2)
}, 180_000)
