// An edge that does all it can: it is the man in the middle of WebRTC, says things twice, out of order and to the wrong
// member, and lies about who is there. Links are sealed from end to end, so none of it is more than a nuisance.

import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ConnectOptions } from '../../client/index.ts'
import { openAccomplice, order, startMaliciousEdge } from '../support/accomplice/malicious-edge.ts'
import type { Overheard } from '../support/accomplice/mallory.ts'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import type { LocalEdge } from '../support/local-edge.ts'

const SECRET = 'nobody else shall read number'

let edge: LocalEdge
let browser: TestBrowser
let rooms = 0

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([startMaliciousEdge(), TestBrowser.launch()])
})
afterEach(() => browser?.closePages())
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

const newRoom = () => `malice-${++rooms}`

async function pair(room: string, options: ConnectOptions = {}): Promise<[BrowserPeer, BrowserPeer]> {
  const [alice, bob] = await Promise.all([BrowserPeer.open(browser), BrowserPeer.open(browser)])
  await alice.joins(edge.url, room, options)
  await bob.joins(edge.url, room, options)
  return [alice, bob]
}

interface Talk {
  on: boolean
  said: number
  vias: string[]
  sends: Promise<unknown>[]
}

/** Says one message and one datagram after another, until told to stop; keeps each way that was taken or announced. */
async function talks(peer: BrowserPeer, to: BrowserPeer): Promise<void> {
  await peer.page.evaluate(
    ([to, secret]) => {
      const talk: Talk = { on: true, said: 0, vias: [], sends: [] }
      Object.assign(globalThis, { talk })
      kept.waypost.on('path', ({ via }) => talk.vias.push(via ?? 'none'))
      const next = () => {
        if (!talk.on) return
        const text = `${secret} ${talk.said++}`
        kept.waypost.datagram(to, text)
        talk.sends.push(kept.waypost.send(to, text).then(({ via }) => talk.vias.push(via)))
        setTimeout(next, 40)
      }
      next()
    },
    [to.id, SECRET] as const,
  )
}

function vias(peer: BrowserPeer): Promise<string[]> {
  return peer.page.evaluate(() => [...new Set((globalThis as unknown as { talk: Talk }).talk.vias)])
}

/** All that was said has been acknowledged. */
function stopsTalking(peer: BrowserPeer): Promise<{ said: number; vias: string[] }> {
  return peer.page.evaluate(async () => {
    const { talk } = globalThis as unknown as { talk: Talk }
    talk.on = false
    await Promise.all(talk.sends)
    return { said: talk.said, vias: [...new Set(talk.vias)] }
  })
}

/** In order, and none twice. */
async function heardOnce(peer: BrowserPeer, said: number): Promise<void> {
  const heard = (await peer.heard()).filter(({ kind }) => kind === 'message')
  expect(heard.map(({ data }) => data)).toEqual(Array.from({ length: said }, (_, n) => `${SECRET} ${n}`))
}

/** At most once each. */
async function datagramsOf(peer: BrowserPeer): Promise<number> {
  const heard = (await peer.heard()).filter(({ kind }) => kind === 'datagram').map(({ data }) => data)
  expect(new Set(heard).size).toBe(heard.length)
  return heard.length
}

async function dropsOf(...peers: BrowserPeer[]): Promise<Record<string, number>> {
  const all: Record<string, number> = {}
  for (const { drops } of await Promise.all(peers.map((peer) => peer.status())))
    for (const [reason, count] of Object.entries(drops)) all[reason] = (all[reason] ?? 0) + count
  return all
}

const hearsNumber = (peer: BrowserPeer, n: number) => peer.hears('message', `${SECRET} ${n}`, 45_000)
const overheardBy = (mallory: Page): Promise<Overheard> => mallory.evaluate(() => overheard)

describe('an edge between two browsers', () => {
  it('that does nothing lets them connect directly', async () => {
    const room = newRoom()
    const mallory = await openAccomplice(browser, edge, room)
    const [alice, bob] = await pair(room)
    await Promise.all([alice.reaches(bob, 'direct'), bob.reaches(alice, 'direct')])
    expect((await dropsOf(alice, bob)).mac).toBeUndefined()
    expect(await overheardBy(mallory)).toEqual({ opened: {}, heard: [] })
  })

  it('gets both their connections, and neither is used', async () => {
    const room = newRoom()
    const mallory = await openAccomplice(browser, edge, room)
    await order(edge, room, { do: 'divert' })
    const [alice, bob] = await pair(room)
    await Promise.all([alice.sends(bob, 'met'), bob.sends(alice, 'met')])
    await Promise.all([alice, bob].map((peer) => peer.page.evaluate(() => kept.heard.splice(0))))
    await Promise.all([talks(alice, bob), talks(bob, alice)])
    // Twice: the first failure is not the end of it.
    const opened = async (peer: BrowserPeer) => (await overheardBy(mallory)).opened[peer.id] ?? 0
    const fellForIt = async () =>
      (await vias(alice)).includes('direct') || (await vias(bob)).includes('direct')
    const seen = async () => (await fellForIt()) || ((await opened(alice)) >= 2 && (await opened(bob)) >= 2)
    await expect.poll(seen, { timeout: 60_000 }).toBe(true)
    expect(await fellForIt()).toBe(false)
    await expect.poll(async () => (await dropsOf(alice, bob)).mac ?? 0).toBeGreaterThan(1)

    await Promise.all([hearsNumber(alice, 100), hearsNumber(bob, 100)])

    const [byAlice, byBob] = await Promise.all([stopsTalking(alice), stopsTalking(bob)])
    expect([byAlice.vias, byBob.vias]).toEqual([['relay'], ['relay']])
    await heardOnce(alice, byBob.said)
    await heardOnce(bob, byAlice.said)
    await expect.poll(() => datagramsOf(alice)).toBe(byBob.said)
    await expect.poll(() => datagramsOf(bob)).toBe(byAlice.said)
    for (const { via } of [...(await alice.heard()), ...(await bob.heard())]) expect(via).toBe('relay')

    const { heard } = await overheardBy(mallory)
    expect(heard.some((message) => message.startsWith('WPH1'))).toBe(true)
    expect(heard.filter((message) => message.includes('nobody'))).toEqual([])
  })
})

