// What an owner asks of the DHT over its home socket: a frame here costs a fifth of a request. Questions of one message go to
// each shard in one call, and what many of them ask for is asked for once.

import { readingOf, verifyQuestion } from '../../protocol/crypto/dht/question.ts'
import { type PlatformSuite, platformSuite } from '../../protocol/crypto/platform.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import type { ShardAnswer, ShardRequest } from '../../protocol/dht/contract.ts'
import { HotRecords, nameOfGet, namesOfGets } from '../../protocol/dht/hot.ts'
import type { Region, ShardSite } from '../../protocol/dht/regions.ts'
import { DHT_ASKED_MAX, DHT_FRESH_MS, DHT_HOT_BYTES_MAX } from '../../protocol/limits/dht.ts'
import type { DhtAnswer, DhtQuestion } from '../../protocol/wire/dht-frames.ts'
import type { DhtRefusal } from '../../protocol/wire/registry.ts'
import { Asking, type ShardNamespace } from '../dht/asking.ts'

export type AnswerTo = (answer: DhtAnswer) => void

interface Asked {
  readonly question: DhtQuestion
  readonly near: Region | ''
  /** Of a get: of whoever asked for the same while it was under way, too. */
  readonly answers: AnswerTo[]
  /** Of a get. */
  readonly name?: string
}

export interface DhtDeskHost {
  readonly shards: ShardNamespace
  readonly sites: readonly ShardSite[]
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
  /** Gets that are under way and that others may still join. */
  readonly #gets = new Map<string, Asked>()

  constructor(host: DhtDeskHost) {
    this.#host = host
    this.#asking = new Asking(host.shards, host.network)
  }

  /** `near`: where who asks is. */
  take(question: DhtQuestion, near: Region | '', answer: AnswerTo): void {
    if (question.kind === 'get')
      return this.#get(nameOfGet(this.#host.network, question), question, near, answer)
    // Whoever asks after this shall not be told what was there before it.
    if (question.kind === 'put')
      for (const name of namesOfGets(this.#host.network, question.key)) this.#gets.delete(name)
    this.#wait({ question, near, answers: [answer] })
  }

  #get(name: string, question: DhtQuestion, near: Region | '', answer: AnswerTo): void {
    const known = hot.get(name, Date.now())
    if (known !== undefined) return answer(known)
    const underWay = this.#gets.get(name)
    if (underWay !== undefined && underWay.answers.length < DHT_ASKED_MAX)
      return void underWay.answers.push(answer)
    const asked = { question, near, answers: [answer], name }
    if (this.#wait(asked)) this.#gets.set(name, asked)
  }

  /** False: there are as many as may be. */
  #wait(asked: Asked): boolean {
    if (this.#underWay >= DHT_ASKED_MAX) {
      for (const answer of asked.answers) answer(BUSY)
      return false
    }
    this.#underWay++
    this.#waiting.push(asked)
    return true
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
    for (const [i, each] of asked.entries()) {
      if (each.name !== undefined && this.#gets.get(each.name) === each) this.#gets.delete(each.name)
      for (const answer of each.answers) answer(answers[i] ?? FAILED)
    }
    this.#host.answered()
  }

  async #answers(asked: readonly Asked[]): Promise<readonly DhtAnswer[]> {
    const readings = asked.map(({ question }) => readingOf(question))
    // What is only read waits for no signature, unless it came with something that is written and may be what it asks for.
    const verified = readings.every((reading) => reading !== undefined)
      ? readings
      : await Promise.all(asked.map(({ question }) => this.#verified(question)))
    const requests = verified.filter((request) => typeof request !== 'string')
    const near = asked[0]?.near ?? ''
    const answers = await this.#asking.all(this.#host.sites, near, requests)
    for (const [i, request] of requests.entries()) this.#remember(request, answers[i])
    const all = answers.values()
    return verified.map((request) =>
      typeof request === 'string'
        ? { kind: 'refused', reason: request, retryAfterMs: 0 }
        : plain(all.next().value),
    )
  }

  async #verified(question: DhtQuestion): Promise<ShardRequest | DhtRefusal> {
    suite ??= await platformSuite(crypto.subtle as unknown as Subtle)
    return verifyQuestion(suite, question, this.#host.owner, Date.now())
  }

  #remember(request: ShardRequest, answer: ShardAnswer | undefined): void {
    const { network } = this.#host
    if (request.kind === 'put') hot.forget(network, request.record.key)
    if (request.kind === 'get' && answer?.kind === 'record')
      hot.keep(nameOfGet(network, request), answer, Date.now())
  }
}

function plain(answer: ShardAnswer | undefined): DhtAnswer {
  return answer === undefined || answer.kind === 'moved' ? FAILED : answer
}
