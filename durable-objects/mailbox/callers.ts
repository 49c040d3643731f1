// The sockets of a mailbox: the owner's home and any number of senders. Their attachments are the truth and survive sleep;
// what is here is a cache of them. Frames for one socket leave together at the end of what caused them.

import { type CallerRecord, packCaller, unpackCaller } from '../../protocol/mailbox/caller.ts'
import { messagesOf } from '../../protocol/wire/batch.ts'
import type { RefusalCode } from '../../protocol/wire/registry.ts'
import { closeWith, sendTo } from '../host.ts'

export interface Caller {
  readonly socket: WebSocket
  readonly record: CallerRecord
  queue: Uint8Array[]
  /** When the blacklist was last asked about it. Forgotten in sleep. */
  judgedAtMs: number
  /** The record is newer than the attachment. */
  stale: boolean
}

const OWNER_TAG = 'owner'
const SENDER_TAG = 'sender'

export class Callers {
  readonly #ctx: DurableObjectState
  readonly #bySocket = new Map<WebSocket, Caller>()
  readonly #waiting = new Set<Caller>()
  #home: Caller | 'none' | undefined

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx
  }

  get count(): number {
    return this.#ctx.getWebSockets().length
  }

  get senders(): number {
    return this.#ctx.getWebSockets(SENDER_TAG).length
  }

  /** Undefined for a socket on its way out: what it still says concerns nobody. */
  of(socket: WebSocket): Caller | undefined {
    const known = this.#bySocket.get(socket)
    if (known !== undefined) return known
    const attached: unknown = socket.deserializeAttachment()
    const record = attached instanceof Uint8Array ? unpackCaller(attached) : undefined
    return record && this.#hold(socket, record)
  }

  /** The owner's socket, if there is one. */
  home(): Caller | undefined {
    this.#home ??= this.#findHome() ?? 'none'
    return this.#home === 'none' ? undefined : this.#home
  }

  accept(socket: WebSocket, record: CallerRecord): Caller {
    this.#ctx.acceptWebSocket(socket, [record.isOwner ? OWNER_TAG : SENDER_TAG])
    socket.serializeAttachment(packCaller(record))
    const caller = this.#hold(socket, record)
    if (record.isOwner) this.#home = caller
    return caller
  }

  send(caller: Caller, frame: Uint8Array): void {
    caller.queue.push(frame)
    this.#waiting.add(caller)
  }

  remember(caller: Caller): void {
    caller.stale = true
    this.#waiting.add(caller)
  }

  /** At the end of each event: everything out, in as few messages as hold it. */
  flush(): void {
    for (const caller of this.#waiting) this.#flush(caller)
    this.#waiting.clear()
  }

  /** A caller no more; with a code: told so, and closed. */
  dismiss(caller: Caller, code?: RefusalCode, retryAfterMs?: number): void {
    this.#flush(caller)
    this.#waiting.delete(caller)
    this.#bySocket.delete(caller.socket)
    if (this.#home === caller) this.#home = 'none'
    caller.socket.serializeAttachment(null)
    if (code !== undefined) closeWith(caller.socket, code, retryAfterMs)
  }

  #findHome(): Caller | undefined {
    for (const socket of this.#ctx.getWebSockets(OWNER_TAG)) {
      const caller = this.of(socket)
      if (caller !== undefined) return caller
    }
    return undefined
  }

  #flush(caller: Caller): void {
    const { queue, socket } = caller
    caller.queue = []
    // Whoever was dismissed has no record, and shall not get one again.
    if (caller.stale && this.#bySocket.get(socket) === caller)
      socket.serializeAttachment(packCaller(caller.record))
    caller.stale = false
    for (const message of messagesOf(queue)) sendTo(socket, message)
  }

  #hold(socket: WebSocket, record: CallerRecord): Caller {
    const caller = { socket, record, queue: [], judgedAtMs: 0, stale: false }
    this.#bySocket.set(socket, caller)
    return caller
  }
}
