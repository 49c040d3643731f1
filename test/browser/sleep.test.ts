// Pages that are hidden, frozen or closed by hand: what browsers do to tabs nobody looks at, and what we make of it.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { offerOf } from '../support/passes.ts'

const PRESENCE_TIMEOUT_MS = 4_000

let edge: LocalEdge
let browser: TestBrowser

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([
    LocalEdge.start({ vars: { PRESENCE_TIMEOUT_MS } }),
    TestBrowser.launch({ webrtcBlocked: true }),
  ])
})
afterEach(() => browser?.closePages())
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

async function pair(room: string): Promise<[BrowserPeer, BrowserPeer]> {
  const [alice, bob] = await Promise.all([BrowserPeer.open(browser), BrowserPeer.open(browser)])
  await alice.joins(edge.url, room)
  await bob.joins(edge.url, room)
  await Promise.all([alice.sees(bob), bob.sees(alice)])
  return [alice, bob]
}

describe('a page', () => {
  it('on a laptop that slept is gone for the others, and is the same peer again when it wakes', async () => {
    const laptop = await TestBrowser.launch({ webrtcBlocked: true })
    try {
      const [alice, bob] = await Promise.all([BrowserPeer.open(browser), BrowserPeer.open(laptop)])
      await alice.joins(edge.url, 'asleep')
      await bob.joins(edge.url, 'asleep')
      await Promise.all([alice.sees(bob), bob.sees(alice)])
      const wake = await laptop.sleep()
      const sent = alice.sends(bob, 'while you slept')
      await alice.sees()
      wake()
      await Promise.all([alice.sees(bob), bob.sees(alice)])
      expect(await sent).toEqual({ via: 'relay' })
      expect(await bob.sends(alice, 'awake')).toEqual({ via: 'relay' })
      expect((await bob.heard()).map(({ data }) => data)).toEqual(['while you slept'])
      expect(await alice.events()).toEqual([`join ${bob.id}`, `leave ${bob.id}`, `join ${bob.id}`])
    } finally {
      await laptop.close()
    }
  })

  it('that is hidden, its timers slowed to nothing, stays present', async () => {
    const [alice, bob] = await pair('hidden')
    await bob.page.evaluate(() => {
      // What a browser does to a tab that was hidden for long, at its worst: timers of the page do not run at all.
      Object.defineProperty(document, 'hidden', { value: true })
      globalThis.setTimeout = (() => 0) as unknown as typeof setTimeout
      document.dispatchEvent(new Event('visibilitychange'))
    })
    // Three timeouts long it would be a ghost three times, were it not for the Worker's clock.
    const untilMs = Date.now() + 3 * PRESENCE_TIMEOUT_MS
    while (Date.now() < untilMs) {
      expect(await bob.page.evaluate(() => kept.room.state)).toBe('joined')
      await alice.page.waitForTimeout(500)
    }
    expect(await alice.events()).toEqual([`join ${bob.id}`])
    expect(await bob.sends(alice, 'still here')).toEqual({ via: 'relay' })
  })

  it('that closes its socket by hand has a clean end at once', async () => {
    const page = await browser.page()
    const join = {
      kind: 'join',
      version: WIRE_VERSION,
      peer: crypto.getRandomValues(new Uint8Array(32)),
      session: crypto.getRandomValues(new Uint8Array(8)),
      metadata: new Uint8Array(),
    } as const
    const end = await page.evaluate(
      async ([url, protocols]) => {
        const socket = new WebSocket(url, protocols)
        await new Promise((resolve) => socket.addEventListener('open', resolve))
        const ended = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve))
        const beganAtMs = performance.now()
        socket.close()
        const { code, wasClean } = await ended
        return { code, wasClean, tookMs: performance.now() - beganAtMs }
      },
      [`${edge.url.replace('http', 'ws')}/v1/rooms/plain`, await offerOf(join)] as const,
    )
    expect(end).toMatchObject({ wasClean: true })
    expect([1000, 1005]).toContain(end.code)
    expect(end.tookMs).toBeLessThan(1_000)
  })
})
