// What the bootstrap says of other edges, of where the caller is, and of peers.

import { exports } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { DhtShard } from '../../durable-objects/dht-shard.ts'
import { BOOTSTRAP_PEERS_AGE_MS } from '../../protocol/limits/edges.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { diverse } from '../../workers/peer-sample.ts'
import { announces, newPeer, putRecord } from './dht-http.ts'
import { deployedWith } from './rooms.ts'

async function bootstrap(query = '', cf: Record<string, unknown> = {}) {
  const request = new Request(`https://edge.example/v1/bootstrap${query}`, { cf } as RequestInit)
  return (await exports.default.fetch(request as never)).json() as Promise<Record<string, unknown>>
}

const EDGES = JSON.stringify([
  { url: 'https://tokyo.example', region: 'apac' },
  { url: 'https://paris.example', region: 'weur' },
  { url: 'https://edge.example', region: 'weur' },
])

describe('the bootstrap', () => {
  it('names this edge, and the others the nearest first', async () => {
    await deployedWith({ EDGES }, async () => {
      const { region, relays } = await bootstrap('', { continent: 'AS', longitude: '139' })
      expect(region).toBe('apac')
      expect(relays).toEqual([
        { url: 'https://edge.example' },
        { url: 'https://tokyo.example', region: 'apac' },
        { url: 'https://paris.example', region: 'weur' },
      ])
      const german = await bootstrap('', { continent: 'EU', longitude: '8' })
      expect((german.relays as { url: string }[]).map(({ url }) => url)).toEqual([
        'https://edge.example',
        'https://paris.example',
        'https://tokyo.example',
      ])
    })
  })

  it('does not know where everybody is', async () => {
    expect('region' in (await bootstrap())).toBe(false)
  })

  it('names peers who announced themselves, for who asks', async () => {
    expect('peers' in (await bootstrap())).toBe(false)
    const peer = await newPeer()
    const { key, bytes } = await announces(peer)
    expect((await putRecord(peer, key, bytes)).status).toBeLessThan(300)
    const { peers } = (await bootstrap('?peers=1')) as { peers: { id: string; region: string }[] }
    expect(peers.map(({ id, region }) => [id, region])).toEqual([[peerIdText(peer.id), 'weur']])
  })

  it('asks for them once in a while, however many want them; whoever comes meanwhile is given those of before', async () => {
    const network = '?network=sampled&peers=1'
    const nowMs = Date.now()
    const clock = vi.spyOn(Date, 'now').mockReturnValue(nowMs)
    const asked = vi.spyOn(DhtShard.prototype, 'ask')
    try {
      await bootstrap(network)
      // Of each of the network's shards.
      const once = asked.mock.calls.length
      expect(once).toBeGreaterThan(0)
      for (let n = 0; n < 3; n++) await bootstrap(network)
      expect(asked).toHaveBeenCalledTimes(once)
      clock.mockReturnValue(nowMs + BOOTSTRAP_PEERS_AGE_MS + 1)
      await Promise.all([1, 2, 3].map(() => bootstrap(network)))
      expect(asked).toHaveBeenCalledTimes(2 * once)
    } finally {
      vi.restoreAllMocks()
    }
  })
})

describe('a sample of peers', () => {
  it('has one of each region before it has two of any', () => {
    const peers = ['a', 'a', 'a', 'a', 'a', 'b', 'c'].map((region, i) => ({ id: `${i}`, region, record: '' }))
    for (let i = 0; i < 20; i++) {
      const regions = diverse(peers, 4).map(({ region }) => region)
      expect(regions.slice(0, 3).sort()).toEqual(['a', 'b', 'c'])
      expect(regions.length).toBe(4)
    }
  })
})
