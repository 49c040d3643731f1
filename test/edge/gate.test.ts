// The Worker's gate: how much each may ask, what is not served at all, and that refusals are counted. With a clock that stands
// still, so that a slow machine earns no tokens.

import { env, exports } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { REQUEST_BYTES_MAX, REQUEST_PATIENCE_BURST } from '../../protocol/limits/rates.ts'
import { ADDRESS_HEADER } from '../../protocol/protection/config.ts'
import { GRANT_HEADER, JOIN_HEADER } from '../../protocol/room/admission.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { encode } from '../../protocol/wire/codec.ts'
import type { Env } from '../../workers/env.ts'
import { addressOf } from '../../workers/gate/address.ts'
import { registryName } from '../../workers/gate/listed.ts'
import { peerWaitMs } from '../../workers/gate/rates.ts'
import { counters } from '../../workers/meter/isolate.ts'
import { newPeer as newIdentity, putValue, randomBytes } from './dht-http.ts'
import { ask, codes, enters, newAddress, newJoin } from './gate-asking.ts'
import { deployedWith, roomObject } from './rooms.ts'
import { newPeer, RoomSocket, refusedFor } from './socket.ts'

const ONE = { RATE_ADDRESS_PER_SECOND: 1 }
beforeEach(() => void vi.spyOn(Date, 'now').mockReturnValue(Date.now()))
afterEach(() => vi.restoreAllMocks())

describe('an address', () => {
  it('may ask so much: reading half of it, and what is critical all', () =>
    deployedWith(ONE, async () => {
      const from = newAddress()
      const reads = () => ask('/v1/bootstrap', { from })
      expect(await codes(reads, 6)).toEqual([...Array(5).fill(undefined), 'rate-limited'])
      const refused = await reads()
      expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '1'])
      expect(refused.error.retryAfterMs).toBe(1_000)
      const takes = () => ask('/v1/mailboxes/b/messages/x', { from, method: 'DELETE' })
      expect(await codes(takes, 6)).toEqual([...Array(5).fill('bad-name'), 'rate-limited'])
      expect((await ask('/v1/bootstrap', { from: newAddress() })).status).toBe(200)
      expect(await codes(() => ask('/v1/bootstrap'), 12)).toEqual(Array(12).fill(undefined))
      vi.mocked(Date.now).mockReturnValue(Date.now() + 6_000)
      expect((await reads()).status).toBe(200)
    }))

  it('of IPv6 is a household’s sixty-four bits', () =>
    deployedWith(ONE, async () => {
      await codes(() => ask('/v1/bootstrap', { from: '2001:db8:1:2::1' }), 5)
      expect((await ask('/v1/bootstrap', { from: '2001:0db8:1:2:ffff::9' })).code).toBe('rate-limited')
      expect((await ask('/v1/bootstrap', { from: '2001:db8:1:3::1' })).status).toBe(200)
    }))

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:0:1::7', '2001:db8:0:1::/64'],
    ['2001:db8::7', '2001:db8:0:0::/64'],
    ['::7', '0:0:0:0::/64'],
    ['2001:DB8:00a:0b00:1:2:3:4', '2001:db8:a:b00::/64'],
    ['::ffff:192.0.2.9', '192.0.2.9'],
    ['127.0.0.1', undefined],
    ['::1', undefined],
    ['', undefined],
  ])('%s counts as %s', (address, counted) => {
    expect(
      addressOf(new Request('https://edge.example', { headers: { 'CF-Connecting-IP': address } }) as never),
    ).toBe(counted)
  })

  it('that nobody says is limited where the deployment says so', () =>
    deployedWith({ ...ONE, RATE_LOCAL: 'on' }, async () => {
      expect((await codes(() => ask('/v1/bootstrap'), 6)).at(-1)).toBe('rate-limited')
    }))

  it('is not limited by nought', () =>
    deployedWith({ RATE_ADDRESS_PER_SECOND: 0 }, async () => {
      const from = newAddress()
      expect(await codes(() => ask('/v1/bootstrap', { from }), 20)).toEqual(Array(20).fill(undefined))
    }))

  it('from which much comes works harder for its stamps', () =>
    deployedWith({ ...ONE, RATE_ADDRESS_PER_SECOND: 2, STAMP_BITS: 10 }, async () => {
      const from = newAddress()
      const difficulties: number[] = []
      for (let n = 0; n < 10; n++) {
        const { text } = await ask('/v1/bootstrap?network=harder', { from })
        difficulties.push((JSON.parse(text) as { difficulty: number }).difficulty)
      }
      expect(difficulties).toEqual([10, 10, 10, 10, 10, 11, 11, 12, 12, 12])
      const other = JSON.parse((await ask('/v1/bootstrap?network=harder', { from: newAddress() })).text)
      expect(other.difficulty).toBe(10)
    }))

  it('may open so many sockets, and is told when it may again', () =>
    deployedWith({ RATE_CONNECTIONS: 2 }, async () => {
      const from = { 'CF-Connecting-IP': newAddress() }
      for (let n = 0; n < 3; n++) await ask('/v1/bootstrap', { headers: from }) // Which open none.
      for (let n = 0; n < 2; n++) await (await enters(`many-${n}`, from)).welcomed()
      const third = await enters('many-2', from)
      expect(await third.next('refusal')).toMatchObject({ code: 'edge-busy', retryAfterMs: 30_000 })
      expect((await third.closing()).reason).toBe('edge-busy')
    }))

  it('may open as many sockets as it likes, where that is not limited', () =>
    deployedWith({ RATE_CONNECTIONS: 0 }, async () => {
      const from = { 'CF-Connecting-IP': newAddress() }
      await (await enters('unlimited', from)).welcomed()
    }))

  it('has so many sockets in one room, which counts them itself', () =>
    deployedWith({ RATE_CONNECTIONS: 2 }, async () => {
      const comes = async (address: string) => {
        const join = newJoin()
        const headers = {
          Upgrade: 'websocket',
          [JOIN_HEADER]: toBase64url(encode(join)),
          [GRANT_HEADER]: toBase64url(new Uint8Array(10)),
          [ADDRESS_HEADER]: address,
        }
        const response = await roomObject('crowd').fetch('https://edge.example/', { headers } as never)
        return RoomSocket.of(response as never, join)
      }
      const [first] = [await comes('a'), await comes('a')]
      await first?.welcomed()
      expect((await refusedFor(await comes('a'))).code).toBe('edge-busy')
      await (await comes('b')).welcomed()
      first?.close()
      await first?.closing()
      await expect
        .poll(async () => {
          const socket = await comes('a')
          return Promise.race([
            socket.next('welcome').then(() => 'in'),
            socket.next('refusal').then(({ code }) => code),
          ])
        })
        .toBe('in')
    }))

  it('that asks too much is told so on sockets too', () =>
    deployedWith(ONE, async () => {
      const from = newAddress()
      await codes(() => ask('/v1/mailboxes/b/messages/x', { from, method: 'DELETE' }), 10)
      const socket = await enters('refused', { 'CF-Connecting-IP': from })
      expect(await socket.next('refusal')).toMatchObject({ code: 'rate-limited', retryAfterMs: 2_000 })
    }))
})

