// Whether this edge is alive: asks /health again and again while somebody looks, quickly when it does not answer, and
// says what became of it. What the answers hold is read with care: what answers may be another version, or no edge.

import type { Tone } from './dom.ts'

export interface Probe {
  readonly name: string
  readonly ok: boolean
  readonly latencyMs: number
  readonly reason: string
}

export type Health =
  | { readonly kind: 'asking' }
  | {
      readonly kind: 'up' | 'ailing'
      readonly version: string
      readonly uptimeMs: number
      readonly probes: readonly Probe[]
      /** From this page to the edge and back. */
      readonly roundTripMs: number
      /** How long it had been away, when this is the first answer since. */
      readonly awayMs: number | undefined
    }
  | { readonly kind: 'down'; readonly sinceMs: number; readonly first: boolean }

export const TONES = { asking: 'quiet', up: 'good', ailing: 'relay', down: 'bad' } as const satisfies Record<
  Health['kind'],
  Tone
>

const EVERY_MS = 10_000
const EVERY_WHEN_DOWN_MS = 2_000
const ANSWER_MS_MAX = 6_000

export class HealthWatch {
  /** The page asks once, however many of its parts want to know. */
  static readonly shared = new HealthWatch()

  readonly #listeners: ((health: Health) => void)[] = []
  #latest: Health = { kind: 'asking' }
  #timer: ReturnType<typeof setTimeout> | undefined
  #asking = false
  #downSinceMs: number | undefined

  private constructor() {
    document.addEventListener('visibilitychange', () => this.#plan(0))
    window.addEventListener('online', () => this.#plan(0))
    window.addEventListener('offline', () => this.#plan(0))
  }

  /** Told what is known, and of whatever changes. */
  listen(changed: (health: Health) => void): void {
    this.#listeners.push(changed)
    changed(this.#latest)
    if (this.#latest.kind === 'asking') this.#plan(0)
  }

  /** Something happened that makes the answer worth having now. */
  look(): void {
    this.#plan(0)
  }

  #plan(inMs: number): void {
    clearTimeout(this.#timer)
    if (document.hidden) return // Asked again when somebody looks.
    this.#timer = setTimeout(() => void this.#ask(), inMs)
  }

  async #ask(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    const began = performance.now()
    const answer = await ask('/health')
    const roundTripMs = performance.now() - began
    this.#asking = false
    const health = readHealth(answer)
    if (health === undefined) this.#down()
    else {
      const awayMs = this.#downSinceMs === undefined ? undefined : Date.now() - this.#downSinceMs
      this.#downSinceMs = undefined
      this.#changed({ ...health, roundTripMs, awayMs })
    }
    this.#plan(health?.kind === 'up' ? EVERY_MS : EVERY_WHEN_DOWN_MS)
  }

  #changed(health: Health): void {
    this.#latest = health
    for (const listener of this.#listeners) listener(health)
  }

  #down(): void {
    const first = this.#downSinceMs === undefined
    this.#downSinceMs ??= Date.now()
    this.#changed({ kind: 'down', sinceMs: this.#downSinceMs, first })
  }
}

/** A JSON object, whatever its status; undefined when there is none. */
export async function ask(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS_MAX) })
    const body: unknown = await response.json()
    return isRecord(body) ? body : undefined
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const textOr = (value: unknown, instead: string): string =>
  typeof value === 'string' ? value : instead
export const numberOr = (value: unknown, instead: number): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : instead

function readHealth(body: Record<string, unknown> | undefined) {
  if (body === undefined || typeof body.status !== 'string') return undefined
  const probes = Object.entries(isRecord(body.objects) ? body.objects : {}).flatMap(([name, probe]) => {
    if (!isRecord(probe)) return []
    const { ok, latencyMs, reason } = probe
    return [{ name, ok: ok === true, latencyMs: numberOr(latencyMs, 0), reason: textOr(reason, '') }]
  })
  const kind: 'up' | 'ailing' = body.status === 'ok' ? 'up' : 'ailing'
  return { kind, version: textOr(body.version, 'unknown'), uptimeMs: numberOr(body.uptimeMs, 0), probes }
}
