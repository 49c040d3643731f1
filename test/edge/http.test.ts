// The edge over HTTP: what it serves, and the one shape in which it refuses.

import { describe, expect, it } from 'vitest'
import { VERSION } from '../../protocol/version.ts'
import { WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { fetchDescribed } from './described.ts'
import { deployedWith } from './rooms.ts'

const ask = async (path: string, init?: RequestInit) => {
  const response = await fetchDescribed(`https://edge.example${path}`, init)
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  }
}

describe('GET /health', () => {
  it('says that the edge and each class of its objects can be reached', async () => {
    const { status, headers, body } = await ask('/health')
    expect(status).toBe(200)
    expect(body).toEqual({
      status: 'ok',
      version: VERSION,
      uptimeMs: expect.any(Number),
      objects: {
        SignalingRoom: { ok: true, latencyMs: expect.any(Number) },
        RelayMailbox: { ok: true, latencyMs: expect.any(Number) },
        NetworkRegistry: { ok: true, latencyMs: expect.any(Number) },
        DhtShard: { ok: true, latencyMs: expect.any(Number) },
      },
    })
    expect(headers.get('Cache-Control')).toBe('no-store')
  })
})

describe('GET /v1/bootstrap', () => {
  it('says what a client needs before its first socket', async () => {
    const { status, headers, body } = await ask('/v1/bootstrap')
    expect(status).toBe(200)
    expect(body).toEqual({
      version: { software: VERSION, wire: WIRE_VERSION },
      network: 'default',
      iceServers: [{ urls: 'stun:stun.cloudflare.com:3478' }],
      relays: [{ url: 'https://edge.example' }],
      challenge: expect.stringMatching(/^[\w-]{43}$/),
      difficulty: 16,
      reportEveryMs: 60_000,
      limits: {
        messageBytesMax: 65_535,
        metadataBytesMax: 1_024,
        roomPeersMax: 1_000,
        presenceTimeoutMs: 30_000,
        tokensPerSecond: 100,
        tokensBurst: 200,
        bytesPerSecond: 4_194_304,
        bytesBurst: 8_388_608,
      },
    })
    expect(headers.get('Cache-Control')).toBe('no-store')
  })

  it('names the network asked for, and refuses what is no network’s name', async () => {
    expect((await ask('/v1/bootstrap?network=my-app')).body.network).toBe('my-app')
    for (const wrong of ['', 'a%2Fb', '-a', 'a'.repeat(129)]) {
      const { status, body } = await ask(`/v1/bootstrap?network=${wrong}`)
      expect([status, body.error.code]).toEqual([400, 'bad-name'])
    }
  })

  it('gives the deployment’s ICE servers, and none where none are set', async () => {
    const servers = [
      { urls: ['turn:turn.example:3478', 'turns:turn.example'], username: 'u', credential: 'c' },
    ]
    await deployedWith({ ICE_SERVERS: JSON.stringify(servers) }, async () => {
      expect((await ask('/v1/bootstrap')).body.iceServers).toEqual(servers)
    })
    await deployedWith({ ICE_SERVERS: '' }, async () => {
      expect((await ask('/v1/bootstrap')).body.iceServers).toEqual([])
    })
  })

  it.each([
    ['stun:stun.example', 'ICE_SERVERS is not JSON'],
    ['{}', 'ICE_SERVERS must be a list'],
    ['[{"url":"stun:stun.example"}]', 'ICE_SERVERS must be a list'],
    ['[{"urls":"https://stun.example"}]', 'ICE_SERVERS must be a list'],
    ['[{"urls":[]}]', 'ICE_SERVERS must be a list'],
    ['[{"urls":"stun:a","credential":5}]', 'ICE_SERVERS must be a list'],
  ])('says of ICE_SERVERS = %s what is wrong with it', async (ICE_SERVERS, problem) => {
    await deployedWith({ ICE_SERVERS }, async () => {
      const { status, body } = await ask('/v1/bootstrap')
      expect([status, body.error.code]).toEqual([500, 'misconfigured'])
      expect(body.error.message).toContain(problem)
    })
  })

  it.each([
    ['ROOM_PEERS_MAX', '0'],
    ['ROOM_PEERS_MAX', '30001'],
    ['PRESENCE_TIMEOUT_MS', 'soon'],
    ['ROOM_TOKENS_PER_SECOND', '1.5'],
    ['ROOM_BYTES_PER_SECOND', '-1'],
  ])('says of %s = %s that it cannot be', async (name, value) => {
    await deployedWith({ [name]: value }, async () => {
      const { status, body } = await ask('/v1/bootstrap')
      expect([status, body.error.code]).toEqual([500, 'misconfigured'])
      expect(body.error.message).toContain(name)
    })
  })
})

