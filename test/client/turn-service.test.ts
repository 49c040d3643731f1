// GET /v1/turn of an edge that asks Cloudflare's TURN service: a real edge, and a server that answers as the documentation says
// the service does (developers.cloudflare.com/realtime/turn/generate-credentials, 2026-11), or as it should not.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { TURN_RETRY_MS, TURN_UPSTREAM_BYTES_MAX, TURN_UPSTREAM_MS } from '../../protocol/limits/turn.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { passFor } from '../support/passes.ts'

const TOKEN = 'a-token-nobody-but-the-service-shall-see'
const GIVEN = {
  iceServers: [
    { urls: ['stun:stun.cloudflare.com:3478', 'stun:stun.cloudflare.com:53'] },
    {
      urls: [
        'turn:turn.cloudflare.com:3478?transport=udp',
        'turn:turn.cloudflare.com:53?transport=udp',
        'turn:turn.cloudflare.com:3478?transport=tcp',
        'turn:turn.cloudflare.com:80?transport=tcp',
        'turns:turn.cloudflare.com:5349?transport=tcp',
        'turns:turn.cloudflare.com:443?transport=tcp',
      ],
      username: 'bc91b63e2b5d759f8eb9f3b58062439e',
      credential: 'ebd71f1d3edbc2b0edae3cd5a6d82284',
    },
  ],
}

interface Asked {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

let service: Server
let edge: LocalEdge
let asked: Asked[] = []
let answer: (response: ServerResponse) => void
const answers = (status: number, body: unknown) => (response: ServerResponse) => {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

beforeAll(async () => {
  service = createServer(async (request, response) => {
    const { method, url, headers } = request
    let body = ''
    for await (const chunk of request) body += chunk
    asked.push({ method, url, headers, body })
    answer(response)
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  edge = await LocalEdge.start({ vars: vars(portOf(service)) })
})
beforeEach(() => {
  asked = []
  answer = answers(201, GIVEN)
})
afterAll(async () => {
  await edge?.stop()
  service?.closeAllConnections()
  await new Promise((resolve) => service.close(resolve))
})

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function vars(port: number) {
  const TURN_API_BASE = `http://127.0.0.1:${port}/v1/`
  return { TURN_KEY_ID: 'a key/of ours', TURN_KEY_API_TOKEN: TOKEN, TURN_API_BASE, TURN_LIFETIME_MS: 600_000 }
}

let peers = 0
async function ask() {
  const headers = { Authorization: `Bearer ${await passFor(new Uint8Array(32).fill(++peers))}` }
  const response = await fetch(`${edge.url}/v1/turn`, { headers })
  const text = await response.text()
  expect(text).not.toContain(TOKEN)
  return { status: response.status, headers: response.headers, body: JSON.parse(text) }
}

describe('credentials of Cloudflare’s TURN service', () => {
  it('are asked for with the key, for the lifetime that was set, and given without what browsers block', async () => {
    const beforeMs = Date.now()
    const { status, headers, body } = await ask()
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(body).toEqual({
      // Of which the deployment's own list has the STUN server already.
      iceServers: [
        { urls: 'stun:stun.cloudflare.com:3478' },
        {
          urls: [
            'turn:turn.cloudflare.com:3478?transport=udp',
            'turn:turn.cloudflare.com:3478?transport=tcp',
            'turn:turn.cloudflare.com:80?transport=tcp',
            'turns:turn.cloudflare.com:5349?transport=tcp',
            'turns:turn.cloudflare.com:443?transport=tcp',
          ],
          username: GIVEN.iceServers[1]?.username,
          credential: GIVEN.iceServers[1]?.credential,
        },
      ],
      expiresAtMs: expect.any(Number),
      lifetimeMs: 600_000,
    })
    expect(body.expiresAtMs - beforeMs).toBeGreaterThanOrEqual(600_000)
    expect(body.expiresAtMs - Date.now()).toBeLessThanOrEqual(600_000)
    expect(asked).toHaveLength(1)
    const [{ method, url, headers: sent, body: said } = {} as Asked] = asked
    expect([method, url]).toEqual([
      'POST',
      '/v1/turn/keys/a%20key%2Fof%20ours/credentials/generate-ice-servers',
    ])
    expect([sent.authorization, sent['content-type']]).toEqual([`Bearer ${TOKEN}`, 'application/json'])
    expect(JSON.parse(said)).toEqual({ ttl: 600 })
  })

  const server = GIVEN.iceServers[1]
  it.each<[string, number, unknown]>([
    ['does not know the key', 401, { errors: [{ message: 'unauthorized' }] }],
    ['does not know the route', 404, 'not here'],
    ['answers no JSON', 201, '<html>'],
    ['answers nothing', 201, ''],
    ['answers null', 201, 'null'],
    ['gives no list', 201, { iceServers: server }],
    ['gives an empty list', 201, { iceServers: [] }],
    ['gives no credentials', 201, { iceServers: [{ urls: ['turn:turn.cloudflare.com:3478'] }] }],
    ['gives what browsers block alone', 201, { iceServers: [{ ...server, urls: ['turn:t:53'] }] }],
    ['gives URLs of another kind', 201, { iceServers: [{ ...server, urls: ['https://t'] }] }],
    ['goes on without end', 201, ' '.repeat(TURN_UPSTREAM_BYTES_MAX + 1)],
  ])('are refused, as 502, where the service %s', async (_, status, body) => {
    answer = answers(status, body)
    const { status: got, body: said } = await ask()
    expect([got, said.error.code]).toEqual([502, 'turn-refused'])
  })

  it('are not asked for where the service points to', async () => {
    answer = (response) => {
      response.writeHead(307, { Location: '/elsewhere' })
      response.end()
    }
    expect((await ask()).status).toBe(502)
    expect(asked.map(({ url }) => url)).not.toContain('/elsewhere')
  })

  it.each([429, 500, 503])('are refused for a while, as 503, where the service says %i', async (status) => {
    answer = answers(status, 'too busy')
    const { status: got, headers, body } = await ask()
    expect([got, body.error.code, body.error.retryAfterMs]).toEqual([503, 'turn-unavailable', TURN_RETRY_MS])
    expect(Number(headers.get('retry-after'))).toBe(TURN_RETRY_MS / 1_000)
  })

  it('are refused for a while where the service says nothing, or is not there', async () => {
    answer = () => {}
    const beforeMs = Date.now()
    const silent = await ask()
    expect([silent.status, silent.body.error.code]).toEqual([503, 'turn-unavailable'])
    expect(Date.now() - beforeMs).toBeGreaterThanOrEqual(TURN_UPSTREAM_MS - 50)
    answer = (response) => response.socket?.destroy()
    const broken = await ask()
    expect([broken.status, broken.body.error.code]).toEqual([503, 'turn-unavailable'])
  })
})
