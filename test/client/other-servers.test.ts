// What answers at an address need not be an edge: connect() says what it found, in its own words and in time.

import { createServer, type RequestListener, type Server } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { client, codeOf } from './clients.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serves(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

const answers = (status: number, body: string) =>
  serves((_, response) => response.writeHead(status).end(body))
const bootstrap = (wire: number) =>
  JSON.stringify({ version: { software: '1', wire }, network: 'default', iceServers: [], limits: {} })

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
    const error = await client(url, { timeoutMs: 50 }).catch((each: unknown) => each)
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
  it('says edge-unreachable, in the time it was given, when there is an answer but no room', async () => {
    const url = await answers(200, bootstrap(WIRE_VERSION))
    const waypost = await client(url)
    const beganMs = performance.now()
    expect(await codeOf(waypost.join('lobby', { timeoutMs: 300 }))).toBe('edge-unreachable')
    expect(performance.now() - beganMs).toBeLessThan(2_000)
    expect(waypost.status().rooms).toEqual([])
  })

  it('aborted leaves the room to those who still wait for it', async () => {
    const waypost = await client(await answers(200, bootstrap(WIRE_VERSION)))
    const abort = new AbortController()
    const aborted = codeOf(waypost.join('lobby', { timeoutMs: 1_000, signal: abort.signal }))
    const waiting = codeOf(waypost.join('lobby'))
    abort.abort()
    expect(await aborted).toBe('aborted')
    expect(waypost.status().rooms.length).toBe(1)
    expect(await waiting).toBe('edge-unreachable')
  })

  it('aborted by the last who waits is given up', async () => {
    const waypost = await client(await answers(200, bootstrap(WIRE_VERSION)))
    const aborts = [new AbortController(), new AbortController()]
    const waiting = aborts.map(({ signal }) => codeOf(waypost.join('lobby', { signal })))
    for (const abort of aborts) abort.abort()
    expect(await Promise.all(waiting)).toEqual(['aborted', 'aborted'])
    expect(waypost.status().rooms).toEqual([])
  })

  it('says closed when the Waypost is closed meanwhile', async () => {
    const waypost = await client(await answers(200, bootstrap(WIRE_VERSION)))
    const joining = codeOf(waypost.join('lobby'))
    await waypost.close()
    expect(await joining).toBe('closed')
    expect(await codeOf(waypost.join('lobby'))).toBe('closed')
  })
})
