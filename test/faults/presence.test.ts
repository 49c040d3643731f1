// Ghosts: a peer that vanishes without closing anything is gone for the others within 45 seconds at the default
// settings, sooner where a deployment says so; and nobody who lives is taken for a ghost.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type Room, type Waypost } from '../../client/index.ts'
import { FlakyProxy } from '../support/flaky-proxy.ts'
import { LocalEdge } from '../support/local-edge.ts'

/** One client behind a network of its own. */
interface Client {
  readonly waypost: Waypost
  readonly room: Room
  readonly events: string[]
}

async function join(url: string, name: string): Promise<Client> {
  const waypost = await connect(url)
  const room = await waypost.join(name)
  const events: string[] = []
  room.on('join', (peer) => events.push(`join ${peer.id}`))
  room.on('leave', (peer) => events.push(`leave ${peer.id}`))
  return { waypost, room, events }
}

function gone(room: Room, id: string): Promise<void> {
  return new Promise((resolve) => {
    if (![...room.peers.keys()].some((peer) => peer === id)) return resolve()
    room.on('leave', (peer) => {
      if (peer.id === id) resolve()
    })
  })
}

describe('a peer that vanishes without a word', () => {
  let edges: LocalEdge[]
  const clients: Client[] = []
  const proxies: FlakyProxy[] = []

  beforeAll(async () => {
    edges = await Promise.all([LocalEdge.start(), LocalEdge.start({ vars: { PRESENCE_TIMEOUT_MS: 3_000 } })])
  })
  afterAll(async () => {
    await Promise.all(clients.map(({ waypost }) => waypost.close()))
    await Promise.all(proxies.map((proxy) => proxy.close()))
    await Promise.all(edges.map((edge) => edge.stop()))
  })

  /** Three stay, one vanishes; how long until all three have seen it go? */
  async function vanishing(edge: LocalEdge): Promise<{ tookMs: number; staying: Client[]; id: string }> {
    const proxy = await FlakyProxy.before(edge.port)
    proxies.push(proxy)
    const staying: Client[] = []
    for (let i = 0; i < 3; i++) staying.push(await join(edge.url, 'haunted'))
    const vanishing = await join(proxy.url, 'haunted')
    clients.push(...staying, vanishing)
    await Promise.all(staying.map(({ room }) => expect.poll(() => room.peers.size).toBe(3)))
    const { id } = vanishing.waypost
    proxy.goSilent()
    const beganAtMs = performance.now()
    await Promise.all(staying.map(({ room }) => gone(room, id)))
    return { tookMs: performance.now() - beganAtMs, staying, id }
  }

  it('is gone for all others within 45 s, and sooner where the deployment says so', async () => {
    const [byDefault, configured] = await Promise.all(edges.map(vanishing))
    expect(byDefault?.tookMs).toBeLessThan(45_000)
    expect(configured?.tookMs).toBeLessThan(3_000 + 12_000)
    for (const { staying, id } of [byDefault, configured].filter((each) => each !== undefined)) {
      // Only the ghost went; the living kept each other.
      for (const { events } of staying)
        expect(events.filter((event) => event.startsWith('leave'))).toEqual([`leave ${id}`])
    }
    process.stdout.write(
      `presence: gone after ${Math.round(byDefault?.tookMs ?? 0)} ms by default, ` +
        `${Math.round(configured?.tookMs ?? 0)} ms with a timeout of 3,000 ms\n`,
    )
  })
})

describe('a client whose network fails', () => {
  it('comes back as the same peer after a cut, and after a silence nobody announced', async () => {
    const edge = await LocalEdge.start()
    const proxy = await FlakyProxy.before(edge.port)
    const here = await join(edge.url, 'flaky')
    const away = await join(proxy.url, 'flaky')
    try {
      await expect.poll(() => here.room.peers.has(away.waypost.id)).toBe(true)
      const heard: unknown[] = []
      here.waypost.on('message', ({ data }) => heard.push(data))
      await away.waypost.send(here.waypost.id, 'before')
      proxy.cut()
      await away.waypost.send(here.waypost.id, 'after the cut')
      proxy.goSilent()
      const sent = away.waypost.send(here.waypost.id, 'after the silence')
      await expect.poll(() => away.room.state, { timeout: 20_000 }).toBe('reconnecting')
      proxy.speak()
      await sent
      expect(heard).toEqual(['before', 'after the cut', 'after the silence'])
      expect([...here.room.peers.keys()]).toEqual([away.waypost.id])
    } finally {
      await Promise.all([here.waypost.close(), away.waypost.close()])
      await proxy.close()
      await edge.stop()
    }
  })
})
