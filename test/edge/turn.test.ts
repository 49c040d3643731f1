// GET /v1/turn in workerd: who is given credentials, that a coturn would take them, and what wrong settings are told. What
// Cloudflare's service answers is in test/client/turn-service.test.ts; a real coturn in test/browser/turn.test.ts.

import { exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { CAPABILITY } from '../../protocol/crypto/admission/pass.ts'
import { TURN_ASKS_BURST } from '../../protocol/limits/turn.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import type { GivenSettings } from '../../workers/settings/table.ts'
import { Allowance } from '../../workers/turn/allowance.ts'
import { coturnServer, hmac } from '../../workers/turn/coturn.ts'
import { turnUrlsFor } from '../../workers/turn/spread.ts'
import { passFor, type TestPass } from '../support/passes.ts'
import { deployedWith } from './rooms.ts'

const STUN = { urls: 'stun:stun.cloudflare.com:3478' }
const COTURN = {
  TURN_URLS: 'turn:turn.example:3478, turns:turn.example:443?transport=tcp',
  TURN_SECRET: 'north',
}

let peers = 0
/** Each test asks as somebody else: what one may ask is bounded. */
const someone = () => new Uint8Array(32).fill(++peers)

async function ask(subject = someone(), pass: TestPass = {}, path = '/v1/turn') {
  const headers = { Authorization: `Bearer ${await passFor(subject, pass)}` }
  const response = await exports.default.fetch(`https://edge.example${path}`, { headers } as never)
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) }
}

const plainly = async (path: string) => {
  const response = await exports.default.fetch(`https://edge.example${path}`)
  return { status: response.status, body: JSON.parse(await response.text()) }
}
const bootstrap = () => plainly('/v1/bootstrap')
const health = () => plainly('/health')

describe('GET /v1/turn', () => {
  it('gives the deployment’s other ICE servers where there is no TURN, and the bootstrap does not send anybody there', async () => {
    const { status, headers, body } = await ask()
    expect([status, body]).toEqual([200, { iceServers: [STUN], expiresAtMs: null, lifetimeMs: null }])
    expect(headers.get('Cache-Control')).toBe('no-store')
    expect((await bootstrap()).body).not.toHaveProperty('turn')
  })

  it('gives credentials in the form that coturn checks, for as long as was set, and never the peer’s id', async () => {
    await deployedWith({ ...COTURN, TURN_LIFETIME_MS: '60000' }, async () => {
      const subject = someone()
      const beforeMs = Date.now()
      const { status, headers, body } = await ask(subject)
      expect([status, headers.get('Cache-Control')]).toEqual([200, 'no-store'])
      const [stun, server, ...more] = body.iceServers
      expect([stun, more]).toEqual([STUN, []])
      expect(server.urls).toEqual(['turn:turn.example:3478', 'turns:turn.example:443?transport=tcp'])
      const [expiry, label] = server.username.split(':')
      expect(Number(expiry)).toBe(Math.floor(body.expiresAtMs / 1_000))
      expect(body.expiresAtMs).toBeGreaterThanOrEqual(beforeMs + 60_000)
      expect(body.expiresAtMs).toBeLessThanOrEqual(Date.now() + 60_000)
      expect(body.lifetimeMs).toBe(60_000)
      expect(label).toMatch(/^[0-9a-f]{16}$/)
      const mac = await hmac('SHA-1', 'north', new TextEncoder().encode(server.username))
      expect(server.credential).toBe(btoa(String.fromCharCode(...mac)))
      const said = JSON.stringify(body)
      expect(said).not.toContain('north')
      expect(said).not.toContain(toBase64url(subject))
      expect((await bootstrap()).body.turn).toBe(true)
      // The same peer is known by the same label, another by another.
      expect((await ask(subject)).body.iceServers[1].username).toContain(`:${label}`)
      expect((await ask()).body.iceServers[1].username).not.toContain(label)
    })
  })

  it('wants a pass, a good one, of this network, with which one may be in rooms', async () => {
    const bare = await exports.default.fetch('https://edge.example/v1/turn')
    expect([bare.status, (await bare.json<{ error: { code: string } }>()).error.code]).toEqual([
      401,
      'pass-missing',
    ])
    const code = async (pass: TestPass, path?: string) => {
      const { status, body } = await ask(someone(), pass, path)
      return [status, body.error.code]
    }
    expect(await code({ secret: 'A'.repeat(44) })).toEqual([401, 'pass-forged'])
    expect(await code({ expiresAtMs: Date.now() - 1_000 })).toEqual([401, 'pass-expired'])
    expect(await code({ network: 'elsewhere' })).toEqual([403, 'pass-foreign'])
    expect(await code({ capabilities: CAPABILITY.mail | CAPABILITY.records })).toEqual([403, 'pass-foreign'])
    expect(await code({}, '/v1/turn?network=a%2Fb')).toEqual([400, 'bad-name'])
    expect((await ask(someone(), { network: 'demo' }, '/v1/turn?network=demo')).status).toBe(200)
  })

  it('is for those who ask now and then: beyond that a pass is told when to come back, and others are not', async () => {
    await deployedWith(COTURN, async () => {
      const subject = someone()
      for (let asked = 0; asked < TURN_ASKS_BURST; asked++) expect((await ask(subject)).status).toBe(200)
      const { status, headers, body } = await ask(subject)
      expect([status, body.error.code]).toEqual([429, 'rate-limited'])
      expect(body.error.retryAfterMs).toBeGreaterThan(0)
      expect(Number(headers.get('Retry-After'))).toBeGreaterThan(0)
      expect((await ask()).status).toBe(200)
    })
  })

  it.each<[GivenSettings, RegExp]>([
    [{ TURN_URLS: 'turn:turn.example' }, /TURN_SECRET is not/],
    [{ TURN_KEY_ID: 'key' }, /TURN_KEY_API_TOKEN is not/],
    [{ ...COTURN, TURN_KEY_ID: 'key', TURN_KEY_API_TOKEN: 'hush-hush' }, /both set/],
    [{ TURN_KEY_ID: 'key', TURN_KEY_API_TOKEN: 'hush-hush', TURN_API_BASE: 'ftp://x' }, /TURN_API_BASE must/],
    [{ TURN_URLS: 'stun:turn.example', TURN_SECRET: 'hush-hush' }, /TURN_URLS must.*not stun:/],
    [{ TURN_URLS: 'turn:a,,turn:b', TURN_SECRET: 'hush-hush' }, /TURN_URLS must/],
    [{ TURN_URLS: 'turn:a:65536', TURN_SECRET: 'hush-hush' }, /TURN_URLS must/],
    [{ ...COTURN, TURN_LIFETIME_MS: '4999' }, /TURN_LIFETIME_MS must/],
    [{ ...COTURN, TURN_LIFETIME_MS: 'long' }, /TURN_LIFETIME_MS must/],
    [{ ...COTURN, TURN_LIFETIME_MS: '172800001' }, /TURN_LIFETIME_MS must/],
  ])('says of %j what is wrong with it, and no secret', async (settings, problem) => {
    await deployedWith(settings, async () => {
      // Health above all: who starts or watches an edge asks nothing else.
      for (const { status, body } of [await ask(), await bootstrap(), await health()]) {
        expect([status, body.error.code]).toEqual([500, 'misconfigured'])
        expect(body.error.message).toMatch(problem)
        expect(body.error.message).not.toContain('hush-hush')
      }
    })
  })
})

