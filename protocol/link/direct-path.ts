// Whether the direct path can be trusted with traffic: it is open, it has spoken, and it does not owe us an answer.

import { PATH_PING_MS, PATH_SILENCE_MS } from '../limits.ts'

type State =
  | { readonly kind: 'down' }
  /** Open, but nothing came over it yet, or not for too long. Pings go out; traffic takes the relay if there is one. */
  | { readonly kind: 'silent'; readonly sinceMs: number }
  | { readonly kind: 'alive' }

export class DirectPath {
  #state: State = { kind: 'down' }
  #heardAtMs = 0
  #pingedAtMs = 0
  #token = 0
  #roundTripMs: number | undefined

  get up(): boolean {
    return this.#state.kind !== 'down'
  }

  get alive(): boolean {
    return this.#state.kind === 'alive'
  }

  get roundTripMs(): number | undefined {
    return this.#roundTripMs
  }

  opened(nowMs: number): void {
    this.#state = { kind: 'silent', sinceMs: nowMs }
    this.#pingedAtMs = Number.NEGATIVE_INFINITY
  }

  closed(): void {
    this.#state = { kind: 'down' }
    this.#roundTripMs = undefined
  }

  /** Anything came over it. True when that brought it back. */
  heard(nowMs: number): boolean {
    if (this.#state.kind === 'down') return false
    const revived = this.#state.kind === 'silent'
    this.#state = { kind: 'alive' }
    this.#heardAtMs = nowMs
    return revived
  }

  measured(roundTripMs: number): void {
    this.#roundTripMs = smoothed(this.#roundTripMs, roundTripMs)
  }

  answered(token: number, nowMs: number): void {
    if (token === this.#token) this.measured(nowMs - this.#pingedAtMs)
  }

  /** True when it just became suspect: it was asked, and stayed silent. */
  check(nowMs: number): boolean {
    if (this.#state.kind !== 'alive' || this.#pingedAtMs <= this.#heardAtMs) return false
    if (nowMs - this.#pingedAtMs < PATH_SILENCE_MS) return false
    this.#state = { kind: 'silent', sinceMs: nowMs }
    return true
  }

  /** The token of a ping to send now; undefined when none is due. */
  pingDue(nowMs: number): number | undefined {
    if (this.#state.kind === 'down' || nowMs < this.#nextPingMs()) return undefined
    this.#pingedAtMs = nowMs
    this.#token = (this.#token + 1) >>> 0
    return this.#token
  }

  wakeAtMs(): number | undefined {
    if (this.#state.kind === 'down') return undefined
    const owed = this.#state.kind === 'alive' && this.#pingedAtMs > this.#heardAtMs
    return owed ? this.#pingedAtMs + PATH_SILENCE_MS : this.#nextPingMs()
  }

  #nextPingMs(): number {
    if (this.#state.kind === 'silent') return this.#pingedAtMs + PATH_SILENCE_MS
    return Math.max(this.#heardAtMs, this.#pingedAtMs) + PATH_PING_MS
  }
}

/** The first is taken as it is, later ones by a quarter: a slow beginning is forgotten after a few. */
export function smoothed(known: number | undefined, sample: number): number {
  return known === undefined ? sample : known + (sample - known) / 4
}
