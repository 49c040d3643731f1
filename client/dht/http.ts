// Questions to the DHT over HTTP, for who has no home socket: as a source that answers like any other. What comes back is made
// into the records that it was made of, and judged as those are.

import { digestOf } from '../../protocol/crypto/dht/values.ts'
import { BLAKE3, type ProviderEntry, SHA2_256 } from '../../protocol/dht/contract.ts'
import { encodeValue, VALUE_RECORD_BYTES_MAX } from '../../protocol/dht/records/value.ts'
import { DHT_ANSWER_BYTES_MAX } from '../../protocol/limits/content.ts'
import { DHT_TTL_SECONDS_LEAST, DHT_TTL_SECONDS_MOST } from '../../protocol/limits/dht.ts'
import { isPeerId, parsePeerId, peerIdText } from '../../protocol/peer-id.ts'
import { fromBase64url } from '../../protocol/wire/base64url.ts'
import { equalBytes } from '../../protocol/wire/bytes.ts'
import type { DhtAnswer, DhtQuestion } from '../../protocol/wire/dht-frames.ts'
import { DHT_REFUSAL, type DhtRefusal } from '../../protocol/wire/registry.ts'
import { traced } from '../trace.ts'
import type { DhtParts, DhtSource } from './contract.ts'

/** An edge that is silent for so long is not there. */
const ANSWER_MS = 20_000
const RECORD_TYPE = 'application/vnd.waypost.record'
const OCTETS = 'application/octet-stream'

interface Answer {
  readonly status: number
  readonly type: string
  readonly expiresAtMs: number
  readonly bytes: Uint8Array
}

type Json = Readonly<Record<string, unknown>>

export class HttpSource implements DhtSource {
  readonly #parts: DhtParts

  constructor(parts: DhtParts) {
    this.#parts = parts
  }

  async ask(question: DhtQuestion, signal: AbortSignal): Promise<DhtAnswer | undefined> {
    switch (question.kind) {
      case 'get':
        return this.#get(question, signal)
      case 'put':
        return this.#write(`records/${peerIdText(question.key)}`, 'PUT', question.record, RECORD_TYPE, signal)
      case 'provide':
        return this.#write('providers', 'POST', question.announcement, OCTETS, signal)
      case 'providers': {
        const { key, limit, near } = question
        const query = { limit: `${limit}`, ...(near !== '' && { near }) }
        const answer = await this.#ask(`providers/${peerIdText(key)}`, {}, signal, query)
        return answer && (providersOf(answer) ?? refusalOf(answer))
      }
      case 'closest': {
        const { target, limit } = question
        const answer = await this.#ask(`peers/${peerIdText(target)}`, {}, signal, { limit: `${limit}` })
        return answer && (closestOf(answer) ?? refusalOf(answer))
      }
    }
  }

  async #get(
    { key, of }: DhtQuestion & { readonly kind: 'get' },
    signal: AbortSignal,
  ): Promise<DhtAnswer | undefined> {
    const answer = await this.#ask(`records/${peerIdText(key)}`, {}, signal, of && { of })
    if (answer === undefined) return undefined
    const { status, type, expiresAtMs, bytes } = answer
    if (status !== 200)
      return errorOf(answer).code === 'no-such-record' ? { kind: 'nothing' } : refusalOf(answer)
    if (type === RECORD_TYPE) return { kind: 'record', expiresAtMs, bytes }
    if (bytes.length > VALUE_RECORD_BYTES_MAX) return undefined
    // A value comes as itself. By which hash it is named, and for how long, is nobody's word: it is tried.
    const { hash } = this.#parts.suite
    const code = equalBytes(await digestOf(hash, SHA2_256, bytes), key) ? SHA2_256 : BLAKE3
    const leftSeconds = Math.floor((expiresAtMs - Date.now()) / 1_000)
    const ttlSeconds = Math.min(DHT_TTL_SECONDS_MOST.value, Math.max(DHT_TTL_SECONDS_LEAST, leftSeconds))
    return { kind: 'record', expiresAtMs, bytes: encodeValue({ code, ttlSeconds, value: bytes }) }
  }

  async #write(
    path: string,
    method: 'PUT' | 'POST',
    body: Uint8Array,
    type: string,
    signal: AbortSignal,
  ): Promise<DhtAnswer | undefined> {
    for (let attempt = 1; ; attempt++) {
      const { passes } = this.#parts
      const pass = await passes.get({ signal })
      const headers = { Authorization: `Bearer ${pass}`, 'Content-Type': type }
      const init = { method, headers, body: body as Uint8Array<ArrayBuffer> }
      const answer = await this.#ask(path, init, signal, {}, passes.baseOf(pass))
      if (answer === undefined) return undefined
      const { status } = answer
      // A pass that has ended, or of a secret that was changed: another one helps, once.
      if (status === 401 && attempt === 1) {
        passes.forget(pass)
        continue
      }
      const { expiresAt, isNew } = jsonOf(answer) ?? {}
      if (status < 300 && typeof expiresAt === 'number')
        return { kind: 'stored', expiresAtMs: expiresAt, isNew: isNew === true }
      return refusalOf(answer)
    }
  }

  /** Undefined: there is no network, or no edge. */
  async #ask(
    path: string,
    init: RequestInit,
    signal: AbortSignal,
    query: Readonly<Record<string, string>> = {},
    base = this.#parts.passes.base,
  ): Promise<Answer | undefined> {
    const url = new URL(`v1/dht/${path}`, base)
    url.searchParams.set('network', this.#parts.network)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    try {
      const until = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
      const response = await fetch(traced(url), { ...init, credentials: 'omit', signal: until })
      const { status, headers } = response
      const type = headers.get('Content-Type')?.split(';')[0]?.trim() ?? ''
      const expiresAtMs = Number(headers.get('X-Expires-At') ?? 0)
      return {
        status,
        type,
        expiresAtMs: Number.isSafeInteger(expiresAtMs) ? expiresAtMs : 0,
        bytes: await bytesOf(response),
      }
    } catch (problem) {
      if (signal.aborted) throw problem
      return undefined
    }
  }
}

