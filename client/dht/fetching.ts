// Fetches blocks from several peers at once: hosts the exchange machine, with a stream to each peer and a check of every block
// before anybody is given it.

import { digestOf } from '../../protocol/crypto/dht/values.ts'
import type { Hash } from '../../protocol/crypto/suite.ts'
import type { DropReason } from '../../protocol/drops.ts'
import { WaypostError } from '../../protocol/errors.ts'
import type { ExchangeEffect, ExchangeInput } from '../../protocol/exchange/contract.ts'
import {
  AnswerReader,
  type BlockAnswer,
  type BlockName,
  blockText,
  encodeWant,
} from '../../protocol/exchange/frames.ts'
import { ExchangeMachine } from '../../protocol/exchange/machine.ts'
import { equalBytes } from '../../protocol/wire/bytes.ts'
import { Host } from '../host.ts'
import type { PeerId, WaypostStream } from '../types.ts'

export const BLOCKS_LABEL = 'waypost/blocks'

export interface FetchingOptions {
  readonly hash: Hash
  /** Throws where no link reaches the peer. */
  readonly open: (peer: PeerId) => WaypostStream
  /** Others who provide it, when those who are known do not do. */
  readonly more: () => Promise<readonly PeerId[]>
  /** It is over. */
  readonly closed: () => void
  readonly dropped: (reason: DropReason) => void
}

interface Session {
  readonly peer: PeerId
  readonly stream: WaypostStream
  readonly writer: WritableStreamDefaultWriter<Uint8Array>
  /** In the order in which they are answered. */
  readonly asked: BlockName[]
}

interface Waiting {
  readonly name: BlockName
  readonly bytes: Promise<Uint8Array>
  readonly resolve: (bytes: Uint8Array) => void
  readonly reject: (error: unknown) => void
}

export class Fetching {
  readonly #options: FetchingOptions
  readonly #host: Host<ExchangeInput, ExchangeEffect>
  readonly #sessions = new Map<string, Session>()
  readonly #waiting = new Map<string, Waiting>()
  /** The one that came just now. */
  #arrived: Uint8Array | undefined
  /** How many peers have given us a block. */
  readonly from = new Set<string>()

  constructor(options: FetchingOptions, providers: readonly PeerId[]) {
    this.#options = options
    this.#host = new Host(new ExchangeMachine(), (effect) => this.#perform(effect))
    for (const peer of providers) this.#host.give({ kind: 'provider', peer })
  }

  /** Verified. Rejects with `not-found` when nobody has it, `peer-unreachable` when nobody is left who might. */
  block(name: BlockName): Promise<Uint8Array> {
    const text = blockText(name)
    const known = this.#waiting.get(text)
    if (known !== undefined) return known.bytes
    const { promise: bytes, resolve, reject } = Promise.withResolvers<Uint8Array>()
    this.#waiting.set(text, { name, bytes, resolve, reject })
    this.#host.give({ kind: 'want', block: text })
    return bytes
  }

  /** Politely where all came; what still waits is told this. */
  close(reason: unknown): void {
    this.#host.stop()
    this.#options.closed()
    for (const { stream, writer, asked } of this.#sessions.values()) {
      if (asked.length > 0) stream.reset()
      else writer.close().catch(() => {})
    }
    this.#sessions.clear()
    for (const { bytes, reject } of this.#waiting.values()) {
      bytes.catch(() => {})
      reject(reason)
    }
    this.#waiting.clear()
  }

  #perform(effect: ExchangeEffect): void {
    switch (effect.kind) {
      case 'open':
        return this.#open(effect.peer as PeerId)
      case 'ask': {
        const session = this.#sessions.get(effect.peer)
        const name = this.#waiting.get(effect.block)?.name
        if (session === undefined || name === undefined) return
        session.asked.push(name)
        session.writer.write(encodeWant(name)).catch(() => this.#lost(session))
        return
      }
      case 'close': {
        const session = this.#sessions.get(effect.peer)
        this.#sessions.delete(effect.peer)
        return session?.stream.reset()
      }
      case 'got':
        this.from.add(effect.peer)
        this.#take(effect.block)?.resolve(this.#arrived as Uint8Array)
        return
      case 'failed':
        return this.#take(effect.block)?.reject(failure(effect.why))
      case 'search':
        return void this.#search()
      case 'drop':
        return this.#options.dropped(effect.reason)
    }
  }

  async #search(): Promise<void> {
    for (const peer of await this.#options.more().catch(() => [])) this.#host.give({ kind: 'provider', peer })
    this.#host.give({ kind: 'searched' })
  }

  #take(block: string): Waiting | undefined {
    const waiting = this.#waiting.get(block)
    this.#waiting.delete(block)
    return waiting
  }

  #open(peer: PeerId): void {
    try {
      const stream = this.#options.open(peer)
      const session = { peer, stream, writer: stream.writable.getWriter(), asked: [] }
      session.writer.closed.catch(() => {}) // Its readable says the same.
      this.#sessions.set(peer, session)
      this.#read(session).catch(() => this.#lost(session))
    } catch {
      this.#host.give({ kind: 'lost', peer })
    }
  }

  async #read(session: Session): Promise<void> {
    const { peer, stream } = session
    const reader = stream.readable.getReader()
    const answers = new AnswerReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (this.#sessions.get(peer) !== session) return
      if (done) return this.#lost(session)
      this.#host.give({ kind: 'heard', peer })
      const frames = answers.push(value)
      if (typeof frames === 'string') return this.#host.give({ kind: 'lied', peer, reason: frames })
      for (const answer of frames) await this.#answered(session, answer)
    }
  }

  async #answered({ peer, asked }: Session, answer: BlockAnswer): Promise<void> {
    const name = asked.shift()
    if (name === undefined) return this.#host.give({ kind: 'lied', peer, reason: 'unexpected' })
    const block = blockText(name)
    if (answer.kind === 'missing') return this.#host.give({ kind: 'missing', peer, block })
    const digest = await digestOf(this.#options.hash, name.code, answer.bytes)
    if (!equalBytes(digest, name.digest)) return this.#host.give({ kind: 'lied', peer, reason: 'wrong-key' })
    this.#arrived = answer.bytes
    this.#host.give({ kind: 'came', peer, block })
    this.#arrived = undefined
  }

  #lost(session: Session): void {
    if (this.#sessions.get(session.peer) !== session) return
    this.#sessions.delete(session.peer)
    this.#host.give({ kind: 'lost', peer: session.peer })
  }
}

function failure(why: 'missing' | 'unreachable'): WaypostError {
  return why === 'missing'
    ? new WaypostError('not-found', 'nobody who says that they have it gives all of its blocks')
    : new WaypostError(
        'peer-unreachable',
        'nobody is left who provides it and can be reached: in a room with us, or in one that it announced',
      )
}
