// Two real browsers that no path but a TURN server's joins: over a real coturn, with credentials that the edge gives and that expire
// under the conversation. What needs no coturn is tested where there is none too.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ConnectOptions } from '../../client/index.ts'
import { coturnServer } from '../../workers/turn/coturn.ts'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { type EdgeVars, freePort, LocalEdge } from '../support/local-edge.ts'
import { findTurnServer, TURN_SECRET, TurnServer } from '../support/turn-server.ts'

const LIFETIME_MS = 6_000
/** The longest that nothing is heard while ICE restarts, and when the old credentials end. */
const SILENCE_MS_MAX = 3_000
const lacking = findTurnServer() === undefined ? ' (not run: there is no turnserver on this machine)' : ''

let browser: TestBrowser
let edge: LocalEdge
let rooms = 0

beforeAll(async () => {
  // Chromium may use relayed candidates only.
  ;[edge, browser] = await Promise.all([LocalEdge.start(), TestBrowser.launch({ webrtcBlocked: true })])
})
afterEach(() => browser?.closePages())
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

interface Meeting {
  readonly alice: BrowserPeer
  readonly bob: BrowserPeer
  /** How often either page asked for credentials. */
  readonly asked: () => number
}

async function meet(vars: EdgeVars, options: ConnectOptions = {}): Promise<Meeting> {
  await edge.restart({ ICE_SERVERS: '[]', ...vars })
  const room = `turn ${++rooms}`
  const [alice, bob] = await Promise.all([BrowserPeer.open(browser), BrowserPeer.open(browser)])
  let asked = 0
  for (const { page } of [alice, bob])
    page.on('request', (request) => {
      if (request.method() === 'GET' && new URL(request.url()).pathname === '/v1/turn') asked++
    })
  await alice.joins(edge.url, room, options)
  await bob.joins(edge.url, room, options)
  return { alice, bob, asked: () => asked }
}

