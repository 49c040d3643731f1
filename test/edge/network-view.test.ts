// What is shown of a network, to whom, how much of it, and as it happens.

import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { TOPOLOGY_LINKS_MAX } from '../../protocol/limits/network.ts'
import { registryObjectName } from '../../protocol/mailbox/report.ts'
import { registryOfRoom } from '../../protocol/network/summary.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import type { Env, RegistryStub } from '../../workers/env.ts'
import { watch } from '../../workers/network/events.ts'
import { askHealth } from '../../workers/network/health.ts'
import { namesFor } from '../../workers/network/names.ts'
import { Shared } from '../../workers/network/shared.ts'
import { askTopology } from '../../workers/network/topology.ts'
import { idOf, summaryOf, type TestLink } from '../protocol/network/summaries.ts'
import { fetchDescribed } from './described.ts'
import { ask, ORIGIN } from './mail-http.ts'
import { ADMIN_TOKEN, asAdmin, health, tell, topology, watched } from './network.ts'

const bindings = env as unknown as Env
const DAY_MS = 86_400_000

/** The same edge, with registries that do something else first. */
function withRegistries(before: (name: string, registry: RegistryStub) => RegistryStub): Env {
  const getByName = (name: string) => before(name, bindings.REGISTRIES.getByName(name))
  return { ...bindings, REGISTRIES: { getByName } }
}

describe('to whom may not see who is there', () => {
  it('peers are pseudonyms, rooms have no names, and nobody is found by an id', async () => {
    await watched(async () => {
      const network = 'private'
      await tell(network, summaryOf({ room: 'our secret room', members: [1, 2], links: [[0, 1]] }))
      const text = JSON.stringify([await topology(network), await health(network)])
      for (const number of [1, 2]) expect(text).not.toContain(peerIdText(idOf(number)))
      expect(text).not.toContain('secret')
      const { peers, rooms, links } = await topology(network)
      for (const { id } of peers) expect(id).toMatch(/^[0-9a-f]{16}$/)
      expect([peers.length, rooms, links.length]).toEqual([
        2,
        [{ id: 0, name: null, members: 2, region: 'unknown' }],
        1,
      ])
      const path = `/network/peer/${peerIdText(idOf(1))}?network=${network}`
      expect((await ask(path)).body.error.code).toBe('admin-missing')
      expect((await ask(path, asAdmin)).status).toBe(200)
      const wrong = { headers: { Authorization: `Bearer ${'B'.repeat(43)}` } }
      for (const each of [path, `/network/topology?network=${network}`, `/network/events?network=${network}`])
        expect((await ask(each, wrong)).body.error.code).toBe('admin-wrong')
    })
  })

  it('pseudonyms are others on another day, in another network, and with another secret; and the same within a day', async () => {
    const nowMs = 20_000 * DAY_MS
    const nameOf = async (network: string, atMs: number, deployed: Env = bindings) =>
      (await namesFor(deployed, network, false, atMs))(idOf(1))
    const one = await nameOf('a', nowMs)
    expect(await nameOf('a', nowMs + DAY_MS - 1)).toBe(one)
    const others = await Promise.all([
      nameOf('a', nowMs + DAY_MS),
      nameOf('b', nowMs),
      nameOf('a', nowMs, { ...bindings, PASS_SECRET: 'c'.repeat(43) }),
    ])
    expect(new Set([one, ...others]).size).toBe(4)
  })

  it('an open network shows all', async () => {
    await watched(
      async () => {
        await tell('open', summaryOf({ room: 'lobby', members: [1] }))
        expect(await topology('open')).toMatchObject({
          peers: [{ id: peerIdText(idOf(1)) }],
          rooms: [{ name: 'lobby' }],
        })
        expect((await ask(`/network/peer/${peerIdText(idOf(1))}?network=open`)).status).toBe(200)
      },
      { NETWORK_VIEW: 'open' },
    )
  })
})

