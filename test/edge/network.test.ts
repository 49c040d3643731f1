// From members' reports through rooms and registries to what the routes say of a network.

import { describe, expect, it, vi } from 'vitest'
import { peerIdText } from '../../protocol/peer-id.ts'
import { ask } from './mail-http.ts'
import { asAdmin, health, linkTo, report, topology, watched } from './network.ts'
import { newPeer, RoomSocket } from './socket.ts'

/** Two members who see each other directly, and have said so. */
async function pair(network: string, room = 'lobby') {
  const [one, other] = [newPeer(), newPeer()]
  const a = await RoomSocket.join(room, one, { network })
  const first = await a.welcomed()
  const b = await RoomSocket.join(room, other, { network })
  const second = await b.welcomed()
  const say = () => {
    report(a, { delivered: 30, links: [linkTo(second.address, true, 40)] })
    report(b, { delivered: 30, links: [linkTo(first.address, true, 50)] })
  }
  return { a, b, one, other, say, first, second }
}

describe('a watched network', () => {
  it('says who is there, how they are linked, and how well that goes', async () => {
    await watched(async () => {
      const network = 'watched'
      const { say, one, other, a, second } = await pair(network)
      await vi.waitFor(
        async () => {
          say()
          a.send({ kind: 'relay', address: second.address, payload: new Uint8Array(100) })
          expect(await health(network)).toMatchObject({
            status: 'healthy',
            peers: 2,
            rooms: 1,
            links: { direct: 1, relay: 0 },
            regions: { unknown: 2 },
          })
        },
        { timeout: 10_000, interval: 100 },
      )
      const { traffic } = (await health(network)) as { traffic: { messages: number; successRate: number } }
      expect(traffic.messages).toBeGreaterThan(0)
      expect(traffic.successRate).toBe(1)
      const shown = await topology(network, '', asAdmin)
      expect(shown.peers.map(({ id }) => id).sort()).toEqual([peerIdText(one), peerIdText(other)].sort())
      expect(shown.rooms).toMatchObject([{ id: 0, name: 'lobby', members: 2 }])
      expect(shown.links).toEqual([{ a: 0, b: 1, path: 'direct', rttMs: 40 }])
      const peer = await ask(`/network/peer/${peerIdText(one)}?network=${network}`, asAdmin)
      expect(peer.body).toMatchObject({
        id: peerIdText(one),
        rooms: [{ name: 'lobby' }],
        links: [{ peer: peerIdText(other), path: 'direct', rttMs: 40 }],
        blacklisted: null,
      })
    })
  })
})