describe('a network and a peer', () => {
  it('may ask so much, whoever asks: and other networks are not held up', () =>
    deployedWith({ RATE_NETWORK_PER_SECOND: 1, RATE_ADDRESS_PER_SECOND: 0, RATE_LOCAL: 'on' }, async () => {
      const reads = () => ask('/v1/bootstrap?network=crowded')
      expect((await codes(reads, 6)).at(-1)).toBe('rate-limited')
      expect((await ask('/v1/bootstrap?network=quiet')).status).toBe(200)
      expect((await ask('/v1/bootstrap?network=%20')).code).toBe('bad-name')
    }))

  it('may write so much with its pass, wherever it comes from', () =>
    deployedWith({ RATE_PEER_PER_SECOND: 1, RATE_ADDRESS_PER_SECOND: 0, RATE_LOCAL: 'on' }, async () => {
      const [mallory, alice] = [await newIdentity(), await newIdentity()]
      const statuses: number[] = []
      for (let n = 0; n < 9; n++) statuses.push((await putValue(mallory, randomBytes(8))).status)
      expect(statuses).toEqual([...Array(7).fill(201), 429, 429])
      expect((await putValue(alice, randomBytes(8))).status).toBe(201)
    }))
})

describe('a peer that goes on and on', () => {
  it('is told on when more was refused than is borne', () =>
    deployedWith({ RATE_PEER_PER_SECOND: 1, RATE_LOCAL: 'on' }, async () => {
      const deployed = env as unknown as Env
      const [peer, request] = [newPeer(), new Request('https://edge.example') as never]
      const asks = (times: number) => {
        for (let n = 0; n < times; n++) peerWaitMs(request, deployed, 'default', peer, 'normal')
      }
      const listing = () => deployed.REGISTRIES.getByName(registryName('default', peer)).listing(peer)
      asks(7 + REQUEST_PATIENCE_BURST)
      expect(await listing()).toBe(undefined)
      asks(1)
      await expect.poll(listing).toMatchObject({ reason: 'flooding' })
    }))
})

