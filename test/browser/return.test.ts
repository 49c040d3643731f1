// A page that is reloaded meets its peers again: without a stamp, without signatures, and as who it was.

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

const keys = async (peer: BrowserPeer) => (await peer.status()).links.map((link) => link.keys)

it('a reloaded page resumes its links with tickets, and comes in with the pass it had', async () => {
  const [alice, bob] = await Promise.all([BrowserPeer.open(browser), BrowserPeer.open(browser)])
  await alice.joins(edge.url, 'return', { identity: 'alice' })
  await bob.joins(edge.url, 'return')
  await alice.sends(bob, 'before')
  await bob.hears('message', 'before')
  expect([await keys(alice), await keys(bob)]).toEqual([['signature'], ['signature']])

  const id = alice.id
  let passes = 0
  alice.page.on('request', (request) => {
    if (request.url().includes('/v1/passes')) passes++
  })
  await alice.page.reload()
  await alice.page.waitForFunction('globalThis.ready === true')
  await alice.joins(edge.url, 'return', { identity: 'alice' })
  expect(alice.id).toBe(id)
  await alice.sees(bob)
  await bob.sends(alice, 'welcome back')
  await alice.hears('message', 'welcome back')
  await alice.sends(bob, 'after')
  await bob.hears('message', 'after')
  expect([await keys(alice), await keys(bob)]).toEqual([['ticket'], ['ticket']])
  expect(passes).toBe(0)
  await Promise.all([alice.reaches(bob, 'direct'), bob.reaches(alice, 'direct')])
}, 60_000)

it('status says who computes each algorithm, and requireNative refuses what is not the platform itself', async () => {
  const alice = await BrowserPeer.open(browser)
  await alice.joins(edge.url, 'native')
  const status = await alice.status()
  expect(Object.keys(status.crypto).sort()).toEqual(['aead', 'hash', 'kem', 'signature'])
  const native = Object.values(status.crypto).every((backend) => backend === 'native')
  const outcome = await alice.page.evaluate(
    (url) =>
      sdk.connect(url, { requireNative: true }).then(
        (waypost) => Object.values(waypost.status().crypto),
        (error: { code?: string }) => error.code,
      ),
    edge.url,
  )
  expect(outcome).toEqual(native ? ['native', 'native', 'native', 'native'] : 'unsupported')
  // Where the platform has no lattices, nothing is loaded in their place.
  const without = await browser.page()
  await without.evaluate(() => {
    const real = crypto.subtle.importKey.bind(crypto.subtle)
    crypto.subtle.importKey = ((...args: Parameters<typeof real>) =>
      JSON.stringify(args).includes('ML-')
        ? Promise.reject(new DOMException('no lattices', 'NotSupportedError'))
        : real(...args)) as typeof real
  })
  const refused = await without.evaluate(
    (url) => sdk.connect(url, { requireNative: true }).catch((error: { code?: string }) => error.code),
    edge.url,
  )
  expect(refused).toBe('unsupported')
}, 60_000)
