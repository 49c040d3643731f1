// The keys of the link to one peer: hosts the keying machine, does its cryptography, seals what the link sends and opens what
// comes, on every way there is. The link above knows two paths and nothing of keys; the ways below carry bytes.

import type { HandshakeDrop } from '../protocol/crypto/handshake/drops.ts'
import { typeOf } from '../protocol/crypto/handshake/layout.ts'
import type { Identity } from '../protocol/crypto/identity.ts'
import type { RecordDrop } from '../protocol/crypto/records/drops.ts'
import type { Channel } from '../protocol/crypto/records/layer.ts'
import type { RecordType } from '../protocol/crypto/records/layout.ts'
import type { Opened } from '../protocol/crypto/records/receiving.ts'
import type { Suite } from '../protocol/crypto/suite.ts'
import type { KeyingEffect, KeyingInput } from '../protocol/keying/contract.ts'
import { KeyingMachine } from '../protocol/keying/machine.ts'
import {
  HELD_RECORDS_BYTES_MAX,
  HELD_RECORDS_MAX,
  OPENING_BYTES_MAX,
  OPENING_OVERHEAD_BYTES,
  RECORD_BODY_BYTES_MAX,
} from '../protocol/limits/keying.ts'
import type { ChannelName } from '../protocol/link/machine.ts'
import type { PathName } from '../protocol/path.ts'
import { framesOf } from '../protocol/wire/batch.ts'
import { WireError } from '../protocol/wire/bytes.ts'
import { nowMs } from './clock.ts'
import { Erasing } from './erasing.ts'
import { Host, type Time } from './host.ts'
import { KeyWork, type LiveSession, type Sight } from './key-work.ts'
import { Sealer } from './sealer.ts'
import type { PeerTickets } from './tickets.ts'

export interface SecureLinkOptions {
  readonly suite: Suite
  readonly identity: Identity
  /** The 32 bytes of the peer's PeerId. */
  readonly peer: Uint8Array
  /** Our PeerId is the smaller: of two dials that cross, ours stands. */
  readonly ours: boolean
  readonly tickets: PeerTickets
  readonly admits: () => boolean
  /** The page's own, unless it is a simulation's. */
  readonly time?: Time
}

export interface SecureLinkListener {
  /** Bytes to be carried as they are. Without a channel: by the one in order. */
  carry(way: number, channel: ChannelName, bytes: Uint8Array): void
  /** The same of a record, which is the listener's, with what its buffer has to spare before it. */
  carryRecord(way: number, channel: ChannelName, record: Uint8Array): void
  /** What the peer's link said. */
  frame(path: PathName, bytes: Uint8Array): void
  pathUp(path: PathName): void
  pathDown(path: PathName): void
  /** The peer proved that it is another run of itself. */
  restarted(): void
  /** This direct connection is no good. */
  giveUp(way: number): void
  dropped(reason: HandshakeDrop | RecordDrop | 'stale' | 'over-window'): void
}

/** Lanes of a way, in the records' sense: each has keys and numbers of its own. A relay is one, since rooms may drop. */
const LANES: Readonly<Record<ChannelName, { readonly lane: number; readonly ordered: boolean }>> = {
  control: { lane: 0, ordered: true },
  bulk: { lane: 1, ordered: true },
  gossip: { lane: 2, ordered: false },
}
/** Of what may be lost, a record shall fit a packet: of two that share a record, both are lost. */
const GOSSIP_BODY_BYTES_MAX = 1_100
const HANDSHAKE_MARK = 0x57 // 'W': no record begins with it
/** An offer of fresh secrets that was lost is made again after this, when there is traffic. */
const REKEY_AGAIN_MS = 5_000

interface Way {
  readonly id: number
  readonly sight: Sight
  attached: { readonly session: LiveSession; readonly path: number } | undefined
  open: boolean
  /** Where a record of the present session opened. */
  readonly heard: Set<ChannelName>
  /** It was of another session before: what that one said may still be in a channel's buffer. */
  inherited: boolean
  readonly sealers: Map<ChannelName, Sealer>
}

