// A network larger than any test could fill with real peers: a thousand of them, drawn from a seed, told as the edge tells it
// (GET /network/…), beside the built dashboard. Only for what a page does with so much; all else is tested on a real edge.

import { readFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import { dist } from '../../scripts/paths.ts'
import { seeded } from './seeded.ts'

const REGIONS = ['weur', 'enam', 'wnam', 'apac', 'eeur', 'sam', 'oc', 'me', 'afr', 'unknown']
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}
const ID_CHARS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'

export interface LargeOptions {
  readonly peers: number
  readonly rooms: number
  readonly links: number
  /** The time that all of it is of; now where there is none. */
  readonly atMs?: number
  /** Whether there is a stream of events; or it has to be asked. */
  readonly events?: boolean
}

export class LargeNetwork {
  readonly url: string
  readonly #server: Server
  readonly #topology: ReturnType<typeof topologyOf>
  readonly #atMs: number
  readonly #hasEvents: boolean
  /** Who asked while nothing was answered; undefined while something is. */
  #waiting: ServerResponse[] | undefined

  private constructor(server: Server, url: string, options: LargeOptions) {
    this.#server = server
    this.url = url
    this.#atMs = options.atMs ?? Date.now()
    this.#hasEvents = options.events === true
    this.#topology = topologyOf(options, this.#atMs)
  }

  static async start(options: LargeOptions): Promise<LargeNetwork> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('no address')
    const network = new LargeNetwork(server, `http://127.0.0.1:${address.port}`, options)
    server.on('request', (request, response) => network.#answer(request.url ?? '/', response))
    return network
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** From now on it hangs. */
  fallSilent(): void {
    this.#waiting = []
  }

  /** Whoever waits is cut off, and answered when they ask anew. */
  speakAgain(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const response of waiting) response.destroy()
  }

