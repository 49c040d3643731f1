// One question to a DHT that is in several regions: an inquiry of the nearest, and of the next where that has nothing or fails.
// What is written is written where the asker is; the others are told behind the answer. Copies cannot conflict: of two records
// of a key the same one stands wherever they meet.

import type { ShardAnswer, ShardRequest } from './contract.ts'
import { Inquiry, type ShardCall } from './inquiry.ts'
import type { KnownLeaves } from './leaves.ts'

/** What has been written in one place and is to be written in this one, too. */
export interface Behind {
  readonly site: number
  readonly requests: readonly ShardRequest[]
}

export class SitesInquiry {
  readonly #leaves: readonly KnownLeaves[]
  readonly #requests: readonly ShardRequest[]
  readonly #answers: ShardAnswer[] = []
  /** For each request that was written: where. */
  readonly #writtenAt = new Map<ShardRequest, number>()
  #site = 0
  #inquiry: Inquiry
  /** Places of the requests that are asked where we are now. */
  #open: readonly number[]

  /** `leaves`: of each site, the nearest first. */
  constructor(leaves: readonly [KnownLeaves, ...KnownLeaves[]], requests: readonly ShardRequest[]) {
    this.#leaves = leaves
    this.#requests = requests
    this.#inquiry = new Inquiry(leaves[0], requests)
    this.#open = [...requests.keys()]
  }

  /** Where the calls are to be made. */
  get site(): number {
    return this.#site
  }

  calls(): readonly ShardCall[] {
    return this.#inquiry.calls()
  }

  /** Undefined for a call that failed. */
  answered(call: ShardCall, answers: readonly ShardAnswer[] | undefined): void {
    this.#inquiry.answered(call, answers)
  }

  /** In the order of the requests; undefined while there is more to ask. */
  answers(): readonly ShardAnswer[] | undefined {
    const found = this.#inquiry.answers()
    if (found === undefined) return undefined
    const open = this.#open.filter((place, i) => !this.#settles(place, found[i]))
    const leaves = this.#leaves[this.#site + 1]
    this.#open = open
    if (open.length === 0 || leaves === undefined) {
      this.#open = []
      return this.#answers
    }
    this.#site++
    this.#inquiry = new Inquiry(
      leaves,
      open.map((place) => this.#requests[place] as ShardRequest),
    )
    return undefined
  }

  /** Once there are answers. */
  behind(): readonly Behind[] {
    return [...this.#leaves.keys()]
      .map((site) => ({
        site,
        requests: [...this.#writtenAt].flatMap(([request, at]) => (at === site ? [] : [request])),
      }))
      .filter(({ requests }) => requests.length > 0)
  }

  /** Whether nobody else need be asked. */
  #settles(place: number, answer: ShardAnswer | undefined): boolean {
    const request = this.#requests[place]
    if (request === undefined || answer === undefined) return true
    const before = this.#answers[place]
    // That there is nothing is known as soon as one says so: the others differ from it by seconds.
    if (before === undefined || before.kind === 'refused') this.#answers[place] = answer
    if (isWriting(request) && answer.kind === 'stored') this.#writtenAt.set(request, this.#site)
    if (isFound(answer)) this.#answers[place] = answer
    return isFound(answer) || (isWriting(request) && !isFailure(answer))
  }
}

function isWriting({ kind }: ShardRequest): boolean {
  return kind === 'put' || kind === 'provide'
}

function isFound(answer: ShardAnswer): boolean {
  switch (answer.kind) {
    case 'record':
    case 'stored':
      return true
    case 'providers':
      return answer.providers.length > 0
    case 'closest':
      return answer.records.length > 0
    default:
      return false
  }
}

/** Of the shard, not of what was asked. */
function isFailure(answer: ShardAnswer): boolean {
  return answer.kind === 'refused' && (answer.reason === 'internal' || answer.reason === 'busy')
}