describe('of a large network', () => {
  it('a picture has a bound, and takes a moment', async () => {
    await watched(async () => {
      const network = 'large'
      // A thousand peers in ten rooms, each with links to the 24 that follow it; and all of them in one room more.
      const members = Array.from({ length: 100 }, (_, at) => at)
      const links = members.flatMap((a): TestLink[] =>
        Array.from({ length: 12 }, (_, next): TestLink => {
          const b = (a + next + 1) % 100
          return a < b ? [a, b] : [b, a]
        }),
      )
      const rooms = Array.from({ length: 10 }, (_, room) =>
        summaryOf({ room: `room ${room}`, members: members.map((at) => room * 100 + at), links }),
      )
      const all = summaryOf({ room: 'all', members: Array.from({ length: 1_000 }, (_, at) => at) })
      await Promise.all([...rooms, all].map((summary) => tell(network, summary)))
      const fromMs = performance.now()
      const response = await fetchDescribed(`${ORIGIN}/network/topology?network=${network}&limit=2000`)
      const text = await response.text()
      const tookMs = performance.now() - fromMs
      const { peers, links: shown, rooms: named, truncated } = JSON.parse(text)
      expect([peers.length, shown.length, named.length, truncated]).toEqual([1_000, 12_000, 11, false])
      expect(text.length).toBeLessThan(1_000_000)
      expect(tookMs).toBeLessThan(10_000)
      expect(await health(network)).toMatchObject({ peers: 1_000, rooms: 11, links: { direct: 12_000 } })
      const less = await topology(network, '&limit=50')
      expect([less.peers.length, less.truncated]).toEqual([50, true])
      expect(less.links.every(({ a, b }) => a < 50 && b < 50)).toBe(true)
      console.info(
        `a picture of 1,000 peers: ${text.length} bytes, ${Math.round(tookMs)} ms; at most ${TOPOLOGY_LINKS_MAX} links`,
      )
    })
  })

  it.each(['0', '2001', '1.5', 'all', ''])('a limit of %s is refused', async (limit) => {
    expect((await ask(`/network/topology?limit=${limit}`)).status).toBe(400)
  })
})

describe('when registries do not answer', () => {
  it('the others do, and it is said', async () => {
    const network = 'partial'
    await tell(network, summaryOf({ room: 'lobby', members: [1, 2] }))
    let asked = 0
    const broken = withRegistries((_, registry) => {
      asked++
      const fails = async () => Promise.reject(new Error('down'))
      return asked % 16 === 0 ? ({ figures: fails } as unknown as RegistryStub) : registry
    })
    const body = await askHealth(broken, network)
    expect(body.partial).toBe(true)
    expect(body.reasons).toContain('1 of 16 registries did not answer: what they know is missing here.')
  })

  it('or do not say in time what waits in mailboxes, the rest is whole', async () => {
    const mailless = withRegistries((_, registry) => {
      const figures = async () => ({ view: await registry.view() })
      return { figures } as unknown as RegistryStub
    })
    const body = await askHealth(mailless, 'mailless')
    expect(body).toMatchObject({ partial: false, mail: { mailboxes: 0, partial: true } })
    expect((await askHealth(bindings, 'mailless')).mail.partial).toBe(false)
  })

  it('in time, nobody waits for them', async () => {
    const never = new Promise<never>(() => {})
    const silent = withRegistries(
      () => ({ figures: () => never, topology: () => never }) as unknown as RegistryStub,
    )
    const [body, picture] = await Promise.all([askHealth(silent, 'silent'), askTopology(silent, 'silent', 5)])
    expect(body).toMatchObject({ status: 'unknown', partial: true })
    expect(picture.missing).toBe(16)
  })
})

/** Server-sent events, one by one. */
class Events {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()
  #text = ''

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader()
  }

  /** The next block that has an event of this name. */
  async next(name: string): Promise<{ readonly [field: string]: unknown }> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      const block = this.#text.slice(0, Math.max(0, end))
      if (end >= 0) this.#text = this.#text.slice(end + 2)
      if (block.includes(`event: ${name}\n`)) return JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '')
      if (end >= 0) continue
      const { value, done } = await this.#reader.read()
      if (done) throw new Error(`ended before ${name} came`)
      this.#text += this.#decoder.decode(value, { stream: true })
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel()
  }
}

describe('who watches', () => {
  it('hears how it is, and then what changes', async () => {
    await watched(
      async () => {
        const network = 'events'
        await tell(network, summaryOf({ room: 'lobby', members: [1], regions: [4] }))
        const response = await fetchDescribed(`${ORIGIN}/network/events?network=${network}`, asAdmin)
        expect(response.headers.get('Content-Type')).toMatch(/^text\/event-stream/)
        expect(response.headers.get('Cache-Control')).toBe('no-store')
        const events = new Events(response.body as ReadableStream<Uint8Array>)
        const first = await events.next('health')
        expect(first).toMatchObject({ network, peers: 1 })
        expect(first).not.toHaveProperty('history')
        const more = summaryOf({
          room: 'annex',
          members: [1, 2],
          regions: [4, 6],
          counts: { refused: { flooding: 3 } },
        })
        await tell(network, { ...more, fromMs: Date.now() - 10, atMs: Date.now() })
        expect(await events.next('peer-joined')).toEqual({ id: peerIdText(idOf(2)), region: 'apac' })
        expect(await events.next('refusals')).toEqual({ flooding: 3 })
        await ask('/network/blacklist', {
          method: 'POST',
          headers: { ...asAdmin.headers, 'Content-Type': 'application/json' },
          body: JSON.stringify({ network, id: peerIdText(idOf(2)), reason: 'admin' }),
        })
        expect(await events.next('blacklisted')).toMatchObject({ id: peerIdText(idOf(2)), source: 'admin' })
        await tell(network, summaryOf({ room: 'annex' }))
        expect(await events.next('peer-left')).toMatchObject({ id: peerIdText(idOf(2)) })
        await events.cancel()
      },
      { REPORT_EVERY_MS: 8_000 },
    )
  })

  it('without the token hears pseudonyms, and nothing of the blacklist', async () => {
    await watched(async () => {
      const network = 'quiet-events'
      await tell(network, summaryOf({ room: 'lobby', members: [1] }))
      const response = await fetchDescribed(`${ORIGIN}/network/events?network=${network}`)
      const events = new Events(response.body as ReadableStream<Uint8Array>)
      await events.next('health')
      await tell(network, summaryOf({ room: 'annex', members: [2] }))
      expect((await events.next('peer-joined')).id).toMatch(/^[0-9a-f]{16}$/)
      await events.cancel()
    })
  })

  it('is no trouble to anybody once it has gone, nor before it reads', async () => {
    let asked = 0
    const counting = withRegistries((_, registry) => {
      asked++
      return registry
    })
    const nameOf = await namesFor(counting, 'gone', true, Date.now())
    const stream = watch({ env: counting, network: 'gone', nameOf, maySee: false })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(asked).toBe(0)
    const events = new Events(stream)
    await events.next('health')
    const once = asked
    expect(once).toBe(16)
    vi.useFakeTimers()
    try {
      const waiting = events.next('health').catch(() => 'over')
      await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1))
      await events.cancel()
      expect(await waiting).toBe('over')
      expect(vi.getTimerCount()).toBe(0)
      await vi.advanceTimersByTimeAsync(60_000)
    } finally {
      vi.useRealTimers()
    }
    expect(asked).toBe(once)
  })
})

