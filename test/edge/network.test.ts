// From members' reports through rooms and registries to what the routes say of a network.

import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { exports } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { Reports } from '../../durable-objects/registry/reports.ts'
import { HISTORY_KEPT_EVERY_MS } from '../../protocol/limits/network.ts'
import { encodeReport } from '../../protocol/network/report.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { WATCH_FRAME } from '../../protocol/wire/watch-frame.ts'
import { summaryOf } from '../protocol/network/summaries.ts'
import { offerOf } from '../support/passes.ts'
import { ask } from './mail-http.ts'
import { asAdmin, EVERY_MS, health, linkTo, registryOf, report, topology, watched } from './network.ts'
import { roomObject } from './rooms.ts'
import { joinOf, newPeer, RoomSocket } from './socket.ts'

const eventually = (look: () => Promise<void>) => vi.waitFor(look, { timeout: 30_000, interval: 250 })

/** Two members who see each other directly, and say so. */
async function pair(network: string, room = 'lobby') {
  const [one, other] = [newPeer(), newPeer()]
  const a = await RoomSocket.join(room, one, { network })
  const { address: first } = await a.welcomed()
  const b = await RoomSocket.join(room, other, { network })
  const { address: second } = await b.welcomed()
  const say = () => {
    report(a, { delivered: 30, links: [linkTo(second, true, 40)] })
    report(b, { delivered: 30, links: [linkTo(first, true, 50)] })
  }
  return { a, b, one, other, say, second }
}

describe('a watched network', () => {
  it('says who is there, how they are linked, and how well that goes', async () => {
    await watched(async () => {
      const network = 'watched'
      const { say, one, other, a, second } = await pair(network)
      await eventually(async () => {
        say()
        a.send({ kind: 'relay', address: second, payload: new Uint8Array(100) })
        expect(await health(network)).toMatchObject({
          status: 'healthy',
          partial: false,
          peers: 2,
          rooms: 1,
          links: { direct: 1, relay: 0, oneSided: 0 },
          traffic: { successRate: 1 },
          regions: { unknown: 2 },
          mail: { mailboxes: 0, letters: 0, bytes: 0, partial: false },
        })
      })
      expect((await health(network)).traffic).toMatchObject({ messages: expect.any(Number) })
      const shown = await topology(network, '', asAdmin)
      expect(shown.peers.map(({ id }) => id).sort()).toEqual([peerIdText(one), peerIdText(other)].sort())
      expect(shown.rooms).toMatchObject([{ id: 0, name: 'lobby', members: 2 }])
      expect(shown.links).toEqual([{ a: 0, b: 1, path: 'direct', rttMs: 40 }])
      const peer = await ask(`/network/peer/${peerIdText(one)}?network=${network}`, asAdmin)
      expect(peer.body).toMatchObject({
        id: peerIdText(one),
        rooms: [{ name: 'lobby' }],
        links: [{ peer: peerIdText(other), path: 'direct', rttMs: 40, oneSided: false }],
        blacklisted: null,
      })
      expect((await ask(`/network/peer/${peerIdText(newPeer())}?network=${network}`, asAdmin)).status).toBe(
        404,
      )
    })
  })

  it('is unknown where nobody reports, and no room or registry keeps anything of it', async () => {
    await watched(
      async () => {
        const network = 'off'
        const { say, a } = await pair(network)
        say()
        await a.settled()
        expect(await health(network)).toMatchObject({ status: 'unknown', peers: 0, rooms: 0, history: [] })
        expect((await ask(`/v1/bootstrap?network=${network}`)).body.reportEveryMs).toBe(0)
      },
      { REPORT_EVERY_MS: 0 },
    )
  })

  it('knows a room from its first member on, and its end from the last', async () => {
    await watched(async () => {
      const network = 'short'
      const member = await RoomSocket.join('lobby', newPeer(), { network })
      await member.welcomed()
      await eventually(async () => expect((await topology(network)).peers).toHaveLength(1))
      member.close()
      await member.closing()
      await eventually(async () => expect(await topology(network)).toMatchObject({ peers: [], rooms: [] }))
    })
  })

  it('says where peers are from, as their requests were, also after the room slept', async () => {
    await watched(async () => {
      const network = 'placed'
      const peer = newPeer()
      const join = joinOf(peer)
      const headers = {
        Upgrade: 'websocket',
        'Sec-WebSocket-Protocol': (await offerOf(join, { network })).join(', '),
      }
      const cf = { continent: 'EU', longitude: '4.9' }
      const url = `https://edge.example/v1/rooms/lobby?network=${network}`
      const member = RoomSocket.of(await exports.default.fetch(url, { headers, cf } as never), join)
      await member.welcomed()
      await evictDurableObject(roomObject('lobby', network))
      await eventually(async () => {
        report(member)
        expect(await topology(network, '', asAdmin)).toMatchObject({
          peers: [{ id: peerIdText(peer), region: 'weur', native: true }],
          rooms: [{ region: 'weur' }],
        })
      })
      expect(await health(network)).toMatchObject({ regions: { weur: 1 } })
    })
  })
})

