// Streams above two real links wired back to back: the link world's weather, path switches and restarts, and a ledger of
// every stream that throws when a byte is lost, doubled or out of order, or more is held than a window.

import type { DropReason } from '../../../protocol/drops.ts'
import { STREAM_WINDOW_MOST_BYTES, STREAMS_UNSETTLED_BYTES_MAX } from '../../../protocol/limits/streams.ts'
import type { Failure, StreamsEffect, StreamsInput } from '../../../protocol/streams/contract.ts'
import { StreamsMachine } from '../../../protocol/streams/machine.ts'
import { type Side, World } from '../link/world.ts'

/** The byte at this place of a stream of this salt: a shift, a gap or a repetition shows. */
export function byteAt(salt: number, at: number): number {
  return (Math.imul(at, 31) + (at >> 8) * 7 + salt) & 255
}

/** One half of a stream, written by one side and read by the other. */
export interface Half {
  readonly salt: number
  written: number
  received: number
  read: number
  ended: boolean
  sawEnd: boolean
  acknowledged: boolean
  /** The other side heard of the stream at all. */
  known: boolean
  /** At the writer, and at the reader. */
  readonly failed: [writer: Failure | undefined, reader: Failure | undefined]
}

export interface Known {
  readonly key: string
  readonly label: string
  /** Which life of the peer it is with. */
  readonly life: number
  /** The half this end writes; the other one. */
  readonly out: Half
  readonly in: Half
  readonly drained: { count: number }
}

export class Streamer {
  readonly name: string
  readonly side: Side
  machine: StreamsMachine
  readonly known = new Map<number, Known>()
  readonly drops: DropReason[] = []
  readonly sizes: number[] = []
  /** Reads whatever comes at once. */
  reading = true
  refusing = false
  readonly #world: StreamsWorld
  readonly #inputs: StreamsInput[] = []
  life = 0
  readonly #even: boolean
  #unsettled = new Map<number, number>()

  constructor(world: StreamsWorld, name: string, side: Side, even: boolean) {
    this.#world = world
    this.name = name
    this.side = side
    this.#even = even
    this.machine = this.#begin()
    side.upper = {
      lane: 'streams',
      deliver: (message) => this.give({ kind: 'message', message: message.slice() }),
      settled: (token, outcome) => {
        this.#unsettled.delete(-token)
        if (outcome === 'acknowledged') this.give({ kind: 'settled', token: -token })
      },
    }
  }

  /** The page was loaded again: it knows of no stream, and the writers of its halves are no more. */
  begins(): void {
    for (const { out, in: half } of this.known.values()) {
      out.failed[0] ??= { why: 'lost' }
      half.failed[1] ??= { why: 'lost' }
    }
    this.known.clear()
    this.#unsettled.clear()
    this.machine = this.#begin()
  }

