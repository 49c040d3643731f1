// What leaves an edge about its requests: traces, posted to a collector of this test's own, and its log, as a process writes it. Real
// workerd, real HTTP; and no pass, token or id of anybody in either.

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { type AddressInfo, connect as connectTo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, traceAs } from '../../client/index.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { NodeMember, newJoin, roomUrl } from '../support/node-member.ts'
import { offerOf, passFor } from '../support/passes.ts'

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, string> }[]
  readonly status: { readonly code: number }
}

interface Export {
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly spans: readonly Span[]
}

const TOKEN = 'admin-token-'.padEnd(43, 'A')
const SERVICE_KEY = 'service-key-0123456789abcdef'
const COLLECTOR_KEY = 'collector-key-0123456789abcdef'

/** A collector: answers 200 with an empty object, as the specification says; or what a test wants. */
const exports: Export[] = []
let status = 200
const collector: Server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const text = Buffer.concat(chunks).toString()
    exports.push({ headers: request.headers, text, spans: spansOf(text) })
    response
      .writeHead(status, { 'Content-Type': 'application/json', Location: 'https://example.com/' })
      .end('{}')
  })
})

let log = ''
let edge: LocalEdge
const vars = (sample: number) => ({
  ADMIN_TOKEN: TOKEN,
  TRACE_SAMPLE: sample,
  TRACE_COLLECTOR: `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`,
  TRACE_HEADERS: JSON.stringify({ Authorization: `Bearer ${COLLECTOR_KEY}` }),
})

beforeAll(async () => {
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  edge = await LocalEdge.start({
    vars: vars(1),
    heard: (text) => {
      log += text
    },
  })
})
afterAll(async () => {
  await edge.stop()
  collector.close()
})

/** The body of an export, held to the layout of ExportTraceServiceRequest in OTLP's JSON. */
function spansOf(text: string): readonly Span[] {
  const { resourceSpans, ...rest } = JSON.parse(text)
  expect(rest).toEqual({})
  return resourceSpans.flatMap(({ resource, scopeSpans }: { resource: unknown; scopeSpans: unknown[] }) => {
    expect(resource).toEqual({ attributes: expect.any(Array) })
    return scopeSpans.flatMap((scoped) => (scoped as { spans: readonly Span[] }).spans)
  })
}

function expectSound(span: Span): void {
  expect(span.traceId).toMatch(/^[0-9a-f]{32}$/)
  expect(span.spanId).toMatch(/^[0-9a-f]{16}$/)
  expect([1, 2, 3, 4, 5]).toContain(span.kind)
  expect([0, 1, 2]).toContain(span.status.code)
  for (const time of [span.startTimeUnixNano, span.endTimeUnixNano]) expect(time).toMatch(/^\d{19}$/)
  expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true)
  for (const { key, value } of span.attributes) {
    expect(key).toMatch(/^[a-z][a-z_.]+$/)
    expect(Object.keys(value)).toHaveLength(1)
    expect(Object.keys(value)[0]).toMatch(/^(stringValue|intValue)$/)
  }
}

/** Spans of a trace, when so many have come. */
async function spansOfTrace(traceId: string, least: number): Promise<readonly Span[]> {
  const found = () => exports.flatMap(({ spans }) => spans).filter((span) => span.traceId === traceId)
  await expect.poll(() => found().length).toBeGreaterThanOrEqual(least)
  return found()
}

const newTrace = () => crypto.randomUUID().replaceAll('-', '')
const PARENT = '00f067aa0ba902b7'