/** Not more of it than an answer has: an edge may say things without end. */
async function bytesOf(response: Response): Promise<Uint8Array> {
  const reader = response.body?.getReader()
  const pieces: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > DHT_ANSWER_BYTES_MAX) {
      await reader.cancel()
      throw new RangeError('no answer is as long')
    }
    pieces.push(value)
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer())
}

function jsonOf({ bytes }: Answer): Json | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof json === 'object' && json !== null ? (json as Json) : undefined
  } catch {
    return undefined
  }
}

function errorOf(answer: Answer): Json {
  const error = jsonOf(answer)?.error
  return typeof error === 'object' && error !== null ? (error as Json) : {}
}

/** Undefined for what is no answer of an edge's: whoever stands before it, a café's Wi-Fi say, speaks HTML. */
function refusalOf(answer: Answer): DhtAnswer | undefined {
  const { code, retryAfterMs } = errorOf(answer)
  if (typeof code !== 'string') return undefined
  const reason = Object.hasOwn(DHT_REFUSAL, code) ? (code as DhtRefusal) : 'malformed'
  return {
    kind: 'refused',
    reason: answer.status >= 500 && reason === 'malformed' ? 'internal' : reason,
    retryAfterMs: typeof retryAfterMs === 'number' && retryAfterMs > 0 ? retryAfterMs : 0,
  }
}

function providersOf(answer: Answer): DhtAnswer | undefined {
  const { heads, providers } = (answer.status === 200 && jsonOf(answer)) || {}
  if (!Array.isArray(heads) || !Array.isArray(providers)) return undefined
  const read = providers.map(providerOf)
  const bytes = heads.map(bytesIn)
  if (!read.every(isThere) || !bytes.every(isThere)) return undefined
  return read.every(({ head }) => head < bytes.length)
    ? { kind: 'providers', heads: bytes, providers: read }
    : undefined
}

function providerOf(value: unknown): ProviderEntry | undefined {
  const { peer, head, index, path, expiresAt } = (value ?? {}) as Json
  const steps = bytesIn(path)
  if (typeof peer !== 'string' || !isPeerId(peer) || steps === undefined) return undefined
  if (!isCount(head) || !isCount(index) || !isCount(expiresAt)) return undefined
  return { peer: parsePeerId(peer), head, index, path: steps, expiresAtMs: expiresAt }
}

function closestOf(answer: Answer): DhtAnswer | undefined {
  const { peers } = (answer.status === 200 && jsonOf(answer)) || {}
  if (!Array.isArray(peers)) return undefined
  const records = peers.map((value: unknown) => {
    const { id, record } = (value ?? {}) as Json
    const bytes = bytesIn(record)
    return typeof id === 'string' && isPeerId(id) && bytes ? { key: parsePeerId(id), bytes } : undefined
  })
  return records.every(isThere) ? { kind: 'closest', records } : undefined
}

function bytesIn(text: unknown): Uint8Array | undefined {
  return typeof text === 'string' ? fromBase64url(text) : undefined
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined
}
