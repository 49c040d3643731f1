// Paths that die under a conversation: the link goes on, nothing is lost or doubled, and the better path is found again.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { goesOffline, TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { LocalEdge } from '../support/local-edge.ts'

let edge: LocalEdge
let browser: TestBrowser
let rooms = 0

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([LocalEdge.start(), TestBrowser.launch()])
})
afterEach(() => browser?.closePages())
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

async function directPair(): Promise<[BrowserPeer, BrowserPeer]> {
  const room = `paths ${++rooms}`
  const [alice, bob] = await Promise.all([BrowserPeer.open(browser), BrowserPeer.open(browser)])
  await alice.joins(edge.url, room)
  await bob.joins(edge.url, room)
  await Promise.all([alice.reaches(bob, 'direct'), bob.reaches(alice, 'direct')])
  return [alice, bob]
}

/** From now on what the page gives to its data channels goes nowhere, and nobody says so; or does again. */
function muteDirectPath(peer: BrowserPeer, muted: boolean): Promise<void> {
  return peer.page.evaluate((muted) => {
    const keep = globalThis as unknown as { realSend?: RTCDataChannel['send'] }
    keep.realSend ??= RTCDataChannel.prototype.send
    RTCDataChannel.prototype.send = muted ? () => {} : keep.realSend
  }, muted)
}

/** Alice counts to Bob, one after another, until told to stop; gives the count. */
function startCounting(alice: BrowserPeer, bob: BrowserPeer): Promise<() => Promise<number>> {
  return alice.page
    .evaluate((to) => {
      const counting = { on: true, sends: [] as Promise<unknown>[], n: 0 }
      Object.assign(globalThis, { counting })
      const next = () => {
        if (!counting.on) return
        counting.sends.push(kept.waypost.send(to, counting.n++))
        setTimeout(next, 20)
      }
      next()
    }, bob.id)
    .then(
      () => () =>
        alice.page.evaluate(async () => {
          const { counting } = globalThis as unknown as {
            counting: { on: boolean; sends: Promise<unknown>[]; n: number }
          }
          counting.on = false
          await Promise.all(counting.sends)
          return counting.n
        }),
    )
}

async function expectCounted(bob: BrowserPeer, count: number): Promise<void> {
  expect(count).toBeGreaterThan(20)
  expect((await bob.heard()).map(({ data }) => data)).toEqual(Array.from({ length: count }, (_, n) => n))
}

describe('a direct path', () => {
  it('that goes silent is left for the relay, and taken again when it speaks', async () => {
    const [alice, bob] = await directPair()
    const stop = await startCounting(alice, bob)
    await bob.hears('message', 10)
    await Promise.all([muteDirectPath(alice, true), muteDirectPath(bob, true)])
    await alice.reaches(bob, 'relay', 10_000)
    const heard = (await bob.heard()).length
    await bob.hears('message', heard + 10)
    await Promise.all([muteDirectPath(alice, false), muteDirectPath(bob, false)])
    await alice.reaches(bob, 'direct', 20_000)
    await expectCounted(bob, await stop())
  })

  it('whose other end vanished from the browser is made again', async () => {
    const [alice, bob] = await directPair()
    const stop = await startCounting(alice, bob)
    await bob.hears('message', 10)
    // Every data channel of the page closes, as when the browser gives up on a connection.
    await bob.page.evaluate(() => {
      const real = RTCDataChannel.prototype.send
      RTCDataChannel.prototype.send = function (this: RTCDataChannel) {
        this.close()
      }
      setTimeout(() => {
        RTCDataChannel.prototype.send = real
      }, 300)
    })
    await alice.reaches(bob, 'relay', 10_000)
    await alice.reaches(bob, 'direct', 20_000)
    await expectCounted(bob, await stop())
  })

  it('carries on while the edge is unreachable, and the room is resumed when it is back', async () => {
    const [alice, bob] = await directPair()
    await goesOffline(alice.page)
    await alice.isIn('reconnecting')
    expect(await alice.sends(bob, 'still here')).toEqual({ via: 'direct' })
    await alice.page.context().setOffline(false)
    await alice.isIn('joined')
    await alice.sees(bob)
    await alice.broadcasts('back')
    await bob.hears('broadcast', 'back')
    expect(await alice.events()).toEqual([`join ${bob.id}`])
  })
})
