// Fresh secrets for a link that lives: the initiator offers a new X-Wing key inside the link, the responder answers, and both
// mix the secret into what they had. Whoever copied one side's keys is out again, if it only listens.
//
// Who switches when: the responder takes the new keys for receiving as it answers, and for sending when it first hears the
// initiator under them; the initiator takes both as it has the answer. So nobody ever hears a record it has no keys for. Both
// say `rekeyDone` under them, in case there is nothing else to say.

import { equalBytes } from '../../wire/bytes.ts'
import { REKEY, ROOT, TRAFFIC_INITIATOR, TRAFFIC_RESPONDER } from '../handshake/labels.ts'
import { expand, take, wipe } from '../handshake/schedule.ts'
import { type SecretKey, secretKey } from '../handshake/secret-key.ts'
import { other, type Session } from '../handshake/session.ts'
import { concat, SIZES, type Suite } from '../suite.ts'
import type { RecordLayer } from './layer.ts'
import type { RecordType } from './layout.ts'

/** A generation is used so long, or for so many bytes both ways, before a fresh one is offered. */
export const REKEY_MS = 600_000
export const REKEY_BYTES = 64 * 1024 * 1024

const GENERATION_BYTES = 4
export const OFFER_BYTES = GENERATION_BYTES + SIZES.kemPublicKey
export const ANSWER_BYTES = GENERATION_BYTES + SIZES.kemCiphertext

export type RekeyAnswer =
  /** To be sealed and sent. After `rekeyAnswer` and `rekeyDone` new keys are in place already, where they should be. */
  | { readonly kind: 'send'; readonly type: RecordType; readonly body: Uint8Array }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'drop'; readonly reason: 'malformed' | 'unexpected' | 'not-a-key' }

const drop = (reason: 'malformed' | 'unexpected' | 'not-a-key') => ({ kind: 'drop', reason }) as const

interface Offered {
  readonly secret: SecretKey
  readonly body: Uint8Array
}

interface Fresh {
  readonly initiator: Uint8Array
  readonly responder: Uint8Array
  readonly root: Uint8Array
}

export class Rekeying {
  readonly #suite: Suite
  readonly #layer: RecordLayer
  readonly #role: Session['role']
  #root: Uint8Array
  #generation = 0
  #sinceMs: number
  #offered: Offered | undefined
  #answered: { readonly offer: Uint8Array; readonly answer: Uint8Array } | undefined

  /** Takes the session's root. */
  constructor(suite: Suite, layer: RecordLayer, session: Pick<Session, 'role' | 'root'>, nowMs: number) {
    this.#suite = suite
    this.#layer = layer
    this.#role = session.role
    this.#root = take(session.root)
    this.#sinceMs = nowMs
  }

  /** Whether to call `offer`. Only the initiator offers, so two never cross. An unused link stays as it is. */
  due(nowMs: number): boolean {
    if (this.#role !== 'initiator' || !this.#layer.settled || this.#layer.bytes === 0) return false
    return nowMs - this.#sinceMs >= REKEY_MS || this.#layer.bytes >= REKEY_BYTES
  }

  /** The same one until it is answered: it may be sent again. Undefined: not now, or not by us. */
  async offer(): Promise<Uint8Array | undefined> {
    if (this.#offered !== undefined) return this.#offered.body
    if (this.#role !== 'initiator' || this.#layer.closed || !this.#layer.settled) return undefined
    const secret = await secretKey(this.#suite)
    // Somebody may have asked meanwhile: there is one offer of a generation.
    this.#offered ??= { secret, body: concat([u32(this.#generation + 1), secret.pair.publicKey]) }
    return this.#offered.body
  }

  /** What came in a record of a rekeying type. Whatever the bytes are, this resolves. */
  async receive(type: RecordType, bytes: Uint8Array, nowMs: number): Promise<RekeyAnswer> {
    const body = bytes.slice()
    if (type === 'rekeyOffer') return this.#answer(body, nowMs)
    if (type === 'rekeyAnswer') return this.#finish(body, nowMs)
    if (type !== 'rekeyDone' || body.length > 0) return drop('malformed')
    if (this.#role === 'initiator') return { kind: 'nothing' }
    return { kind: 'send', type: 'rekeyDone', body }
  }

  close(): void {
    wipe(this.#root, this.#offered?.secret.seed)
    this.#root = new Uint8Array()
    this.#offered = undefined
  }

  async #answer(offer: Uint8Array, nowMs: number): Promise<RekeyAnswer> {
    if (offer.length !== OFFER_BYTES) return drop('malformed')
    const before = this.#answered
    if (before !== undefined && equalBytes(before.offer, offer))
      return { kind: 'send', type: 'rekeyAnswer', body: before.answer }
    const generation = this.#generation + 1
    const awaited = () =>
      this.#role === 'responder' &&
      !this.#layer.closed &&
      this.#layer.settled &&
      generation === this.#generation + 1 &&
      equalBytes(offer.subarray(0, GENERATION_BYTES), u32(generation))
    if (!awaited()) return drop('unexpected')
    const made = await this.#suite.kem.encapsulate(offer.subarray(GENERATION_BYTES))
    if (made === undefined) return drop('not-a-key')
    const answer = concat([u32(generation), made.ciphertext])
    const fresh = await this.#mix(made.sharedSecret, offer, answer)
    if (!awaited()) return drop('unexpected')
    this.#answered = { offer, answer }
    this.#take(fresh, nowMs, false)
    return { kind: 'send', type: 'rekeyAnswer', body: answer }
  }

  async #finish(answer: Uint8Array, nowMs: number): Promise<RekeyAnswer> {
    if (answer.length !== ANSWER_BYTES) return drop('malformed')
    const offered = this.#offered
    if (offered === undefined || !this.#layer.settled) return drop('unexpected')
    const head = (bytes: Uint8Array) => bytes.subarray(0, GENERATION_BYTES)
    if (!equalBytes(head(answer), head(offered.body))) return drop('unexpected')
    const sharedSecret = await offered.secret.pair.decapsulate(answer.subarray(GENERATION_BYTES))
    if (sharedSecret === undefined) return drop('not-a-key')
    const fresh = await this.#mix(sharedSecret, offered.body, answer)
    if (this.#offered !== offered || this.#layer.closed) return drop('unexpected')
    wipe(offered.secret.seed)
    this.#offered = undefined
    this.#take(fresh, nowMs, true)
    return { kind: 'send', type: 'rekeyDone', body: new Uint8Array() }
  }

  async #mix(sharedSecret: Uint8Array, offer: Uint8Array, answer: Uint8Array): Promise<Fresh> {
    const { hash } = this.#suite
    const prk = await hash.extract(this.#root, sharedSecret)
    const transcript = await hash.sha256(REKEY, offer, answer)
    const fresh = {
      initiator: await expand(hash, prk, TRAFFIC_INITIATOR, transcript),
      responder: await expand(hash, prk, TRAFFIC_RESPONDER, transcript),
      root: await expand(hash, prk, ROOT, transcript),
    }
    wipe(prk, sharedSecret)
    return fresh
  }

  #take(fresh: Fresh, nowMs: number, peerHasIt: boolean): void {
    wipe(this.#root)
    this.#root = fresh.root
    this.#generation++
    this.#sinceMs = nowMs
    this.#layer.renew({ send: fresh[this.#role], receive: fresh[other(this.#role)] }, peerHasIt)
  }
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}
