// What one object asks one shard. The first question goes at once; those that come while it is under way go together when it is
// answered: a call costs ten times what a question in it does, and who asks much at a time waits for many answers anyway. Who
// asks so much that calls follow each other gets a socket to the shard, for a while.

import type { ShardAnswer, ShardRequest } from '../../protocol/dht/contract.ts'
import { SHARD_CALL_REQUESTS_MAX, SHARD_SOCKET_CALLS, SHARD_SOCKET_MS } from '../../protocol/limits/shard.ts'
import { type Answers, type GetRequest, type ReachableShard, ShardSocket } from './shard-socket.ts'

/** A shard, by what is called here. */
export interface AskableShard extends ReachableShard {
  ask(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]>
}

interface Waiting {
  readonly requests: readonly ShardRequest[]
  readonly resolve: (answers: Answers) => void
}

export class ShardLine {
  readonly #shard: () => AskableShard
  readonly #opened: () => void
  #waiting: Waiting[] = []
  #isBusy = false
  #socket: ShardSocket | 'opening' | undefined
  /** Calls with nothing but gets, since when. */
  #calls = 0
  #sinceMs = 0

  /** `shard`: a stub for each call, as one that has failed once fails ever after. `opened`: a socket was, so that `rest` is due. */
  constructor(shard: () => AskableShard, opened: () => void) {
    this.#shard = shard
    this.#opened = opened
  }

  /** Undefined for a call that failed. */
  async ask(requests: readonly ShardRequest[]): Promise<Answers> {
    const socket = this.#socket
    if (socket === undefined || socket === 'opening' || !areGets(requests)) return this.#byCall(requests)
    const answers = await socket.ask(requests)
    if (answers !== undefined) return answers
    if (this.#socket === socket) this.rest()
    return this.#byCall(requests)
  }

  /** Nobody has asked for a while: a socket would keep both objects from sleeping. */
  rest(): void {
    if (this.#socket instanceof ShardSocket) this.#socket.close()
    this.#socket = undefined
    this.#calls = 0
  }

  #byCall(requests: readonly ShardRequest[]): Promise<Answers> {
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
      const shard = this.#shard()
      if (areGets(requests)) this.#count(shard)
      return await shard.ask(requests)
    } catch {
      return undefined
    }
  }

  #count(shard: AskableShard): void {
    const nowMs = Date.now()
    if (nowMs - this.#sinceMs > SHARD_SOCKET_MS) {
      this.#calls = 0
      this.#sinceMs = nowMs
    }
    if (++this.#calls >= SHARD_SOCKET_CALLS && this.#socket === undefined) void this.#open(shard)
  }

  async #open(shard: AskableShard): Promise<void> {
    this.#socket = 'opening'
    try {
      const socket = await ShardSocket.open(shard)
      // Nobody asked any more before it was open.
      if (this.#socket !== 'opening') return socket.close()
      this.#socket = socket
      this.#opened()
    } catch {
      // Calls do as well; another few of them, and it is tried again.
      this.rest()
    }
  }
}

function areGets(requests: readonly ShardRequest[]): requests is readonly GetRequest[] {
  return requests.every(({ kind }) => kind === 'get')
}
