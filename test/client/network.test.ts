// Real clients on a real edge: what they report of their links is what the edge says of the network.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { LocalEdge } from '../support/local-edge.ts'
import { client } from './clients.ts'

const EVERY_MS = 1_000

let edge: LocalEdge

beforeAll(async () => {
  edge = await LocalEdge.start({ vars: { REPORT_EVERY_MS: EVERY_MS, NETWORK_VIEW: 'open' } })
})
afterAll(() => edge.stop())

interface Shown {
  readonly status: string
  readonly peers: readonly { id: string; rooms: number[]; native?: boolean }[]
  readonly rooms: readonly { name: string; members: number }[]
  readonly links: readonly { a: number; b: number; path: string; rttMs: number; oneSided?: boolean }[]
}

async function ask(path: string): Promise<Shown> {
  const response = await fetch(`${edge.url}/network/${path}`)
  return (await response.json()) as Shown
}

const eventually = (look: () => Promise<void>) => vi.waitFor(look, { timeout: 30_000, interval: 300 })

describe('clients that report', () => {
  it('appear with the rooms they are in and the link between them, told once though they share two rooms', async () => {
    const network = 'reported'
    const [one, other] = await Promise.all([client(edge.url, { network }), client(edge.url, { network })])
    for (const each of [one, other]) for (const room of ['lobby', 'annex']) await each.join(room)
    await one.send(other.id, 'hello')
    await eventually(async () => {
      const shown = await ask(`topology?network=${network}`)
      expect(shown.peers.map(({ id }) => id).sort()).toEqual([one.id, other.id].sort())
      expect(shown.peers.map(({ rooms }) => rooms.length)).toEqual([2, 2])
      expect(shown.rooms.map(({ name, members }) => [name, members]).sort()).toEqual([
        ['annex', 2],
        ['lobby', 2],
      ])
      expect(shown.links).toEqual([{ a: 0, b: 1, path: 'relay', rttMs: expect.any(Number) }])
    })
    await eventually(async () => {
      expect(await ask(`health?network=${network}`)).toMatchObject({
        status: 'healthy',
        peers: 2,
        rooms: 2,
        links: { direct: 0, relay: 1, oneSided: 0 },
      })
    })
    expect(one.status().drops).toEqual({})
  })

  it('are gone soon after they leave', async () => {
    const network = 'left'
    const [one, other] = await Promise.all([client(edge.url, { network }), client(edge.url, { network })])
    for (const each of [one, other]) await each.join('lobby')
    await eventually(async () => expect((await ask(`topology?network=${network}`)).peers).toHaveLength(2))
    await Promise.all([one.close(), other.close()])
    await eventually(async () => expect((await ask(`topology?network=${network}`)).peers).toEqual([]))
    // Nobody is there, which is known: it is not that nobody has said anything.
    expect((await ask(`health?network=${network}`)).status).toBe('healthy')
  })
})
