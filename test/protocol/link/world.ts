// Two links wired back to back by paths that can lose, repeat and reorder, go down and come up; and a judge that holds
// everything either side said against what it may say. Time is a number; the next event is the next thing that happens.

import { concat } from '../../../protocol/crypto/suite.ts'
import type { DropReason } from '../../../protocol/drops.ts'
import { LINK_WINDOW_BYTES } from '../../../protocol/limits/link.ts'
import { type LinkEffect, type LinkInput, LinkMachine } from '../../../protocol/link/machine.ts'
import type { PathName } from '../../../protocol/path.ts'
import { decode, encode } from '../../../protocol/wire/codec.ts'
import type { Lane, LinkFrame } from '../../../protocol/wire/frames.ts'

export const START_MS = 1_700_000_000_000
/** No machine needs so many wakes at one moment: more is a spin. */
const WAKES_AT_ONCE_MAX = 4

export interface Weather {
  readonly delayMs: number
  readonly jitterMs: number
  readonly loss: number
  readonly repeat: number
}

export const FAIR: Weather = { delayMs: 20, jitterMs: 0, loss: 0, repeat: 0 }

interface Underway {
  readonly atMs: number
  readonly order: number
  readonly to: Side
  readonly path: PathName
  readonly frame: Uint8Array
}

export interface Delivered {
  readonly lane: Lane
  readonly text: string
  readonly via: PathName
  readonly name: string
}

export interface Upper {
  readonly lane: Lane
  deliver(data: Uint8Array): void
  settled(token: number, outcome: string): void
}

export class Side {
  machine: LinkMachine
  readonly delivered: Delivered[] = []
  readonly datagrams: string[] = []
  readonly outcomes = new Map<number, string>()
  readonly pathsTaken: (PathName | undefined)[] = []
  readonly sent: LinkFrame[] = []
  readonly inputs: LinkInput[] = []
  readonly drops: DropReason[] = []
  readonly direct: string[] = []
  /** Undefined: the application is done at once. Else what it still holds. */
  holding: { lane: Lane; bytes: number }[] | undefined
  /** What is built upon this link, if anything is: it takes its lane's messages in place of our books. */
  upper: Upper | undefined
  #wakes = 0
  #wokenAtMs = 0

  constructor(epoch: number) {
    this.machine = new LinkMachine(epoch)
  }

  /** A page that was loaded again: it remembers nothing. What it was given stays in our books. */
  begins(epoch: number): void {
    this.machine = new LinkMachine(epoch)
  }

  /** Of a lane, in order. */
  texts(lane: Lane): string[] {
    return this.delivered.filter((each) => each.lane === lane).map(({ text }) => text)
  }

  woken(nowMs: number): void {
    this.#wakes = nowMs === this.#wokenAtMs ? this.#wakes + 1 : 1
    this.#wokenAtMs = nowMs
    if (this.#wakes > WAKES_AT_ONCE_MAX) throw new Error(`a spin: woken ${this.#wakes} times at ${nowMs}`)
  }
}

export class World {
  nowMs = START_MS
  readonly a = new Side(100)
  readonly b = new Side(200)
  readonly up: Record<PathName, boolean> = { relay: false, webrtc: false }
  weather: Record<PathName, Weather> = { relay: FAIR, webrtc: FAIR }
  /** Sees every frame before it leaves; false: it is lost. */
  passes: (from: Side, frame: LinkFrame, path: PathName) => boolean = () => true
  readonly #random: () => number
  #underway: Underway[] = []
  #order = 0
  #tokens = 0

  constructor(random: () => number = () => 0.5) {
    this.#random = random
  }

  other(side: Side): Side {
    return side === this.a ? this.b : this.a
  }

  opens(path: PathName): void {
    if (this.up[path]) return
    this.up[path] = true
    for (const side of [this.a, this.b]) this.give(side, { kind: 'pathUp', path })
  }

  /** With everything on it. */
  breaks(path: PathName): void {
    if (!this.up[path]) return
    this.up[path] = false
    this.#underway = this.#underway.filter((each) => each.path !== path)
    for (const side of [this.a, this.b]) this.give(side, { kind: 'pathDown', path })
  }