interface HeldRecord {
  readonly way: number
  readonly channel: ChannelName
  readonly bytes: Uint8Array
}

export class SecureLink {
  readonly #listener: SecureLinkListener
  readonly #machine: KeyingMachine
  readonly #host: Host<KeyingInput, KeyingEffect>
  readonly #work: KeyWork
  readonly #nowMs: () => number
  readonly #ways = new Map<number, Way>()
  /** Made by a resumption, and not current before something under it has opened. */
  #candidate: { readonly session: number; readonly way: number } | undefined
  #life: number | undefined
  #keys: 'none' | LiveSession['by'] = 'none'
  #held: HeldRecord[] = []
  #heldBytes = 0
  /** Of records whose turn to be opened has not come. */
  #openingBytes = 0
  readonly #erasing: Erasing
  #lastWay = 0
  #offeredAtMs = 0

  constructor(options: SecureLinkOptions, listener: SecureLinkListener) {
    this.#listener = listener
    const { ours, tickets, time } = options
    this.#nowMs = time?.nowMs ?? nowMs
    this.#erasing = new Erasing(time)
    this.#machine = new KeyingMachine({ ours, hasTicket: () => tickets.has() })
    this.#host = new Host(this.#machine, (effect) => this.#perform(effect), time)
    this.#work = new KeyWork({
      ...options,
      nowMs: this.#nowMs,
      done: (task, result) => {
        this.#host.give({ kind: 'result', task, result })
        this.#retry()
      },
    })
  }

  /** How the peer of the present session proved itself. */
  get keys(): 'none' | LiveSession['by'] {
    return this.#keys
  }

  /** A way to the peer exists. `life` tells runs of the peer apart, where the way says so. */
  wayUp(sight: Sight, life: number): number {
    this.#lastWay++
    const id = this.#lastWay
    this.#ways.set(id, {
      id,
      sight,
      attached: undefined,
      open: false,
      heard: new Set(),
      inherited: false,
      sealers: new Map(),
    })
    this.#host.give({ kind: 'wayUp', way: id, path: sight.path, life })
    return id
  }

  wayDown(id: number): void {
    const way = this.#ways.get(id)
    if (way === undefined) return
    this.#close(way)
    this.#ways.delete(id)
    this.#host.give({ kind: 'wayDown', way: id })
  }

  /** There is something to say: shake hands, unless that is done. */
  want(): void {
    this.#host.give({ kind: 'wanted' })
  }

  unanswered(): void {
    this.#host.give({ kind: 'unanswered' })
  }

  /** False: no way of this path is open now. */
  transmit(path: PathName, channel: ChannelName, frame: readonly Uint8Array[]): boolean {
    const way = this.#openWay(path)
    if (way === undefined) return false
    this.#sealer(way, channel)?.push(frame)
    this.#rekeyIfDue(way)
    return true
  }

  received(id: number, channel: ChannelName, bytes: Uint8Array): void {
    const way = this.#ways.get(id)
    if (way === undefined) return this.#listener.dropped('stale')
    if (bytes[0] !== HANDSHAKE_MARK) return this.#record(way, channel, bytes)
    const type = typeOf(bytes)
    if (type === undefined) return this.#listener.dropped('malformed')
    this.#host.give({ kind: 'message', way: id, type, bytes: bytes.slice() })
  }

  close(): void {
    this.#host.stop()
    for (const way of this.#ways.values()) this.#close(way)
    this.#ways.clear()
    this.#work.close()
    this.#erasing.stop()
    this.#held = []
  }

  // ---- what the machine decides -----------------------------------------------------------------------------------

  #perform(effect: KeyingEffect): void {
    switch (effect.kind) {
      case 'begin': {
        const way = this.#ways.get(effect.way)
        if (way !== undefined) this.#work.begin(effect, way.sight)
        return
      }
      case 'feed':
        return this.#work.feed(effect.task, effect.bytes)
      case 'end':
        return this.#work.end(effect.task)
      case 'transmit':
        return this.#listener.carry(effect.way, 'control', effect.bytes)
      case 'adopt':
        this.#candidate = undefined
        this.#keys = this.#work.session(effect.session)?.by ?? 'none'
        if (this.#life !== undefined && this.#life !== effect.life) this.#listener.restarted()
        this.#life = effect.life
        return
      case 'retire':
        return this.#work.retire(effect.session)
      case 'hold':
        this.#candidate = effect
        return
      case 'attach':
        return this.#attach(effect.way, effect.session, effect.path)
      case 'open':
        return this.#open(effect.way, effect.first)
      case 'detach': {
        const way = this.#ways.get(effect.way)
        if (way !== undefined) this.#close(way)
        return
      }
      case 'giveUp':
        return this.#listener.giveUp(effect.way)
      case 'drop':
        return this.#listener.dropped(effect.reason)
    }
  }

  #attach(id: number, sessionId: number, path: number): void {
    const way = this.#ways.get(id)
    const session = this.#work.session(sessionId)
    if (way === undefined || session === undefined) return
    way.attached = { session, path }
    way.heard.clear()
  }

  #open(id: number, first: boolean): void {
    const way = this.#ways.get(id)
    if (way === undefined || way.open) return
    const before = this.#openWay(way.sight.path)
    way.open = true
    if (before === undefined) this.#listener.pathUp(way.sight.path)
    if (first) this.#sealer(way, 'control')?.greet()
  }

  #close(way: Way): void {
    if (way.attached !== undefined) {
      way.attached.session.layer.closePath(way.attached.path)
      way.inherited = true
    }
    for (const sealer of way.sealers.values()) sealer.close()
    way.sealers.clear()
    way.attached = undefined
    const wasOpen = way.open
    way.open = false
    const { path } = way.sight
    if (wasOpen && this.#openWay(path) === undefined) this.#listener.pathDown(path)
  }

  /** The newest. */
  #openWay(path: PathName): Way | undefined {
    let newest: Way | undefined
    for (const way of this.#ways.values()) if (way.open && way.sight.path === path) newest = way
    return newest
  }

  // ---- sealing ------------------------------------------------------------------------------------------------------

  #sealer(way: Way, channel: ChannelName): Sealer | undefined {
    const { attached } = way
    if (attached === undefined) return undefined
    const name = way.sight.path === 'relay' ? 'control' : channel
    const known = way.sealers.get(name)
    if (known !== undefined) return known
    const bytesMax = name === 'gossip' ? GOSSIP_BODY_BYTES_MAX : RECORD_BODY_BYTES_MAX
    const send = (record: Uint8Array) => this.#listener.carryRecord(way.id, name, record)
    const to = channelOf(way, attached.path, name)
    const sealer = new Sealer(attached.session.layer, to, bytesMax, send, this.#nowMs)
    way.sealers.set(name, sealer)
    return sealer
  }

  #rekeyIfDue(way: Way): void {
    const session = way.attached?.session
    const now = this.#nowMs()
    if (session === undefined || !session.rekeying.due(now) || now - this.#offeredAtMs < REKEY_AGAIN_MS)
      return
    this.#offeredAtMs = now
    void session.rekeying.offer().then((offer) => offer && this.#tell(way, session, 'rekeyOffer', offer))
  }

  /** A record that is not the link's, in order with those that are. */
  async #tell(way: Way, session: LiveSession, type: RecordType, body: Uint8Array): Promise<void> {
    const { attached } = way
    if (attached?.session !== session) return
    const channel = channelOf(way, attached.path, 'control')
    const record = await session.layer.seal(channel, type, body, this.#nowMs()).catch(() => undefined)
    if (record !== undefined && way.attached === attached)
      this.#listener.carryRecord(way.id, 'control', record)
  }

  // ---- opening ------------------------------------------------------------------------------------------------------

  #record(way: Way, channel: ChannelName, bytes: Uint8Array): void {
    const { attached } = way
    if (attached === undefined && this.#candidate?.way === way.id)
      return this.#recordOfCandidate(way, this.#candidate.session, bytes)
    if (attached === undefined) return this.#hold(way, channel, bytes)
    const { session, path } = attached
    const from = channelOf(way, path, channel)
    void this.#openRecord(session, from, bytes)?.then((opened) => {
      if (way.attached !== attached) return this.#listener.dropped('stale')
      if (opened.kind === 'opened') return this.#opened(way, channel, session, opened)
      if (this.#candidate?.way === way.id) return this.#recordOfCandidate(way, this.#candidate.session, bytes)
      this.#listener.dropped(opened.reason)
      const leftOver = way.inherited && !way.heard.has(channel)
      if (from.ordered && !leftOver) this.#host.give({ kind: 'broken', way: way.id })
    })
  }

  /** Who sends faster than we open shall not fill our memory. */
  #openRecord({ layer }: LiveSession, from: Channel, bytes: Uint8Array) {
    const cost = bytes.length + OPENING_OVERHEAD_BYTES
    if (this.#openingBytes + cost > OPENING_BYTES_MAX) {
      this.#listener.dropped('over-window')
      return undefined
    }
    this.#openingBytes += cost
    return layer.open(from, bytes, this.#nowMs()).then((opened) => {
      this.#openingBytes -= cost
      if (opened.kind === 'opened' && !layer.closed) this.#erasing.watch(layer)
      return opened
    })
  }

  #recordOfCandidate(way: Way, id: number, bytes: Uint8Array): void {
    const session = this.#work.session(id)
    if (session === undefined) return
    void this.#openRecord(session, channelOf(way, 0, 'control'), bytes)?.then((opened) => {
      if (opened.kind === 'drop') return this.#listener.dropped(opened.reason)
      this.#host.give({ kind: 'heard', session: id, way: way.id })
      if (way.attached?.session === session) this.#opened(way, 'control', session, opened)
    })
  }

  #opened(way: Way, channel: ChannelName, session: LiveSession, { type, body }: Opened): void {
    const first = way.heard.size === 0
    way.heard.add(channel)
    if (first) this.#host.give({ kind: 'heard', session: session.id, way: way.id })
    if (type !== 'data') return this.#rekey(way, session, type, body)
    if (body.length === 0) return
    try {
      for (const frame of framesOf(body)) this.#listener.frame(way.sight.path, frame)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.#listener.dropped('malformed')
    }
  }

  #rekey(way: Way, session: LiveSession, type: RecordType, body: Uint8Array): void {
    void session.rekeying.receive(type, body, this.#nowMs()).then((answer) => {
      if (answer.kind === 'drop') this.#listener.dropped(answer.reason)
      if (answer.kind === 'send') void this.#tell(way, session, answer.type, answer.body)
    })
  }

  /** Before its keys: a handshake's end and the first records come in one breath. Not so where who accepts only answers. */
  #hold(way: Way, channel: ChannelName, bytes: Uint8Array): void {
    if (way.sight.path !== 'relay') return this.#listener.dropped('stale')
    const full =
      this.#held.length >= HELD_RECORDS_MAX || this.#heldBytes + bytes.length > HELD_RECORDS_BYTES_MAX
    if (full || !this.#machine.busy) return this.#listener.dropped('stale')
    this.#held.push({ way: way.id, channel, bytes: bytes.slice() })
    this.#heldBytes += bytes.length
  }

  #retry(): void {
    if (this.#held.length === 0) return
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    for (const { way: id, channel, bytes } of held) {
      const way = this.#ways.get(id)
      if (way !== undefined) this.#record(way, channel, bytes)
    }
  }
}

function channelOf(way: Way, path: number, name: ChannelName): Channel {
  return way.sight.path === 'relay' ? { path, lane: 0, ordered: false } : { path, ...LANES[name] }
}
