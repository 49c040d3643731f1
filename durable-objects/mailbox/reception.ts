// What the sockets of a mailbox say: messages taken apart, paid for, and each frame brought to where it belongs. What is no
// good is refused with a word for it; nothing a socket sends goes unanswered, and nothing is free.

import { MAILBOX_MESSAGE_BYTES_MAX } from '../../protocol/limits/mailbox.ts'
import { PRICE } from '../../protocol/limits/room.ts'
import { pay, priceOf } from '../../protocol/mailbox/caller.ts'
import type { SocketRates } from '../../protocol/mailbox/config.ts'
import type { PutOutcome } from '../../protocol/mailbox/contract.ts'
import { PEER_ID_BYTES } from '../../protocol/peer-id.ts'
import { isForgery } from '../../protocol/protection/offences.ts'
import { framesOf } from '../../protocol/wire/batch.ts'
import { equalBytes, WireError } from '../../protocol/wire/bytes.ts'
import { encode } from '../../protocol/wire/codec.ts'
import { encodeDht, tryDecodeDht } from '../../protocol/wire/dht-frames.ts'
import { encodeMail, tryDecodeMail } from '../../protocol/wire/mail-frames.ts'
import { DHT_FRAME, FRAME, MAIL_FRAME, type RefusalCode } from '../../protocol/wire/registry.ts'
import type { Caller, Callers } from './callers.ts'
import type { DhtDesk } from './dht-desk.ts'
import type { Forwarding } from './forwarding.ts'
import type { Answer } from './put-desk.ts'

export interface ReceptionHost {
  /** Whose mailbox this is. */
  readonly mailbox: Uint8Array
  readonly rates: SocketRates
  readonly callers: Callers
  readonly forwarding: Forwarding
  readonly dht: DhtDesk
  put(request: Uint8Array, audience: Uint8Array, answer: Answer): void
  took(ids: readonly Uint8Array[]): void
  renewPass(caller: Caller): void
  leave(caller: Caller, code: RefusalCode): void
  drop(reason: Refusal, caller: Caller): void
  /** What an owner did that is no mistake. */
  complain(reason: 'flooding' | 'forged'): void
}

type Refusal = Extract<RefusalCode, 'malformed' | 'unexpected' | 'too-large' | 'rate-limited'>

const TOKEN_AT = 1
const MAILBOX_AT = TOKEN_AT + 4
const REQUEST_AT = MAILBOX_AT + PEER_ID_BYTES

export class Reception {
  readonly #host: ReceptionHost

  constructor(host: ReceptionHost) {
    this.#host = host
  }

  hear(caller: Caller, message: ArrayBuffer | string, nowMs: number): void {
    const isText = typeof message === 'string'
    const bytes = isText ? new Uint8Array() : new Uint8Array(message)
    const length = isText ? message.length : bytes.length
    const frames = isText || length > MAILBOX_MESSAGE_BYTES_MAX ? undefined : framesIn(bytes)
    const price = frames === undefined ? PRICE.message : priceOf(frames)
    const cost = { price, bytes: length, frames: frames?.length ?? 1 }
    const paid = pay(caller.record, this.#host.rates, cost, nowMs)
    if (paid === 'flooding') {
      if (caller.record.isOwner) this.#host.complain('flooding')
      return this.#host.leave(caller, 'flooding')
    }
    this.#host.callers.remember(caller)
    const type = bytes[0] ?? 0
    if (!paid.ok) return this.#refuseAll(caller, frames ?? [], type, paid.retryAfterMs)
    if (frames === undefined)
      return this.#refuse(caller, length > MAILBOX_MESSAGE_BYTES_MAX ? 'too-large' : 'malformed', type)
    for (const frame of frames) this.#frame(caller, frame)
    this.#host.forwarding.flush()
    this.#host.dht.flush()
  }

  #frame(caller: Caller, frame: Uint8Array): void {
    const { isOwner } = caller.record
    const type = frame[0] as number
    if (type === MAIL_FRAME.put) return this.#put(caller, frame)
    if (type === FRAME.passWanted && frame.length === 1)
      return isOwner ? this.#host.renewPass(caller) : this.#refuse(caller, 'unexpected', type)
    if (type === DHT_FRAME.dhtAsk)
      return isOwner ? this.#ask(caller, frame) : this.#refuse(caller, 'unexpected', type)
    const decoded = tryDecodeMail(frame)
    if (decoded === undefined) return this.#refuse(caller, 'malformed', type)
    if (decoded.kind !== 'took' || !isOwner) return this.#refuse(caller, 'unexpected', type)
    this.#host.took(decoded.ids)
  }

  /** Whose token cannot be read is refused as a frame; from there on each put has its own answer. */
  #put(caller: Caller, frame: Uint8Array): void {
    if (frame.length < REQUEST_AT) return this.#refuse(caller, 'malformed', MAIL_FRAME.put)
    const token = tokenOf(frame)
    const mailbox = frame.subarray(MAILBOX_AT, REQUEST_AT)
    const request = frame.subarray(REQUEST_AT)
    const answer = (outcome: PutOutcome) => this.#answer(caller, token, outcome)
    if (equalBytes(mailbox, this.#host.mailbox))
      return this.#host.put(request, caller.record.audience, answer)
    this.#host.forwarding.take(mailbox, caller.record.audience, request, answer)
  }

  #ask(caller: Caller, frame: Uint8Array): void {
    const asked = tryDecodeDht(frame)
    if (asked?.kind !== 'dhtAsk') return this.#refuse(caller, 'malformed', DHT_FRAME.dhtAsk)
    const { token, question } = asked
    this.#host.dht.take(question, caller.record.region, (answer) => {
      if (answer.kind === 'refused' && isForgery(answer.reason)) this.#host.complain('forged')
      this.#host.callers.send(caller, encodeDht({ kind: 'dhtAnswer', token, answer }))
    })
  }

  #answer(caller: Caller, token: number, outcome: PutOutcome): void {
    const { ok } = outcome
    const frame = ok
      ? ({ kind: 'stored', token, known: outcome.known, ttlS: secondsUntil(outcome.expiresAtMs) } as const)
      : ({ kind: 'refused', token, reason: outcome.reason, retryAfterMs: outcome.retryAfterMs } as const)
    this.#host.callers.send(caller, encodeMail(frame))
  }

  #refuseAll(caller: Caller, frames: readonly Uint8Array[], type: number, retryAfterMs: number): void {
    const puts = frames.filter((frame) => frame[0] === MAIL_FRAME.put && frame.length >= MAILBOX_AT)
    if (puts.length < frames.length || puts.length === 0)
      this.#refuse(caller, 'rate-limited', type, retryAfterMs)
    for (const put of puts) {
      this.#host.drop('rate-limited', caller)
      this.#answer(caller, tokenOf(put), { ok: false, reason: 'rate-limited', retryAfterMs })
    }
  }

  #refuse(caller: Caller, code: Refusal, refusedType: number, retryAfterMs = 0): void {
    this.#host.drop(code, caller)
    this.#host.callers.send(caller, encode({ kind: 'refusal', code, refusedType, retryAfterMs }))
  }
}

function framesIn(message: Uint8Array): readonly Uint8Array[] | undefined {
  try {
    return framesOf(message)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function tokenOf(put: Uint8Array): number {
  return new DataView(put.buffer, put.byteOffset).getUint32(TOKEN_AT)
}

function secondsUntil(atMs: number): number {
  return Math.max(0, Math.ceil((atMs - Date.now()) / 1_000))
}