describe('whatever is refused', () => {
  it.each([
    ['GET', '/nothing', 404, 'not-found'],
    ['GET', '/v1/rooms', 404, 'not-found'],
    ['GET', '/v1/rooms/a/b', 404, 'not-found'],
    ['POST', '/health', 405, 'method-not-allowed'],
    ['DELETE', '/v1/bootstrap', 405, 'method-not-allowed'],
    ['PUT', '/v1/rooms/a', 405, 'method-not-allowed'],
    ['GET', '/v1/rooms/a', 426, 'upgrade-required'],
    ['GET', '/v1/rooms/a%0Ab', 400, 'bad-name'],
    ['GET', '/v1/rooms/a?network=%20', 400, 'bad-name'],
  ])('%s %s is refused with %i %s, in one shape', async (method, path, wanted, code) => {
    const { status, headers, body } = await ask(path, { method })
    expect(status).toBe(wanted)
    expect(body).toEqual({ error: { code, message: expect.any(String) } })
    expect(headers.get('Content-Type')).toMatch('application/json')
    if (wanted === 405) expect(headers.get('Allow')).toBe('GET, HEAD, OPTIONS')
    if (wanted === 426) expect(headers.get('Upgrade')).toBe('websocket')
  })
})

describe('every answer', () => {
  it.each(['/health', '/v1/bootstrap', '/nothing', '/v1/rooms/a'])(
    'of %s may be read by any page, and be no page',
    async (path) => {
      const { headers } = await ask(path, { headers: { Origin: 'https://app.example' } })
      expect(headers.get('Access-Control-Allow-Origin')).toBe('*')
      expect(headers.get('Content-Security-Policy')).toBe("default-src 'none'; frame-ancestors 'none'")
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
      expect(headers.get('X-Frame-Options')).toBe('DENY')
      expect(headers.get('Referrer-Policy')).toBe('no-referrer')
      expect(headers.get('Cross-Origin-Resource-Policy')).toBe('cross-origin')
      expect(headers.get('Strict-Transport-Security')).toMatch(/max-age=\d{7,}/)
    },
  )

  it('has an id of its request, the client’s where it brought a good one', async () => {
    const first = (await ask('/health')).headers.get('X-Request-Id')
    const second = (await ask('/health')).headers.get('X-Request-Id')
    expect(first).toMatch(/^[\w-]{8,}$/)
    expect(second).not.toBe(first)
    const own = await ask('/nothing', { headers: { 'X-Request-Id': 'my-request-1' } })
    expect(own.headers.get('X-Request-Id')).toBe('my-request-1')
    const wrong = await ask('/nothing', { headers: { 'X-Request-Id': 'x y"<script>' } })
    expect(wrong.headers.get('X-Request-Id')).toMatch(/^[\w-]{8,}$/)
  })

  it('to a preflight says what pages may send', async () => {
    const asked = {
      Origin: 'https://app.example',
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'authorization',
    }
    const { status, headers } = await ask('/v1/bootstrap', { method: 'OPTIONS', headers: asked })
    expect(status).toBe(204)
    expect(headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(headers.get('Access-Control-Allow-Methods')).toContain('GET')
    expect(headers.get('Access-Control-Allow-Headers')).toMatch(/authorization/i)
    expect(headers.get('Access-Control-Max-Age')).toBe('86400')
  })
})
