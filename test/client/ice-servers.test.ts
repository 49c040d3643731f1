// The ICE servers of a client's direct connections: when the edge is asked for credentials, when again, and what is gone by
// meanwhile. Against a server in the edge's place that gives or refuses as a test wants.

import { createServer, type Server, type ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { IceServers } from '../../client/ice-servers.ts'
import { TURN_AWAITED_MS, TURN_RENEW_AT, TURN_RENEW_SPREAD } from '../../protocol/limits/turn.ts'

const STUN = [{ urls: 'stun:stun.example' }]
const turnServers = (n: number) => [
  { urls: 'turn:turn.example', username: `user ${n}`, credential: 'secret' },
]

let edge: Server
let asked: { readonly url: string | undefined; readonly pass: string | undefined; readonly atMs: number }[] =
  []
let answer: (response: ServerResponse, n: number) => void
let followed: (() => void)[] = []

const gives = (lifetimeMs: number | null) => (response: ServerResponse, n: number) =>
  response.end(JSON.stringify({ iceServers: turnServers(n), expiresAtMs: 0, lifetimeMs }))
const refuses = (status: number, body: unknown) => (response: ServerResponse) => {
  response.statusCode = status
  response.end(JSON.stringify(body))
}

beforeAll(async () => {
  edge = createServer(({ url, headers }, response) => {
    asked.push({ url, pass: headers.authorization, atMs: Date.now() })
    answer(response, asked.length)
  })
  await new Promise<void>((resolve) => edge.listen(0, '127.0.0.1', resolve))
})
beforeEach(() => {
  asked = []
  answer = gives(3_600_000)
})
afterEach(() => {
  for (const unfollow of followed) unfollow()
  followed = []
  vi.useRealTimers()
})
afterAll(() => {
  edge.closeAllConnections()
  return new Promise((resolve) => edge.close(resolve))
})

function servers({ turn = true, own = undefined as readonly RTCIceServer[] | undefined } = {}): IceServers {
  const address = edge.address()
  const port = typeof address === 'object' ? address?.port : 0
  return new IceServers({
    network: 'demo',
    passes: {
      get: () => Promise.resolve('a-pass'),
      baseOf: () => new URL(`http://127.0.0.1:${port}/`),
    },
    bootstraps: { iceServers: STUN, turn },
    own: own as IceServers['now'] | undefined,
  })
}

/** As a connection does; gives how often it was told of others. */
function connection(of: IceServers): { renewals: number } {
  const told = { renewals: 0 }
  followed.push(of.follow(() => told.renewals++))
  return told
}

describe('credentials', () => {
  it('are asked for by the first connection only, with a pass, and serve all', async () => {
    const ice = servers()
    expect([ice.now, ice.status?.state, asked.length]).toEqual([STUN, 'idle', 0])
    connection(ice)
    connection(ice)
    await Promise.all([ice.ready(), ice.ready()])
    expect(ice.now).toEqual(turnServers(1))
    expect(asked).toEqual([{ url: '/v1/turn?network=demo', pass: 'Bearer a-pass', atMs: expect.any(Number) }])
    expect(ice.ready()).toBeUndefined()
    expect(ice.status).toMatchObject({ state: 'held', given: 1, failures: 0 })
    expect(ice.status?.expiresInMs).toBeGreaterThan(3_590_000)
  })

  it('are not asked for where the edge has none, or the application has servers of its own', () => {
    const own = [{ urls: 'stun:own.example' }]
    for (const ice of [servers({ turn: false }), servers({ own })]) {
      connection(ice)
      expect([ice.ready(), ice.status]).toEqual([undefined, undefined])
    }
    expect(servers({ own }).now).toEqual(own)
    expect(asked).toEqual([])
  })

  it('are renewed before they expire, and connections told, until there are none', async () => {
    const lifetimeMs = 2_000
    answer = gives(lifetimeMs)
    const ice = servers()
    const told = connection(ice)
    await ice.ready()
    await expect.poll(() => told.renewals).toBe(3)
    const [first, second, third] = asked.map(({ atMs }) => atMs) as [number, number, number]
    const soonestMs = lifetimeMs * (TURN_RENEW_AT - TURN_RENEW_SPREAD) - 20
    for (const wait of [second - first, third - second]) expect(wait).toBeGreaterThanOrEqual(soonestMs)
    expect(ice.now).toEqual(turnServers(3))
    followed.pop()?.()
    vi.useFakeTimers({ now: Date.now() + 2 * lifetimeMs })
    await vi.advanceTimersByTimeAsync(10 * lifetimeMs)
    expect(asked).toHaveLength(3)
    // Whoever comes then finds the old ones over.
    expect([ice.now, ice.status?.state]).toEqual([STUN, 'idle'])
    vi.useRealTimers()
    vi.setSystemTime(Date.now() + 100 * lifetimeMs)
    connection(ice)
    await ice.ready()
    expect(ice.now).toEqual(turnServers(4))
  })

  it('that never expire are not renewed: the edge has no TURN any more', async () => {
    answer = gives(null)
    const ice = servers()
    connection(ice)
    await ice.ready()
    vi.useFakeTimers()
    await vi.advanceTimersByTimeAsync(1_000_000_000)
    expect([asked.length, ice.now]).toEqual([1, turnServers(1)])
  })

  it.each<[string, (response: ServerResponse) => void]>([
    ['a refusal', refuses(502, { error: { code: 'turn-refused' } })],
    ['a service that is away', refuses(503, { error: { code: 'turn-unavailable', retryAfterMs: 1 } })],
    ['no JSON', (response) => response.end('<html>')],
    ['null', (response) => response.end('null')],
    ['no list', refuses(200, { iceServers: {}, lifetimeMs: 1_000 })],
    ['no life', refuses(200, { iceServers: turnServers(1), lifetimeMs: 0 })],
    ['a broken connection', (response) => response.socket?.destroy()],
  ])('that are not given, for %s, are asked for again, and counted', async (_, fails) => {
    answer = fails
    const ice = servers()
    const told = connection(ice)
    await ice.ready()
    expect(ice.status).toMatchObject({ state: 'failed', given: 0, failures: 1, expiresInMs: undefined })
    expect([ice.now, told.renewals]).toEqual([STUN, 0])
    // Nobody waits for what has just failed.
    expect(ice.ready()).toBeUndefined()
    answer = gives(3_600_000)
    await expect.poll(() => told.renewals).toBe(1)
    expect(ice.status).toMatchObject({ state: 'held', given: 1, failures: 1 })
    const [first, second] = asked.map(({ atMs }) => atMs) as [number, number]
    expect(second - first).toBeGreaterThanOrEqual(950)
  })

  it('that are long in coming hold no connection up, and are there for it when they come', async () => {
    let give = () => {}
    answer = (response, n) => {
      give = () => gives(3_600_000)(response, n)
    }
    const ice = servers()
    const told = connection(ice)
    const beforeMs = Date.now()
    await ice.ready()
    expect(Date.now() - beforeMs).toBeGreaterThanOrEqual(TURN_AWAITED_MS - 20)
    expect([ice.now, ice.status?.state]).toEqual([STUN, 'asking'])
    give()
    await expect.poll(() => told.renewals).toBe(1)
    expect(ice.now).toEqual(turnServers(1))
  })
})
