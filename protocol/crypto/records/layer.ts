// The record layer of one link: everything said after a handshake, on all its paths. Seals and opens are queued, each half by
// itself, so callers need not wait for one before they ask for the next, and records leave in the order they were asked for.

import { take, wipe } from '../handshake/schedule.ts'
import type { Session } from '../handshake/session.ts'
import type { Suite } from '../suite.ts'
import type { RecordType } from './layout.ts'
import { type DroppedRecord, type Opened, Receiving } from './receiving.ts'
import { Sending } from './sending.ts'

/**
 * A way of its own through a path: records of different channels share no key and no sequence. Which one a record is of is
 * known by where it came from, it does not say. `ordered` for what is reliable and in order below us, and only that.
 */
export interface Channel {
  readonly path: number
  readonly lane: number
  readonly ordered: boolean
}

const PATH_MAX = 0xffff
const LANE_MAX = 0xff

/** The secrets of a generation; ours to keep and to erase. */
export interface Traffic {
  readonly send: Uint8Array
  readonly receive: Uint8Array
}

export class RecordLayer {
  readonly #sending: Sending
  readonly #receiving: Receiving
  readonly #over = new Set<number>()
  #seals: Promise<unknown> = Promise.resolve()
  #opens: Promise<unknown> = Promise.resolve()
  #waiting: Uint8Array | undefined
  #closed = false
  #bytes = 0

  /** Takes the session's traffic secrets: there is one record layer of a session. */
  constructor(suite: Suite, session: Pick<Session, 'send' | 'receive'>) {
    this.#sending = new Sending(suite, take(session.send))
    this.#receiving = new Receiving(suite, take(session.receive))
  }

  /** Sealed and opened since the last fresh secret. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether both sides use the last fresh secret, as far as we know. */
  get settled(): boolean {
    return !this.#receiving.awaiting && this.#waiting === undefined
  }

  get wakeAtMs(): number | undefined {
    return this.#receiving.wakeAtMs
  }

  /** Rejects once the link or the path is closed. The body is read when its turn comes: leave it alone until then. */
  seal(channel: Channel, type: RecordType, body: Uint8Array, nowMs: number): Promise<Uint8Array> {
    const number = numberOf(channel)
    const sealed = this.#seals.then(() => {
      if (this.#closed || this.#over.has(channel.path)) throw new TypeError('this link or path is closed')
      this.#bytes += body.length
      return this.#sending.seal(number, type, body, nowMs)
    })
    this.#seals = sealed.catch(() => undefined)
    return sealed
  }

  /** Whatever the bytes are, this resolves. They are read when their turn comes: leave them alone until then. */
  open(channel: Channel, bytes: Uint8Array, nowMs: number): Promise<Opened | DroppedRecord> {
    const number = numberOf(channel)
    // A small piece of a large message would keep all of it while it waits.
    const record = bytes.buffer.byteLength > 2 * bytes.length ? bytes.slice() : bytes
    const opened = this.#opens.then(async (): Promise<Opened | DroppedRecord> => {
      if (this.#closed || this.#over.has(channel.path)) return { kind: 'drop', reason: 'closed' }
      const result = await this.#receiving.open(number, channel.ordered, record, nowMs)
      if (result.kind === 'opened') this.#bytes += result.body.length
      if (result.kind === 'opened' && result.renewed) this.#sendUnderFresh()
      return result
    })
    this.#opens = opened.catch(() => undefined)
    return opened
  }

  /**
   * A fresh generation. Who knows that the peer has it sends under it at once; who does not, when the peer was heard to.
   * Only when settled.
   */
  renew(traffic: Traffic, peerHasIt: boolean): void {
    if (this.#closed || !this.settled) {
      wipe(traffic.send, traffic.receive)
      throw new TypeError('a closed link, or one whose last fresh secret is not in use yet, takes no other')
    }
    this.#receiving.renew(traffic.receive)
    this.#waiting = traffic.send
    this.#bytes = 0
    if (peerHasIt) this.#sendUnderFresh()
  }

  /** Nothing is sealed or opened on this path any more. Its numbers are not used again. */
  closePath(path: number): void {
    this.#over.add(path)
  }

  /** To be called at wakeAtMs: erases old keys. Resolves when it has. */
  sweep(nowMs: number): Promise<void> {
    const swept = this.#opens.then(() => this.#receiving.sweep(nowMs))
    this.#opens = swept
    return swept
  }

  /** Refuses at once, and erases when nothing is being made of the keys any more: an erased key is one anybody knows. */
  close(): void {
    this.#closed = true
    this.#seals = this.#seals.then(() => this.#sending.erase())
    this.#opens = this.#opens.then(() => this.#receiving.erase())
    wipe(this.#waiting)
    this.#waiting = undefined
  }

  get closed(): boolean {
    return this.#closed
  }

  #sendUnderFresh(): void {
    const secret = this.#waiting
    this.#waiting = undefined
    if (secret === undefined) return
    // Behind the seals that were asked for: keys do not change under one that is being made.
    this.#seals = this.#seals.then(() => this.#sending.renew(secret))
  }
}

function numberOf({ path, lane }: Channel): number {
  const good = (value: number, most: number) => Number.isInteger(value) && value >= 0 && value <= most
  if (!good(path, PATH_MAX) || !good(lane, LANE_MAX))
    throw new RangeError(`there is no channel ${lane} of a path ${path}`)
  return path * 256 + lane
}
