// The door of an isolate that more is asked of than it can bear. With a clock that stands still.

import { exports } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PRESSED_ADDRESS_BURST, PRESSED_PEER_BURST } from '../../protocol/limits/rates.ts'
import { counters } from '../../workers/meter/isolate.ts'
import { offerOf, passFor } from '../support/passes.ts'
import { ask, codes, enters, newAddress, newJoin } from './gate-asking.ts'
import { deployedWith } from './rooms.ts'
import { newPeer } from './socket.ts'

beforeEach(() => void vi.spyOn(Date, 'now').mockReturnValue(Date.now()))
afterEach(() => vi.restoreAllMocks())

describe('an isolate that is pressed', () => {
  const PRESSED = { RATE_PRESSED_PER_SECOND: 4 }
  const doorCount = () => counters.refusals.values.get('code="rate-limited",over="door"') ?? 0

  it('leaves each address what a page needs, and refuses the rest before the app', () =>
    deployedWith(PRESSED, async () => {
      // A second of its own: what was asked before is not counted.
      vi.mocked(Date.now).mockReturnValue(Date.now() + 1_000)
      for (let n = 0; n < 4; n++) expect((await ask('/v1/bootstrap')).status).toBe(200)
      const from = newAddress()
      const before = doorCount()
      const asked = await codes(() => ask('/v1/bootstrap', { from }), PRESSED_ADDRESS_BURST + 3)
      expect(asked).toEqual([
        ...Array(PRESSED_ADDRESS_BURST).fill(undefined),
        ...Array(3).fill('rate-limited'),
      ])
      expect(doorCount()).toBe(before + 3)
      const refused = await ask('/v1/bootstrap', { from, headers: { Origin: 'https://app.example' } })
      expect(refused.status).toBe(429)
      expect(refused.headers.get('Retry-After')).toBe('1')
      expect(refused.error.retryAfterMs).toBeGreaterThan(0)
      // A page reads why.
      expect(refused.headers.get('Access-Control-Allow-Origin')).toBe('*')
      expect(refused.headers.get('Access-Control-Expose-Headers')).toContain('Retry-After')
      expect(refused.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/)
      expect((await ask('/v1/bootstrap', { from: newAddress() })).status).toBe(200)
      // Whoever comes from nowhere is on a machine of its own.
      expect((await ask('/v1/bootstrap')).status).toBe(200)
    }))

  it('answers a preflight as ever: a browser shows its pass behind it', () =>
    deployedWith({ ...PRESSED, ORIGINS: 'https://app.example' }, async () => {
      const from = newAddress()
      const preflight = (Origin: string) =>
        ask('/v1/turn', {
          from,
          method: 'OPTIONS',
          headers: {
            Origin,
            'Access-Control-Request-Method': 'GET',
            'Access-Control-Request-Headers': 'authorization',
          },
        })
      const seen = ({ status, headers }: Awaited<ReturnType<typeof preflight>>) => [
        status,
        ...['Origin', 'Methods', 'Headers'].map((one) => headers.get(`Access-Control-Allow-${one}`)),
        headers.get('Access-Control-Max-Age'),
      ]
      for (let n = 0; n < 8; n++) await ask('/v1/bootstrap')
      const within = seen(await preflight('https://app.example'))
      expect(within.slice(0, 2)).toEqual([204, 'https://app.example'])
      for (let n = 0; n < PRESSED_ADDRESS_BURST + 4; n++) await ask('/v1/bootstrap', { from })
      const before = doorCount()
      expect(seen(await preflight('https://app.example'))).toEqual(within)
      expect(seen(await preflight('https://evil.example'))[1]).toBeNull()
      expect(doorCount()).toBe(before)
      expect((await ask('/v1/turn', { from, method: 'OPTIONS' })).code).toBe('rate-limited')
    }))

  it('lets whoever shows a good pass go by itself, and nobody by a bad one', () =>
    deployedWith(PRESSED, async () => {
      const from = newAddress()
      for (let n = 0; n < PRESSED_ADDRESS_BURST + 4; n++) await ask('/v1/bootstrap', { from })
      const upgrade = async (pass: { secret?: string; network?: string }) => {
        const offered = await offerOf(newJoin(), pass)
        const headers = {
          Upgrade: 'websocket',
          'Sec-WebSocket-Protocol': offered.join(', '),
          'CF-Connecting-IP': from,
        }
        return exports.default.fetch('https://edge.example/v1/rooms/pressed', { headers })
      }
      const forged = await upgrade({ secret: 'B'.repeat(44) })
      expect([forged.status, forged.webSocket]).toEqual([429, null])
      expect((await upgrade({ network: 'elsewhere' })).status).toBe(429)
      const socket = await enters('pressed', { 'CF-Connecting-IP': from })
      expect((await socket.next('welcome')).kind).toBe('welcome')
      const peer = newPeer()
      const Authorization = `Bearer ${await passFor(peer)}`
      const turns = () => ask('/v1/turn', { from, headers: { Authorization } })
      const answered = await codes(turns, PRESSED_PEER_BURST + 1)
      expect(answered.slice(0, PRESSED_PEER_BURST)).not.toContain('rate-limited')
      expect(answered.at(-1)).toBe('rate-limited')
    }))

  it('bears whatever comes where it is told to', () =>
    deployedWith({ RATE_PRESSED_PER_SECOND: 0 }, async () => {
      const from = newAddress()
      // Below what Cloudflare's own counter takes here.
      const asked = await codes(() => ask('/v1/bootstrap', { from }), PRESSED_ADDRESS_BURST * 2)
      expect(asked).not.toContain('rate-limited')
    }))
})