  #answer(url: string, response: ServerResponse): void {
    const { pathname } = new URL(url, this.url)
    if (!pathname.startsWith('/network/') && pathname !== '/health') return serveFile(pathname, response)
    if (this.#waiting !== undefined) return void this.#waiting.push(response)
    if (pathname === '/network/events' && this.#hasEvents) return beginEvents(response)
    const bodies: Readonly<Record<string, () => unknown>> = {
      '/health': () => ({ status: 'ok', version: 'test', uptimeMs: 3_600_000, objects: {} }),
      '/network/health': () => this.#health(),
      '/network/topology': () => this.#topology,
      '/network/queue/stats': () => QUEUES,
      '/network/blacklist': () => blacklistOf(this.#topology.peers, this.#atMs),
      '/network/audit': () => auditOf(this.#topology.peers, this.#atMs),
    }
    const ofPeer = () => ({ seenAtMs: this.#atMs, blacklisted: null })
    const body = pathname.startsWith('/network/peer/') ? ofPeer : bodies[pathname]
    response.setHeader('Content-Type', 'application/json')
    response.statusCode = body === undefined ? 404 : 200
    response.end(JSON.stringify(body?.() ?? { error: { code: 'not-found', message: 'nothing here' } }))
  }

  #health() {
    const { peers, rooms, links } = this.#topology
    const direct = links.filter(({ path }) => path === 'direct').length
    const regions: Record<string, number> = {}
    for (const { region } of peers) regions[region] = (regions[region] ?? 0) + 1
    return {
      network: 'demo',
      atMs: this.#atMs,
      status: 'healthy',
      reasons: ['99.1 of 100 messages arrived, and half of all round trips took less than 64 ms.'],
      peers: peers.length,
      rooms: rooms.length,
      links: { direct, relay: links.length - direct, medianRttMs: 64, p95RttMs: 212 },
      traffic: {
        windowMs: 300_000,
        messages: 48_211,
        bytes: 61_400_000,
        refused: 318,
        dropped: 121,
        successRate: 0.991,
      },
      regions,
      dht: {
        shards: 16,
        splits: 0,
        records: 1_204,
        bytes: 6_291_456,
        behind: 0,
        gets: 912,
        found: 847,
        puts: 61,
        refusals: {},
      },
      refusals: { 'rate-limited': 214, 'pass-expired': 61, 'room-full': 32, 'bad-stamp': 11 },
      history: historyOf(this.#atMs, peers.length, rooms.length, direct, links.length - direct),
    }
  }
}

const QUEUES = {
  network: 'demo',
  mailboxes: 412,
  behind: 0,
  total: { depth: 1_207, bytes: 9_800_000, oldestAgeMs: 5 * 3_600_000 },
  priorities: { critical: { depth: 12 }, high: { depth: 188 }, normal: { depth: 841 }, low: { depth: 166 } },
  refused: {},
}

type Named = readonly { readonly id: string }[]

const MINUTE_MS = 60_000
const idAt = (peers: Named, at: number) => peers[at % peers.length]?.id ?? ''

function blacklistOf(peers: Named, atMs: number) {
  const entry = (at: number, reason: string, sinceMs: number, forMs: number | null, more: object) => ({
    id: idAt(peers, at),
    reason,
    sinceMs: atMs - sinceMs,
    untilMs: forMs === null ? null : atMs - sinceMs + forMs,
    ...more,
  })
  const automatic = (offences: object) => ({ source: 'automatic', offences })
  return {
    entries: [
      entry(3, 'flooding', 4 * MINUTE_MS, 10 * MINUTE_MS, automatic({ flooding: 1 })),
      entry(8, 'forged', 31 * MINUTE_MS, 60 * MINUTE_MS, automatic({ forged: 5, malformed: 12 })),
      entry(13, 'admin', 190 * MINUTE_MS, null, {
        source: 'admin',
        offences: {},
        note: 'sells passes, see ticket 118',
      }),
    ],
  }
}

function auditOf(peers: Named, atMs: number) {
  const entry = (at: number, act: string, agoMs: number, note: string, terms = {}) => {
    return { atMs: atMs - agoMs, act, id: idAt(peers, at), by: 'admin', note, ...terms }
  }
  const forGood = { reason: 'admin', untilMs: null }
  const forAWhile = { reason: 'flooding', untilMs: atMs - 20 * MINUTE_MS }
  return {
    entries: [
      entry(21, 'unlist', 55 * MINUTE_MS, ''),
      entry(13, 'list', 190 * MINUTE_MS, 'sells passes, see ticket 118', forGood),
      entry(21, 'list', 260 * MINUTE_MS, 'asked to be left alone while we look', forAWhile),
    ],
  }
}

function topologyOf({ peers: many, rooms: roomCount, links: linkCount }: LargeOptions, atMs: number) {
  const below = belowOf(7)
  const id = () => Array.from({ length: 43 }, () => ID_CHARS[below(ID_CHARS.length)]).join('')
  // Rooms of very different sizes, as rooms are.
  const places = Array.from({ length: many }, () => Math.floor(roomCount * (below(1_000) / 1_000) ** 2))
  const members = Array.from({ length: roomCount }, (_, room) =>
    places.flatMap((each, at) => (each === room ? [at] : [])),
  )
  const peers = places.map((room, at) => ({
    id: id(),
    region: REGIONS[Math.floor(REGIONS.length * (below(1_000) / 1_000) ** 1.6)] ?? 'unknown',
    rooms: at % 23 === 0 ? [...new Set([room, below(roomCount)])] : [room],
    sinceMs: atMs - below(3_600_000),
  }))
  const rooms = members.map((within, at) => ({
    id: `room-${at}`,
    name:
      ROOM_NAMES[at % ROOM_NAMES.length] +
      (at < ROOM_NAMES.length ? '' : ` ${Math.floor(at / ROOM_NAMES.length) + 1}`),
    members: within.length,
    region: 'weur',
  }))
  const known = new Set<string>()
  const links: { a: number; b: number; path: 'direct' | 'relay'; rttMs: number | null }[] = []
  for (let tries = 0; links.length < linkCount && tries < linkCount * 50; tries++) {
    const a = below(many)
    const within = members[places[a] ?? 0] ?? []
    const b = within[below(within.length)] ?? a
    const pair = `${Math.min(a, b)} ${Math.max(a, b)}`
    if (a === b || known.has(pair)) continue
    known.add(pair)
    const isDirect = below(100) < 78
    const rttMs = below(20) === 0 ? null : Math.round((isDirect ? 12 : 40) + below(240) * (below(100) / 100))
    links.push({ a, b, path: isDirect ? 'direct' : 'relay', rttMs })
  }
  return { network: 'demo', atMs, truncated: false, peers, rooms, links }
}

function belowOf(seed: number): (bound: number) => number {
  const draw = seeded(seed)
  return (bound) => Math.floor(draw() * bound)
}

const ROOM_NAMES = [
  'lobby',
  'support',
  'chess',
  'whiteboard',
  'field notes',
  'night shift',
  'garden',
  'radio',
  'atlas',
  'workshop',
]

function historyOf(atMs: number, peers: number, rooms: number, direct: number, relay: number) {
  const below = belowOf(11)
  return Array.from({ length: 120 }, (_, at) => {
    const wave = 0.72 + 0.2 * Math.sin(at / 19) + 0.08 * (at / 120)
    const share = wave + below(100) / 4_000
    return {
      atMs: atMs - (119 - at) * 30_000,
      peers: at === 119 ? peers : Math.round(peers * share),
      rooms: at === 119 ? rooms : Math.round(rooms * Math.min(1, share + 0.1)),
      messages: Math.round(4_800 * share + below(300)),
      bytes: Math.round(6_100_000 * share + below(400_000)),
      refused: at > 70 && at < 82 ? 160 + below(60) : 18 + below(14),
      direct: Math.round(direct * share),
      relay: Math.round(relay * share * (1.1 - below(20) / 100)),
      medianRttMs: Math.round(58 + below(12) + (at > 70 && at < 82 ? 60 : 0)),
    }
  })
}

/** Nothing ever happens; the stream stays open until the server stops. */
function beginEvents(response: ServerResponse): void {
  response.setHeader('Content-Type', 'text/event-stream')
  response.write('retry: 3000\n\n: nothing new\n\n')
}

function serveFile(pathname: string, response: ServerResponse): void {
  const name = pathname === '/' ? 'index.html' : pathname.slice(1)
  const folder = join(dist, 'dashboard')
  // The same policy as deployed: a script, style or worker that it forbids fails the test.
  for (const line of readFileSync(join(folder, '_headers'), 'utf8').split('\n')) {
    const [, header, value] = /^ {2}([\w-]+): (.*)$/.exec(line) ?? []
    if (header !== undefined && value !== undefined) response.setHeader(header, value)
  }
  try {
    const content = /^[\w.-]+$/.test(name) ? readFileSync(join(folder, name)) : undefined
    response.setHeader('Content-Type', TYPES[extname(name)] ?? 'application/octet-stream')
    response.statusCode = content === undefined ? 404 : 200
    response.end(content)
  } catch {
    response.statusCode = 404
    response.end()
  }
}
