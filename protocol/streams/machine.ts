// The streams of one link, above its lane: who may send how much, whose turn it is, and what is over. See README.md.
//
// Invariants
// 1. Bytes of a stream leave in the order written, each once; the lane keeps it so.
// 2. Of a stream, never more is received and not read than its window.
// 3. A stream that anybody waits on costs no other stream anything but its turn.
// 4. Whatever is said of a stream is said by its own record, at most once of each kind: nothing queues without bound.
// 5. A stream that one side gave up ends at the other too: by a frame of its own, by `over`, or by a new instance.

import type { DropReason } from '../drops.ts'
import {
  STREAM_REFUSALS_MAX,
  STREAMS_GROWTH_BYTES_MAX,
  STREAMS_MAX,
  STREAMS_MESSAGE_BYTES_MAX,
  STREAMS_UNSETTLED_BYTES_MAX,
  STREAMS_UNSETTLED_MESSAGES_MAX,
} from '../limits/streams.ts'
import type { Machine } from '../machine.ts'
import { WireError } from '../wire/bytes.ts'
import type { StreamRefusal } from '../wire/registry.ts'
import type { Failure, StreamsEffect, StreamsInput } from './contract.ts'
import { decodeStreams, type StreamFrame, type StreamsMessage } from './frames.ts'
import { MessageMaker } from './messages.ts'
import { type GrowthPool, Stream } from './stream.ts'

export interface StreamsOptions {
  /** Not that of any other machine for the same link, before or after; not 0. */
  readonly instance: number
  /** Exactly one of the two peers opens streams of even numbers. */
  readonly even: boolean
}

interface Unsettled {
  readonly bytes: number
  /** Streams whose end it carries. */
  readonly ends: readonly number[]
}

const IDS_END = 2 ** 32

export class StreamsMachine implements Machine<StreamsInput, StreamsEffect> {
  readonly wakeAtMs = undefined
  readonly #instance: number
  readonly #firstOfPeer: number
  readonly #streams = new Map<number, Stream>()
  readonly #pool: GrowthPool = { bytes: STREAMS_GROWTH_BYTES_MAX }
  readonly #make = new MessageMaker()
  readonly #unsettled = new Map<number, Unsettled>()
  #unsettledBytes = 0
  /** Streams whose end has left and was not acknowledged: over or not, somebody waits for it. */
  readonly #closing = new Set<number>()
  #tokens = 0
  #peer: number | undefined
  /** Whether the peer said anything since we last gave up. */
  #heard = false
  /** The peer should hear of us, though there is nothing else to say. */
  #helloDue = false
  #nextOfMine: number
  /** Those of the peer with smaller numbers were opened, or never will be. */
  #nextOfPeer: number
  #mine = 0
  #effects: StreamsEffect[] = []

  constructor({ instance, even }: StreamsOptions) {
    this.#instance = instance
    this.#nextOfMine = even ? 0 : 1
    this.#firstOfPeer = even ? 1 : 0
    this.#nextOfPeer = this.#firstOfPeer
  }

  get openStreams(): number {
    return this.#streams.size
  }

  /** A number for a stream to open; undefined: as many are open as may be. */
  reserve(): number | undefined {
    if (this.#mine >= STREAMS_MAX || this.#nextOfMine >= IDS_END) return undefined
    const id = this.#nextOfMine
    this.#nextOfMine += 2
    this.#mine++
    this.#streams.set(id, new Stream(id, true, this.#pool))
    return id
  }

  isOpen(stream: number): boolean {
    return this.#streams.has(stream)
  }

  /** Whether a write would only be kept. */
  isFull(stream: number): boolean {
    return this.#streams.get(stream)?.full === true
  }

  /** What waits at either end, for the memory a link takes. */
  heldBytes(stream: number): { readonly pending: number; readonly unread: number } {
    const found = this.#streams.get(stream)
    return { pending: found?.pendingBytes ?? 0, unread: found?.unreadBytes ?? 0 }
  }

  receive(input: StreamsInput, _nowMs: number): readonly StreamsEffect[] {
    this.#effects = []
    this.#receive(input)
    this.#pump()
    return this.#effects
  }

  #receive(input: StreamsInput): void {
    switch (input.kind) {
      case 'message':
        return this.#message(input.message)
      case 'settled':
        return this.#settled(input.token)
      case 'abandoned':
        return this.#abandoned()
      case 'peerRestarted':
        return this.#peerRestarted()
      case 'wake':
        return
      default: {
        const stream = this.#streams.get(input.stream)
        if (stream !== undefined) this.#asked(stream, input)
      }
    }
  }

  // ---- what the application asks ------------------------------------------------------------------------------

