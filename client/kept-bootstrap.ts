// What the edge said before anything else, kept with the identity: a page that starts without a network goes by it, and asks on
// until there is one. Loaded with the keys, while the edge is asked for the first time.

import { type Bootstrap, type IceServer, parseIceServers } from '../protocol/bootstrap.ts'
import { WaypostError } from '../protocol/errors.ts'
import { DHT_REGION_LENGTH_MAX } from '../protocol/limits/dht.ts'
import { EDGES_LEARNT_MAX } from '../protocol/limits/edges.ts'
import { BOOTSTRAP_KEPT_MS, BOOTSTRAP_SILENT_MS } from '../protocol/limits/identities.ts'
import { utf8 } from '../protocol/wire/bytes.ts'
import { WIRE_VERSION } from '../protocol/wire/registry.ts'
import { type Answer, type Asking, askEdge, pause, RETRY_MS } from './bootstrap.ts'
import { edgeUrl } from './edge-url.ts'
import type { SealedStore } from './identities/store.ts'
import { watchNetwork } from './network-watch.ts'
import type { BootstrapStatus } from './types.ts'

/** Between tries, doubled up to this: nobody waits for them. */
const RETRY_MOST_MS = 30_000

interface Said {
  readonly iceServers: readonly IceServer[]
  /** There are more of them, with credentials: see ice-servers.ts. */
  readonly turn: boolean
  readonly reportEveryMs: number | undefined
  /** Where the edge sees us; empty where it does not say. */
  readonly region: string
  /** Addresses of other edges, in its order. */
  readonly relays: readonly string[]
  /** By our own clock. */
  readonly atMs: number
}

/** What connect() and a Waypost see of it: of one edge, or of several (edges/edges.ts). */
export interface BootstrapDesk {
  readonly iceServers: readonly IceServer[]
  readonly turn: boolean
  readonly reportEveryMs: number | undefined
  readonly region: string
  readonly status: BootstrapStatus
  begin(asking: Asking): Promise<string | undefined>
  keep(): Promise<void>
  close(): void
}

