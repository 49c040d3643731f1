// What the edge said before anything else, kept with the identity: a page that starts without a network goes by it, and asks on
// until there is one. Loaded with the keys, while the edge is asked for the first time.

import { type Bootstrap, type IceServer, parseIceServers } from '../protocol/bootstrap.ts'
import { WaypostError } from '../protocol/errors.ts'
import { BOOTSTRAP_KEPT_MS, BOOTSTRAP_SILENT_MS } from '../protocol/limits/identities.ts'
import { utf8 } from '../protocol/wire/bytes.ts'
import { WIRE_VERSION } from '../protocol/wire/registry.ts'
import { type Answer, type Asking, askEdge, pause, RETRY_MS } from './bootstrap.ts'
import type { SealedStore } from './identities/store.ts'
import { watchNetwork } from './network-watch.ts'
import type { BootstrapStatus } from './types.ts'

/** Between tries, doubled up to this: nobody waits for them. */
const RETRY_MOST_MS = 30_000

interface Said {
  readonly iceServers: readonly IceServer[]
  readonly reportEveryMs: number | undefined
  /** By our own clock. */
  readonly atMs: number
}

export class Bootstraps {
  readonly #base: URL
  readonly #network: string
  readonly #store: SealedStore
  readonly #over = new AbortController()
  #said: Said = { iceServers: [], reportEveryMs: undefined, atMs: 0 }
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
    if (said === undefined && (await this.#restore())) {
      void this.#askOn()
      return undefined
    }
    return this.#heard(await answer)
  }

  get iceServers(): readonly IceServer[] {
    return this.#said.iceServers
  }

  /** How often it wants to hear how our links do; 0: not. Undefined before it has said. */
  get reportEveryMs(): number | undefined {
    return this.#said.reportEveryMs
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

  #heard(answer: Answer): string {
    const { iceServers, challenge, reportEveryMs } = read(answer, this.#base.origin)
    // An edge of before there were reports says nothing of them.
    this.#said = { iceServers, reportEveryMs: Number(reportEveryMs) || 0, atMs: Date.now() }
    this.#state = 'answered'
    return challenge
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
      this.#heard(await askEdge(this.#base, this.#network, this.#over.signal, longer).answer)
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

  async #restore(): Promise<boolean> {
    const bytes = await this.#store.get(this.#place).catch(() => undefined)
    const { atMs, iceServers } =
      (bytes && (parseJson(new TextDecoder().decode(bytes)) as Partial<Said>)) ?? {}
    const servers = parseIceServers(iceServers)
    if (servers === undefined || typeof atMs !== 'number' || Date.now() - atMs > BOOTSTRAP_KEPT_MS)
      return false
    this.#said = { iceServers: servers, reportEveryMs: undefined, atMs }
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
