// A client's pass: asked for with a stamp and a signature, kept until shortly before it ends, and one for all who ask at
// the same time. A room gives the next one without a stamp; this is where it is kept.

import { type Challenge, readChallenge } from '../protocol/crypto/admission/challenge.ts'
import { readPass } from '../protocol/crypto/admission/pass.ts'
import { bidForPass, encodePassRequest, type PassBid } from '../protocol/crypto/admission/request.ts'
import type { Hash, SigningKey } from '../protocol/crypto/suite.ts'
import { WaypostError } from '../protocol/errors.ts'
import { CHALLENGE_LIFETIME_MS, PASS_RENEWAL_MS } from '../protocol/limits/admission.ts'
import { fromBase64url } from '../protocol/wire/base64url.ts'
import { equalBytes, utf8 } from '../protocol/wire/bytes.ts'
import type { SealedStore } from './identities/store.ts'
import { makeStamp, type StampOptions, Turns } from './stamp.ts'
import { traced } from './trace.ts'
import type { EdgeStatus } from './types.ts'

/** What asks for passes sees of whoever gets them: one edge, or several, of which one is in use (edges/edges.ts). */
export interface PassDesk {
  /** Of the edge in use, ending in a slash. */
  readonly base: URL
  readonly renewAtMs: number
  /** Undefined where there is one only. */
  readonly edges: readonly EdgeStatus[] | undefined
  /** Those whose mailboxes we keep open. */
  readonly all: readonly Passes[]
  /** Those that may be written to: the one in use, then others. */
  readonly order: readonly Passes[]
  /** Called when another edge is used than before. */
  moved: () => void
  get(options?: StampOptions): Promise<string>
  forget(pass: string): void
  renewed(pass: string): boolean
  /** Where that pass is good; the socket of `room` is about to be opened there. */
  baseOf(pass: string, room?: RoomSocket): URL
  /** A socket was let in, or it broke, or was not let in. */
  heard(socket: object, entered: boolean): void
  offer(challenge: string | undefined): void
  /** Edges that peers told of, those first that are to be tried first: for when no other answers. */
  learn?(edges: readonly string[]): void
  /** Called when a socket broke, or was not let in: whoever knows of other edges may be asked for them. */
  troubled?: () => void
  begin(): Promise<void>
  close(): void
}

/** A room, as it is told that it has come to another edge. */
export interface RoomSocket {
  give(input: { readonly kind: 'patience'; readonly standIn: boolean }): void
}

export interface PassSource {
  /** The edge, ending in a slash. */
  readonly base: URL
  readonly network: string
  readonly hash: Hash
  readonly key: SigningKey
  /** Where a pass outlives the page: a reload asks for none. */
  readonly store?: SealedStore | undefined
  /** Told of every stamp we make, whoever asked for it. */
  readonly onProgress?: ((share: number) => void) | undefined
  /** Told of every socket to this edge that was let in, or not, or broke. */
  readonly onSocket?: ((socket: object, entered: boolean) => void) | undefined
}

/** So long before its end a pass is no longer handed out: a slow join must not end with one that has just expired. */
const MARGIN_MS = 300_000
/** A challenge is used only while there is this much of its life left to make the stamp in. */
const CHALLENGE_LEFT_MS = CHALLENGE_LIFETIME_MS / 2
/** An edge that is silent for so long is asked again: among many a connection may be the one that is not looked at. */
const ANSWER_MS = 10_000
/** A challenge may run out while a laptop sleeps over its stamp: once more then, with another. */
const ATTEMPTS_MAX = 2

interface Kept {
  readonly pass: string
  readonly untilMs: number
  /** How far our clock is ahead of the edge's. */
  readonly aheadMs: number
  readonly renewAtMs: number
}

interface Offered {
  readonly challenge: Challenge
  /** When we got it, by our own clock, which need not agree with the edge's. */
  readonly gotAtMs: number
}

interface Job {
  readonly done: Promise<string>
  readonly stop: AbortController
  readonly progress: Set<(share: number) => void>
  waiting: number
}

export class Passes implements PassDesk {
  readonly edges: undefined
  readonly all: readonly Passes[] = [this]
  readonly order: readonly Passes[] = this.all
  moved = () => {}
  readonly #source: PassSource
  readonly #bid: Promise<PassBid>
  #offered: Offered | undefined
  #kept: Kept | undefined
  #job: Job | undefined
  #restored = false
  readonly #closing = new AbortController()

  constructor(source: PassSource) {
    this.#source = source
    const { hash, base, network, key } = source
    this.#bid = bidForPass(hash, base.origin, network, key.publicKey)
    this.#bid.catch(() => {}) // Who asks for a pass is told.
  }

