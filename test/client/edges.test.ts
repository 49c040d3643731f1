// Clients that know two edges, real ones, of which one is killed under them and comes back: rooms go on at the other, mail is written
// and read, and what lay at the dead one arrives when it is back.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type MessageEvent, type RoomState, type Waypost, WaypostError } from '../../client/index.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { freePort, LocalEdge } from '../support/local-edge.ts'
import { client, codeOf, newRoom } from './clients.ts'

/** Edges have nothing in common. */
const OTHER_SECRET = { PASS_SECRET: toBase64url(crypto.getRandomValues(new Uint8Array(32))) }

let first: LocalEdge
let second: LocalEdge
let directory = ''

beforeAll(async () => {
  ;[first, second] = [await LocalEdge.start(), await LocalEdge.start({ vars: OTHER_SECRET })]
}, 90_000)
afterAll(async () => {
  await first?.stop()
  await second?.stop()
})
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'waypost-edges-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const both = () => [first.url, second.url]
const as = (name: string) => ({ identity: { name, directory } })

/** Those in use and what is thought of each, as `status()` says. */
const edgesOf = (waypost: Waypost) =>
  (waypost.status().edges ?? []).map(({ state, inUse }) => (inUse ? `${state}, in use` : state))

const uses = (waypost: Waypost, edge: LocalEdge, timeout = 20_000) =>
  expect.poll(() => waypost.status().edge, { timeout }).toBe(`${edge.url}/`)

const isOpen = (waypost: Waypost) =>
  expect.poll(() => waypost.status().mail?.state, { timeout: 20_000 }).toBe('open')

function hears(waypost: Waypost): MessageEvent[] {
  const messages: MessageEvent[] = []
  waypost.on('message', (message) => {
    messages.push(message)
  })
  return messages
}

describe('two edges', () => {
  it('are used in their order, and one that is not there is passed over', async () => {
    const here = await client(both())
    expect(edgesOf(here)).toEqual(['healthy, in use', 'untried'])
    const gone = `http://127.0.0.1:${await freePort()}`
    const startedMs = performance.now()
    const there = await client([gone, second.url])
    expect(there.status().edge).toBe(`${second.url}/`)
    expect(performance.now() - startedMs).toBeLessThan(5_000)
    const room = newRoom()
    const other = await client([second.url])
    expect(other.status().edges).toBe(undefined)
    const [one] = await Promise.all([there.join(room), other.join(room)])
    await expect.poll(() => one.peers.has(other.id)).toBe(true)
  })

  it('say what is wrong when none of them is there', async () => {
    const gone = async () => `http://127.0.0.1:${await freePort()}`
    const edges = [await gone(), await gone()]
    expect(await codeOf(client(edges, { timeoutMs: 1_500 }))).toBe('edge-unreachable')
    await expect(client([])).rejects.toThrow(TypeError)
    await expect(client([first.url, first.url])).rejects.toThrow(RangeError)
    await expect(client([first.url, 'ftp://other'])).rejects.toThrow(TypeError)
  })

  it('stand in for each other: a room and its links go on, and return', async () => {
    const [alice, bob] = await Promise.all([client(both()), client(both())])
    const name = newRoom()
    const [room, bobs] = await Promise.all([alice.join(name), bob.join(name)])
    await expect.poll(() => room.peers.has(bob.id) && bobs.peers.has(alice.id)).toBe(true)
    const states: RoomState[] = []
    const left: string[] = []
    room.on('state', (state) => void states.push(state))
    room.on('leave', ({ id }) => void left.push(id))
    const heard = hears(bob)
    await alice.send(bob.id, 'before')

    const killedMs = performance.now()
    await first.kill()
    const underWay = Array.from({ length: 20 }, (_, i) => alice.send(bob.id, `under way ${i}`))
    expect((await Promise.all(underWay)).map(({ via }) => via)).toEqual(Array(20).fill('relay'))
    const backMs = performance.now() - killedMs
    expect([alice.status().edge, bob.status().edge]).toEqual([`${second.url}/`, `${second.url}/`])
    expect(edgesOf(alice)).toEqual(['failed', 'healthy, in use'])
    expect(backMs).toBeLessThan(20_000)

    await first.up()
    await Promise.all([uses(alice, first, 90_000), uses(bob, first, 90_000)])
    await alice.send(bob.id, 'after')
    const all = ['before', ...Array.from({ length: 20 }, (_, i) => `under way ${i}`), 'after']
    expect(heard.map(({ data }) => data)).toEqual(all)
    expect(room.state).toBe('joined')
    expect(states).toEqual(['reconnecting', 'joined', 'reconnecting', 'joined'])
    expect(left).toEqual([])
    expect(alice.status().drops['pass-foreign' as never]).toBe(undefined)
  }, 150_000)

  it('keep mail for each other: what either has taken arrives, once', async () => {
    const [alice, bob] = [await client(both(), as('alice')), await client(both(), as('bob'))]
    await Promise.all([isOpen(alice), isOpen(bob)])
    // Both of both: prekeys are where mail may be put.
    await expect
      .poll(() => edgesOf(alice).concat(edgesOf(bob)))
      .toEqual(['healthy, in use', 'healthy', 'healthy, in use', 'healthy'])
    const bobsId = bob.id
    await bob.close()
    expect((await alice.send(bobsId, 'at the first')).via).toBe('mailbox')
    await first.kill()
    expect((await alice.send(bobsId, 'at the second')).via).toBe('mailbox')
    expect((await alice.send(bobsId, 'at the second too')).via).toBe('mailbox')

    const again = await client(both(), as('bob'))
    const heard = hears(again)
    await expect.poll(() => heard.length).toBe(2)
    expect(heard.map(({ data }) => data)).toEqual(['at the second', 'at the second too'])
    await first.up()
    await expect.poll(() => heard.length, { timeout: 60_000 }).toBe(3)
    expect(heard[2]?.data).toBe('at the first')
    const receipts: string[] = []
    alice.on('receipt', ({ state }) => void receipts.push(state))
    await expect.poll(() => receipts.filter((state) => state === 'read').length, { timeout: 60_000 }).toBe(3)
    expect(heard.length).toBe(3)
  }, 150_000)
})

describe('an edge that was learnt', () => {
  it('is there when all that were named are gone, for who is kept', async () => {
    const relays = JSON.stringify([{ url: first.url }, { url: second.url }])
    await first.restart({ EDGES: relays })
    const alice = await client(first.url, as('alice'))
    expect(alice.status().edges).toBe(undefined)
    await alice.close()
    await first.kill()
    const again = await client(first.url, as('alice'))
    expect(again.status().edge).toBe(`${second.url}/`)
    expect(again.status().edges).toEqual([
      { url: `${first.url}/`, state: 'failed', inUse: false, learnt: false },
      { url: `${second.url}/`, state: 'healthy', inUse: true, learnt: true },
    ])
    await again.join(newRoom())
    await again.close()
    const stranger = client(first.url, { timeoutMs: 1_000 })
    await expect(stranger).rejects.toThrow(WaypostError)
    await first.up()
  })
})
