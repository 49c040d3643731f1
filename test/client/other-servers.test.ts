// What answers at an address need not be an edge: connect() says what it found, in its own words and in time.

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { CHALLENGE_BYTES, SCOPE } from '../../protocol/crypto/admission/challenge.ts'
import { STAMP_BYTES } from '../../protocol/crypto/admission/stamp.ts'
import { peerIdOf } from '../../protocol/crypto/identity.ts'
import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { SIZES } from '../../protocol/crypto/suite.ts'
import { STAMP_PUZZLES } from '../../protocol/limits/admission.ts'
import { offeredPass } from '../../protocol/room/admission.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { CLOSE_CODE_BASE, REFUSAL, SUBPROTOCOL, WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { passFor } from '../support/passes.ts'
import { client, codeOf } from './clients.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serves(
  listener: RequestListener,
  onUpgrade?: (request: IncomingMessage, socket: Duplex) => void,
): Promise<string> {
  const server = createServer(listener)
  if (onUpgrade !== undefined) server.on('upgrade', onUpgrade)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

const answers = (status: number, body: string) =>
  serves((_, response) => response.writeHead(status).end(body))
const bootstrap = (wire: number, challenge?: string) =>
  JSON.stringify({
    version: { software: '1', wire },
    network: 'default',
    iceServers: [],
    challenge,
    limits: {},
  })

async function bytesOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** An edge as far as passes go, with no room behind it. */
function withoutRooms(onUpgrade?: (request: IncomingMessage, socket: Duplex) => void): Promise<string> {
  const hash = nativeHash(crypto.subtle as unknown as Subtle)
  const challenge = new Uint8Array(32)
  challenge.set([SCOPE.pass, 1, STAMP_PUZZLES], 4)
  new DataView(challenge.buffer).setUint32(0, Date.now() / 1_000)
  return serves(async (request, response) => {
    if (request.url?.startsWith('/v1/rooms/')) return response.writeHead(404).end()
    if (request.method !== 'POST') return response.end(bootstrap(WIRE_VERSION, toBase64url(challenge)))
    const body = await bytesOf(request)
    const key = body.subarray(CHALLENGE_BYTES + STAMP_BYTES).subarray(0, SIZES.signaturePublicKey)
    return response.end(JSON.stringify({ pass: await passFor(await peerIdOf(hash, key)) }))
  }, onUpgrade)
}

describe('connect', () => {
  it.each<[string, number, string]>([
    ['a page', 200, '<html>'],
    ['JSON of something else', 200, '{"hello":"world"}'],
    ['nothing', 200, ''],
    ['null', 200, 'null'],
    ['not found', 404, '<html>'],
    ['forbidden', 403, '{"error":{"message":"no"}}'],
  ])('says edge-refused when it finds %s', async (_, status, body) => {
    expect(await codeOf(client(await answers(status, body)))).toBe('edge-refused')
  })

  it('says version-mismatch when the edge speaks another version', async () => {
    expect(await codeOf(client(await answers(200, bootstrap(WIRE_VERSION + 1))))).toBe('version-mismatch')
  })

  it('says edge-unreachable when nobody answers in time', async () => {
    expect(await codeOf(client('http://127.0.0.1:9', { timeoutMs: 50 }))).toBe('edge-unreachable')
  })

  it('says edge-unreachable, with the cause, when the edge fails all the time', async () => {
    const url = await answers(503, '')
    const error = await client(url, { timeoutMs: 500 }).catch((each: unknown) => each)
    expect(error).toMatchObject({ code: 'edge-unreachable', cause: { message: 'status 503' } })
  })

  it('waits for an edge that is only coming up', async () => {
    let asked = 0
    const url = await serves((_, response) => {
      asked++
      response.writeHead(asked > 1 ? 200 : 503).end(asked > 1 ? bootstrap(WIRE_VERSION) : '')
    })
    expect((await client(url)).status().rooms).toEqual([])
  })

  it.each(['before', 'while nobody answers', 'in the middle of the answer'])(
    'says aborted when its signal fires %s',
    async (when) => {
      const abort = new AbortController()
      if (when === 'before') abort.abort(new Error('enough'))
      const url = await serves((_, response) => {
        if (when !== 'while nobody answers') response.writeHead(200).write('{')
        setImmediate(() => abort.abort(new Error('enough')))
      })
      const error = await client(url, { signal: abort.signal }).catch((each: unknown) => each)
      expect(error).toMatchObject({ code: 'aborted', cause: { message: 'enough' } })
    },
  )

  it('says edge-unreachable when the answer never ends', async () => {
    const url = await serves((_, response) => response.writeHead(200).write('{'))
    expect(await codeOf(client(url, { timeoutMs: 100 }))).toBe('edge-unreachable')
  })

  it('tries again when the answer broke in the middle', async () => {
    let asked = 0
    const url = await serves((_, response) => {
      asked++
      response.writeHead(200)
      if (asked > 1) return response.end(bootstrap(WIRE_VERSION))
      response.write('{')
      return setImmediate(() => response.destroy())
    })
    expect((await client(url)).id).toBeTypeOf('string')
  })
})

describe('join', () => {
  it('says edge-refused, and why, when the edge gives no pass', async () => {
    const waypost = await client(await answers(200, bootstrap(WIRE_VERSION)))
    const error = await waypost.join('lobby').catch((each: unknown) => each)
    expect(error).toMatchObject({ code: 'edge-refused', cause: { code: 'edge-refused' } })
    expect(String(error)).toContain('the edge gave no challenge')
  })

  it('says edge-unreachable, in the time it was given, when there is an answer but no room', async () => {
    const waypost = await client(await withoutRooms())
    const beganMs = performance.now()
    expect(await codeOf(waypost.join('lobby', { timeoutMs: 300 }))).toBe('edge-unreachable')
    expect(performance.now() - beganMs).toBeLessThan(2_000)
    expect(waypost.status().rooms).toEqual([])
  })

  it.each([
    ['pass-forged', 3],
    ['pass-expired', 3],
    ['pass-foreign', 1],
    ['pass-malformed', 1],
  ] as const)(
    'says edge-refused when every pass is answered %s, after showing %i',
    async (refusal, shown) => {
      const passes: unknown[] = []
      const url = await withoutRooms((request, socket) => {
        passes.push(offeredPass(request.headers['sec-websocket-protocol']))
        const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
            `Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}\r\n` +
            `Sec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`,
        )
        const code = Buffer.alloc(2)
        code.writeUInt16BE(CLOSE_CODE_BASE + REFUSAL[refusal])
        socket.end(Buffer.concat([Buffer.of(0x88, 2), code]))
      })
      const waypost = await client(url)
      const error = await waypost.join('lobby').catch((each: unknown) => each)
      expect(error).toMatchObject({ code: 'edge-refused', message: expect.stringContaining('pass-') })
      expect(passes.map((pass) => typeof pass)).toEqual(Array.from({ length: shown }, () => 'string'))
    },
  )

  it('aborted leaves the room to those who still wait for it', async () => {
    const waypost = await client(await withoutRooms())
    const abort = new AbortController()
    const aborted = codeOf(waypost.join('lobby', { timeoutMs: 1_000, signal: abort.signal }))
    const waiting = codeOf(waypost.join('lobby'))
    abort.abort()
    expect(await aborted).toBe('aborted')
    expect(waypost.status().rooms.length).toBe(1)
    expect(await waiting).toBe('edge-unreachable')
  })

  it('aborted by the last who waits is given up', async () => {
    const waypost = await client(await withoutRooms())
    const aborts = [new AbortController(), new AbortController()]
    const waiting = aborts.map(({ signal }) => codeOf(waypost.join('lobby', { signal })))
    for (const abort of aborts) abort.abort()
    expect(await Promise.all(waiting)).toEqual(['aborted', 'aborted'])
    expect(waypost.status().rooms).toEqual([])
  })

  it('says closed when the Waypost is closed meanwhile', async () => {
    const waypost = await client(await withoutRooms())
    const joining = codeOf(waypost.join('lobby'))
    await waypost.close()
    expect(await joining).toBe('closed')
    expect(await codeOf(waypost.join('lobby'))).toBe('closed')
  })
})
