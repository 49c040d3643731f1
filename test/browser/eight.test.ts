// Eight browsers in one room: a mesh, a crash in it, and an edge that is killed and comes back under their feet.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { LocalEdge } from '../support/local-edge.ts'

let edge: LocalEdge
let browser: TestBrowser
let peers: BrowserPeer[]

const others = (peer: BrowserPeer) => peers.filter((other) => other !== peer)
const each = <T>(work: (peer: BrowserPeer, index: number) => Promise<T>) => Promise.all(peers.map(work))

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([LocalEdge.start(), TestBrowser.launch()])
  peers = []
  for (let i = 0; i < 8; i++) peers.push(await BrowserPeer.open(browser))
  for (const peer of peers) await peer.joins(edge.url, 'eight')
  await each((peer) => peer.sees(...others(peer)))
})
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

describe('eight browsers', () => {
  it('connect each with each directly, and all hear all', async () => {
    await each((peer) => Promise.all(others(peer).map((other) => peer.reaches(other, 'direct'))))
    await each((peer, i) => Promise.all(others(peer).map((other) => peer.sends(other, `from ${i}`))))
    await each((peer, i) => peer.broadcasts(`broadcast of ${i}`))
    for (const [i, peer] of peers.entries()) {
      for (const [j] of peers.entries()) {
        if (i === j) continue
        expect((await peer.hears('message', `from ${j}`)).via).toBe('direct')
        await peer.hears('broadcast', `broadcast of ${j}`)
      }
    }
  })

  it('resume when the edge is killed and started again: nothing lost or doubled, no ghosts, nobody gone', async () => {
    const quiet = await each(async (peer) => (await peer.heard()).length)
    let sending = true
    // Everybody keeps talking to its neighbour while the edge dies and comes back.
    const talks = each(async (peer, i) => {
      const to = peers[(i + 1) % peers.length] as BrowserPeer
      let n = 0
      while (sending) await peer.sends(to, `${i}:${n++}`)
      return n
    })
    await edge.kill()
    await each((peer) => peer.isIn('reconnecting'))
    await edge.up()
    await each((peer) => peer.isIn('joined'))
    await each((peer) => peer.sees(...others(peer)))
    sending = false
    const counts = await talks
    for (const [i, count] of counts.entries()) {
      const to = (i + 1) % peers.length
      const heard = (await (peers[to] as BrowserPeer).heard()).slice(quiet[to])
      const fromUs = heard.filter(({ from }) => from === peers[i]?.id).map(({ data }) => data)
      expect(count).toBeGreaterThan(10)
      expect(fromUs).toEqual(Array.from({ length: count }, (_, n) => `${i}:${n}`))
    }
    // The edge forgot everybody, and yet nobody was said to have left.
    expect((await peers[0]?.events())?.filter((event) => event.startsWith('leave'))).toEqual([])
    await peers[0]?.broadcasts('after the restart')
    for (const peer of others(peers[0] as BrowserPeer)) await peer.hears('broadcast', 'after the restart')
  })

  it('see a crashed page go, and only that one', async () => {
    const crashed = peers.pop() as BrowserPeer
    const beganAtMs = performance.now()
    await crashed.dies()
    await each((peer) => peer.sees(...others(peer)))
    expect(performance.now() - beganAtMs).toBeLessThan(45_000)
    for (const peer of peers) expect((await peer.events()).at(-1)).toBe(`leave ${crashed.id}`)
  })
})
