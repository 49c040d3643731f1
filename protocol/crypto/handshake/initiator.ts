// The side that dials: it knows whom, makes M1, and answers a good M2 with M3. Checks are in written order, the cheapest
// first; whoever answers is compared with whom we dialled before we say who we are.

import { equalBytes } from '../../wire/bytes.ts'
import { type Identity, isKeyOf } from '../identity.ts'
import { concat, SIZES, type Suite } from '../suite.ts'
import { type Binding, encodeBinding } from './binding.ts'
import { type Dropped, dropped } from './drops.ts'
import { NAME, SIGN_INITIATOR, SIGN_RESPONDER } from './labels.ts'
import {
  type Auth,
  coveredM1,
  EXT_BYTES_MAX,
  type M2,
  RANDOM_BYTES,
  readAuth,
  readM2,
  writeAuth,
  writeM1,
  writeM3,
} from './layout.ts'
import { type BoxKeys, boxKeys, dialKey, dialTag, NONCE_0, wipe } from './schedule.ts'
import { type SecretKey, secretKey } from './secret-key.ts'
import { eraseSession, makeSession, type Session } from './session.ts'
import { checkSuites, offer, WP1 } from './suites.ts'

export interface Dialling {
  readonly identity: Identity
  /** The 32 bytes of the PeerId we want to reach. */
  readonly peer: Uint8Array
  readonly binding: Binding
  readonly ext?: Uint8Array
  readonly suites?: readonly number[]
  /** The highest suite this peer ever had: less is refused. */
  readonly leastSuite?: number
}

export type InitiatorAnswer =
  | { readonly kind: 'established'; readonly m3: Uint8Array; readonly session: Session }
  /** The same M2 once more: the M3 was lost. */
  | { readonly kind: 'again'; readonly m3: Uint8Array }
  | Dropped

type State =
  | { readonly kind: 'dialled'; readonly secret: SecretKey }
  | { readonly kind: 'established'; readonly m2: Uint8Array; readonly m3: Uint8Array }
  | { readonly kind: 'closed' }

interface Opened {
  readonly keys: BoxKeys
  readonly h2: Uint8Array
  readonly auth: Auth
}

/** That we are who we are, to be said to nobody but whom we dialled. */
interface Proof {
  readonly h3: Uint8Array
  readonly signature: Uint8Array
}

export class Initiator {
  /** To be sent, and sent again while there is no answer. */
  readonly m1: Uint8Array
  readonly #suite: Suite
  readonly #dialling: Dialling
  readonly #suites: readonly number[]
  readonly #h1: Promise<Uint8Array>
  #state: State

  static async start(suite: Suite, dialling: Dialling): Promise<Initiator> {
    const { identity, peer, suites = [WP1], ext } = dialling
    checkSuites(suites)
    checkExt(ext)
    if (peer.length !== SIZES.hash) throw new RangeError('a peer id has 32 bytes')
    if (equalBytes(peer, identity.id)) throw new RangeError('a peer cannot dial itself')
    const [binding, key, secret] = await Promise.all([
      encodeBinding(suite.hash, dialling.binding),
      dialKey(suite.hash, peer),
      secretKey(suite),
    ])
    const list = offer(suites, suite.random(2))
    const covered = coveredM1(list, suite.random(RANDOM_BYTES), secret.pair.publicKey)
    const m1 = writeM1(covered, await dialTag(suite.hash, key, binding, covered))
    const h1 = suite.hash.sha256(NAME, binding, m1) // Not waited for: M1 can go before it is known.
    h1.catch(() => {}) // Who needs it is told.
    return new Initiator(suite, { ...dialling, peer: peer.slice() }, suites, m1, h1, secret)
  }

  private constructor(
    suite: Suite,
    dialling: Dialling,
    suites: readonly number[],
    m1: Uint8Array,
    h1: Promise<Uint8Array>,
    secret: SecretKey,
  ) {
    this.#suite = suite
    this.#dialling = dialling
    this.#suites = suites
    this.m1 = m1
    this.#h1 = h1
    this.#state = { kind: 'dialled', secret }
  }

