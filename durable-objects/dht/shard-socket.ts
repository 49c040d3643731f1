// A socket from an object that asks much to a shard, for gets: a message there costs less than half of what a call does. Both
// ends are the edge's own, and speak the frames that clients speak to it. A question that the shard has no answer to (it has
// split) comes back as it was, and is then asked by a call.

import type { ShardAnswer, ShardRequest } from '../../protocol/dht/contract.ts'
import { framesOf, messagesOf } from '../../protocol/wire/batch.ts'
import { decodeDht, encodeDht } from '../../protocol/wire/dht-frames.ts'

export type GetRequest = ShardRequest & { readonly kind: 'get' }
export type Answers = readonly ShardAnswer[] | undefined

/** A shard, by what opens a socket to it. */
export interface ReachableShard {
  fetch(url: string, init: RequestInit): Promise<Response>
}

const TOKENS_MAX = 2 ** 32

interface Waiting {
  readonly answers: ShardAnswer[]
  readonly first: number
  open: number
  readonly resolve: (answers: Answers) => void
}

export class ShardSocket {
  readonly #socket: WebSocket
  /** By the token of each question. */
  readonly #waiting = new Map<number, Waiting>()
  #tokens = 0
  #isClosed = false

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.accept()
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('message', ({ data }) => this.#hear(data))
    socket.addEventListener('close', () => this.close())
    socket.addEventListener('error', () => this.close())
  }

  static async open(shard: ReachableShard): Promise<ShardSocket> {
    // The name says nothing: the stub is the address.
    const { webSocket } = await shard.fetch('https://shard/', { headers: { Upgrade: 'websocket' } })
    if (webSocket === null) throw new TypeError('the shard opened no socket')
    return new ShardSocket(webSocket)
  }

  /** Undefined: ask otherwise. */
  ask(gets: readonly GetRequest[]): Promise<Answers> {
    // Long before tokens begin anew there is another socket.
    if (this.#tokens + gets.length > TOKENS_MAX) this.close()
    if (this.#isClosed) return Promise.resolve(undefined)
    const first = this.#tokens
    this.#tokens += gets.length
    return new Promise((resolve) => {
      const waiting = { answers: [], first, open: gets.length, resolve }
      const frames = gets.map((question, i) => {
        this.#waiting.set(first + i, waiting)
        return encodeDht({ kind: 'dhtAsk', token: first + i, question })
      })
      for (const message of messagesOf(frames)) this.#socket.send(message)
    })
  }

  /** Whoever waits is told to ask otherwise. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const { resolve } of this.#waiting.values()) resolve(undefined)
    this.#waiting.clear()
    try {
      this.#socket.close(1000, '')
    } catch {
      // It closed by itself.
    }
  }

  #hear(data: string | ArrayBuffer): void {
    if (typeof data === 'string') return this.close()
    const frames = framesOf(new Uint8Array(data))
    for (const bytes of frames) {
      // A copy: what is kept of one answer would keep those that came with it.
      const frame = decodeDht(frames.length === 1 ? bytes : bytes.slice())
      const waiting = this.#waiting.get(frame.token)
      if (waiting === undefined) continue
      this.#waiting.delete(frame.token)
      if (frame.kind !== 'dhtAnswer') {
        waiting.resolve(undefined)
        continue
      }
      waiting.answers[frame.token - waiting.first] = frame.answer
      if (--waiting.open === 0) waiting.resolve(waiting.answers)
    }
  }
}