  sends(from: Side, text: string, options: { lane?: Lane; ttlMs?: number; bytes?: number } = {}): number {
    const token = ++this.#tokens
    const { lane = 'control', ttlMs = 300_000, bytes = 0 } = options
    const data = new TextEncoder().encode(text.padEnd(bytes, '.'))
    this.give(from, { kind: 'send', token, lane, data, deadlineMs: this.nowMs + ttlMs })
    return token
  }

  /** As hosts do it: what an effect leads to comes after the other effects. */
  give(side: Side, input: LinkInput): void {
    side.inputs.push(input)
    if (side.inputs.length > 1) return
    for (let next = side.inputs[0]; next !== undefined; next = side.inputs[0]) {
      for (const effect of side.machine.receive(next, this.nowMs)) this.#perform(side, effect)
      side.inputs.shift()
    }
  }

  /** Everything that happens in so long. */
  after(ms: number): void {
    const untilMs = this.nowMs + ms
    for (let next = this.#nextMs(); next <= untilMs; next = this.#nextMs()) {
      this.nowMs = Math.max(this.nowMs, next)
      this.#step()
    }
    this.nowMs = untilMs
  }

  consumesAll(side: Side): void {
    const held = side.holding?.splice(0) ?? []
    for (const { lane, bytes } of held) this.give(side, { kind: 'consumed', lane, bytes })
  }

  #nextMs(): number {
    const wakes = [this.a, this.b].map(({ machine }) => machine.wakeAtMs ?? Number.POSITIVE_INFINITY)
    let next = Math.min(...wakes)
    if (Number.isNaN(next)) throw new Error('a wake at no time')
    for (const { atMs } of this.#underway) next = Math.min(next, atMs)
    return next
  }

  #step(): void {
    const due = this.#underway.filter(({ atMs }) => atMs <= this.nowMs)
    if (due.length > 0) {
      this.#underway = this.#underway.filter(({ atMs }) => atMs > this.nowMs)
      due.sort((x, y) => x.atMs - y.atMs || x.order - y.order)
      for (const { to, path, frame } of due) this.give(to, { kind: 'frame', path, bytes: frame })
      return
    }
    for (const side of [this.a, this.b]) {
      const { wakeAtMs } = side.machine
      if (wakeAtMs === undefined || wakeAtMs > this.nowMs) continue
      side.woken(this.nowMs)
      this.give(side, { kind: 'wake' })
    }
  }

  #perform(side: Side, effect: LinkEffect): void {
    switch (effect.kind) {
      case 'transmit':
        return this.#transmit(side, effect.path, concat(effect.frame))
      case 'deliver': {
        const { lane, data, via, name } = effect
        if (side.upper?.lane === lane) {
          side.upper.deliver(data)
          return this.give(side, { kind: 'consumed', lane, bytes: data.length })
        }
        const text = new TextDecoder().decode(data).replace(/\.+$/, '')
        side.delivered.push({ lane, text, via, name })
        if (side.holding !== undefined) side.holding.push({ lane, bytes: data.length })
        else this.give(side, { kind: 'consumed', lane, bytes: data.length })
        return
      }
      case 'deliverDatagram':
        side.datagrams.push(new TextDecoder().decode(effect.data))
        return
      case 'settled':
        if (effect.token < 0) return side.upper?.settled(effect.token, effect.outcome)
        if (side.outcomes.has(effect.token)) throw new Error(`${effect.token} was settled twice`)
        side.outcomes.set(effect.token, effect.outcome)
        return
      case 'pathChanged':
        side.pathsTaken.push(effect.path)
        return
      case 'directSilent':
      case 'directHeard':
        side.direct.push(effect.kind)
        return
      case 'drop':
        side.drops.push(effect.reason)
        return
    }
  }

  #transmit(from: Side, path: PathName, bytes: Uint8Array): void {
    const frame = decode(bytes) as LinkFrame
    from.sent.push(frame)
    if (from.machine.flyingBytes > 4 * LINK_WINDOW_BYTES)
      throw new Error('more under way than the windows of four lanes hold')
    if (!this.up[path] || !this.passes(from, frame, path)) return
    const { delayMs, jitterMs, loss, repeat } = this.weather[path]
    for (const chance of [1, repeat]) {
      if (this.#random() >= chance || this.#random() < loss) continue
      const atMs = this.nowMs + delayMs + this.#random() * jitterMs
      this.#underway.push({ atMs, order: this.#order++, to: this.other(from), path, frame: encode(frame) })
    }
  }
}

/** A small generator, seeded, so that a failing run can be run again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
