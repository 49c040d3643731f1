// The association of two peers: messages once and in order, over whatever path there is. See README.md beside this.
//
// Invariants
// 1. A message is delivered at most once in an epoch, and in the order of its lane.
// 2. What is not acknowledged is kept, and sent again whenever the path changes or time passes without an answer.
// 3. A message given to the link is settled exactly once: acknowledged, timed out, or abandoned.
// 4. Memory is bounded by the window, the largest message, and the queue limit the host enforces.
// 5. A wake at wakeAtMs moves it on: a machine with nothing to do asks for no wake.

import type { DropReason } from '../drops.ts'
import {
  ACK_SPACING_MS,
  LINK_OVERHEAD_BYTES,
  LINK_WINDOW_BYTES,
  RESEND_MIN_MS,
  STREAMS_ACK_SPACING_MS,
} from '../limits/link.ts'
import type { Machine } from '../machine.ts'
import type { PathName } from '../path.ts'
import type { Priority } from '../priority.ts'
import { encodeInPieces, tryDecode } from '../wire/codec.ts'
import type { Lane, LinkAckFrame, LinkDataFrame, LinkFrame } from '../wire/frames.ts'
import { LANE } from '../wire/registry.ts'
import { DirectPath, smoothed } from './direct-path.ts'
import { type Held, ReceivingLane } from './receiving.ts'
import { type Message, SendingLane } from './sending.ts'

/** What a direct path offers: two orders, so that what is large holds up nothing else, and one channel for what may be lost. */
export type ChannelName = 'control' | 'bulk' | 'gossip'

const CHANNEL_OF = { control: 'control', bulk: 'bulk', streams: 'bulk', service: 'control' } as const

export type LinkInput =
  | {
      readonly kind: 'send'
      readonly token: number
      readonly lane: Lane
      readonly data: Uint8Array
      readonly deadlineMs: number
      readonly priority?: Priority
    }
  | { readonly kind: 'cancel'; readonly token: number }
  | { readonly kind: 'datagram'; readonly data: Uint8Array }
  | { readonly kind: 'frame'; readonly path: PathName; readonly bytes: Uint8Array }
  | { readonly kind: 'pathUp'; readonly path: PathName }
  | { readonly kind: 'pathDown'; readonly path: PathName }
  /** The application has dealt with a delivered message of so many bytes. */
  | { readonly kind: 'consumed'; readonly lane: Lane; readonly bytes: number }
  /** The peer is a new session: it knows nothing of us. */
  | { readonly kind: 'peerRestarted'; readonly epoch: number }
  | { readonly kind: 'abandon' }
  | { readonly kind: 'wake' }

export type LinkEffect =
  | {
      readonly kind: 'transmit'
      readonly path: PathName
      readonly channel: ChannelName
      /** Its bytes, in pieces: they are joined where they are packed, and not before. */
      readonly frame: readonly Uint8Array[]
    }
  | {
      readonly kind: 'deliver'
      readonly lane: Lane
      readonly data: Uint8Array
      readonly via: PathName
      readonly name: string
    }
  | { readonly kind: 'deliverDatagram'; readonly data: Uint8Array; readonly via: PathName }
  | {
      readonly kind: 'settled'
      readonly token: number
      readonly outcome: 'acknowledged'
      readonly via: PathName
    }
  | { readonly kind: 'settled'; readonly token: number; readonly outcome: 'timeout' | 'abandoned' }
  /** Traffic moved. */
  | { readonly kind: 'pathChanged'; readonly path: PathName | undefined }
  /** The direct path went silent though it is open: somebody should see to it. */
  | { readonly kind: 'directSilent' }
  /** What was sent through the relay was not acknowledged for long: the peer may be unable to read it. */
  | { readonly kind: 'unanswered' }
  /** It speaks, for the first time or again. */
  | { readonly kind: 'directHeard' }
  | { readonly kind: 'drop'; readonly reason: DropReason }

const LANES = Object.keys(LANE) as readonly Lane[]