describe('many who watch', () => {
  it('cost what one does, and registries without rooms are asked more rarely', async () => {
    await watched(
      async () => {
        const network = 'crowd'
        await tell(network, summaryOf({ room: 'lobby', members: [1] }))
        const busy = registryObjectName(network, registryOfRoom('lobby'))
        const asked = new Map<string, number>()
        const counting = withRegistries((name, registry) => {
          asked.set(name, (asked.get(name) ?? 0) + 1)
          return registry
        })
        const nameOf = await namesFor(counting, network, true, Date.now())
        const watcher = () => new Events(watch({ env: counting, network, nameOf, maySee: false }))
        const first = watcher()
        await first.next('health')
        const all = [first, ...Array.from({ length: 7 }, watcher)]
        const over = all.map((each) => each.next('never').catch(() => 'over'))
        await vi.waitFor(() => expect(asked.get(busy)).toBe(3), 5_000)
        await Promise.all(all.map((each) => each.cancel()))
        await Promise.all(over)
        const others = [...asked].filter(([name]) => name !== busy)
        expect([others.length, Math.max(...others.map(([, times]) => times))]).toEqual([15, 1])
      },
      { REPORT_EVERY_MS: 60_000 / 5 },
    )
  })
})

describe('what one request has asked for', () => {
  const later = (ms: number) => vi.spyOn(Date, 'now').mockReturnValue(ms)

  it('is good for others while it is fresh, and older while it is asked for anew', async () => {
    const shared = new Shared<number>(2, 100)
    later(0)
    expect(await shared.get('a', 10, async () => 1)).toBe(1)
    later(9)
    expect(await shared.get('a', 10, async () => 2)).toBe(1)
    later(10)
    let answer: (value: number) => void = () => {}
    const asking = shared.get('a', 10, () => new Promise((resolve) => (answer = resolve)))
    expect(await shared.get('a', 10, async () => 4)).toBe(1)
    answer(3)
    expect(await asking).toBe(3)
    expect(await shared.get('a', 10, async () => 4)).toBe(3)
    // Whoever asks and goes away holds nobody up for long.
    later(30)
    void shared.get('a', 10, () => new Promise(() => {}))
    later(129)
    expect(await shared.get('a', 10, async () => 5)).toBe(3)
    later(130)
    expect(await shared.get('a', 10, async () => 5)).toBe(5)
    vi.restoreAllMocks()
  })

  it('is asked for again where that failed, and forgotten where there is too much of it', async () => {
    const shared = new Shared<number>(2, 100)
    const fails = () => Promise.reject(new Error('down'))
    await expect(shared.get('a', 1e9, fails)).rejects.toThrow('down')
    expect(await shared.get('a', 1e9, async () => 1)).toBe(1)
    await shared.get('b', 1e9, async () => 2)
    await shared.get('c', 1e9, async () => 3)
    expect(await shared.get('a', 1e9, async () => 4)).toBe(4)
  })
})

it('the token is compared as a whole', async () => {
  await watched(async () => {
    const path = `/network/peer/${peerIdText(idOf(1))}`
    for (const token of [ADMIN_TOKEN.slice(1), `${ADMIN_TOKEN}A`, ''])
      expect((await ask(path, { headers: { Authorization: `Bearer ${token}` } })).status).not.toBe(200)
  })
})
