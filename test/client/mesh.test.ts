// The mesh between clients: peers on links answer each other what the edge does not, and what both say is compared.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DhtSource } from '../../client/dht/contract.ts'
import { TogetherSource } from '../../client/dht/together.ts'
import type { Waypost } from '../../client/index.ts'
import { openSuite } from '../../client/secure.ts'
import type { DhtAnswer } from '../../protocol/wire/dht-frames.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { client, codeOf, newRoom } from './clients.ts'

let edge: LocalEdge
let away = false
const { fetch: real } = globalThis

beforeAll(async () => {
  edge = await LocalEdge.start()
}, 90_000)
afterAll(() => edge.stop())

// An edge that relays, and whose DHT cannot be reached: what these clients have of it is the same as of one that is away.
beforeEach(() => {
  globalThis.fetch = (input, init) => {
    const url = String(input instanceof Request ? input.url : input)
    return away && url.includes('/v1/dht/') ? Promise.reject(new TypeError('no network')) : real(input, init)
  }
})
afterEach(() => {
  away = false
  globalThis.fetch = real
})

/** In one room, and of one mesh: each has every other as a neighbour. */
async function neighbours(count: number): Promise<Waypost[]> {
  const room = newRoom()
  const clients = await Promise.all(Array.from({ length: count }, () => client(edge.url)))
  await Promise.all(clients.map((one) => one.join(room)))
  // Whoever uses the DHT is of the mesh; that there is nothing is an answer.
  const nobody = clients[0]?.id as string
  await Promise.all(clients.map((one) => codeOf(one.dht.findPeer(nobody))))
  for (const one of clients) await reaches(one, count - 1)
  return clients
}

async function reaches(one: Waypost, neighbours: number): Promise<void> {
  await expect.poll(() => one.status().dht?.neighbours, { timeout: 60_000 }).toBe(neighbours)
}

describe('with the DHT of the edge out of reach', () => {
  it('a name that was published while it was there is resolved by a peer that never asked for it', async () => {
    const [alice, bob, carol] = (await neighbours(3)) as [Waypost, Waypost, Waypost]
    await alice.dht.publish('news', 'the first')
    // In the mesh too: one of the others keeps it.
    await expect
      .poll(() => (bob.status().dht?.held ?? 0) + (carol.status().dht?.held ?? 0))
      .toBeGreaterThan(0)
    away = true
    expect((await bob.dht.resolve(alice.id, 'news')).value).toBe('the first')
    expect((await carol.dht.resolve(alice.id, 'news')).value).toBe('the first')
  })

  it('a name is published, a value put, and both are found', async () => {
    const [alice, bob] = (await neighbours(3)) as [Waypost, Waypost]
    away = true
    await alice.dht.publish('news', 'by peers alone')
    expect((await bob.dht.resolve(alice.id, 'news')).value).toBe('by peers alone')
    const bytes = crypto.getRandomValues(new Uint8Array(20_000))
    const cid = await alice.dht.put(bytes)
    expect(await bob.dht.get(cid)).toEqual(bytes)
  })

  it('what is provided is found', async () => {
    const [alice, bob] = (await neighbours(2)) as [Waypost, Waypost]
    away = true
    const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
    await alice.dht.provide(cid)
    await expect.poll(async () => (await bob.dht.providers(cid)).map(({ peer }) => peer)).toEqual([alice.id])
  })

  it('who has no peers is told that nobody could be asked; who has some, that there is nothing', async () => {
    const [alice, bob] = (await neighbours(2)) as [Waypost, Waypost]
    const alone = await client(edge.url)
    away = true
    expect(await codeOf(alone.dht.resolve(alice.id, 'nothing'))).toBe('edge-unreachable')
    expect(await codeOf(bob.dht.resolve(alice.id, 'nothing'))).toBe('not-found')
  })
})

describe('the mesh', () => {
  it('is of those who want it', async () => {
    const [alice, room] = [await client(edge.url, { mesh: false }), newRoom()]
    const [bob] = await Promise.all([client(edge.url)])
    await Promise.all([alice.join(room), bob.join(room)])
    await Promise.all([alice, bob].map((one) => codeOf(one.dht.findPeer(bob.id))))
    expect([alice.status().dht, bob.status().dht]).toEqual([
      undefined,
      { neighbours: 0, held: 0, neighbourhood: undefined },
    ])
  })

  it('loses who leaves, and finds who comes back', async () => {
    const [alice, bob] = (await neighbours(2)) as [Waypost, Waypost]
    await bob.close()
    await reaches(alice, 0)
  })
})

describe('whoever asks for what nobody seems to have', () => {
  const asks: string[] = []
  const nothing: DhtAnswer = { kind: 'nothing' }
  const source = (name: string, answer: DhtAnswer | undefined): DhtSource => ({
    ask: async (_, __, isThorough) => {
      asks.push(`${name}${isThorough ? ', thoroughly' : ''}`)
      return answer
    },
  })
  const ask = async (edge: DhtAnswer | undefined, mesh: DhtAnswer | undefined, isThorough = false) => {
    asks.splice(0)
    const suite = await openSuite()
    const together = new TogetherSource(
      { edge: source('edge', edge), mesh: source('mesh', mesh) },
      suite,
      () => {},
    )
    const { signal } = new AbortController()
    await together.ask({ kind: 'get', key: new Uint8Array(32) }, signal, isThorough)
    return asks.slice(1)
  }

  it('asks peers thoroughly when the edge does not say so itself', async () => {
    expect(await ask(undefined, nothing)).toEqual(['mesh', 'mesh, thoroughly'])
    expect(await ask({ kind: 'refused', reason: 'busy', retryAfterMs: 0 }, nothing)).toEqual([
      'mesh',
      'mesh, thoroughly',
    ])
    expect(await ask(nothing, nothing)).toEqual(['mesh'])
    expect(await ask(undefined, undefined)).toEqual(['mesh'])
  })

  it('does so at once who wishes it', async () => {
    expect(await ask(nothing, nothing, true)).toEqual(['mesh, thoroughly'])
  })
})
