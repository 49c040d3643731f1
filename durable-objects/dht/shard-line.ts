// What one object asks one shard. The first question goes at once; those that come while it is under way go together when it is
// answered: a call costs ten times what a question in it does, and who asks much at a time waits for many answers anyway.

import type { ShardAnswer, ShardRequest } from '../../protocol/dht/contract.ts'
import { SHARD_CALL_REQUESTS_MAX } from '../../protocol/limits/shard.ts'

/** A shard, by the one method that is called here. */
export interface AskableShard {
  ask(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]>
}

type Answers = readonly ShardAnswer[] | undefined

interface Waiting {
  readonly requests: readonly ShardRequest[]
  readonly resolve: (answers: Answers) => void
}

export class ShardLine {
  readonly #shard: () => AskableShard
  #waiting: Waiting[] = []
  #isBusy = false

  /** `shard`: a stub for each call, as one that has failed once fails ever after. */
  constructor(shard: () => AskableShard) {
    this.#shard = shard
  }

  /** Undefined for a call that failed. */
  ask(requests: readonly ShardRequest[]): Promise<Answers> {
    if (!this.#isBusy) return this.#first(requests)
    return new Promise((resolve) => {
      this.#waiting.push({ requests, resolve })
    })
  }

  async #first(requests: readonly ShardRequest[]): Promise<Answers> {
    this.#isBusy = true
    const answers = await this.#call(requests)
    void this.#goOn()
    return answers
  }

  async #goOn(): Promise<void> {
    for (let lot = this.#next(); lot.length > 0; lot = this.#next()) {
      const answers = await this.#call(lot.flatMap(({ requests }) => requests))
      let at = 0
      for (const { requests, resolve } of lot) {
        resolve(answers?.slice(at, at + requests.length))
        at += requests.length
      }
    }
    this.#isBusy = false
  }

  /** As many as a call may have, and one at least. */
  #next(): readonly Waiting[] {
    let count = 0
    let size = 0
    for (const { requests } of this.#waiting) {
      if (count > 0 && size + requests.length > SHARD_CALL_REQUESTS_MAX) break
      size += requests.length
      count++
    }
    return this.#waiting.splice(0, count)
  }

  async #call(requests: readonly ShardRequest[]): Promise<Answers> {
    try {
      return await this.#shard().ask(requests)
    } catch {
      return undefined
    }
  }
}