interface Receiving {
  readonly epoch: number
  readonly lanes: Partial<Record<Lane, ReceivingLane>>
}

export class LinkMachine implements Machine<LinkInput, LinkEffect> {
  #epoch: number
  readonly #sending = perLane((lane) => new SendingLane(lane))
  #receiving: Receiving | undefined
  readonly #held = perLane((): Held => ({ bytes: 0 }))
  readonly #direct = new DirectPath()
  #relayUp = false
  #relayRoundTripMs: number | undefined
  #path: PathName | undefined
  /** Lanes that owe an acknowledgement, and where it goes. */
  readonly #owed = new Map<Lane, PathName>()
  readonly #acknowledgedAtMs = perLane(() => 0)
  /** The windows last told to the peer. */
  readonly #advertised = perLane(() => LINK_WINDOW_BYTES)
  #effects: LinkEffect[] = []

  /** `epoch` must be greater than that of any earlier link of this client to the same peer. */
  constructor(epoch: number) {
    this.#epoch = epoch
  }

  get path(): PathName | undefined {
    return this.#path
  }

  roundTripMs(path: PathName): number | undefined {
    return path === 'webrtc' ? this.#direct.roundTripMs : this.#relayRoundTripMs
  }

  /** Of the direct path: how much round trips differ, and the share of pings left unanswered. */
  get directQuality(): { readonly jitterMs: number | undefined; readonly loss: number | undefined } {
    return { jitterMs: this.#direct.jitterMs, loss: this.#direct.loss }
  }

  get waitingMessages(): number {
    return LANES.reduce((sum, lane) => sum + this.#sending[lane].waitingMessages, 0)
  }

  get flyingBytes(): number {
    return LANES.reduce((sum, lane) => sum + this.#sending[lane].flyingBytes, 0)
  }

  /** Nothing under way, nothing owed: the host may let the link go once its peer is gone. */
  get idle(): boolean {
    return this.waitingMessages === 0 && this.flyingBytes === 0
  }

  get wakeAtMs(): number | undefined {
    const times: (number | undefined)[] = [this.#direct.wakeAtMs()]
    for (const lane of LANES) {
      times.push(this.#sending[lane].nextDeadlineMs())
      if (this.#path !== undefined) times.push(this.#sending[lane].resendAtMs)
      if (this.#owed.has(lane)) times.push(this.#acknowledgedAtMs[lane] + spacingOf(lane))
    }
    const due = times.filter((time) => time !== undefined)
    return due.length === 0 ? undefined : Math.min(...due)
  }

  receive(input: LinkInput, nowMs: number): readonly LinkEffect[] {
    this.#effects = []
    this.#receive(input, nowMs)
    this.#settle(nowMs)
    return this.#effects
  }

  #receive(input: LinkInput, nowMs: number): void {
    switch (input.kind) {
      case 'send': {
        const { token, lane, data, deadlineMs, priority = 'normal' } = input
        return this.#sending[lane].push({ token, data, deadlineMs, priority, cut: 0, expired: false })
      }
      case 'cancel':
        for (const lane of LANES) this.#sending[lane].cancel(input.token)
        return
      case 'datagram':
        if (this.#path !== undefined)
          this.#transmit(this.#path, 'gossip', { kind: 'linkDatagram', data: input.data })
        return
      case 'frame':
        return this.#frame(input.path, input.bytes, nowMs)
      case 'pathUp':
        if (input.path === 'relay') this.#relayUp = true
        else this.#direct.opened(nowMs)
        return
      case 'pathDown':
        if (input.path === 'relay') this.#relayUp = false
        else this.#direct.closed()
        return
      case 'consumed':
        return this.#consumed(input.lane, input.bytes)
      case 'peerRestarted':
        this.#epoch = input.epoch
        this.#receiving = undefined
        this.#owed.clear()
        for (const lane of LANES) this.#sending[lane].restart()
        return
      case 'abandon':
        for (const lane of LANES) {
          for (const { token } of this.#sending[lane].abandon())
            this.#do({ kind: 'settled', token, outcome: 'abandoned' })
        }
        return
      case 'wake':
        return
    }
  }

  /** After every input: what follows from the state, whatever led to it. */
  #settle(nowMs: number): void {
    if (this.#direct.check(nowMs)) this.#do({ kind: 'directSilent' })
    const token = this.#direct.pingDue(nowMs)
    if (token !== undefined) this.#transmit('webrtc', 'control', { kind: 'linkPing', token })
    this.#choosePath(nowMs)
    for (const lane of LANES) {
      const sending = this.#sending[lane]
      for (const { token } of sending.expire(nowMs)) this.#do({ kind: 'settled', token, outcome: 'timeout' })
      this.#pump(sending, nowMs)
      this.#acknowledge(lane, nowMs)
    }
  }

  #choosePath(nowMs: number): void {
    const path = this.#direct.alive
      ? 'webrtc'
      : this.#relayUp
        ? 'relay'
        : this.#direct.up
          ? 'webrtc'
          : undefined
    if (path === this.#path) return
    this.#path = path
    this.#do({ kind: 'pathChanged', path })
    for (const lane of LANES) {
      if (path === undefined) this.#sending[lane].pause()
      else this.#transmitAll(path, this.#sending[lane].resendAll(this.#epoch, path, nowMs), nowMs)
    }
  }

  #pump(sending: SendingLane, nowMs: number): void {
    const path = this.#path
    if (path === undefined) return
    const roundTripMs = this.roundTripMs(path) ?? RESEND_MIN_MS
    this.#transmitAll(path, sending.resend(this.#epoch, path, roundTripMs, nowMs), nowMs)
    if (sending.takeUnanswered() && path === 'relay') this.#do({ kind: 'unanswered' })
    for (;;) {
      const frame = sending.next(this.#epoch, path, nowMs)
      if (frame === undefined) return
      this.#transmit(path, CHANNEL_OF[sending.lane], frame, nowMs)
    }
  }

  // ---- what the peer sends ------------------------------------------------------------------------------------

  #frame(path: PathName, bytes: Uint8Array, nowMs: number): void {
    if (path === 'webrtc' && this.#direct.heard(nowMs)) this.#do({ kind: 'directHeard' })
    const frame = tryDecode(bytes)
    switch (frame?.kind) {
      case 'linkData':
        return this.#data(frame, path)
      case 'linkAck':
        return this.#acknowledged(frame, path, nowMs)
      case 'linkDatagram':
        return this.#do({ kind: 'deliverDatagram', data: frame.data, via: path })
      case 'linkPing':
        return this.#transmit(path, 'control', { kind: 'linkPong', token: frame.token })
      case 'linkPong':
        if (path === 'webrtc') this.#direct.ponged(frame.token, nowMs)
        return
      default:
        return this.#do({ kind: 'drop', reason: frame === undefined ? 'malformed' : 'unexpected' })
    }
  }

  #data(frame: LinkDataFrame, path: PathName): void {
    if (frame.base > frame.seq) return this.#do({ kind: 'drop', reason: 'malformed' })
    const receiving = this.#receivingFor(frame.epoch)
    if (receiving === undefined) return this.#do({ kind: 'drop', reason: 'stale' })
    const lane = receiving.lanes[frame.lane] ?? new ReceivingLane(frame.base, this.#held[frame.lane])
    receiving.lanes[frame.lane] = lane
    const { messages, drop } = lane.take(frame)
    if (drop !== undefined) this.#do({ kind: 'drop', reason: drop })
    this.#owe(frame.lane, path)
    for (const { data, seq } of messages) {
      const name = `${frame.epoch.toString(36)}-${frame.lane}-${seq.toString(36)}`
      this.#do({ kind: 'deliver', lane: frame.lane, data, via: path, name })
    }
  }

  /** Epochs grow: a greater one is the peer's new life, a smaller one a straggler of an old. */
  #receivingFor(epoch: number): Receiving | undefined {
    if (this.#receiving !== undefined && epoch < this.#receiving.epoch) return undefined
    if (this.#receiving?.epoch !== epoch) {
      this.#receiving = { epoch, lanes: {} }
      this.#owed.clear() // Whom it was owed to is no more.
    }
    return this.#receiving
  }

  #acknowledged(frame: LinkAckFrame, path: PathName, nowMs: number): void {
    if (frame.epoch !== this.#epoch) return this.#do({ kind: 'drop', reason: 'stale' })
    const sending = this.#sending[frame.lane]
    const { settled, roundTrip, drop } = sending.acknowledge(frame.next, frame.windowBytes, nowMs)
    if (path === 'webrtc' && drop === undefined) this.#direct.answered(nowMs, this.flyingBytes > 0)
    if (drop !== undefined) this.#do({ kind: 'drop', reason: drop })
    // Bulk and streams measure their own queue, not the path.
    if (roundTrip !== undefined && CHANNEL_OF[frame.lane] === 'control')
      this.#measured(roundTrip.via, roundTrip.ms)
    for (const { message, via } of settled) {
      if (!message.expired) this.#do({ kind: 'settled', token: message.token, outcome: 'acknowledged', via })
    }
  }

  /** Only a window that had become small is news to the sender; otherwise the next acknowledgement says it. */
  #consumed(lane: Lane, bytes: number): void {
    const held = this.#held[lane]
    held.bytes = Math.max(0, held.bytes - bytes - LINK_OVERHEAD_BYTES)
    if (this.#advertised[lane] < LINK_WINDOW_BYTES / 2) this.#owe(lane, this.#path)
  }

  #measured(via: PathName, ms: number): void {
    if (via === 'webrtc') this.#direct.measured(ms)
    else this.#relayRoundTripMs = smoothed(this.#relayRoundTripMs, ms)
  }

  // ---- what we owe and send ------------------------------------------------------------------------------------

  #owe(lane: Lane, path: PathName | undefined): void {
    if (path !== undefined && this.#receiving?.lanes[lane] !== undefined) this.#owed.set(lane, path)
  }

  #acknowledge(lane: Lane, nowMs: number): void {
    const path = this.#owed.get(lane)
    const receiving = this.#receiving
    const state = receiving?.lanes[lane]
    if (path === undefined || receiving === undefined || state === undefined) return
    if (nowMs - this.#acknowledgedAtMs[lane] < spacingOf(lane)) return
    this.#owed.delete(lane)
    this.#acknowledgedAtMs[lane] = nowMs
    const way = path === 'webrtc' ? this.#direct.up : this.#relayUp
    const to = way ? path : this.#path
    if (to === undefined) return
    const { next, windowBytes } = state
    this.#advertised[lane] = windowBytes
    this.#transmit(to, CHANNEL_OF[lane], { kind: 'linkAck', epoch: receiving.epoch, lane, next, windowBytes })
  }

  #transmitAll(path: PathName, frames: readonly LinkDataFrame[], nowMs: number): void {
    for (const frame of frames) this.#transmit(path, CHANNEL_OF[frame.lane], frame, nowMs)
  }

  #transmit(path: PathName, channel: ChannelName, frame: LinkFrame, nowMs?: number): void {
    if (nowMs !== undefined && path === 'webrtc') this.#direct.sent(nowMs)
    this.#do({ kind: 'transmit', path, channel, frame: encodeInPieces(frame) })
  }

  #do(effect: LinkEffect): void {
    this.#effects.push(effect)
  }
}

function spacingOf(lane: Lane): number {
  return lane === 'streams' ? STREAMS_ACK_SPACING_MS : ACK_SPACING_MS
}

function perLane<Value>(make: (lane: Lane) => Value): Record<Lane, Value> {
  return Object.fromEntries(LANES.map((lane) => [lane, make(lane)])) as Record<Lane, Value>
}

export type { Message }