describe('a traced request', () => {
  it('is exported whole, in the client’s trace: its own span, one of each call it made, and what the object did', async () => {
    const traceId = newTrace()
    const headers = { traceparent: `00-${traceId}-${PARENT}-01` }
    await fetch(`${edge.url}/network/queue/stats?network=traced`, { headers })
    const spans = await spansOfTrace(traceId, 33)
    for (const span of spans) expectSound(span)
    const [own, ...rest] = spans
    const [calls, work] = [3, 2].map((kind) => rest.filter((span) => span.kind === kind)) as [Span[], Span[]]
    expect(own).toMatchObject({
      name: 'GET /network/queue/stats',
      kind: 2,
      parentSpanId: PARENT,
      status: { code: 0 },
    })
    expect(calls.map(({ name }) => name)).toEqual(Array(16).fill('NetworkRegistry.totals'))
    for (const { parentSpanId } of calls) expect(parentSpanId).toBe(own?.spanId)
    expect(work.map(({ name }) => name)).toEqual(Array(16).fill('NetworkRegistry answers totals'))
    expect(new Set(work.map(({ parentSpanId }) => parentSpanId))).toEqual(
      new Set(calls.map(({ spanId }) => spanId)),
    )
    const { headers: sent } = exports.find(({ text }) => text.includes(traceId)) as Export
    expect(sent.authorization).toBe(`Bearer ${COLLECTOR_KEY}`)
    expect(sent['content-type']).toBe('application/json')
    expect(exports.filter(({ text }) => text.includes(traceId))).toHaveLength(1)
  })

  it('goes on in the object that takes a socket', async () => {
    const [join, traceId] = [newJoin(), newTrace()]
    // Node's takes headers, which a browser's does not.
    const options = { protocols: await offerOf(join), headers: { traceparent: `00-${traceId}-${PARENT}-01` } }
    const socket = new WebSocket(roomUrl(edge.url, 'traced'), options as never)
    await new NodeMember(socket).next('welcome')
    socket.close()
    const spans = await spansOfTrace(traceId, 3)
    for (const span of spans) expectSound(span)
    const named = (name: string) => spans.find((span) => span.name === name)
    const [own, call, object] = [
      'GET /v1/rooms/:room',
      'SignalingRoom.fetch',
      'SignalingRoom takes a socket',
    ].map(named)
    expect([own?.parentSpanId, call?.parentSpanId, object?.parentSpanId]).toEqual([
      PARENT,
      own?.spanId,
      call?.spanId,
    ])
  })

  it('is the application’s, where it says so: whatever its client asks, sockets too, and nothing any more when it says so', async () => {
    const traceId = newTrace()
    traceAs(`00-${traceId}-${PARENT}-01`)
    const waypost = await connect(edge.url, { network: 'client-traced', relayOnly: true })
    try {
      await waypost.join('lobby')
      const spans = await spansOfTrace(traceId, 5)
      const ofClient = spans.filter(({ parentSpanId }) => parentSpanId === PARENT).map(({ name }) => name)
      for (const name of ['GET /v1/bootstrap', 'POST /v1/passes', 'GET /v1/rooms/:room'])
        expect(ofClient).toContain(name)
      expect(spans.map(({ name }) => name)).toContain('SignalingRoom takes a socket')
      traceAs(undefined)
      await waypost.join('annex')
      // The collector has been told of all there was before when it is told of this.
      const last = newTrace()
      await fetch(`${edge.url}/health`, { headers: { traceparent: `00-${last}-${PARENT}-01` } })
      await spansOfTrace(last, 1)
      const rooms = exports.flatMap(({ spans }) => spans).filter((span) => span.traceId === traceId)
      expect(rooms.filter(({ name }) => name === 'GET /v1/rooms/:room')).toHaveLength(1)
    } finally {
      traceAs(undefined)
      await waypost.close()
    }
    for (const wrong of ['', 'x', `00-${traceId}-${PARENT}`, `00-${traceId}-${PARENT}-01&network=other`])
      expect(() => traceAs(wrong)).toThrow(TypeError)
  })

  it('is bounded, however many calls it makes, and is no slower for a collector that refuses', async () => {
    status = 500
    const answers = Array.from({ length: 100 }, () => fetch(`${edge.url}/health`))
    expect((await Promise.all(answers)).every(({ ok }) => ok)).toBe(true)
    status = 200
    // What was traced of a hundred at once is what may be in a second; and eight at once leave.
    const metrics = await fetch(`${edge.url}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } })
    const text = await metrics.text()
    const ended = (outcome: string) =>
      Number(new RegExp(`trace_exports_total\\{.*outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1])
    expect(ended('failed')).toBeGreaterThan(0)
    expect(ended('failed') + ended('dropped')).toBeLessThanOrEqual(45)
    for (const { spans } of exports) expect(spans.length).toBeLessThanOrEqual(33)
  })
})

describe('what is traced', () => {
  it('is nothing where no share is: not even what its client traces', async () => {
    await edge.restart(vars(0))
    const [before, traceId] = [exports.length, newTrace()]
    await fetch(`${edge.url}/health`, { headers: { traceparent: `00-${traceId}-${PARENT}-01` } })
    await edge.restart(vars(1e-9))
    // With the least share that is one, what a client traces is traced; by that we know that nothing was before.
    const asked = newTrace()
    await fetch(`${edge.url}/health`, { headers: { traceparent: `00-${asked}-${PARENT}-01` } })
    await spansOfTrace(asked, 1)
    expect(exports.slice(before).some(({ text }) => text.includes(traceId))).toBe(false)
    const unsampled = newTrace()
    await fetch(`${edge.url}/health`, { headers: { traceparent: `00-${unsampled}-${PARENT}-00` } })
    const last = newTrace()
    await fetch(`${edge.url}/health`, { headers: { traceparent: `00-${last}-${PARENT}-01` } })
    await spansOfTrace(last, 1)
    expect(exports.some(({ text }) => text.includes(unsampled))).toBe(false)
  })
})

