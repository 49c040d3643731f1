// connect() where no edge answers: an identity that reached it before goes on without, and what it does meanwhile is done when
// the edge is there. Whoever never reached it is told so.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { askEdge } from '../../client/bootstrap.ts'
import { memoryStore } from '../../client/identities/store.ts'
import type { Waypost } from '../../client/index.ts'
import { Bootstraps } from '../../client/kept-bootstrap.ts'
import { BOOTSTRAP_KEPT_MS, BOOTSTRAP_SILENT_MS } from '../../protocol/limits/identities.ts'
import { WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { client, codeOf, newRoom } from './clients.ts'

let edge: LocalEdge
let directory = ''

beforeAll(async () => {
  edge = await LocalEdge.start()
}, 90_000)
afterAll(() => edge?.stop())
beforeEach(async () => {
  await edge.kill()
  await edge.up()
  directory = mkdtempSync(join(tmpdir(), 'waypost-offline-'))
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(directory, { recursive: true, force: true })
})

const as = (name: string) => ({ identity: { name, directory } })

async function isOpen(waypost: Waypost): Promise<void> {
  await expect.poll(() => waypost.status().mail?.state).toBe('open')
}

/** Has been at the edge, with a mailbox, and left. */
async function wasHere(name: string): Promise<string> {
  const waypost = await client(edge.url, as(name))
  await isOpen(waypost)
  await waypost.close()
  return waypost.id
}

/** What it hears, as the messages of one who came to listen; the last says that nothing else is on its way. */
async function hears(name: string, from: Waypost): Promise<unknown[]> {
  const waypost = await client(edge.url, as(name))
  const texts: unknown[] = []
  waypost.on('message', ({ data }) => void texts.push(data))
  await from.send(waypost.id, 'the last')
  await expect.poll(() => texts).toContain('the last')
  return texts
}

describe('an identity that was here before, where no edge answers', () => {
  it('connects, says so, writes and joins; all of it is done when the edge is there', async () => {
    const bob = await wasHere('bob')
    const alices = await wasHere('alice')
    await edge.kill()
    const alice = await client(edge.url, as('alice'))
    expect(alice.id).toBe(alices)
    alice.on('message', () => {})
    const name = newRoom()
    const [sending, joining] = [alice.send(bob, 'from the train'), alice.join(name, { timeoutMs: 60_000 })]
    await expect.poll(() => alice.status().mail).toMatchObject({ state: 'connecting', outbox: 1 })
    expect(alice.status()).toMatchObject({
      bootstrap: { state: 'kept' },
      rooms: [{ name, state: 'joining' }],
    })
    await edge.up()
    expect(await sending).toMatchObject({ via: 'mailbox' })
    expect((await joining).state).toBe('joined')
    await isOpen(alice)
    await expect.poll(() => alice.status().bootstrap.state, { timeout: 40_000 }).toBe('answered')
    expect(await hears('bob', alice)).toEqual(['from the train', 'the last'])
  })

  it('may write, and be closed, twice: what it wrote leaves in the life that has a network, once and in order', async () => {
    const bob = await wasHere('bob')
    await wasHere('alice')
    await edge.kill()
    for (const text of ['one', 'two']) {
      const alice = await client(edge.url, as('alice'))
      const sending = codeOf(alice.send(bob, text))
      await expect.poll(() => alice.status().mail?.outbox).toBe(text === 'one' ? 1 : 2)
      await alice.close()
      expect(await sending).toBe('closed')
    }
    await edge.up()
    const alice = await client(edge.url, as('alice'))
    expect(alice.status().bootstrap.state).toBe('answered')
    await expect.poll(() => alice.status().mail?.outbox).toBe(0)
    expect(await hears('bob', alice)).toEqual(['one', 'two', 'the last'])
  })

  it('waits for one that says nothing only so long', async () => {
    await wasHere('alice')
    await edge.kill()
    const silent = await listens(createServer(() => {}))
    try {
      const beganMs = performance.now()
      const alice = await client(edge.url, as('alice'))
      expect(alice.status().bootstrap.state).toBe('kept')
      expect(performance.now() - beganMs).toBeGreaterThan(BOOTSTRAP_SILENT_MS * 0.9)
    } finally {
      await gone(silent)
    }
  })

  it('is told what an edge says that does answer', async () => {
    await wasHere('alice')
    await edge.kill()
    const answer = JSON.stringify({ version: { wire: WIRE_VERSION + 1 }, iceServers: [] })
    const other = await listens(createServer((_, response) => response.end(answer)))
    try {
      expect(await codeOf(client(edge.url, as('alice')))).toBe('version-mismatch')
    } finally {
      await gone(other)
    }
  })
})

describe('where no edge answers', () => {
  it('who never reached it is told so: another identity, another network, or after more than a month', async () => {
    await wasHere('alice')
    await edge.kill()
    const soon = { timeoutMs: 700 }
    const unreached = (options: object) => codeOf(client(edge.url, { ...soon, ...options }))
    expect(await unreached({})).toBe('edge-unreachable')
    expect(await unreached(as('carol'))).toBe('edge-unreachable')
    expect(await unreached({ ...as('alice'), network: 'another' })).toBe('edge-unreachable')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + BOOTSTRAP_KEPT_MS - 60_000 })
    const alice = await client(edge.url, as('alice'))
    expect(alice.status().bootstrap.ageMs).toBeGreaterThan(BOOTSTRAP_KEPT_MS - 61_000)
    await alice.close()
    vi.setSystemTime(Date.now() + 120_000)
    expect(await unreached(as('alice'))).toBe('edge-unreachable')
  })

  it('a connect() that is aborted is aborted', async () => {
    await wasHere('alice')
    await edge.kill()
    const signal = AbortSignal.abort()
    expect(await codeOf(client(edge.url, { ...as('alice'), signal }))).toBe('aborted')
  })
})

describe('what an edge says', () => {
  it('replaces what it said before as soon as it says it', async () => {
    await edge.kill()
    const store = memoryStore()
    const said = (urls: string) => {
      const iceServers = [{ urls }]
      return createServer((_, response) =>
        response.end(JSON.stringify({ version: { wire: WIRE_VERSION }, iceServers })),
      )
    }
    const first = await listens(said('stun:one'))
    const base = new URL(edge.url)
    const over = new AbortController()
    const ask = () => askEdge(base, 'default', over.signal)
    const before = new Bootstraps(base, 'default', store)
    await before.begin(ask())
    await before.keep()
    expect(before.iceServers).toEqual([{ urls: 'stun:one' }])
    await gone(first)
    const after = new Bootstraps(base, 'default', store)
    // No time has to pass for that.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    expect(await after.begin(ask())).toBeUndefined()
    vi.useRealTimers()
    over.abort()
    expect([after.status.state, after.iceServers]).toEqual(['kept', [{ urls: 'stun:one' }]])
    const second = await listens(said('stun:two'))
    await expect.poll(() => after.iceServers).toEqual([{ urls: 'stun:two' }])
    expect(after.status.state).toBe('answered')
    await gone(second)
  })
})

/** In the edge's place. */
async function listens(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(edge.port, '127.0.0.1', resolve))
  return server
}

function gone(server: Server): Promise<unknown> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
}
