// A socket to the edge that is kept, whatever the network does: a pass before it, a hello on it, pings while it lives, and
// another one after it. What a member of a room and the owner of a mailbox have in common; what is said on it is theirs.
//
// At most one socket matters: what comes from any other than the newest is ignored. A wake at wakeAtMs moves it on, whatever
// the edge said: nobody spins.

import { PASS_REFUSALS_MAX, PASS_RENEWAL_RETRY_MS } from './limits/admission.ts'
import {
  JOIN_TIMEOUT_MS,
  KEEP_ALIVE_LEAST_MS,
  KEEP_ALIVE_MOST_MS,
  PONG_SUSPECT_MS,
  PONG_TIMEOUT_MS,
  RECONNECT_BASE_MS,
  RECONNECT_MAX_MS,
  STEADY_MS,
} from './limits/kept-socket.ts'
import type { Random } from './machine.ts'
import { CLOSE_CODE_BASE, KEEP_ALIVE_PING, nameOf, REFUSAL, type RefusalCode } from './wire/registry.ts'

export type KeptState =
  | 'idle'
  /** Waiting for a pass to show: it may have to be worked for. */
  | 'admitting'
  | 'connecting'
  /** The other side let us in. */
  | 'joined'
  /** For the next try. */
  | 'waiting'
  | 'ended'

/** What happens to sockets alike on all machines that keep one. */
export type KeptInput =
  | { readonly kind: 'start' }
  /** The pass to show from now on, and when to ask for the next. */
  | { readonly kind: 'pass'; readonly pass: string; readonly renewAtMs: number }
  /** There is none to be had now, or for us ever. */
  | { readonly kind: 'noPass'; readonly forGood: boolean }
  | { readonly kind: 'socketText'; readonly socket: number; readonly text: string }
  | { readonly kind: 'socketClosed'; readonly socket: number; readonly code: number }
  /** The device says that its network, or its being awake, changed. */
  | { readonly kind: 'networkChanged' }
  /** Something else that took the same network fell silent: is the socket still there? */
  | { readonly kind: 'suspected' }

export type KeptEffect =
  /** To be answered by `pass` or `noPass`, whenever it may be. */
  | { readonly kind: 'obtainPass' }
  /** The edge will not take this one: another is needed. */
  | { readonly kind: 'passRefused'; readonly pass: string }
  | { readonly kind: 'closeSocket'; readonly socket: number }
  | { readonly kind: 'sendText'; readonly socket: number; readonly text: string }
  /** The socket is gone; the next try is at that time. */
  | { readonly kind: 'interrupted'; readonly retryAtMs: number }

/** Why there will be no other socket. */
export type KeptEnd =
  | 'unreachable'
  | 'superseded'
  | 'room-full'
  | 'version-mismatch'
  | 'bad-request'
  | 'too-large'
  /** The edge gives us none; takes none of those it gives; takes ours for another's, or for none at all. */
  | 'no-pass'
  | 'pass-refused'
  | 'pass-foreign'
  | 'pass-malformed'

/** The machine whose socket it is. */
export interface SocketOwner {
  do(effect: KeptEffect): void
  /** Open one, and say hello on it with that pass. */
  connect(socket: number, pass: string): void
  /** Ask for the next pass: we are in. */
  wantPass(): void
  /** Comes before the effect of that name. */
  interrupted(nowMs: number): void
  /** Nothing comes after it. */
  ended(reason: KeptEnd): void
}

/** Refusals after which trying again would only be refused again. */
const FINAL: readonly (RefusalCode | undefined)[] = [
  'superseded',
  'room-full',
  'version-mismatch',
  'bad-request',
  'too-large',
  'pass-malformed',
  'pass-foreign',
] satisfies KeptEnd[]

const NEVER = Number.POSITIVE_INFINITY

export class KeptSocket {
  readonly #random: Random
  readonly #firstWithinMs: number
  readonly #owner: SocketOwner
  #state: KeptState = 'idle'
  /** The newest. */
  #socket = 0
  #pass = ''
  #attempts = 0
  #giveUpAtMs = NEVER
  /** When connecting has taken too long, or waiting long enough. */
  #overAtMs = NEVER
  #keepAliveMs = 0
  #joinedAtMs = 0
  #pingAtMs = 0
  #pongByMs = NEVER
  #renewAtMs = NEVER
  /** Passes refused since we were last in. */
  #passRefusals = 0

  /** Until we were in once, it is given up after so long; afterwards, never. */
  constructor(random: Random, firstWithinMs: number, owner: SocketOwner) {
    this.#random = random
    this.#firstWithinMs = firstWithinMs
    this.#owner = owner
  }

  get state(): KeptState {
    return this.#state
  }

  /** The one that we are in by. */
  get socket(): number | undefined {
    return this.#state === 'joined' ? this.#socket : undefined
  }

