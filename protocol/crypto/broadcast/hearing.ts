// The receiving half for one member: under which of its chains a frame opens, what waits for a key, and when to ask for one.

import {
  BROADCAST_ASK_AGAIN_MS,
  BROADCAST_ASK_MS,
  BROADCAST_DEPARTED_MS,
  BROADCAST_HELD_MAX,
  BROADCAST_HELD_MS,
} from '../../limits/broadcast.ts'
import { type PeerId, parsePeerId } from '../../peer-id.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { wipe } from '../handshake/schedule.ts'
import type { BroadcastEffect } from './contract.ts'
import type { BroadcastDrop } from './drops.ts'
import { type Budget, HeldFrames } from './held.ts'
import {
  associatedData,
  type Position,
  type SealedFrame,
  type ServiceMessage,
  writeService,
} from './layout.ts'
import { unpad } from './padding.ts'
import { ReceivingChain } from './receiving-chain.ts'
import type { Place } from './speaking.ts'
import { Timeline } from './timeline.ts'

type Effects = readonly BroadcastEffect[]

/** A room may show us a member later than the member's link does; and a link may be slower than the room that shows it gone. */
type Presence =
  | { readonly is: 'here' }
  | { readonly is: 'early'; readonly untilMs: number; readonly service: ServiceMessage[] }
  | { readonly is: 'gone'; readonly untilMs: number }

interface Asking {
  readonly position: Position
  readonly atMs: number
}

export class Hearing {
  readonly #place: Place
  readonly from: PeerId
  readonly #id: Uint8Array
  readonly #budget: Budget
  readonly #timeline: Timeline
  readonly #held: HeldFrames
  #presence: Presence
  #asking: Asking | undefined
  #askedAtMs = Number.NEGATIVE_INFINITY

  /** Nobody yet: what its link brings waits for it to arrive. */
  constructor(place: Place, from: PeerId, budget: Budget, nowMs: number) {
    this.#place = place
    this.from = from
    this.#id = parsePeerId(from)
    this.#budget = budget
    this.#timeline = new Timeline(budget)
    this.#held = new HeldFrames(budget)
    this.#presence = { is: 'early', untilMs: nowMs + BROADCAST_HELD_MS, service: [] }
  }

  get presence(): Presence['is'] {
    return this.#presence.is
  }