describe('Cloudflare’s own counter', () => {
  it('is asked first, where there is one, and not about what is critical', () =>
    deployedWith({ RATE_ADDRESS_PER_SECOND: 0 }, async () => {
      const from = newAddress()
      const got = await codes(() => ask('/v1/bootstrap', { from }), 52)
      expect(got.filter((code) => code === 'rate-limited').length).toBeGreaterThan(0)
      expect((await ask('/health', { from })).status).toBe(200)
      expect((await ask('/v1/bootstrap', { from: newAddress() })).status).toBe(200)
    }))
})

describe('the filter', () => {
  it('reads no body that is said to be too long, and none that is said wrongly', async () => {
    const put = (length: string) =>
      ask('/v1/passes', { method: 'POST', headers: { 'Content-Length': length } })
    expect((await put(`${REQUEST_BYTES_MAX + 1}`)).code).toBe('too-large')
    expect((await put(`${REQUEST_BYTES_MAX}`)).code).not.toBe('too-large')
    expect((await put('-5')).code).toBe('malformed')
    expect((await ask('/health', { method: 'PATCH' })).code).toBe('method-not-allowed')
  })

  it('lets pages of the deployment’s origins alone, and says to browsers which', () =>
    deployedWith({ ORIGINS: 'https://app.example, https://other.example' }, async () => {
      const page = (Origin: string) => ask('/v1/bootstrap', { headers: { Origin } })
      const ours = await page('https://app.example')
      expect([ours.status, ours.headers.get('Access-Control-Allow-Origin')]).toEqual([
        200,
        'https://app.example',
      ])
      // Whoever keeps answers is told that they are not for every page.
      expect(ours.headers.get('Vary')).toContain('Origin')
      const theirs = await page('https://evil.example')
      expect([theirs.status, theirs.code]).toEqual([403, 'origin-denied'])
      expect(theirs.headers.get('Access-Control-Allow-Origin')).toBeNull()
      expect((await page('https://edge.example')).status).toBe(200)
      expect((await ask('/v1/bootstrap')).status).toBe(200)
      const socket = await enters('pages', { Origin: 'https://evil.example' })
      expect((await refusedFor(socket)).code).toBe('forbidden')
      await (await enters('pages', { Origin: 'https://app.example' })).welcomed()
    }))

  const from = (country?: string, asn?: number) => ask('/v1/bootstrap', { cf: { country, asn } })

  it('serves some countries alone, or all but some; those alone only where the country is known', async () => {
    await deployedWith({ COUNTRIES: 'DE,FR' }, async () => {
      expect((await from('DE')).status).toBe(200)
      expect((await from('US')).code).toBe('country-denied')
      expect((await ask('/v1/bootstrap')).code).toBe('country-denied')
      expect((await ask('/health')).status).toBe(200)
    })
    await deployedWith({ COUNTRIES: '!DE' }, async () => {
      expect((await from('DE')).code).toBe('country-denied')
      expect((await from('US')).status).toBe(200)
      expect((await ask('/v1/bootstrap')).status).toBe(200)
    })
  })

  it('and autonomous systems', () =>
    deployedWith({ ASNS: '!64496,!64497' }, async () => {
      expect((await from('DE', 64_496)).code).toBe('asn-denied')
      expect((await from('DE', 64_498)).status).toBe(200)
    }))
})

describe('whatever is refused', () => {
  it('is counted by its code, over HTTP and on sockets', async () => {
    const of = (code: string, over: string) =>
      counters.refusals.values.get(`code="${code}",over="${over}"`) ?? 0
    const all = () => [of('not-found', 'http'), of('bad-request', 'socket')]
    const before = all()
    await ask('/nothing')
    const response = await exports.default.fetch('https://edge.example/v1/rooms/a%0Ab', {
      headers: { Upgrade: 'websocket' },
    })
    await refusedFor(RoomSocket.of(response))
    expect(all()).toEqual(before.map((count) => count + 1))
  })
})