  #asked(stream: Stream, input: Extract<StreamsInput, { readonly stream: number }>): void {
    switch (input.kind) {
      case 'open':
        stream.openDue = input.label
        return this.#make.tell(stream)
      case 'write':
        if (stream.sending !== 'open') return
        stream.write(input.bytes)
        return this.#make.offer(stream)
      case 'end':
        if (stream.sending !== 'open') return
        stream.sending = 'ending'
        return this.#make.offer(stream)
      case 'reset':
        if (stream.sending === 'done') return
        this.#breakOff(stream, input.code)
        return this.#make.tell(stream)
      case 'stop':
        if (stream.receiving === 'open') stream.stopDue = input.code
        stream.breakOffReceiving()
        this.#make.tell(stream)
        return this.#forgetIfOver(stream)
      case 'refuse':
        this.#forget(stream)
        return this.#refuse(stream.id, input.reason)
      case 'read':
        if (stream.read(input.bytes)) {
          stream.windowDue = true
          this.#make.tell(stream)
        }
        return this.#forgetIfOver(stream)
    }
  }

  #breakOff(stream: Stream, code: number | undefined): void {
    stream.breakOff()
    stream.resetDue = code
  }

  // ---- what the peer says -------------------------------------------------------------------------------------

  #message(bytes: Uint8Array): void {
    if (bytes.length > STREAMS_MESSAGE_BYTES_MAX) return this.#drop('too-large')
    const message = tryDecode(bytes)
    if (message === undefined || message.from === 0) return this.#drop('malformed')
    if (message.from !== this.#peer) this.#met(message.from)
    this.#heard = true
    if (message.to !== 0 && message.to !== this.#instance) {
      this.#helloDue = true
      return this.#drop('stale')
    }
    for (const frame of message.frames) this.#frame(frame)
  }

  /** For the first time, or as somebody who knows nothing of what was. What we began since we gave up is known to it all the same. */
  #met(peer: number): void {
    if (this.#peer !== undefined && this.#heard) this.#loseAll()
    this.#peer = peer
    this.#nextOfPeer = this.#firstOfPeer
    this.#helloDue = true
  }

  #frame(frame: StreamFrame): void {
    if (frame.kind === 'over') return this.#over(frame)
    if (frame.kind === 'open') return this.#opened(frame.stream, frame.label)
    const stream = this.#streams.get(frame.stream)
    if (stream === undefined) return this.#drop(this.#isPast(frame.stream) ? 'stale' : 'unexpected')
    switch (frame.kind) {
      case 'data':
        return this.#data(stream, frame.bytes)
      case 'end':
        if (stream.receiving === 'done') return this.#drop('stale')
        stream.receiving = 'done'
        stream.windowDue = false
        this.#do({ kind: 'ended', stream: stream.id })
        return this.#forgetIfOver(stream)
      case 'reset':
        if (stream.receiving === 'done') return this.#drop('stale')
        stream.breakOffReceiving()
        this.#fail(stream.id, 'receiving', { why: 'reset', code: frame.code })
        return this.#forgetIfOver(stream)
      case 'stop':
        if (stream.sending === 'done') return this.#drop('stale')
        this.#breakOff(stream, undefined)
        this.#fail(stream.id, 'sending', { why: 'stop', code: frame.code })
        return this.#forgetIfOver(stream)
      case 'refuse':
        if (!stream.mine) return this.#drop('unexpected')
        this.#forget(stream)
        return this.#fail(stream.id, 'both', { why: 'refused', reason: frame.reason })
      case 'window':
        if (stream.sending === 'done') return this.#drop('stale')
        stream.credit(frame.moreBytes)
        return this.#make.offer(stream)
    }
  }

  #opened(id: number, label: string): void {
    if (id % 2 !== this.#firstOfPeer) return this.#drop('unexpected')
    if (id < this.#nextOfPeer) return this.#drop('duplicate')
    this.#nextOfPeer = id + 2
    if (this.#streams.size - this.#mine >= STREAMS_MAX) {
      this.#drop('over-window')
      return this.#refuse(id, 'too-many')
    }
    this.#streams.set(id, new Stream(id, false, this.#pool))
    this.#do({ kind: 'opened', stream: id, label })
  }

  #data(stream: Stream, view: Uint8Array): void {
    if (stream.receiving === 'done') return this.#drop('stale')
    if (!stream.received(view.length)) {
      // Whoever overruns a window keeps to nothing else either: this stream is over for both, and no other suffers.
      this.#drop('over-window')
      this.#breakOff(stream, stream.sending === 'done' ? undefined : 0)
      stream.breakOffReceiving()
      stream.stopDue = 0
      this.#make.tell(stream)
      return this.#fail(stream.id, 'both', { why: 'over-window' })
    }
    if (view.length > 0) this.#do({ kind: 'data', stream: stream.id, bytes: view.slice() })
  }

  /** Opened once, and over: what is still said of it was on its way. */
  #isPast(id: number): boolean {
    return id < (id % 2 === this.#firstOfPeer ? this.#nextOfPeer : this.#nextOfMine)
  }

  #refuse(id: number, reason: StreamRefusal): void {
    const { refusals } = this.#make
    if (refusals.length < STREAM_REFUSALS_MAX) refusals.push({ id, reason })
  }

  // ---- endings of many ----------------------------------------------------------------------------------------

  #over({ instance, mineBelow, yoursBelow }: Extract<StreamFrame, { kind: 'over' }>): void {
    const mineToo = instance === this.#instance // Numbers of another instance are not ours.
    for (const id of [...this.#streams.keys(), ...this.#closing]) {
      const theirs = id % 2 === this.#firstOfPeer
      if (theirs ? id < mineBelow : mineToo && id < yoursBelow) this.#lose(id)
    }
    if (mineBelow % 2 === this.#firstOfPeer) this.#nextOfPeer = Math.max(this.#nextOfPeer, mineBelow)
  }

  /** What the link had not delivered never comes: no stream has a future, and the peer must know, whenever it is back. */
  #abandoned(): void {
    this.#forgetUnsettled()
    this.#loseAll()
    const any = this.#nextOfMine > 1 || this.#nextOfPeer > 1 || this.#peer !== undefined
    const [instance, mineBelow, yoursBelow] = [this.#peer ?? 0, this.#nextOfMine, this.#nextOfPeer]
    this.#make.over = any ? { kind: 'over', instance, mineBelow, yoursBelow } : undefined
    this.#heard = false
  }

  #peerRestarted(): void {
    for (const token of this.#unsettled.keys()) this.#do({ kind: 'cancel', token })
    this.#forgetUnsettled()
    this.#loseAll()
    this.#make.over = undefined
    this.#peer = undefined
    this.#heard = false
    this.#helloDue = false
    this.#nextOfPeer = this.#firstOfPeer
  }

  #forgetUnsettled(): void {
    this.#unsettled.clear()
    this.#unsettledBytes = 0
  }

  #loseAll(): void {
    for (const id of [...this.#streams.keys(), ...this.#closing]) this.#lose(id)
    this.#make.clear()
  }

  #lose(id: number): void {
    const stream = this.#streams.get(id)
    if (stream !== undefined) this.#forget(stream)
    if (stream !== undefined || this.#closing.has(id)) this.#fail(id, 'both', { why: 'lost' })
  }

  #forgetIfOver(stream: Stream): void {
    if (stream.over) this.#forget(stream)
  }

  #forget(stream: Stream): void {
    if (!this.#streams.delete(stream.id)) return
    if (stream.mine) this.#mine--
    stream.breakOff()
    stream.release()
    this.#make.forget(stream)
  }

  // ---- to the lane --------------------------------------------------------------------------------------------

  #pump(): void {
    while (
      this.#unsettled.size < STREAMS_UNSETTLED_MESSAGES_MAX &&
      this.#unsettledBytes < STREAMS_UNSETTLED_BYTES_MAX
    ) {
      // While the lane is busy, little waits for more to go with it.
      const patient = this.#unsettledBytes >= STREAMS_UNSETTLED_BYTES_MAX / 2
      // Whoever is there when we meet again may have what we begin now.
      const to = this.#heard ? (this.#peer ?? 0) : 0
      const made = this.#make.next(this.#instance, to, { patient, evenEmpty: this.#helloDue })
      if (made === undefined) return
      this.#helloDue = false
      const { message, ends, drained, told } = made
      const token = ++this.#tokens
      this.#unsettled.set(token, { bytes: message.length, ends })
      this.#unsettledBytes += message.length
      this.#do({ kind: 'send', token, message })
      for (const stream of ends) this.#closing.add(stream)
      for (const stream of drained) this.#do({ kind: 'drained', stream })
      for (const stream of told) this.#forgetIfOver(stream)
    }
  }

  #settled(token: number): void {
    const unsettled = this.#unsettled.get(token)
    if (unsettled === undefined) return
    this.#unsettled.delete(token)
    this.#unsettledBytes -= unsettled.bytes
    for (const stream of unsettled.ends) {
      if (this.#closing.delete(stream)) this.#do({ kind: 'acknowledged', stream })
    }
  }

  #fail(stream: number, half: 'sending' | 'receiving' | 'both', failure: Failure): void {
    if (half !== 'receiving') this.#closing.delete(stream)
    this.#do({ kind: 'failed', stream, half, failure })
  }

  #drop(reason: DropReason): void {
    this.#do({ kind: 'drop', reason })
  }

  #do(effect: StreamsEffect): void {
    this.#effects.push(effect)
  }
}

function tryDecode(bytes: Uint8Array): StreamsMessage | undefined {
  try {
    return decodeStreams(bytes)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