  #begin(): StreamsMachine {
    this.life++
    return new StreamsMachine({ instance: this.life * 2 + (this.#even ? 0 : 1), even: this.#even })
  }

  opens(label = 'a label'): number | undefined {
    const id = this.machine.reserve()
    if (id === undefined) return undefined
    this.known.set(id, this.#world.entry(this, id, label))
    this.give({ kind: 'open', stream: id, label })
    return id
  }

  writes(id: number, bytes: number): void {
    const known = this.known.get(id)
    if (known === undefined || known.out.ended || known.out.failed[0] !== undefined) return
    const { out } = known
    const data = Uint8Array.from({ length: bytes }, (_, i) => byteAt(out.salt, out.written + i))
    out.written += bytes
    this.give({ kind: 'write', stream: id, bytes: data })
  }

  ends(id: number): void {
    const out = this.known.get(id)?.out
    if (out === undefined || out.failed[0] !== undefined) return
    out.ended = true
    this.give({ kind: 'end', stream: id })
  }

  resets(id: number, code = 7): void {
    const out = this.known.get(id)?.out
    if (out === undefined || out.failed[0] !== undefined) return
    out.failed[0] = { why: 'reset', code }
    this.give({ kind: 'reset', stream: id, code })
  }

  stops(id: number, code = 8): void {
    const half = this.known.get(id)?.in
    if (half === undefined || half.failed[1] !== undefined) return
    half.failed[1] = { why: 'stop', code }
    this.give({ kind: 'stop', stream: id, code })
  }

  reads(id: number, most = Number.POSITIVE_INFINITY): void {
    const half = this.known.get(id)?.in
    const bytes = half === undefined ? 0 : Math.min(most, half.received - half.read)
    if (half === undefined || bytes === 0 || half.failed[1] !== undefined) return
    half.read += bytes
    this.give({ kind: 'read', stream: id, bytes })
  }

  give(input: StreamsInput): void {
    this.#inputs.push(input)
    if (this.#inputs.length > 1) return
    for (let next = this.#inputs[0]; next !== undefined; next = this.#inputs[0]) {
      for (const effect of this.machine.receive(next, this.#world.world.nowMs)) this.#perform(effect)
      this.#inputs.shift()
    }
  }

  #perform(effect: StreamsEffect): void {
    switch (effect.kind) {
      case 'send': {
        const { token, message: data } = effect
        this.sizes.push(data.length)
        this.#unsettled.set(token, data.length)
        const unsettled = [...this.#unsettled.values()].reduce((sum, bytes) => sum + bytes, 0)
        if (unsettled > STREAMS_UNSETTLED_BYTES_MAX + 2 ** 15) throw new Error(`${unsettled} bytes unsettled`)
        const deadlineMs = Number.POSITIVE_INFINITY
        return this.#world.world.give(this.side, {
          kind: 'send',
          token: -token,
          lane: 'streams',
          data,
          deadlineMs,
        })
      }
      case 'cancel':
        return this.#world.world.give(this.side, { kind: 'cancel', token: -effect.token })
      case 'opened':
        if (this.#lives(effect.stream)) throw new Error(`${effect.stream} was opened twice`)
        if (this.refusing) {
          return this.give({ kind: 'refuse', stream: effect.stream, reason: 'unwanted' })
        }
        this.known.set(effect.stream, this.#world.entryOfOther(this, effect.stream, effect.label))
        return
      case 'drop':
        this.drops.push(effect.reason)
        return
      default:
        return this.#heard(effect)
    }
  }

  /** A number is used again only by a peer that was loaded again. */
  #lives(id: number): boolean {
    const known = this.known.get(id)
    return known?.life === this.#world.other(this).life
  }

  #heard(effect: Extract<StreamsEffect, { readonly stream: number }>): void {
    const known = this.known.get(effect.stream)
    if (known === undefined) throw new Error(`${effect.kind} of stream ${effect.stream}, which there is not`)
    const { out, in: half } = known
    switch (effect.kind) {
      case 'data': {
        if (half.sawEnd || half.failed[1] !== undefined) throw new Error('data after the end')
        for (const byte of effect.bytes) {
          if (byte !== byteAt(half.salt, half.received)) throw new Error(`byte ${half.received} is another`)
          half.received++
        }
        if (half.received > half.written) throw new Error('more than was written')
        if (half.received - half.read > STREAM_WINDOW_MOST_BYTES) throw new Error('more than the window')
        if (this.reading) this.reads(effect.stream)
        return
      }
      case 'ended':
        if (half.sawEnd || half.failed[1]) throw new Error('a second end')
        if (!half.ended || half.received !== half.written) throw new Error('an end before the end')
        half.sawEnd = true
        return
      case 'acknowledged':
        if (!half || out.acknowledged || !out.ended)
          throw new Error('an end acknowledged that was not, or twice')
        // A reset of ours may have come too late: the end had left.
        if (out.failed[0] !== undefined && out.failed[0].why !== 'reset')
          throw new Error('acknowledged though failed')
        out.acknowledged = true
        return
      case 'drained':
        known.drained.count++
        return
      case 'failed':
        if (effect.half !== 'receiving' && !out.acknowledged) out.failed[0] ??= effect.failure
        if (effect.half !== 'sending' && !half.sawEnd) half.failed[1] ??= effect.failure
        return
      default:
        throw new Error(`what is ${effect.kind}?`)
    }
  }
}

export class StreamsWorld {
  readonly world: World
  readonly a: Streamer
  readonly b: Streamer
  /** Of every stream ever opened: both its halves, opener's first. */
  readonly ledger = new Map<string, { label: string; halves: [Half, Half] }>()
  #epochs = 1_000
  #opened = 0

  constructor(random?: () => number) {
    this.world = new World(random)
    this.a = new Streamer(this, 'a', this.world.a, true)
    this.b = new Streamer(this, 'b', this.world.b, false)
  }

  other(streamer: Streamer): Streamer {
    return streamer === this.a ? this.b : this.a
  }

  /** A page that was loaded again, as both sides hear of it. */
  reloads(streamer: Streamer): void {
    const other = this.other(streamer)
    const up = (['relay', 'webrtc'] as const).filter((path) => this.world.up[path])
    for (const path of up) this.world.breaks(path)
    streamer.side.begins(++this.#epochs)
    streamer.begins()
    other.give({ kind: 'peerRestarted' })
    this.world.give(other.side, { kind: 'peerRestarted', epoch: ++this.#epochs })
    for (const path of up) this.world.opens(path)
  }

  /** Both gave up, and one let go of the link: when they meet, it has a new one, and the other is told nothing. */
  forgets(streamer: Streamer): void {
    this.abandons(streamer)
    this.abandons(this.other(streamer))
    const up = (['relay', 'webrtc'] as const).filter((path) => this.world.up[path])
    for (const path of up) this.world.breaks(path)
    streamer.side.begins(++this.#epochs)
    streamer.begins()
    for (const path of up) this.world.opens(path)
  }

  abandons(streamer: Streamer): void {
    this.world.give(streamer.side, { kind: 'abandon' })
    streamer.give({ kind: 'abandoned' })
  }

  entry(by: Streamer, id: number, label: string): Known {
    const key = `${by.name} ${id} ${++this.#opened}`
    const half = (salt: number): Half => ({
      salt,
      written: 0,
      received: 0,
      read: 0,
      ended: false,
      sawEnd: false,
      acknowledged: false,
      known: false,
      failed: [undefined, undefined],
    })
    const halves: [Half, Half] = [half(this.#opened * 3), half(this.#opened * 3 + 1)]
    this.ledger.set(key, { label, halves })
    return { key, label, life: this.other(by).life, out: halves[0], in: halves[1], drained: { count: 0 } }
  }

  /** The same stream, as the other side sees it. */
  entryOfOther(at: Streamer, id: number, label: string): Known {
    const theirs = this.other(at).known.get(id)
    if (theirs === undefined || theirs.label !== label) throw new Error(`nobody opened ${id} '${label}'`)
    const { life } = this.other(at)
    theirs.in.known = theirs.out.known = true
    return { key: theirs.key, label, life, out: theirs.in, in: theirs.out, drained: { count: 0 } }
  }
}
