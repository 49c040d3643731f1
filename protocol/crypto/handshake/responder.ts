// The side that is dialled: it answers an M1 that knows whom it dials with M2, and a good M3 tells it who that was. Until
// then nobody has proved anything, so an M1 costs what the host's `admits` lets it cost.

import { equalBytes } from '../../wire/bytes.ts'
import { type Identity, peerIdOf } from '../identity.ts'
import { concat, type Suite } from '../suite.ts'
import { type Binding, encodeBinding } from './binding.ts'
import { type Dropped, dropped } from './drops.ts'
import { checkExt } from './initiator.ts'
import { NAME, SIGN_INITIATOR, SIGN_RESPONDER } from './labels.ts'
import { coveredM2, RANDOM_BYTES, readAuth, readM1, readM3, writeAuth } from './layout.ts'
import { type BoxKeys, boxKeys, dialKey, dialTag, equalMacs, NONCE_0, wipe } from './schedule.ts'
import { makeSession, type Session } from './session.ts'
import { checkSuites, choose, WP1 } from './suites.ts'

export interface Answering {
  readonly identity: Identity
  readonly binding: Binding
  readonly ext?: Uint8Array
  readonly suites?: readonly number[]
  /** Asked once a first message knows whom it dials, before any public key work. */
  readonly admits?: () => boolean
  /** The highest suite a peer ever had: less is refused. */
  readonly leastSuiteOf?: (peer: Uint8Array) => number
}

export type ResponderAnswer =
  /** Also for the same M1 once more: the M2 was lost. */
  | { readonly kind: 'answer'; readonly m2: Uint8Array }
  | { readonly kind: 'established'; readonly session: Session }
  | Dropped

interface Answered {
  readonly kind: 'answered'
  readonly suite: number
  readonly m1: Uint8Array
  readonly m2: Uint8Array
  readonly h3: Uint8Array
  readonly keys: BoxKeys
}

type State = { readonly kind: 'listening' } | Answered | { readonly kind: 'closed' }

export class Responder {
  readonly #suite: Suite
  readonly #answering: Answering
  readonly #suites: readonly number[]
  readonly #binding: Uint8Array
  readonly #dialKey: Uint8Array
  #state: State = { kind: 'listening' }

  static async listen(suite: Suite, answering: Answering): Promise<Responder> {
    checkSuites(answering.suites ?? [WP1])
    checkExt(answering.ext)
    const [binding, key] = await Promise.all([
      encodeBinding(suite.hash, answering.binding),
      dialKey(suite.hash, answering.identity.id),
    ])
    return new Responder(suite, answering, binding, key)
  }

  private constructor(suite: Suite, answering: Answering, binding: Uint8Array, key: Uint8Array) {
    this.#suite = suite
    this.#answering = answering
    this.#suites = answering.suites ?? [WP1]
    this.#binding = binding
    this.#dialKey = key
  }

  /** Whatever the bytes are, this resolves. */
  async receive(bytes: Uint8Array, nowMs: number): Promise<ResponderAnswer> {
    const received = bytes.slice()
    const box = readM3(received)
    return box === undefined ? this.#dialled(received) : this.#told(box, nowMs)
  }

  /** Erases what is left of a handshake that is over, one way or the other. */
  close(): void {
    if (this.#state.kind === 'answered') wipe(this.#state.keys.initiator, this.#state.keys.master)
    this.#state = { kind: 'closed' }
  }

  async #dialled(received: Uint8Array): Promise<ResponderAnswer> {
    const state = this.#state
    const m1 = readM1(received)
    if (m1 === undefined) return dropped('malformed')
    if (state.kind === 'answered' && equalBytes(received, state.m1)) return { kind: 'answer', m2: state.m2 }
    if (state.kind !== 'listening') return dropped('unexpected')
    const suite = choose(m1.suites, this.#suites)
    if (suite === undefined) return dropped('suite')
    const { hash, kem } = this.#suite
    const covered = received.subarray(0, received.length - m1.dialTag.length - 2)
    const tag = await dialTag(hash, this.#dialKey, this.#binding, covered)
    if (!equalMacs(tag, m1.dialTag)) return dropped('dial-tag')
    if (this.#answering.admits?.() === false) return dropped('rate-limited')

    const [made, h1] = await Promise.all([
      kem.encapsulate(m1.publicKey),
      hash.sha256(NAME, this.#binding, received),
    ])
    if (made === undefined) return dropped('not-a-key')
    const front = coveredM2(suite, this.#suite.random(RANDOM_BYTES), made.ciphertext)
    const h2 = await hash.sha256(h1, front)
    const [keys, content] = await Promise.all([boxKeys(hash, made.sharedSecret, h2), this.#proof(h2)])
    wipe(made.sharedSecret)
    const box = await (await this.#suite.aead.key(keys.responder)).seal(NONCE_0, h2, content)
    wipe(keys.responder)
    const m2 = concat([front, box])
    const h3 = await hash.sha256(h2, box)
    // Another M1 may have been answered meanwhile: the first stands.
    if (this.#state !== state) {
      wipe(keys.initiator, keys.master)
      return dropped('unexpected')
    }
    this.#state = { kind: 'answered', suite, m1: received, m2, h3, keys }
    return { kind: 'answer', m2 }
  }

  /** That we are whom they dialled. */
  async #proof(h2: Uint8Array): Promise<Uint8Array> {
    const { identity, ext = new Uint8Array() } = this.#answering
    const { publicKey } = identity.key
    const signature = await identity.key.sign(SIGN_RESPONDER, concat([h2, publicKey]))
    return writeAuth({ publicKey, signature, ext })
  }

  async #told(box: Uint8Array, nowMs: number): Promise<ResponderAnswer> {
    const state = this.#state
    if (state.kind !== 'answered') return dropped('unexpected')
    const { hash, aead, signatures } = this.#suite
    const { suite, h3, keys } = state
    const content = await (await aead.key(keys.initiator)).open(NONCE_0, h3, box)
    if (content === undefined) return dropped('unopened')
    const auth = readAuth(content)
    if (auth === undefined) return dropped('malformed')
    const peer = await peerIdOf(hash, auth.publicKey)
    if (equalBytes(peer, this.#answering.identity.id)) return dropped('self')
    if (suite < (this.#answering.leastSuiteOf?.(peer) ?? 0)) return dropped('downgraded')
    const signed = concat([h3, auth.publicKey])
    const [good, h4] = await Promise.all([
      signatures.verify(auth.publicKey, SIGN_INITIATOR, signed, auth.signature),
      hash.sha256(h3, box),
    ])
    if (!good) return dropped('signature')
    // Taken before the secrets are: whoever comes second finds the handshake over.
    if (this.#state !== state) return dropped('unexpected')
    this.#state = { kind: 'closed' }
    wipe(keys.initiator)
    const who = { role: 'responder', suite, peer, ext: auth.ext, authenticatedAtMs: nowMs } as const
    return { kind: 'established', session: await makeSession(hash, keys.master, h4, who) }
  }
}