  /** Whatever the bytes are, this resolves. */
  async receive(bytes: Uint8Array, nowMs: number): Promise<InitiatorAnswer> {
    const state = this.#state
    if (state.kind === 'established' && equalBytes(bytes, state.m2)) return { kind: 'again', m3: state.m3 }
    const received = bytes.slice()
    const m2 = readM2(received)
    if (m2 === undefined) return dropped('malformed')
    if (state.kind !== 'dialled') return dropped('unexpected')
    if (!this.#suites.includes(m2.suite)) return dropped('suite')
    if (m2.suite < (this.#dialling.leastSuite ?? 0)) return dropped('downgraded')

    const opened = await this.#open(m2, state.secret)
    if ('kind' in opened) return opened
    const { keys, h2, auth } = opened
    const peer = await isKeyOf(this.#suite.hash, this.#dialling.peer, auth.publicKey)
    // Both signatures at once, theirs looked at and ours made. Ours leaves this function with an M3 or not at all.
    const [good, proof] = peer
      ? await Promise.all([this.#isSigned(auth, h2), this.#prove(m2, h2)])
      : [false, undefined]
    if (!good || proof === undefined) {
      wipe(keys.initiator, keys.master)
      return dropped(peer ? 'signature' : 'wrong-peer')
    }
    const { m3, session } = await this.#answer(m2, opened, proof, nowMs)
    // Something else may have been received meanwhile: the first good answer stands.
    if (this.#state !== state) {
      eraseSession(session)
      return dropped('unexpected')
    }
    wipe(state.secret.seed)
    this.#state = { kind: 'established', m2: received, m3 }
    return { kind: 'established', m3, session }
  }

  /** Erases what is left of a handshake that is over, one way or the other. */
  close(): void {
    if (this.#state.kind === 'dialled') wipe(this.#state.secret.seed)
    this.#state = { kind: 'closed' }
  }

  async #open(m2: M2, secret: SecretKey): Promise<Opened | Dropped> {
    const { hash, aead } = this.#suite
    const [sharedSecret, h2] = await Promise.all([
      secret.pair.decapsulate(m2.ciphertext),
      this.#h1.then((h1) => hash.sha256(h1, m2.covered)),
    ])
    if (sharedSecret === undefined) return dropped('not-a-key')
    const keys = await boxKeys(hash, sharedSecret, h2)
    const content = await (await aead.key(keys.responder)).open(NONCE_0, h2, m2.box)
    wipe(sharedSecret, keys.responder)
    const auth = content && readAuth(content)
    if (auth !== undefined) return { keys, h2, auth }
    wipe(keys.initiator, keys.master)
    return dropped(content === undefined ? 'unopened' : 'malformed')
  }

  /** Over this very transcript. */
  #isSigned({ publicKey, signature }: Auth, h2: Uint8Array): Promise<boolean> {
    return this.#suite.signatures.verify(publicKey, SIGN_RESPONDER, concat([h2, publicKey]), signature)
  }

  async #prove(m2: M2, h2: Uint8Array): Promise<Proof> {
    const { key } = this.#dialling.identity
    const h3 = await this.#suite.hash.sha256(h2, m2.box)
    return { h3, signature: await key.sign(SIGN_INITIATOR, concat([h3, key.publicKey])) }
  }

  async #answer(m2: M2, { keys, auth }: Opened, { h3, signature }: Proof, nowMs: number) {
    const { hash, aead } = this.#suite
    const { identity, peer, ext = new Uint8Array() } = this.#dialling
    const content = writeAuth({ publicKey: identity.key.publicKey, signature, ext })
    const box = await (await aead.key(keys.initiator)).seal(NONCE_0, h3, content)
    wipe(keys.initiator)
    const h4 = await hash.sha256(h3, box)
    const session = await makeSession(hash, keys.master, h4, {
      role: 'initiator',
      suite: m2.suite,
      peer,
      ext: auth.ext,
      authenticatedAtMs: nowMs,
    })
    return { m3: writeM3(box), session }
  }
}

export function checkExt(ext: Uint8Array | undefined): void {
  if (ext !== undefined && ext.length > EXT_BYTES_MAX)
    throw new RangeError(`an extension has at most ${EXT_BYTES_MAX} bytes`)
}
