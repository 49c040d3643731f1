// The streams of one link: hosts the streams machine, and keeps the streams it speaks of.

import type { DropReason } from '../protocol/drops.ts'
import { WaypostError } from '../protocol/errors.ts'
import type { PeerId } from '../protocol/peer-id.ts'
import type { Failure, StreamsEffect, StreamsInput } from '../protocol/streams/contract.ts'
import { StreamsMachine } from '../protocol/streams/machine.ts'
import { Host } from './host.ts'
import { PeerStream, type StreamPort } from './stream.ts'

export interface StreamsOptions {
  readonly peer: PeerId
  /** Exactly one of two peers opens streams of even numbers. */
  readonly even: boolean
}

export interface StreamsListener {
  send(token: number, message: Uint8Array): void
  cancel(token: number): void
  /** False: nobody wants it. */
  opened(stream: PeerStream): boolean
  dropped(reason: DropReason): void
}

export class PeerStreams {
  readonly #peer: PeerId
  readonly #listener: StreamsListener
  readonly #machine: StreamsMachine
  readonly #host: Host<StreamsInput, StreamsEffect>
  readonly #open = new Map<number, PeerStream>()
  /** From the signals of streams that are open: one signal may see many come and go. */
  readonly #unlisten = new Map<number, () => void>()
  readonly #port: StreamPort
  /** What a stream that is lost is told. */
  #lost = new WaypostError('peer-unreachable', 'the peer left and did not come back')

  #lastToken = 0
  #known: () => void = () => {}

  constructor({ peer, even }: StreamsOptions, listener: StreamsListener) {
    this.#peer = peer
    this.#listener = listener
    this.#machine = new StreamsMachine({ instance: newInstance(), even })
    this.#host = new Host(this.#machine, (effect) => this.#perform(effect))
    this.#port = {
      give: (input) => this.#host.give(input),
      isFull: (stream) => this.#machine.isFull(stream),
      over: ({ id }) => {
        this.#open.delete(id)
        this.#unlisten.get(id)?.()
        this.#unlisten.delete(id)
      },
    }
  }

  get size(): number {
    return this.#open.size
  }

  open(label: string, signal: AbortSignal | undefined): PeerStream {
    const id = this.#machine.reserve()
    if (id === undefined) {
      throw new WaypostError('queue-full', `as many streams to ${this.#peer} are open as may be`)
    }
    const stream = this.#keep(id, label)
    this.#host.give({ kind: 'open', stream: id, label })
    if (signal !== undefined) {
      const abort = () =>
        stream.breakOff(new WaypostError('aborted', 'the stream was aborted', { cause: signal.reason }))
      signal.addEventListener('abort', abort)
      this.#unlisten.set(id, () => signal.removeEventListener('abort', abort))
    }
    return stream
  }

  message(message: Uint8Array): void {
    this.#host.give({ kind: 'message', message })
  }

  settled(token: number): void {
    this.#host.give({ kind: 'settled', token })
    if (token === this.#lastToken) this.#known()
  }

  /** The link gave up. */
  abandoned(): void {
    this.#host.give({ kind: 'abandoned' })
  }

  /** Before the link begins anew, or it would send the new page what was for the old. */
  restarted(): void {
    const before = this.#lost
    this.#lost = new WaypostError('peer-unreachable', 'the peer began anew and knows nothing of the stream')
    this.#host.give({ kind: 'peerRestarted' })
    this.#lost = before
  }

  /** We close: every stream is over. Resolves when the peer knows, and has what went before. */
  farewell(): Promise<void> {
    this.#lost = new WaypostError('closed', 'this Waypost is closed')
    return new Promise((resolve) => {
      this.#known = resolve
      this.#host.give({ kind: 'abandoned' })
    })
  }

  close(): void {
    this.#lost = new WaypostError('closed', 'this Waypost is closed')
    this.#host.give({ kind: 'abandoned' })
    this.#host.stop()
  }

  #keep(id: number, label: string): PeerStream {
    const stream = new PeerStream(id, this.#peer, label, this.#port)
    this.#open.set(id, stream)
    return stream
  }

  #perform(effect: StreamsEffect): void {
    switch (effect.kind) {
      case 'send':
        this.#lastToken = effect.token
        return this.#listener.send(effect.token, effect.message)
      case 'cancel':
        return this.#listener.cancel(effect.token)
      case 'drop':
        return this.#listener.dropped(effect.reason)
      case 'opened': {
        const stream = this.#keep(effect.stream, effect.label)
        if (this.#listener.opened(stream)) return
        this.#open.delete(stream.id)
        return this.#host.give({ kind: 'refuse', stream: stream.id, reason: 'unwanted' })
      }
      case 'data':
        return this.#open.get(effect.stream)?.data(effect.bytes)
      case 'ended':
        return this.#open.get(effect.stream)?.ended()
      case 'drained':
        return this.#open.get(effect.stream)?.drained()
      case 'acknowledged':
        return this.#open.get(effect.stream)?.acknowledged()
      case 'failed':
        return this.#open.get(effect.stream)?.failed(effect.half, this.#errorOf(effect.failure))
    }
  }

  #errorOf(failure: Failure): WaypostError {
    switch (failure.why) {
      case 'reset':
        return new WaypostError('stream-reset', 'the peer broke the stream off', { cause: failure.code })
      case 'stop':
        return new WaypostError('stream-reset', 'the peer reads no more', { cause: failure.code })
      case 'refused':
        return new WaypostError('stream-refused', REFUSALS[failure.reason])
      case 'over-window':
        return new WaypostError('stream-reset', 'the peer sent more than it may')
      case 'lost':
        return this.#lost
    }
  }
}

const REFUSALS = {
  unwanted: 'the peer does not listen for streams',
  'too-many': 'the peer has as many streams open as it may',
} as const

/** Not 0, which says that none is known. */
function newInstance(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] || 1
}