  get base(): URL {
    return this.#source.base
  }

  baseOf(): URL {
    return this.base
  }

  heard(socket: object, entered: boolean): void {
    this.#source.onSocket?.(socket, entered)
  }

  /** Whether it is one that we hand out. */
  has(pass: string): boolean {
    return this.#kept?.pass === pass
  }

  /** A challenge the edge has given already (the bootstrap's), to save asking for one. */
  offer(challenge: string | undefined): void {
    this.#offered = parseChallenge(challenge)
  }

  /**
   * Asks for one before anybody needs it; what goes wrong is heard by whoever does. Resolves a turn later, when the asking is
   * well under way: what the page is busy with next shall not come between.
   */
  async begin(): Promise<void> {
    this.get({ signal: this.#closing.signal }).catch(() => {})
    const turns = new Turns()
    await turns.next()
    turns.close()
  }

  /** No stamp is made any more on our own account. */
  close(): void {
    this.#closing.abort()
  }

  /** When a room should be asked for the next one. */
  get renewAtMs(): number {
    return this.#kept?.renewAtMs ?? Number.POSITIVE_INFINITY
  }

  /** A room gave us this one. False: it is none of ours, or older. */
  renewed(pass: string): boolean {
    const before = this.#kept
    const now = readPass(before?.pass ?? '')
    const next = readPass(pass)
    if (before === undefined || now === undefined || next === undefined) return false
    if (!equalBytes(next.subject, now.subject) || next.expiresAtMs < now.expiresAtMs) return false
    this.#keep(keptOf(pass, next.expiresAtMs, before.aheadMs))
    return true
  }

  /** Rejects with a WaypostError: `aborted`, `edge-unreachable` or `edge-refused`. */
  async get(options: StampOptions = {}): Promise<string> {
    const { signal, onProgress } = options
    if (signal?.aborted) throw aborted(signal)
    if (this.#kept !== undefined && Date.now() < this.#kept.untilMs) return this.#kept.pass
    this.#job ??= this.#begin()
    const job = this.#job
    if (onProgress !== undefined) job.progress.add(onProgress)
    job.waiting++
    let leave = () => {}
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(aborted(signal))
      signal?.addEventListener('abort', leave)
    })
    try {
      return await Promise.race([job.done, left])
    } finally {
      signal?.removeEventListener('abort', leave)
      if (onProgress !== undefined) job.progress.delete(onProgress)
      // Nobody waits any more: nobody shall pay for it either.
      if (--job.waiting === 0) job.stop.abort()
      if (job.stop.signal.aborted && this.#job === job) this.#job = undefined
    }
  }

  /** The edge did not accept it: the next `get` asks for another. */
  forget(pass: string): void {
    if (this.#kept?.pass !== pass) return
    this.#kept = undefined
    this.#source.store?.delete(this.#place).catch(() => {})
  }

  #begin(): Job {
    const stop = new AbortController()
    const progress = new Set<(share: number) => void>()
    const { onProgress: tell } = this.#source
    if (tell !== undefined) progress.add((share) => guarded(tell, share))
    const onProgress = (share: number) => {
      for (const tell of progress) tell(share)
    }
    return { done: this.#obtain({ signal: stop.signal, onProgress }), stop, progress, waiting: 0 }
  }

  async #obtain(options: StampOptions): Promise<string> {
    const kept = await this.#restore()
    if (kept !== undefined) {
      this.#kept = kept
      return kept.pass
    }
    for (let attempt = 1; ; attempt++) {
      const offered = this.#fresh() ?? (await this.#ask(options.signal))
      this.#offered = undefined
      const answer = await this.#request(offered, options)
      if (answer !== 'stale') {
        this.#keep(answer)
        return answer.pass
      }
      if (attempt >= ATTEMPTS_MAX)
        throw new WaypostError('edge-refused', 'the edge took no challenge of its own')
    }
  }

  get #place(): string {
    return `pass ${this.#source.base.href} ${this.#source.network}`
  }

  /** What the device will not keep is asked for again. */
  #keep(kept: Kept): void {
    this.#kept = kept
    this.#source.store?.set(this.#place, utf8(`${kept.aheadMs} ${kept.pass}`)).catch(() => {})
  }