describe('what is forgotten', () => {
  it('by a room that slept, is told again', async () => {
    await watched(async () => {
      const network = 'slept'
      const { say } = await pair(network)
      const linked = () =>
        eventually(async () => {
          say()
          expect((await topology(network)).links).toHaveLength(1)
        })
      await linked()
      await evictDurableObject(roomObject('lobby', network))
      await linked()
    })
  })

  it('by a registry that was moved, is told again', async () => {
    await watched(async () => {
      const network = 'moved'
      const { say } = await pair(network)
      const known = () =>
        eventually(async () => {
          say()
          expect((await topology(network)).peers).toHaveLength(2)
        })
      await known()
      await evictDurableObject(registryOf('lobby', network))
      expect((await topology(network)).peers).toEqual([])
      await known()
    })
  })

  it('of history, is no more than ten minutes', async () => {
    const registry = registryOf('lobby', 'kept')
    await runInDurableObject(registry, (_, { storage }) => {
      const lives = () => new Reports(storage.sql, 60_000, 0)
      const first = lives()
      for (let minute = 0; minute <= HISTORY_KEPT_EVERY_MS / 60_000; minute++)
        first.heard(
          summaryOf({ members: [1, 2], counts: { messages: 7 }, atMs: minute * 60_000 }),
          minute * 60_000,
        )
      const rows = storage.sql.exec('SELECT * FROM history').toArray()
      expect(rows).toHaveLength(1)
      const nowMs = HISTORY_KEPT_EVERY_MS + 120_000
      const [before, after] = [first.view(nowMs).history, lives().view(nowMs).history]
      expect(after.map(({ step }) => step)).toEqual(before.map(({ step }) => step))
      expect(after.slice(0, -4)).toEqual(before.slice(0, -4))
      expect(after.some(({ peers, counts }) => peers === 2 && counts.messages > 0)).toBe(true)
    })
  })

  it('costs no row but that: rooms and reports write none', async () => {
    await watched(async () => {
      const network = 'rowless'
      const { say } = await pair(network)
      await eventually(async () => {
        say()
        expect((await topology(network)).links).toHaveLength(1)
      })
      const rowsOf = (stub: DurableObjectStub) =>
        runInDurableObject(stub, (_, { storage }) =>
          storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'history'").toArray(),
        )
      expect(await rowsOf(registryOf('lobby', network))).toEqual([])
      expect(await rowsOf(roomObject('lobby', network))).toEqual([])
    })
  })
})

describe('a hostile member', () => {
  it('is refused what is no report, and its hurry is counted', async () => {
    await watched(async () => {
      const network = 'hurry'
      const { a } = await pair(network)
      a.sendBytes(Uint8Array.of(WATCH_FRAME.report, 9, 9))
      expect(await a.next('refusal')).toMatchObject({ code: 'malformed', refusedType: WATCH_FRAME.report })
      for (let times = 0; times < 10; times++) report(a)
      await a.settled()
      await eventually(async () => {
        report(a)
        const { refusals } = (await health(network)) as { refusals: Record<string, number> }
        expect(refusals.malformed).toBe(1)
        expect(refusals['rate-limited']).toBeGreaterThanOrEqual(9)
      })
      expect(a.closed).toBe(undefined)
    })
  })

  it('cannot make others look linked, nor itself as good as linked with them', async () => {
    await watched(async () => {
      const network = 'liar'
      const { a, b, second } = await pair(network)
      const liar = await RoomSocket.join('lobby', newPeer(), { network })
      const { address } = await liar.welcomed()
      await eventually(async () => {
        report(liar, { links: [linkTo(second, true, 1), linkTo(address, true, 1), linkTo(12_345, true, 1)] })
        report(b)
        report(a)
        const { links } = await topology(network)
        expect(links).toMatchObject([{ path: 'direct', oneSided: true }])
      })
      expect(await health(network)).toMatchObject({ links: { direct: 0, relay: 0, oneSided: 1 } })
    })
  })

  it('of a flood of reports is closed as of any flood', async () => {
    await watched(
      async () => {
        const network = 'flood'
        const { a } = await pair(network)
        const bytes = encodeReport({ native: true, delivered: 1, failed: 1, links: [] })
        for (let times = 0; times < 3_000; times++) a.sendBytes(bytes.slice())
        expect((await a.closing()).reason).toBe('flooding')
      },
      { ROOM_TOKENS_PER_SECOND: 20 },
    )
  })
})

it('the time between reports is what clients are told', async () => {
  await watched(async () => {
    expect((await ask('/v1/bootstrap')).body.reportEveryMs).toBe(EVERY_MS)
  })
})
