// What an owner asks of the DHT over its home socket: a frame here costs a fifth of a request. Questions of one message go to
// each shard in one call, and what many of them ask for is asked for once.

import { verifyQuestion } from '../../protocol/crypto/dht/question.ts'
import { type PlatformSuite, platformSuite } from '../../protocol/crypto/platform.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import type { ShardAnswer, ShardRequest } from '../../protocol/dht/contract.ts'
import { HotRecords } from '../../protocol/dht/hot.ts'
import { VALUE_TAG } from '../../protocol/dht/records/value.ts'
import { DHT_ASKED_MAX, DHT_FRESH_MS, DHT_HOT_BYTES_MAX } from '../../protocol/limits/dht.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import type { DhtAnswer, DhtQuestion } from '../../protocol/wire/dht-frames.ts'
import type { DhtRefusal } from '../../protocol/wire/registry.ts'
import { Asking, type ShardNamespace } from '../dht/asking.ts'

export type AnswerTo = (answer: DhtAnswer) => void

interface Asked {
  readonly question: DhtQuestion
  readonly answer: AnswerTo
}

export interface DhtDeskHost {
  readonly shards: ShardNamespace
  readonly network: string
  /** Whose socket this is: what is kept counts against its quota. */
  readonly owner: Uint8Array
  /** Called after each lot of answers. */
  answered(): void
}

const BUSY: DhtAnswer = { kind: 'refused', reason: 'busy', retryAfterMs: 1_000 }
const FAILED: DhtAnswer = { kind: 'refused', reason: 'internal', retryAfterMs: 1_000 }

// Of all mailboxes of this isolate: what one has just read, another need not ask for.
const hot = new HotRecords(DHT_HOT_BYTES_MAX, DHT_FRESH_MS)
let suite: PlatformSuite | undefined

export class DhtDesk {
  readonly #host: DhtDeskHost
  readonly #asking: Asking
  #waiting: Asked[] = []
  #underWay = 0

  constructor(host: DhtDeskHost) {
    this.#host = host
    this.#asking = new Asking(host.shards, host.network)
  }

  take(question: DhtQuestion, answer: AnswerTo): void {
    const known = question.kind === 'get' ? hot.get(this.#nameOf(question.key), Date.now()) : undefined
    if (known !== undefined) return answer(known)
    if (this.#underWay >= DHT_ASKED_MAX) return answer(BUSY)
    this.#underWay++
    this.#waiting.push({ question, answer })
  }

  /** At the end of each event: what came in it leaves. */
  flush(): void {
    if (this.#waiting.length === 0) return
    const asked = this.#waiting
    this.#waiting = []
    void this.#ask(asked)
  }

  async #ask(asked: readonly Asked[]): Promise<void> {
    const answers = await this.#answers(asked).catch(() => [])
    this.#underWay -= asked.length
    for (const [i, { answer }] of asked.entries()) answer(answers[i] ?? FAILED)
    this.#host.answered()
  }

  async #answers(asked: readonly Asked[]): Promise<readonly DhtAnswer[]> {
    const verified = await Promise.all(asked.map(({ question }) => this.#verified(question)))
    // One request for all that ask for the same: the place of each question's answer.
    const requests: ShardRequest[] = []
    const gets = new Map<string, number>()
    const places = verified.map((request) => {
      if (typeof request === 'string') return request
      const name = request.kind === 'get' ? this.#nameOf(request.key) : undefined
      const known = name === undefined ? undefined : gets.get(name)
      if (known !== undefined) return known
      if (name !== undefined) gets.set(name, requests.length)
      return requests.push(request) - 1
    })
    const answers = await this.#asking.all(requests)
    for (const [i, request] of requests.entries()) this.#remember(request, answers[i])
    return places.map((place) =>
      typeof place === 'string' ? { kind: 'refused', reason: place, retryAfterMs: 0 } : plain(answers[place]),
    )
  }

  async #verified(question: DhtQuestion): Promise<ShardRequest | DhtRefusal> {
    suite ??= await platformSuite(crypto.subtle as unknown as Subtle)
    return verifyQuestion(suite, question, this.#host.owner, Date.now())
  }

  #remember(request: ShardRequest, answer: ShardAnswer | undefined): void {
    if (request.kind === 'put') hot.forget(this.#nameOf(request.record.key))
    if (request.kind !== 'get' || answer?.kind !== 'record') return
    hot.keep(this.#nameOf(request.key), answer, answer.bytes[0] === VALUE_TAG, Date.now())
  }

  #nameOf(key: Uint8Array): string {
    return `${this.#host.network}/${toBase64url(key)}`
  }
}

function plain(answer: ShardAnswer | undefined): DhtAnswer {
  return answer === undefined || answer.kind === 'moved' ? FAILED : answer
}
