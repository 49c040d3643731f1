// A browser whose network lets no UDP through: everything works by relay, and the failed attempt says why.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { LocalEdge } from '../support/local-edge.ts'

let edge: LocalEdge
let browser: TestBrowser

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([LocalEdge.start(), TestBrowser.launch({ webrtcBlocked: true })])
})
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

it('with WebRTC blocked everything works by relay, and the attempt ends in a reason', async () => {
  const [alice, bob] = await Promise.all([BrowserPeer.open(browser), BrowserPeer.open(browser)])
  await alice.joins(edge.url, 'blocked')
  await bob.joins(edge.url, 'blocked')
  await Promise.all([alice.sees(bob), bob.sees(alice)])
  expect(await alice.sends(bob, 'control')).toEqual({ via: 'relay' })
  expect(await bob.sends(alice, { bulk: true }, { channel: 'bulk' })).toEqual({ via: 'relay' })
  expect(await alice.datagrams(bob, 'datagram')).toBe(true)
  await alice.broadcasts('all')
  await bob.hears('message', 'control')
  await alice.hears('message', { bulk: true })
  await bob.hears('datagram', 'datagram')
  await bob.hears('broadcast', 'all')
  // A megabyte takes many relayed frames, and the edge's limits are kept without a refusal.
  const intact = bob.page.evaluate(
    () =>
      new Promise((resolve) => {
        kept.waypost.on('message', ({ data }) => {
          if (data instanceof Uint8Array) resolve(data.every((byte, i) => byte === ((i * 7) & 255)))
        })
      }),
  )
  await alice.page.evaluate(async (to) => {
    const bytes = new Uint8Array(1_000_000).map((_, i) => i * 7)
    await kept.waypost.send(to, bytes, { channel: 'bulk' })
  }, bob.id)
  expect(await intact).toBe(true)
  await bob.hears('message', { bytes: 1_000_000 })
  await bob.page.waitForFunction(() => kept.waypost.status().links[0]?.direct.state === 'failed', undefined, {
    timeout: 40_000,
  })
  const direct = (await bob.status()).links[0]?.direct
  expect(direct).toMatchObject({ state: 'failed' })
  expect(['no-path', 'ice-failed']).toContain(direct?.state === 'failed' && direct.reason)
})