export class Bootstraps implements BootstrapDesk {
  readonly #base: URL
  readonly #network: string
  readonly #store: SealedStore
  readonly #over = new AbortController()
  #said: Said = {
    iceServers: [],
    turn: false,
    reportEveryMs: undefined,
    region: '',
    relays: [],
    atMs: 0,
  }
  #state: BootstrapStatus['state'] = 'kept'

  constructor(base: URL, network: string, store: SealedStore) {
    this.#base = base
    this.#network = network
    this.#store = store
  }

  /**
   * Gives the edge's challenge; undefined when the edge does not answer, and we go by what it said last. Rejects as the asking
   * does, when nothing is kept; and throws when the edge refuses.
   */
  async begin({ answer, failed }: Asking): Promise<string | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, BOOTSTRAP_SILENT_MS, undefined)
    })
    const said = await Promise.race([answer, failed, silence])
      .catch(unlessUnreachable)
      .finally(() => clearTimeout(timer))
    if (said === undefined && (await this.restore())) {
      void this.#askOn()
      return undefined
    }
    return this.hears(await answer)
  }

  get iceServers(): readonly IceServer[] {
    return this.#said.iceServers
  }

  get turn(): boolean {
    return this.#said.turn
  }

  /** How often it wants to hear how our links do; 0: not. Undefined before it has said. */
  get reportEveryMs(): number | undefined {
    return this.#said.reportEveryMs
  }

  get region(): string {
    return this.#said.region
  }

  /** Something that was said is known, if only to an earlier life. */
  get isKept(): boolean {
    return this.#said.atMs > 0
  }

  /** Other edges, by what this one said last. */
  get relays(): readonly string[] {
    return this.#said.relays
  }

  get status(): BootstrapStatus {
    return { state: this.#state, ageMs: Math.max(0, Date.now() - this.#said.atMs) }
  }

  /** For the next life of the page. What the device will not keep, it does without. */
  async keep(): Promise<void> {
    if (this.#state === 'answered')
      await this.#store.set(this.#place, utf8(JSON.stringify(this.#said))).catch(() => {})
  }

  close(): void {
    this.#over.abort()
  }

  /** Gives the challenge; throws what a refusal says. */
  hears(answer: Answer): string {
    const body = read(answer, this.#base.origin)
    this.#said = {
      iceServers: body.iceServers,
      turn: body.turn === true,
      // An edge of before there were reports says nothing of them.
      reportEveryMs: Number(body.reportEveryMs) || 0,
      region: regionOf(body.region),
      relays: readRelays(body.relays, this.#base),
      atMs: Date.now(),
    }
    this.#state = 'answered'
    return body.challenge
  }

  /** Who refuses is not asked again: rooms and mailboxes are told the same, and say so. */
  async #askOn(): Promise<void> {
    let tries = 0
    let hurry = new AbortController()
    const stop = watchNetwork(() => {
      tries = 0
      hurry.abort()
      hurry = new AbortController()
    })
    const longer = () => {
      const ms = Math.min(RETRY_MOST_MS, RETRY_MS * 2 ** tries++) * (0.5 + Math.random() / 2)
      return pause(ms, AbortSignal.any([hurry.signal, this.#over.signal]))
    }
    try {
      this.hears(await askEdge(this.#base, this.#network, this.#over.signal, longer).answer)
      await this.keep()
    } catch {
      // Closed, or refused.
    } finally {
      stop()
    }
  }

  get #place(): string {
    return `bootstrap ${this.#base.href} ${this.#network}`
  }

  /** Goes by what was said to an earlier life. False: nothing was kept, or it is too old. */
  async restore(): Promise<boolean> {
    const bytes = await this.#store.get(this.#place).catch(() => undefined)
    const { atMs, iceServers, turn, region, relays } =
      (bytes && (parseJson(new TextDecoder().decode(bytes)) as Partial<Said>)) ?? {}
    const servers = parseIceServers(iceServers)
    if (servers === undefined || typeof atMs !== 'number' || Date.now() - atMs > BOOTSTRAP_KEPT_MS)
      return false
    this.#said = {
      iceServers: servers,
      turn: turn === true,
      reportEveryMs: undefined,
      region: regionOf(region),
      relays: readRelays(relays, this.#base),
      atMs,
    }
    return true
  }
}

function unlessUnreachable(problem: unknown): undefined {
  if (!(problem instanceof WaypostError) || problem.code !== 'edge-unreachable') throw problem
}

/** Throws what a refusal says, and what answers and is no edge, or one of another version. */
function read({ ok, status, text }: Answer, origin: string): Bootstrap {
  const body = parseJson(text)
  if (!ok) {
    const { error } = (body ?? {}) as { error?: { message?: unknown } }
    const why = typeof error?.message === 'string' ? error.message : `status ${status}`
    throw new WaypostError('edge-refused', `the edge refused: ${why}`)
  }
  const { version, iceServers } = (body ?? {}) as { version?: { wire?: unknown }; iceServers?: unknown }
  if (typeof version?.wire !== 'number' || parseIceServers(iceServers) === undefined)
    throw new WaypostError('edge-refused', `what answers at ${origin} is not a Waypost edge`)
  if (version.wire !== WIRE_VERSION) {
    const message = `the edge speaks version ${version.wire} of the protocol, this client ${WIRE_VERSION}`
    throw new WaypostError('version-mismatch', message)
  }
  return body as Bootstrap
}

/** As announcements may say it; anything else is nothing. */
function regionOf(region: unknown): string {
  return typeof region === 'string' && region.length <= DHT_REGION_LENGTH_MAX && /^[A-Za-z]*$/.test(region)
    ? region
    : ''
}

/** Whatever is no address of another edge is passed over: what we connect with must not hang on what an edge says of others. */
function readRelays(relays: unknown, own: URL): string[] {
  const urls = new Set<string>()
  for (const relay of Array.isArray(relays) ? relays : []) {
    const said: unknown = typeof relay === 'string' ? relay : (relay as { url?: unknown } | null)?.url
    const url = edgeUrl(said, own.protocol === 'https:')
    if (url !== undefined && url !== `${own.origin}/`) urls.add(url)
    if (urls.size === EDGES_LEARNT_MAX) break
  }
  return [...urls]
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
