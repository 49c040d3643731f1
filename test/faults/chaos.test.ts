// A bad half minute: a dozen clients behind networks that break and fall silent at random, an edge that is killed in the
// middle of it, and everybody talking to everybody all the while. What was acknowledged arrived; what arrived, arrived
// once and in order; and in the end everybody sees everybody.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type Room, type Waypost, WaypostError } from '../../client/index.ts'
import { FlakyProxy } from '../support/flaky-proxy.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { seeded } from '../support/seeded.ts'

const CLIENTS = 12
const CHAOS_MS = 25_000
/** There was something to lose. A machine that has much else to do takes longer for as many, up to so long. */
const MESSAGES_LEAST = 1_000
const CHAOS_MS_MAX = 150_000
const SEED = 20_261_121

interface Client {
  readonly waypost: Waypost
  readonly room: Room
  readonly proxy: FlakyProxy
  /** What came, by sender. */
  readonly heard: Map<string, number[]>
  /** How many were acknowledged, by receiver. */
  readonly acknowledged: Map<string, number>
  failures: WaypostError[]
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

let edge: LocalEdge
const clients: Client[] = []

beforeAll(async () => {
  edge = await LocalEdge.start()
  for (let i = 0; i < CLIENTS; i++) {
    const proxy = await FlakyProxy.before(edge.port)
    const waypost = await connect(proxy.url)
    const heard = new Map<string, number[]>()
    waypost.on('message', ({ from, data }) => {
      heard.set(from, [...(heard.get(from) ?? []), data as number])
    })
    const room = await waypost.join('chaos')
    clients.push({ waypost, room, proxy, heard, acknowledged: new Map(), failures: [] })
  }
})
afterAll(async () => {
  await Promise.all(clients.map(({ waypost }) => waypost.close()))
  await Promise.all(clients.map(({ proxy }) => proxy.close()))
  await edge?.stop()
})

/** Counts to one peer after another until told to stop. Each waits for its acknowledgement, so that none is unaccounted for. */
async function talk(from: Client, to: Client, going: () => boolean): Promise<void> {
  for (let n = 0; going(); n++) {
    try {
      await from.waypost.send(to.waypost.id, n)
      from.acknowledged.set(to.waypost.id, n + 1)
    } catch (error) {
      if (!(error instanceof WaypostError)) throw error
      from.failures.push(error)
      n-- // It may or may not have arrived: the number is said again, and a repetition is seen below.
      await sleep(200)
    }
    await sleep(50)
  }
}

it('clients on bad networks lose nothing, double nothing, and find each other again', {
  timeout: 300_000,
}, async () => {
  let going = true
  const talks = clients.flatMap((from, i) =>
    [1, 2, 5].map((step) => talk(from, clients[(i + step) % CLIENTS] as Client, () => going)),
  )
  const random = seeded(SEED)
  const beganMs = performance.now()
  const acknowledged = () =>
    clients.flatMap(({ acknowledged }) => [...acknowledged.values()]).reduce((sum, count) => sum + count, 0)
  const lasts = (ms: number) => performance.now() < beganMs + ms
  let killed = false
  while (lasts(CHAOS_MS) || (acknowledged() <= MESSAGES_LEAST && lasts(CHAOS_MS_MAX))) {
    await sleep(100 + random() * 400)
    const { proxy } = clients[Math.floor(random() * CLIENTS)] as Client
    if (random() < 0.5) proxy.cut()
    else {
      proxy.goSilent()
      setTimeout(() => proxy.speak(), 500 + random() * 6_000)
    }
    if (!killed && !lasts(CHAOS_MS / 2)) {
      killed = true
      await edge.kill()
      await edge.up()
    }
  }
  await sleep(7_000) // The last silence has ended by then.
  going = false
  await Promise.all(talks)
  for (const client of clients) {
    await expect.poll(() => client.room.peers.size, { timeout: 30_000 }).toBe(CLIENTS - 1)
  }
  for (const from of clients) {
    for (const [to, count] of from.acknowledged) {
      const receiver = clients.find(({ waypost }) => waypost.id === to)
      const heard = receiver?.heard.get(from.waypost.id) ?? []
      // Numbers whose send failed may come twice, being sent twice; all others once, and all in order.
      const once = heard.filter((n, i) => i === 0 || n !== heard[i - 1])
      expect(once).toEqual(Array.from({ length: count }, (_, n) => n))
      expect(heard.length - once.length).toBeLessThanOrEqual(from.failures.length)
    }
  }
  const messages = acknowledged()
  const failures = clients.flatMap(({ failures }) => failures.map(({ code }) => code))
  process.stdout.write(
    `chaos: ${messages} messages acknowledged, ${failures.length} sends failed with a reason\n`,
  )
  expect(messages).toBeGreaterThan(MESSAGES_LEAST)
  for (const code of failures) expect(['peer-unreachable', 'timeout']).toContain(code)
})
