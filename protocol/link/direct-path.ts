// Whether the direct path can be trusted with traffic: it is open, it speaks, and it does not owe us an answer for too long.
// What is sent there is answered: data with acknowledgements, pings with pongs. See README.md beside this.

import {
  PATH_PING_MS,
  PATH_PROVING_MAX_MS,
  PATH_PROVING_MS,
  PATH_SILENCE_LEAST_MS,
  PATH_SILENCE_MS,
  PATH_STEADY_MS,
} from '../limits/link.ts'

type State =
  | { readonly kind: 'down' }
  /** Open, but nothing came over it yet, or not for too long. Pings go out; traffic takes the relay if there is one. */
  | { readonly kind: 'silent' }
  /** It speaks again after a silence: for how long now? */
  | { readonly kind: 'proving'; readonly untilMs: number }
  | { readonly kind: 'alive'; readonly sinceMs: number }

/** Over about as many pings the loss is averaged. */
const LOSS_PINGS = 8

export class DirectPath {
  #state: State = { kind: 'down' }
  #heardAtMs = 0
  #pingedAtMs = 0
  #token = 0
  /** Something was sent there then, and nothing that answers it has come. */
  #owedSinceMs: number | undefined
  /** Silences, one soon after the other: each doubles the time to prove itself. */
  #relapses = 0
  #everAlive = false
  #roundTripMs: number | undefined
  #jitterMs = 0
  /** The last ping's token, while it is unanswered. */
  #asked: number | undefined
  #loss = 0

  get up(): boolean {
    return this.#state.kind !== 'down'
  }

  get alive(): boolean {
    return this.#state.kind === 'alive'
  }

  get roundTripMs(): number | undefined {
    return this.#roundTripMs
  }

  /** How much round trips differ from each other, smoothed. */
  get jitterMs(): number | undefined {
    return this.#roundTripMs === undefined ? undefined : this.#jitterMs
  }

  /** Of the last dozen or so pings, the share that was not answered before the next. */
  get loss(): number | undefined {
    return this.#roundTripMs === undefined ? undefined : this.#loss
  }

  opened(nowMs: number): void {
    this.#state = { kind: 'silent' }
    this.#pingedAtMs = Number.NEGATIVE_INFINITY
    this.#heardAtMs = nowMs
    this.#owedSinceMs = undefined
    this.#everAlive = false
    this.#relapses = 0
    this.#asked = undefined
    this.#loss = 0
  }

  closed(): void {
    this.#state = { kind: 'down' }
    this.#roundTripMs = undefined
    this.#owedSinceMs = undefined
  }

  /** Anything came over it. True when that ended a silence. */
  heard(nowMs: number): boolean {
    if (this.#state.kind === 'down') return false
    this.#heardAtMs = nowMs
    if (this.#state.kind !== 'silent') return false
    const forMs = Math.min(PATH_PROVING_MAX_MS, PATH_PROVING_MS * 2 ** (this.#relapses - 1))
    this.#state = this.#everAlive
      ? { kind: 'proving', untilMs: nowMs + forMs }
      : { kind: 'alive', sinceMs: nowMs }
    this.#everAlive = true
    return true
  }

  /** Something that is answered was sent there. */
  sent(nowMs: number): void {
    this.#owedSinceMs ??= nowMs
  }

  /** An answer to what was sent there. */
  answered(nowMs: number, moreOwed: boolean): void {
    this.#owedSinceMs = moreOwed ? nowMs : undefined
  }

  measured(roundTripMs: number): void {
    const known = this.#roundTripMs
    if (known !== undefined) this.#jitterMs += (Math.abs(roundTripMs - known) - this.#jitterMs) / 4
    this.#roundTripMs = smoothed(known, roundTripMs)
  }

  ponged(token: number, nowMs: number): void {
    if (token !== this.#token) return
    this.measured(nowMs - this.#pingedAtMs)
    this.#owedSinceMs = undefined
    if (this.#asked === token) this.#loss -= this.#loss / LOSS_PINGS
    this.#asked = undefined
  }

  /** True when it just became suspect: it owes an answer, and stayed silent; or it speaks, but answers nothing. */
  check(nowMs: number): boolean {
    const state = this.#state
    if (state.kind === 'proving' && nowMs >= state.untilMs) this.#state = { kind: 'alive', sinceMs: nowMs }
    if (nowMs < this.#suspectAtMs()) return false
    if (state.kind !== 'alive' && state.kind !== 'proving') return false
    const steady = state.kind === 'alive' && nowMs - state.sinceMs >= PATH_STEADY_MS
    this.#relapses = steady ? 1 : this.#relapses + 1
    this.#state = { kind: 'silent' }
    this.#owedSinceMs = undefined
    return state.kind === 'alive'
  }

  /** The token of a ping to send now; undefined when none is due. */
  pingDue(nowMs: number): number | undefined {
    if (this.#state.kind === 'down' || nowMs < this.#nextPingMs()) return undefined
    this.#pingedAtMs = nowMs
    if (this.#asked !== undefined) this.#loss += (1 - this.#loss) / LOSS_PINGS
    this.#token = (this.#token + 1) >>> 0
    this.#asked = this.#token
    if (this.#state.kind !== 'silent') this.sent(nowMs)
    return this.#token
  }

  wakeAtMs(): number | undefined {
    const state = this.#state
    if (state.kind === 'down') return undefined
    const times = [this.#nextPingMs(), this.#suspectAtMs()]
    if (state.kind === 'proving') times.push(state.untilMs)
    return Math.min(...times)
  }

  /** Several round trips without a sound, when there is a sound to be expected; three times that when it only does not answer. */
  #suspectAtMs(): number {
    if (this.#owedSinceMs === undefined || this.#state.kind === 'silent') return Number.POSITIVE_INFINITY
    const usualMs = 4 * (this.#roundTripMs ?? PATH_SILENCE_MS) + 4 * this.#jitterMs
    const patienceMs = Math.min(PATH_SILENCE_MS, Math.max(PATH_SILENCE_LEAST_MS, usualMs))
    const silentMs = Math.max(this.#owedSinceMs, this.#heardAtMs) + patienceMs
    return Math.min(silentMs, this.#owedSinceMs + 3 * PATH_SILENCE_MS)
  }

  #nextPingMs(): number {
    const { kind } = this.#state
    if (kind === 'silent' || kind === 'proving') return this.#pingedAtMs + PATH_SILENCE_LEAST_MS
    return Math.max(this.#heardAtMs, this.#pingedAtMs) + PATH_PING_MS
  }
}

/** The first is taken as it is, later ones by a quarter: a slow beginning is forgotten after a few. */
export function smoothed(known: number | undefined, sample: number): number {
  return known === undefined ? sample : known + (sample - known) / 4
}
