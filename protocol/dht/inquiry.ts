// Questions to the DHT's shards until all are answered: which shard each goes to, what to do when it has moved or cannot be
// reached, and how answers of several shards become one. Hosts make the calls: the Worker, and the mailbox's object.

import { DHT_INQUIRY_TRIES_MAX } from '../limits/dht.ts'
import type { ClosestEntry, ProvidedKey, ShardAnswer, ShardRequest } from './contract.ts'
import type { KnownLeaves } from './leaves.ts'
import { compareDistance } from './place.ts'

/** Requests for one shard, made in one call. */
export interface ShardCall {
  readonly shard: string
  readonly requests: readonly ShardRequest[]
}

const BUSY_MS = 1_000
/** Of the leaves that `closest` may ask: one, then so many more, until there are enough. */
const CLOSEST_ROUNDS = [1, 3, 12, 48] as const

interface Part {
  readonly question: Question
  readonly request: ShardRequest
  readonly shard: string
  tries: number
}

interface Question {
  readonly request: ShardRequest
  readonly answers: ShardAnswer[]
  /** Parts that are not answered. */
  open: number
  /** For `closest`: leaves that were asked, or will be. */
  readonly asked: Set<string>
  round: number
}

export class Inquiry {
  readonly #leaves: KnownLeaves
  readonly #questions: readonly Question[]
  readonly #calls = new Map<ShardCall, readonly Part[]>()
  #waiting: Part[] = []

  constructor(leaves: KnownLeaves, requests: readonly ShardRequest[]) {
    this.#leaves = leaves
    this.#questions = requests.map((request) => ({
      request,
      answers: [],
      open: 0,
      asked: new Set(),
      round: 0,
    }))
    for (const question of this.#questions) this.#begin(question)
  }

  /** Calls to be made now, one for each shard. None, with none under way: there are answers. */
  calls(): readonly ShardCall[] {
    const byShard = Map.groupBy(this.#waiting, ({ shard }) => shard)
    this.#waiting = []
    return [...byShard].map(([shard, parts]) => {
      const call = { shard, requests: parts.map(({ request }) => request) }
      this.#calls.set(call, parts)
      return call
    })
  }

  /** Undefined for a call that failed. */
  answered(call: ShardCall, answers: readonly ShardAnswer[] | undefined): void {
    const parts = this.#calls.get(call) ?? []
    this.#calls.delete(call)
    for (const [i, part] of parts.entries()) this.#settle(part, answers?.[i])
  }

  /** In the order of the requests; undefined until all are there. */
  answers(): readonly ShardAnswer[] | undefined {
    if (this.#waiting.length > 0 || this.#calls.size > 0) return undefined
    return this.#questions.map(({ request, answers }) => merged(request, answers))
  }

  #begin(question: Question): void {
    const { request } = question
    if (request.kind === 'closest') return this.#askNearest(question)
    if (request.kind !== 'provide') return this.#ask(question, request, this.#shardOf(request))
    this.#provide(question, request.keys)
  }

  #provide(question: Question, keys: readonly ProvidedKey[]): void {
    if (question.request.kind !== 'provide') return
    const byShard = Map.groupBy(keys, ({ key }) => this.#leaves.leafOf(key))
    for (const [shard, there] of byShard) this.#ask(question, { ...question.request, keys: there }, shard)
  }

  #askNearest(question: Question): void {
    const { request, asked, round } = question
    if (request.kind !== 'closest') return
    const more = CLOSEST_ROUNDS[round]
    if (more === undefined) return
    question.round++
    const leaves = this.#leaves.nearest(request.target).filter((leaf) => !asked.has(leaf))
    for (const leaf of leaves.slice(0, more)) this.#ask(question, request, leaf)
  }

  #ask(question: Question, request: ShardRequest, shard: string, tries = 0): void {
    question.open++
    question.asked.add(shard)
    this.#waiting.push({ question, request, shard, tries })
  }

  #settle(part: Part, answer: ShardAnswer | undefined): void {
    const { question, request, tries } = part
    question.open--
    const isLast = tries + 1 >= DHT_INQUIRY_TRIES_MAX
    if (answer?.kind === 'moved') {
      this.#leaves.note(answer)
      if (isLast) question.answers.push({ kind: 'refused', reason: 'busy', retryAfterMs: BUSY_MS })
      else this.#askAgain(part, answer.leaves)
    } else if (answer !== undefined) question.answers.push(answer)
    else if (isLast || tries > 0) question.answers.push(FAILED)
    else this.#ask(question, request, part.shard, tries + 1)
    if (request.kind === 'closest' && question.open === 0 && isShort(question)) this.#askNearest(question)
  }

  #askAgain({ question, request, tries }: Part, leaves: readonly string[]): void {
    if (request.kind === 'closest') {
      for (const leaf of leaves) if (!question.asked.has(leaf)) this.#ask(question, request, leaf, tries + 1)
    } else if (request.kind === 'provide') {
      const byShard = Map.groupBy(request.keys, ({ key }) => this.#leaves.leafOf(key))
      for (const [shard, keys] of byShard) this.#ask(question, { ...request, keys }, shard, tries + 1)
    } else this.#ask(question, request, this.#shardOf(request), tries + 1)
  }

  #shardOf(request: Exclude<ShardRequest, { kind: 'closest' | 'provide' }>): string {
    return this.#leaves.leafOf(request.kind === 'put' ? request.record.key : request.key)
  }
}

const FAILED: ShardAnswer = { kind: 'refused', reason: 'internal', retryAfterMs: BUSY_MS }

function isShort({ request, answers }: Question): boolean {
  if (request.kind !== 'closest') return false
  return answers.reduce((sum, answer) => sum + recordsOf(answer).length, 0) < request.limit
}

function recordsOf(answer: ShardAnswer): readonly ClosestEntry[] {
  return answer.kind === 'closest' ? answer.records : []
}

/** A refusal of one part is the refusal of the whole: asking again does no harm to the others. */
function merged(request: ShardRequest, answers: readonly ShardAnswer[]): ShardAnswer {
  const refused = answers.find(({ kind }) => kind === 'refused')
  const [first = FAILED] = answers
  if (request.kind === 'closest') {
    const found = answers.flatMap(recordsOf)
    if (found.length === 0 && refused !== undefined) return refused
    const nearest = found.sort((a, b) => compareDistance(a.key, b.key, request.target))
    return { kind: 'closest', records: nearest.slice(0, request.limit) }
  }
  if (refused !== undefined || request.kind !== 'provide') return refused ?? first
  const stored = answers.filter((answer) => answer.kind === 'stored')
  return {
    kind: 'stored',
    expiresAtMs: Math.min(...stored.map(({ expiresAtMs }) => expiresAtMs)),
    isNew: stored.some(({ isNew }) => isNew),
  }
}