  /** Unless ended. Infinity: not before something happens. */
  get wakeAtMs(): number {
    if (this.#state === 'joined') return Math.min(this.#pingAtMs, this.#pongByMs, this.#renewAtMs)
    return Math.min(this.#overAtMs, this.#giveUpAtMs)
  }

  receive(input: KeptInput, nowMs: number): void {
    const state = this.#state
    switch (input.kind) {
      case 'start':
        if (state !== 'idle') return
        this.#giveUpAtMs = nowMs + this.#firstWithinMs
        return this.#obtainPass()
      case 'pass':
        this.#renewAtMs = input.renewAtMs
        return state === 'admitting' ? this.#connect(input.pass, nowMs) : undefined
      case 'noPass':
        if (state !== 'admitting') return
        return input.forGood ? this.#end('no-pass') : this.#interrupted(nowMs)
      case 'socketText':
        this.hears(input.socket)
        return
      case 'socketClosed':
        return this.#closed(input.socket, input.code, nowMs)
      case 'networkChanged':
        if (state === 'waiting') {
          this.#attempts = 0
          this.#obtainPass()
        }
        return this.#suspected(nowMs)
      case 'suspected':
        return this.#suspected(nowMs)
    }
  }

  /** Something came from that socket. False: it is none that matters. */
  hears(socket: number): boolean {
    if (socket === this.#socket) this.#pongByMs = NEVER // Whoever speaks is alive.
    return this.#matters(socket)
  }

  /** To be said while connecting: the other side let us in, and tells how often it wants to hear of us. */
  joined(keepAliveMs: number, nowMs: number): void {
    this.#state = 'joined'
    this.#keepAliveMs = Math.min(KEEP_ALIVE_MOST_MS, Math.max(KEEP_ALIVE_LEAST_MS, keepAliveMs))
    this.#joinedAtMs = nowMs
    // Pings are spread over their period, so that an edge that restarted is not pinged by all at once.
    this.#pingAtMs = nowMs + this.#keepAliveMs * this.#random()
    this.#pongByMs = NEVER
    this.#giveUpAtMs = NEVER
    this.#passRefusals = 0
  }

  wake(nowMs: number): void {
    const state = this.#state
    if (state !== 'joined') {
      if (nowMs >= this.#giveUpAtMs) return this.#end('unreachable')
      if (nowMs < this.#overAtMs) return
      return state === 'waiting' ? this.#obtainPass() : this.renew(nowMs)
    }
    if (nowMs >= this.#pongByMs) return this.renew(nowMs)
    if (nowMs >= this.#pingAtMs) this.#ping(nowMs)
    if (nowMs < this.#renewAtMs) return
    this.#renewAtMs = nowMs + PASS_RENEWAL_RETRY_MS
    this.#owner.wantPass()
  }

  /** The socket there is is of no use any more: another, in a while. */
  renew(nowMs: number): void {
    this.#closeSocket()
    this.#interrupted(nowMs)
  }

  /** For good, and our own wish: nobody is told. */
  close(): void {
    if (this.#matters(this.#socket)) this.#closeSocket()
    this.#state = 'ended'
  }

  #end(reason: KeptEnd): void {
    this.close()
    this.#owner.ended(reason)
  }

  #matters(socket: number): boolean {
    return socket === this.#socket && (this.#state === 'connecting' || this.#state === 'joined')
  }

  #obtainPass(): void {
    this.#state = 'admitting'
    this.#overAtMs = NEVER
    this.#owner.do({ kind: 'obtainPass' })
  }

  #connect(pass: string, nowMs: number): void {
    this.#state = 'connecting'
    this.#overAtMs = nowMs + JOIN_TIMEOUT_MS
    this.#pass = pass
    this.#owner.connect(++this.#socket, pass)
  }

  #closed(socket: number, code: number, nowMs: number): void {
    if (!this.#matters(socket)) return
    const refusal = nameOf(REFUSAL, code - CLOSE_CODE_BASE)
    if (FINAL.includes(refusal)) return this.#end(refusal as KeptEnd)
    // Whoever asks for another pass is told until when it may not come.
    if (refusal === 'pass-expired' || refusal === 'pass-forged' || refusal === 'blacklisted') {
      this.#owner.do({ kind: 'passRefused', pass: this.#pass })
      if (++this.#passRefusals > PASS_REFUSALS_MAX) return this.#end('pass-refused')
    }
    this.#interrupted(nowMs)
  }

  /** The socket is no good any more: wait a little, then try again. */
  #interrupted(nowMs: number): void {
    if (nowMs >= this.#giveUpAtMs) return this.#end('unreachable')
    if (this.#state === 'joined' && nowMs - this.#joinedAtMs >= STEADY_MS) this.#attempts = 0
    const capMs = Math.min(RECONNECT_MAX_MS, RECONNECT_BASE_MS * 2 ** this.#attempts++)
    this.#state = 'waiting'
    this.#overAtMs = nowMs + this.#random() * capMs
    this.#owner.interrupted(nowMs)
    this.#owner.do({ kind: 'interrupted', retryAtMs: this.#overAtMs })
  }

  /** Asks at once, and does not wait long. */
  #suspected(nowMs: number): void {
    if (this.#state !== 'joined') return
    if (this.#pongByMs === NEVER) this.#ping(nowMs)
    this.#pongByMs = Math.min(this.#pongByMs, nowMs + PONG_SUSPECT_MS)
  }

  #closeSocket(): void {
    this.#owner.do({ kind: 'closeSocket', socket: this.#socket })
  }

  #ping(nowMs: number): void {
    this.#pingAtMs = nowMs + this.#keepAliveMs
    this.#pongByMs = Math.min(this.#pongByMs, nowMs + PONG_TIMEOUT_MS)
    this.#owner.do({ kind: 'sendText', socket: this.#socket, text: KEEP_ALIVE_PING })
  }
}