describe('a secret that was set before what it belongs to', () => {
  it.each<GivenSettings>([{ TURN_SECRET: 'hush-hush' }, { TURN_KEY_API_TOKEN: 'hush-hush' }])(
    'keeps nobody out: %j',
    (settings) =>
      deployedWith(settings, async () => {
        expect((await health()).status).toBe(200)
        expect((await bootstrap()).body).not.toHaveProperty('turn')
        expect((await ask()).body.iceServers).toEqual([STUN])
      }),
  )
})

describe('credentials of a shared secret', () => {
  it('are those of RFC 2202 and of another implementation', async () => {
    const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    const text = new TextEncoder().encode('what do ya want for nothing?')
    expect(hex(await hmac('SHA-1', 'Jefe', text))).toBe('effcdf6ae5eb2fa2d27416d5f184df9c259a7c79')
    // Computed with Python's hmac, 2026-11-22.
    expect(await coturnServer(['turn:t'], 'north', new Uint8Array(32).fill(5), 1_763_769_600_999)).toEqual({
      urls: ['turn:t'],
      username: '1763769600:87ef4a05e6c4652d',
      credential: '7NGQSfA7QcIbvtx7P61GPKNefd0=',
    })
  })
})

describe('the allowance of an isolate', () => {
  it('comes back with time, and forgets the oldest of too many', () => {
    const allowance = new Allowance(2)
    for (let asked = 0; asked < TURN_ASKS_BURST; asked++) expect(allowance.take('a', 1_000)).toBe(0)
    const waitMs = allowance.take('a', 1_000)
    expect(waitMs).toBeGreaterThan(0)
    expect(allowance.take('b', 1_000)).toBe(0)
    expect(allowance.take('a', 1_000 + waitMs - 1)).toBeGreaterThan(0)
    expect(allowance.take('a', 1_000 + waitMs)).toBe(0)
    expect(allowance.take('a', 1_000 + waitMs)).toBeGreaterThan(0)
    // `b` asked before `a` did: it goes first.
    expect(allowance.take('c', 1_000 + waitMs)).toBe(0)
    expect(allowance.take('a', 1_000 + waitMs)).toBeGreaterThan(0)
  })
})

describe('of several TURN servers', () => {
  const urls = ['a', 'b', 'c', 'd'].flatMap((name) => [
    `turn:${name}.example:3478`,
    `turns:${name}.example:443?transport=tcp`,
  ])

  it('each peer is told of two, by all their addresses, and always of the same', () => {
    const hosts = (key: string) => new Set(turnUrlsFor(urls, key).map((url) => url.split(':')[1]))
    for (let i = 0; i < 50; i++) {
      const told = turnUrlsFor(urls, `peer ${i}`)
      expect([told.length, hosts(`peer ${i}`).size]).toEqual([4, 2])
      expect(turnUrlsFor(urls, `peer ${i}`)).toEqual(told)
      // One that goes moves only those who were told of it.
      const gone = turnUrlsFor(urls.slice(2), `peer ${i}`)
      if (!told.some((url) => url.includes('a.example'))) expect(gone).toEqual(told)
    }
  })

  it('each has its share of the peers', () => {
    const counts = new Map<string, number>()
    for (let i = 0; i < 2_000; i++)
      for (const url of turnUrlsFor(urls, `peer ${i}`)) counts.set(url, (counts.get(url) ?? 0) + 1)
    expect([...counts.values()].length).toBe(8)
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(120)
  })

  it('one or two are told as they are', () => {
    const few = ['turn:a.example', 'turns:A.example:443', 'turn:[2001:db8::1]:3478?transport=udp']
    expect(turnUrlsFor(few, 'peer')).toBe(few)
    expect(new Set(turnUrlsFor([...few, 'turn:[2001:db8::2]:3478'], 'peer')).size).toBeLessThan(4)
  })
})