describe('an edge that relays', () => {
  const relayOnly = true

  it.each([
    ['everything twice', 'double', 'replayed'],
    ['out of order', 'swap', undefined],
  ] as const)('%s has nothing delivered twice or out of order', async (_, lie, drop) => {
    const room = newRoom()
    const [alice, bob] = await pair(room, { relayOnly })
    await Promise.all([talks(alice, bob), talks(bob, alice)])
    await Promise.all([hearsNumber(alice, 10), hearsNumber(bob, 10)])
    await order(edge, room, { do: lie })
    await Promise.all([hearsNumber(alice, 60), hearsNumber(bob, 60)])
    await order(edge, room, { do: 'nothing' })
    await Promise.all([hearsNumber(alice, 90), hearsNumber(bob, 90)])
    const [byAlice, byBob] = await Promise.all([stopsTalking(alice), stopsTalking(bob)])
    await heardOnce(alice, byBob.said)
    await heardOnce(bob, byAlice.said)
    await datagramsOf(alice)
    await datagramsOf(bob)
    if (drop !== undefined) expect((await dropsOf(alice, bob))[drop]).toBeGreaterThan(10)
  })

  it('to the wrong member tells it nothing', async () => {
    const room = newRoom()
    const [alice, bob] = await pair(room, { relayOnly })
    const carol = await BrowserPeer.open(browser)
    await carol.joins(edge.url, room, { relayOnly })
    await Promise.all([alice.sends(carol, 'met'), bob.sends(carol, 'met'), alice.sends(bob, 'met')])
    await carol.page.evaluate(() => kept.heard.splice(0))
    await bob.page.evaluate(() => kept.heard.splice(0))
    await order(edge, room, { do: 'misdeliver', for: bob.id, to: carol.id })
    await talks(alice, bob)
    await hearsNumber(bob, 50)
    expect((await dropsOf(carol)).unopened).toBeGreaterThan(10)
    await order(edge, room, { do: 'nothing' })
    await carol.sends(alice, 'still here')
    const { said } = await stopsTalking(alice)
    await heardOnce(bob, said)
    expect(await carol.heard()).toEqual([])
  })

  it.each(['alice', 'bob'] as const)('and says that the peer of %s is another run of itself', async (who) => {
    const room = newRoom()
    const [alice, bob] = await pair(room, { relayOnly })
    await Promise.all([talks(alice, bob), talks(bob, alice)])
    await Promise.all([hearsNumber(alice, 10), hearsNumber(bob, 10)])
    const [told, other] = who === 'alice' ? [alice, bob] : [bob, alice]
    await order(edge, room, { do: 'restart', who: other.id, told: told.id })
    // It believes the lie, and dials; the other sees other lives, and answers nothing.
    await expect.poll(async () => (await dropsOf(other))['dial-tag'] ?? 0).toBeGreaterThan(1)
    await order(edge, room, { do: 'nothing' })
    const said = await other.page.evaluate(() => (globalThis as unknown as { talk: Talk }).talk.said)
    await Promise.all([hearsNumber(alice, said + 20), hearsNumber(bob, said + 20)])
    const [byAlice, byBob] = await Promise.all([stopsTalking(alice), stopsTalking(bob)])
    await heardOnce(alice, byBob.said)
    await heardOnce(bob, byAlice.said)
    await datagramsOf(alice)
    await datagramsOf(bob)
  })

  it('under another name than its own gets a member nowhere', async () => {
    const room = newRoom()
    const [alice, bob, carol] = await Promise.all([1, 2, 3].map(() => BrowserPeer.open(browser)))
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error('three were opened')
    // Bob is a friend elsewhere; here he is not.
    await bob.joins(edge.url, newRoom(), { relayOnly })
    await carol.joins(edge.url, room, { relayOnly })
    await order(edge, room, { do: 'rename', who: carol.id, as: bob.id })
    await alice.joins(edge.url, room, { relayOnly })
    await alice.sees(bob)
    await carol.sees(alice)
    const failing = (from: BrowserPeer, to: BrowserPeer) =>
      from.sends(to, `${SECRET} 0`, { ttlMs: 9_000 }).then(
        () => 'delivered',
        (error: Error) => /timeout|acknowledged/.exec(error.message)?.[0] ?? error.message,
      )
    const outcomes = await Promise.all([failing(alice, bob), failing(carol, alice)])
    expect(outcomes).not.toContain('delivered')
    expect([...(await alice.heard()), ...(await bob.heard()), ...(await carol.heard())]).toEqual([])
    const drops = await dropsOf(alice, carol)
    expect((drops['wrong-peer'] ?? 0) + (drops['dial-tag'] ?? 0)).toBeGreaterThan(0)
  })
})