  get wakeAtMs(): number | undefined {
    const { untilMs } = { untilMs: undefined, ...this.#presence }
    const times = [untilMs, this.#timeline.wakeAtMs, this.#held.wakeAtMs, this.#asking?.atMs]
    const set = times.filter((time) => time !== undefined)
    return set.length === 0 ? undefined : Math.min(...set)
  }

  /** Gives what its link brought before. */
  arrived(): readonly ServiceMessage[] {
    const waited = this.#waited()
    this.#presence = { is: 'here' }
    return waited
  }

  departed(nowMs: number): void {
    if (this.#presence.is === 'here') this.#presence = { is: 'gone', untilMs: nowMs + BROADCAST_DEPARTED_MS }
  }

  /** Anything its link brought while the room has not shown it. */
  wait(message: ServiceMessage): Effects {
    if (this.#presence.is !== 'early') return []
    const { service } = this.#presence
    if (service.length >= BROADCAST_HELD_MAX || !this.#budget.take(message.body.length))
      return [this.#drop('too-much-held')]
    service.push(message)
    return []
  }

  said({ body, ...mark }: ServiceMessage, nowMs: number): Effects {
    return this.#deliver('link', this.#timeline.say(body, mark, nowMs))
  }

  /** The key is ours from here on. */
  async key({ id, counter, body }: ServiceMessage, nowMs: number): Promise<Effects> {
    const known = this.#timeline.chain(id)
    if (known?.leap(counter, body)) return []
    if (known !== undefined || this.#timeline.hasErased(id)) {
      wipe(body)
      return [this.#drop(known === undefined ? 'key-erased' : 'key-known')]
    }
    const chain = new ReceivingChain(this.#place.suite, { id, counter }, body)
    const effects = [...this.#deliver('link', this.#timeline.begin(chain, nowMs))]
    if (this.#asking !== undefined && equalBytes(this.#asking.position.id, id)) this.#asking = undefined
    for (const frame of this.#held.release(id)) effects.push(...(await this.frame(frame, nowMs)))
    return effects
  }

  async frame(frame: SealedFrame, nowMs: number): Promise<Effects> {
    const chain = this.#timeline.chain(frame.id)
    if (chain === undefined) return this.#hold(frame, nowMs)
    const opened = await chain.open(associatedData(this.#place.tag, this.#id, frame), frame)
    if (typeof opened === 'string') {
      if (opened === 'too-far') this.#askFor(frame, nowMs)
      return [this.#drop(opened)]
    }
    const before = this.#deliver('link', this.#timeline.reached(chain))
    const data = unpad(opened)
    const now = data === undefined ? [this.#drop('malformed')] : this.#deliver('room', [data])
    return [...before, ...now, ...this.#deliver('link', this.#timeline.settle(nowMs))]
  }

  wake(nowMs: number): Effects {
    const effects = [...this.#deliver('link', this.#timeline.settle(nowMs))]
    for (let expired = this.#held.expire(nowMs); expired > 0; expired--) effects.push(this.#drop('no-key'))
    const asking = this.#asking
    if (asking !== undefined && asking.atMs <= nowMs) effects.push(...this.#ask(asking, nowMs))
    if (this.isOver(nowMs)) effects.push(...this.#end())
    return effects
  }

  /** Gone, or not come, for long enough to be forgotten. */
  isOver(nowMs: number): boolean {
    return this.#presence.is !== 'here' && this.#presence.untilMs <= nowMs
  }

  erase(): void {
    this.#end()
  }

  #hold(frame: SealedFrame, nowMs: number): Effects {
    if (this.#timeline.hasErased(frame.id)) return [this.#drop('key-erased')]
    if (!this.#held.hold(frame, nowMs)) return [this.#drop('too-much-held')]
    this.#askFor(frame, nowMs)
    return []
  }

  /** The newest that we lack: its sender gives only what it uses now. */
  #askFor({ id, counter }: Position, nowMs: number): void {
    const soonest = Math.max(nowMs + BROADCAST_ASK_MS, this.#askedAtMs + BROADCAST_ASK_AGAIN_MS)
    this.#asking = { position: { id, counter }, atMs: this.#asking?.atMs ?? soonest }
  }

  #ask({ position }: Asking, nowMs: number): Effects {
    this.#asking = undefined
    const known = this.#timeline.chain(position.id)
    if (this.#presence.is !== 'here' || (known !== undefined && !known.lost)) return []
    this.#askedAtMs = nowMs
    const bytes = writeService(this.#place.tag, 'want', position, new Uint8Array())
    return [{ kind: 'toMember', member: this.from, bytes }]
  }

  #end(): Effects {
    const left = Array.from({ length: this.#held.clear() }, () => this.#drop('no-key'))
    const unheard = this.#waited()
    for (const { body } of unheard) wipe(body)
    this.#timeline.erase()
    this.#asking = undefined
    return [...left, ...unheard.map(() => this.#drop('not-a-member'))]
  }

  #waited(): readonly ServiceMessage[] {
    if (this.#presence.is !== 'early') return []
    const messages = this.#presence.service.splice(0)
    for (const { body } of messages) this.#budget.give(body.length)
    return messages
  }

  #deliver(by: 'link' | 'room', said: readonly Uint8Array[]): Effects {
    return said.map((data) => ({ kind: 'deliver', from: this.from, data, by }))
  }

  #drop(reason: BroadcastDrop): BroadcastEffect {
    return { kind: 'drop', from: this.from, reason }
  }
}