describe('whoever goes away before the answer', () => {
  it('is counted all the same, and its place is free again', async () => {
    // A service that takes what it is asked, and says nothing.
    let asked = 0
    const silent = createServer(() => asked++)
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    try {
      const { port } = silent.address() as AddressInfo
      const service = { TURN_KEY_ID: 'key', TURN_KEY_API_TOKEN: SERVICE_KEY }
      await edge.restart({ ...vars(0), ...service, TURN_API_BASE: `http://127.0.0.1:${port}` })
      const pass = await passFor(crypto.getRandomValues(new Uint8Array(32)))
      const { hostname, port: edgePort } = new URL(edge.url)
      const client = connectTo({ host: hostname, port: Number(edgePort) })
      client.on('error', () => {})
      client.write(`GET /v1/turn HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${pass}\r\n\r\n`)
      await expect.poll(() => asked).toBe(1)
      // Not only that it says no more: that nobody hears any more, which a server can notice.
      client.resetAndDestroy()
      const figures = async () => {
        const answer = await fetch(`${edge.url}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } })
        const text = await answer.text()
        const value = (name: string) => Number(new RegExp(`${name}.*\\} (\\d+)`).exec(text)?.[1] ?? 0)
        return {
          inFlight: value('in_flight\\{.*priority="normal"'),
          counted: value('requests_total\\{.*route="/v1/turn"'),
        }
      }
      expect(await figures()).toEqual({ inFlight: 1, counted: 0 })
      await expect.poll(figures, { timeout: 10_000 }).toEqual({ inFlight: 0, counted: 1 })
    } finally {
      silent.closeAllConnections()
      silent.close()
    }
  })
})

describe('secrets', () => {
  it('are in no trace and no line of the log, wherever in a request they were', async () => {
    // A service that nobody answers at: something has to fail, and to be logged for it.
    const service = {
      TURN_KEY_ID: 'key',
      TURN_KEY_API_TOKEN: SERVICE_KEY,
      TURN_API_BASE: 'http://127.0.0.1:9',
    }
    await edge.restart({ ...vars(1), ...service })
    log = ''
    const peer = crypto.getRandomValues(new Uint8Array(32))
    const [pass, id] = [await passFor(peer), peerIdText(peer)]
    const before = exports.length
    for (const secret of [pass, TOKEN]) {
      const places: [string, RequestInit][] = [
        [`/v1/mailboxes/${id}/messages`, { headers: { Authorization: `Bearer ${secret}` } }],
        ['/health', { headers: { 'X-Request-Id': secret, Cookie: `pass=${secret}`, 'User-Agent': secret } }],
        [`/v1/bootstrap?network=${secret}&pass=${secret}`, {}],
        [`/v1/rooms/${secret}`, {}],
        ['/v1/turn', { headers: { Authorization: `Bearer ${secret}` } }],
        [`/nothing/${secret}`, { headers: { Referer: `https://app.example/${secret}` } }],
        [
          '/v1/passes',
          { method: 'POST', body: secret, headers: { 'Content-Type': 'application/octet-stream' } },
        ],
        [`/v1/dht/records/${secret}`, { headers: { traceparent: secret, tracestate: secret } }],
        ['/metrics', { headers: { Authorization: `Bearer ${secret}` } }],
        [
          `/v1/mailboxes/${id}/access`,
          { method: 'PUT', body: secret, headers: { Authorization: `Bearer ${secret}` } },
        ],
      ]
      for (const [path, init] of places) await (await fetch(`${edge.url}${path}`, init)).text()
    }
    const traceId = newTrace()
    await expect
      .poll(async () => {
        await fetch(`${edge.url}/health`, { headers: { traceparent: `00-${traceId}-${PARENT}-01` } })
        return exports.some(({ text }) => text.includes(traceId)) && log.includes(traceId)
      })
      .toBe(true)
    const lines = log.split('\n').filter((line) => line.startsWith('{'))
    expect(lines.length).toBeGreaterThan(10)
    const failed = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error')
    expect(failed.length).toBeGreaterThan(0)
    for (const { status, method, requestId, ms } of failed) {
      expect(status).toBeGreaterThanOrEqual(500)
      expect([method, requestId.length <= 40, typeof ms]).toEqual(['GET', true, 'number'])
    }
    const said =
      log +
      exports
        .slice(before)
        .map(({ text }) => text)
        .join('\n')
    for (const secret of [pass, TOKEN, COLLECTOR_KEY, SERVICE_KEY, id, pass.slice(0, 40)]) {
      expect(said).not.toContain(secret)
      expect(said).not.toContain(Buffer.from(secret).toString('base64'))
    }
  })
})