  /** From before a reload, once: what the edge refuses is not tried again. */
  async #restore(): Promise<Kept | undefined> {
    if (this.#restored) return undefined
    this.#restored = true
    const { store } = this.#source
    const bytes = await store?.get(this.#place).catch(() => undefined)
    if (bytes === undefined) return undefined
    const [ahead = '', text = ''] = new TextDecoder().decode(bytes).split(' ')
    const pass = readPass(text)
    if (pass === undefined || !equalBytes(pass.subject, (await this.#bid).subject)) return undefined
    const kept = keptOf(text, pass.expiresAtMs, Number(ahead))
    return Date.now() < kept.untilMs ? kept : undefined
  }

  #fresh(): Offered | undefined {
    const offered = this.#offered
    return offered !== undefined && Date.now() - offered.gotAtMs < CHALLENGE_LEFT_MS ? offered : undefined
  }

  async #ask(signal: AbortSignal | undefined): Promise<Offered> {
    const { body } = await this.#fetch('v1/bootstrap', { headers: { Accept: 'application/json' } }, signal)
    const offered = parseChallenge(body.challenge)
    if (offered === undefined) throw new WaypostError('edge-refused', 'the edge gave no challenge')
    return offered
  }

  async #request(offered: Offered, options: StampOptions): Promise<Kept | 'stale'> {
    const { challenge } = offered
    const bid = await this.#bid
    // In the next turn: an easy stamp is made in one piece, and what signs beside it is asked first.
    const stamp = Promise.resolve().then(() => makeStamp(challenge, bid.place, options))
    const body = await encodePassRequest(challenge, bid, stamp, this.#source.key)
    // Bytes of no type: a browser asks another origin first whether it may send any other, and waits for the answer.
    const answer = await this.#fetch('v1/passes', { method: 'POST', body }, options.signal)
    return answer.stale ? 'stale' : this.#accept(answer.body.pass, bid.subject, offered)
  }

  #accept(text: unknown, subject: Uint8Array, { gotAtMs, challenge }: Offered): Kept {
    const pass = typeof text === 'string' ? readPass(text) : undefined
    if (typeof text !== 'string' || pass === undefined || !equalBytes(pass.subject, subject))
      throw new WaypostError('edge-refused', 'what the edge gave is no pass of ours')
    // The challenge says what time it was there when we got it: our clock may be hours off.
    return keptOf(text, pass.expiresAtMs, gotAtMs - challenge.timeMs)
  }

  async #fetch(path: string, init: RequestInit, signal: AbortSignal | undefined): Promise<Answer> {
    const url = new URL(path, this.#source.base)
    url.searchParams.set('network', this.#source.network)
    let status: number
    let body: Record<string, unknown>
    try {
      const silent = AbortSignal.timeout(ANSWER_MS)
      const until = signal === undefined ? silent : AbortSignal.any([signal, silent])
      const response = await fetch(traced(url), { ...init, signal: until })
      status = response.status
      body = ((await response.json()) ?? {}) as Record<string, unknown>
    } catch (cause) {
      if (signal?.aborted) throw aborted(signal)
      throw new WaypostError('edge-unreachable', `no answer from ${url.origin}`, { cause })
    }
    if (status < 400) return { body, stale: false }
    const { code, message } = (body.error ?? {}) as { code?: unknown; message?: unknown }
    // `forged` for the seconds in which a new secret reaches one machine of the edge before another.
    if (code === 'expired' || code === 'spent' || code === 'forged') return { body, stale: true }
    const why = typeof message === 'string' ? message : `status ${status}`
    if (status >= 500 || code === 'rate-limited')
      throw new WaypostError('edge-unreachable', `the edge failed: ${why}`)
    throw new WaypostError('edge-refused', `the edge refused: ${why}`)
  }
}

interface Answer {
  readonly body: Readonly<Record<string, unknown>>
  /** The challenge is of no use any more; another may be. */
  readonly stale: boolean
}

function keptOf(pass: string, expiresAtMs: number, aheadMs: number): Kept {
  const endMs = expiresAtMs + aheadMs
  const renewAtMs = endMs - PASS_RENEWAL_MS * (1 - Math.random() / 2)
  return { pass, untilMs: endMs - MARGIN_MS, aheadMs, renewAtMs }
}

/** What an application's function throws is reported as its own, and spoils no stamp. */
function guarded(tell: (share: number) => void, share: number): void {
  try {
    tell(share)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

/** Undefined too for one that asks for more work than any edge may: whoever says it is none, and burns batteries. */
function parseChallenge(text: unknown): Offered | undefined {
  const bytes = typeof text === 'string' ? fromBase64url(text) : undefined
  const challenge = bytes && readChallenge(bytes)
  return challenge && { challenge, gotAtMs: Date.now() }
}

function aborted(signal: AbortSignal | undefined): WaypostError {
  return new WaypostError('aborted', 'asking for a pass was aborted', { cause: signal?.reason })
}
