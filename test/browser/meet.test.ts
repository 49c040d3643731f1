// Two real browsers and a real edge: they meet, talk on every channel, by relay first and then directly, and part.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { TestBrowser } from '../support/browser.ts'
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

async function pair(options = {}): Promise<[BrowserPeer, BrowserPeer]> {
  const room = `room ${++rooms}`
  const [alice, bob] = await Promise.all([BrowserPeer.open(browser), BrowserPeer.open(browser)])
  await alice.joins(edge.url, room, options, { name: 'alice' })
  await bob.joins(edge.url, room, options)
  await Promise.all([alice.sees(bob), bob.sees(alice)])
  return [alice, bob]
}

describe('two browsers', () => {
  it('see each other, say who they are, and see each other go', async () => {
    const [alice, bob] = await pair()
    const metadata = await bob.page.evaluate((id) => kept.room.peers.get(id as never)?.metadata, alice.id)
    expect(metadata).toEqual({ name: 'alice' })
    expect(await alice.events()).toEqual([`join ${bob.id}`])
    await alice.page.evaluate(() => kept.room.setMetadata('changed'))
    await bob.page.waitForFunction((id) => kept.room.peers.get(id as never)?.metadata === 'changed', alice.id)
    expect(await bob.events()).toEqual([`update ${alice.id}`])
    await alice.leaves()
    await bob.sees()
    expect(await bob.events()).toEqual([`update ${alice.id}`, `leave ${alice.id}`])
  })

  it('talk from the first moment by relay, and directly as soon as they can', async () => {
    const [alice, bob] = await pair()
    const first = await alice.page.evaluate(async (to) => kept.waypost.send(to, 'at once'), bob.id)
    expect((await bob.hears('message', 'at once')).from).toBe(alice.id)
    expect(['relay', 'direct']).toContain(first.via)
    await Promise.all([alice.reaches(bob, 'direct'), bob.reaches(alice, 'direct')])
    expect(await alice.sends(bob, 'later')).toEqual({ via: 'direct' })
    expect((await bob.hears('message', 'later')).via).toBe('direct')
    const [link] = (await alice.status()).links
    expect(link?.direct).toEqual({ state: 'open' })
    expect(link?.roundTripMs.direct).toBeGreaterThan(0)
  })

  it('exchange text, bytes and values on every channel', async () => {
    const [alice, bob] = await pair()
    await Promise.all([alice.reaches(bob, 'direct'), bob.reaches(alice, 'direct')])
    await alice.sends(bob, 'text on control')
    await alice.sends(bob, new Uint8Array([0, 127, 255]), { channel: 'bulk' })
    await bob.sends(alice, { nested: [1, null, 'ü'] })
    expect(await alice.datagrams(bob, { x: 1 })).toBe(true)
    await alice.broadcasts('to all')
    expect((await bob.hears('message', 'text on control')).via).toBe('direct')
    expect((await bob.hears('message', [0, 127, 255])).via).toBe('direct')
    expect((await bob.hears('datagram', { x: 1 })).via).toBe('direct')
    expect((await bob.hears('broadcast', 'to all')).from).toBe(alice.id)
    await alice.hears('message', { nested: [1, null, 'ü'] })
  })

  it('never connect directly when one of them wants the relay only, and say why', async () => {
    const room = `room ${++rooms}`
    const [alice, bob] = await Promise.all([BrowserPeer.open(browser), BrowserPeer.open(browser)])
    await alice.joins(edge.url, room, { relayOnly: true })
    await bob.joins(edge.url, room)
    await bob.page.waitForFunction(() => kept.waypost.status().links[0]?.direct.state === 'declined')
    expect((await bob.status()).links[0]?.direct).toEqual({ state: 'declined', reason: 'relay-only' })
    expect((await alice.status()).links[0]?.direct).toEqual({ state: 'off', reason: 'relay-only' })
    expect(await alice.sends(bob, 'private')).toEqual({ via: 'relay' })
    expect(await bob.sends(alice, 'private too')).toEqual({ via: 'relay' })
  })

  it('get one connection though both offer in the same moment', async () => {
    const [alice, bob] = await pair()
    await Promise.all([alice.sends(bob, 'glare'), bob.sends(alice, 'glare')])
    await Promise.all([alice.reaches(bob, 'direct'), bob.reaches(alice, 'direct')])
    expect(await alice.sends(bob, 'after')).toEqual({ via: 'direct' })
    expect(await bob.sends(alice, 'after')).toEqual({ via: 'direct' })
    expect((await bob.heard()).map(({ data }) => data)).toEqual(['glare', 'after'])
    expect((await alice.heard()).map(({ data }) => data)).toEqual(['glare', 'after'])
  })
})
