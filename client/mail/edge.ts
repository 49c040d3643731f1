// What a client asks of mailboxes over HTTP: to put, to draw prekeys, to publish its own. The answers as values; a network that
// is not there is one of them, since nobody waits for these in a way that an exception would serve.

import { type Challenge, readChallenge } from '../../protocol/crypto/admission/challenge.ts'
import { MAIL_ANSWER_BYTES_MAX } from '../../protocol/limits/client-mail.ts'
import { fromBase64url, toBase64url } from '../../protocol/wire/base64url.ts'
import { encodePutRequest, type PutRequest } from '../../protocol/wire/mail-frames.ts'
import { MAIL_REFUSAL, type MailRefusal } from '../../protocol/wire/registry.ts'
import { traced } from '../trace.ts'
import type { PeerId } from '../types.ts'

export type PutAnswer =
  | { readonly kind: 'stored' }
  | { readonly kind: 'refused'; readonly reason: MailRefusal | 'unreachable'; readonly retryAfterMs: number }

export type DrawAnswer =
  | { readonly kind: 'drawn'; readonly bundle: Uint8Array | undefined; readonly challenge: Challenge }
  | {
      readonly kind: 'refused'
      readonly reason: 'no-such-mailbox' | 'unreachable'
      readonly retryAfterMs: number
    }

/** `stale`: the pass is of no use any more. */
export type OwnerAnswer = 'done' | 'unreachable' | 'stale' | 'refused'

/** An edge that is silent for so long is not there. */
const ANSWER_MS = 20_000
const BYTES = { 'Content-Type': 'application/octet-stream' }

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export class MailEdge {
  readonly #base: URL
  readonly #network: string
  readonly #heard: (answered: boolean) => void
  readonly #over = new AbortController()
  #waiting = new AbortController()

  /** `heard`: whether it answered what we asked. */
  constructor(base: URL, network: string, heard: (answered: boolean) => void = () => {}) {
    this.#base = base
    this.#network = network
    this.#heard = heard
  }

  get origin(): string {
    return this.#base.origin
  }

  /** Whoever waits for an answer waits no longer: another edge is asked. */
  giveUp(): void {
    this.#waiting.abort()
    this.#waiting = new AbortController()
  }

  close(): void {
    this.#over.abort()
  }

  /**
   * Without anything that says who we are, and of no type: so a browser need not ask first whether it may. `id` of the letter:
   * only who names it has stored it.
   */
  async put(mailbox: PeerId, request: PutRequest, id: Uint8Array): Promise<PutAnswer> {
    const answer = await this.#ask(mailbox, 'messages', {
      method: 'POST',
      body: encodePutRequest(request),
    })
    const isDone = answer !== undefined && answer.status < 300
    if (isDone && answer.body.id === toBase64url(id)) return { kind: 'stored' }
    const reason = isDone ? 'unreachable' : refusalOf(answer)
    return { kind: 'refused', reason, retryAfterMs: retryAfterOf(answer) }
  }

  /** `draws`: a one-time prekey, if there is one for us; otherwise the challenge alone. */
  async draw(mailbox: PeerId, draws: boolean): Promise<DrawAnswer> {
    const answer = await this.#ask(mailbox, 'prekeys', {}, draws ? {} : { challenge: 'only' })
    const { bundle, challenge } = answer?.body ?? {}
    const read = typeof challenge === 'string' ? fromBase64url(challenge) : undefined
    const offered = read && readChallenge(read)
    if (answer !== undefined && answer.status < 300 && offered !== undefined) {
      const bytes = typeof bundle === 'string' ? fromBase64url(bundle) : undefined
      return { kind: 'drawn', bundle: bytes, challenge: offered }
    }
    const reason = errorOf(answer).code === 'no-such-mailbox' ? 'no-such-mailbox' : 'unreachable'
    return { kind: 'refused', reason, retryAfterMs: retryAfterOf(answer) }
  }

  publish(owner: PeerId, pass: string, publication: Uint8Array): Promise<OwnerAnswer> {
    const headers = { ...BYTES, Authorization: `Bearer ${pass}` }
    return this.#tell(owner, 'prekeys', { headers, body: publication as Uint8Array<ArrayBuffer> })
  }

  setAccess(owner: PeerId, pass: string, keys: readonly Uint8Array[]): Promise<OwnerAnswer> {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${pass}` }
    const body = JSON.stringify({ keys: keys.map(toBase64url), strangers: true })
    return this.#tell(owner, 'access', { headers, body })
  }

  async #tell(owner: PeerId, what: string, init: RequestInit): Promise<OwnerAnswer> {
    const answer = await this.#ask(owner, what, { ...init, method: 'PUT' })
    if (answer === undefined || answer.status >= 500 || answer.status === 429) return 'unreachable'
    if (answer.status === 401 || answer.status === 403 || answer.status === 410) return 'stale'
    return answer.status < 300 ? 'done' : 'refused'
  }

  /** Undefined: there is no network, or no edge. */
  async #ask(
    mailbox: PeerId,
    what: string,
    init: RequestInit,
    query: Readonly<Record<string, string>> = {},
  ): Promise<Answer | undefined> {
    const url = new URL(`v1/mailboxes/${mailbox}/${what}`, this.#base)
    url.searchParams.set('network', this.#network)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    try {
      const signal = AbortSignal.any([
        this.#over.signal,
        this.#waiting.signal,
        AbortSignal.timeout(ANSWER_MS),
      ])
      const response = await fetch(traced(url), { ...init, credentials: 'omit', signal })
      const text = await textOf(response)
      this.#heard(response.status < 500)
      // What is no JSON is no answer of an edge's: whoever stands before it, a café's Wi-Fi say, speaks HTML.
      return {
        status: response.status,
        body: text === '' ? {} : ((JSON.parse(text) ?? {}) as Answer['body']),
      }
    } catch {
      this.#heard(false)
      return undefined
    }
  }
}

/** Not more of it than an answer has: an edge may say things without end. */
async function textOf(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (let bytes = 0; reader !== undefined; ) {
    const { done, value } = await reader.read()
    if (done) break
    bytes += value.length
    if (bytes > MAIL_ANSWER_BYTES_MAX) {
      await reader.cancel()
      throw new RangeError('no answer is as long')
    }
    text += decoder.decode(value, { stream: true })
  }
  return text
}

function errorOf(answer: Answer | undefined): { readonly code?: unknown; readonly retryAfterMs?: unknown } {
  return (answer?.body.error ?? {}) as { code?: unknown; retryAfterMs?: unknown }
}

function refusalOf(answer: Answer | undefined): MailRefusal | 'unreachable' {
  if (answer === undefined) return 'unreachable'
  const { code } = errorOf(answer)
  if (typeof code === 'string' && Object.hasOwn(MAIL_REFUSAL, code)) return code as MailRefusal
  return answer.status >= 500 || answer.status === 429 ? 'internal' : 'malformed'
}

function retryAfterOf(answer: Answer | undefined): number {
  const { retryAfterMs } = errorOf(answer)
  return typeof retryAfterMs === 'number' && retryAfterMs > 0 ? retryAfterMs : 0
}