/** Alice counts to Bob on a stream; Bob keeps the numbers, the longest silence, and how the way changed. */
async function countOnStream(alice: BrowserPeer, bob: BrowserPeer): Promise<void> {
  await bob.page.evaluate(() => {
    const got = { numbers: [] as number[], silenceMs: 0, ways: [] as (string | undefined)[], ended: false }
    Object.assign(globalThis, { got })
    kept.waypost.on('path', ({ via }) => got.ways.push(via))
    kept.waypost.on('stream', async ({ stream }) => {
      let atMs = performance.now()
      for await (const chunk of stream.readable as unknown as AsyncIterable<Uint8Array<ArrayBuffer>>) {
        got.silenceMs = Math.max(got.silenceMs, performance.now() - atMs)
        atMs = performance.now()
        const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        for (let at = 0; at < view.byteLength; at += 4) got.numbers.push(view.getUint32(at))
      }
      got.ended = true
    })
  })
  await alice.page.evaluate(async (to) => {
    const stream = await kept.waypost.open(to, 'counting')
    const writer = stream.writable.getWriter()
    const counting = { on: true, count: 0, over: Promise.resolve() }
    Object.assign(globalThis, { counting })
    counting.over = (async () => {
      while (counting.on) {
        const chunk = new Uint8Array(4)
        new DataView(chunk.buffer).setUint32(0, counting.count++)
        await writer.write(chunk)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await writer.close()
    })()
  }, bob.id)
}

async function endCounting(alice: BrowserPeer, bob: BrowserPeer) {
  const count = await alice.page.evaluate(async () => {
    const { counting } = globalThis as unknown as {
      counting: { on: boolean; count: number; over: Promise<void> }
    }
    counting.on = false
    await counting.over
    return counting.count
  })
  await bob.page.waitForFunction(() => (globalThis as unknown as { got: { ended: boolean } }).got.ended)
  const got = await bob.page.evaluate(
    () =>
      (
        globalThis as unknown as {
          got: { numbers: number[]; silenceMs: number; ways: (string | undefined)[] }
        }
      ).got,
  )
  return { count, ...got }
}

describe.skipIf(lacking !== '')(`over a real TURN server${lacking}`, () => {
  let turn: TurnServer
  const vars = () => ({ TURN_URLS: turn.url, TURN_SECRET, TURN_LIFETIME_MS: LIFETIME_MS })

  beforeAll(async () => {
    turn = await TurnServer.start()
  })
  afterAll(() => turn?.stop())
  afterEach((context) => {
    if (context.task.result?.state === 'fail') process.stderr.write(turn.log.slice(-4_000))
  })

  it('peers connect, and go on while credentials expire and are renewed: nothing lost, direct in the end, silence bounded', async () => {
    const { alice, bob } = await meet(vars())
    await Promise.all([alice.reaches(bob, 'direct'), bob.reaches(alice, 'direct')])
    await countOnStream(alice, bob)
    const ended = new Set<string>()
    await expect
      .poll(
        async () => {
          for (const user of await turn.endExpired()) ended.add(user)
          return Math.min(
            ...(await Promise.all([alice.status(), bob.status()])).map((s) => s.turn?.given ?? 0),
          )
        },
        { timeout: 60_000, interval: 100 },
      )
      .toBeGreaterThanOrEqual(4)
    const { count, numbers, silenceMs, ways } = await endCounting(alice, bob)
    process.stdout.write(`${count} numbers, ${ended.size} expired, silence ${Math.round(silenceMs)} ms\n`)
    expect(numbers).toEqual(Array.from({ length: count }, (_, n) => n))
    // Both ends' first credentials, and their second.
    expect(ended.size).toBeGreaterThanOrEqual(4)
    // A machine with much else to do may be late with the new ones: then the relay carries, as it should, until they are there.
    expect(ways.at(-1) ?? 'direct').toBe('direct')
    expect(silenceMs).toBeLessThan(SILENCE_MS_MAX)
    const { turn: held } = await alice.status()
    expect(held).toMatchObject({ state: 'held', failures: 0 })
    expect(held?.expiresInMs).toBeGreaterThan(0)
  })

  it('one question for all connections, and none at all where the application has servers of its own', async () => {
    const first = await meet({ ...vars(), TURN_LIFETIME_MS: 600_000 })
    await Promise.all([first.alice.reaches(first.bob, 'direct'), first.bob.reaches(first.alice, 'direct')])
    expect(first.asked()).toBe(2)
    const expiresAtMs = Date.now() + 600_000
    const own = await coturnServer([turn.url], TURN_SECRET, new Uint8Array(32), expiresAtMs)
    const { alice, bob, asked } = await meet(vars(), { iceServers: [own as RTCIceServer] })
    await Promise.all([alice.reaches(bob, 'direct'), bob.reaches(alice, 'direct')])
    expect(asked()).toBe(0)
    expect((await alice.status()).turn).toBeUndefined()
  })

  it('a wrong secret leaves peers on Waypost’s own relay', async () => {
    const before = turn.log.length
    const { alice, bob, asked } = await meet({ ...vars(), TURN_SECRET: 'not-the-one-of-the-server' })
    await expect
      .poll(() => turn.log.slice(before), { timeout: 20_000 })
      .toContain('Cannot find credentials of user')
    expect((await alice.sends(bob, 'all the same')).via).toBe('relay')
    await bob.hears('message', 'all the same')
    expect(asked()).toBeGreaterThan(0)
    expect((await bob.sends(alice, 'still')).via).toBe('relay')
  })
})

describe('without TURN', () => {
  it('a deployment that has none is never asked', async () => {
    const { alice, bob, asked } = await meet({})
    await alice.reaches(bob, 'relay')
    // A connection is being made: who needed credentials would have asked.
    await expect
      .poll(async () => (await alice.status()).links[0]?.direct.state, { timeout: 30_000 })
      .toMatch(/attempting|failed/)
    await alice.sends(bob, 'meanwhile')
    expect(asked()).toBe(0)
    expect((await alice.status()).turn).toBeUndefined()
  })

  it('a service that does not answer is counted and asked again, while peers talk over the relay', async () => {
    const TURN_API_BASE = `http://127.0.0.1:${await freePort()}/v1`
    const { alice, bob } = await meet({ TURN_KEY_ID: 'key', TURN_KEY_API_TOKEN: 'token', TURN_API_BASE })
    expect((await alice.sends(bob, 'meanwhile')).via).toBe('relay')
    await expect
      .poll(async () => (await alice.status()).turn?.failures, { timeout: 30_000 })
      .toBeGreaterThanOrEqual(2)
    const { turn } = await alice.status()
    expect(turn).toMatchObject({ given: 0, expiresInMs: undefined })
    expect((await bob.sends(alice, 'still')).via).toBe('relay')
  })
})
