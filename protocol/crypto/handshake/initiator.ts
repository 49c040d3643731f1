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
import { type BoxKeys, boxKeys, dialTag, NONCE_0, wipe } from './schedule.ts'
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

export class Initiator {
  /** To be sent, and sent again while there is no answer. */
  readonly m1: Uint8Array
  readonly #suite: Suite
  readonly #dialling: Dialling
  readonly #suites: readonly number[]
  readonly #h1: Uint8Array
  #state: State

  static async start(suite: Suite, dialling: Dialling): Promise<Initiator> {
    const { identity, peer, suites = [WP1], ext } = dialling
    checkSuites(suites)
    checkExt(ext)
    if (peer.length !== SIZES.hash) throw new RangeError('a peer id has 32 bytes')
    if (equalBytes(peer, identity.id)) throw new RangeError('a peer cannot dial itself')
    const binding = await encodeBinding(suite.hash, dialling.binding)
    const secret = await secretKey(suite)
    const list = offer(suites, suite.random(2))
    const covered = coveredM1(list, suite.random(RANDOM_BYTES), secret.pair.publicKey)
    const m1 = writeM1(covered, await dialTag(suite.hash, peer, binding, covered))
    const h1 = await suite.hash.sha256(NAME, binding, m1)
    return new Initiator(suite, { ...dialling, peer: peer.slice() }, suites, m1, h1, secret)
  }

  private constructor(
    suite: Suite,
    dialling: Dialling,
    suites: readonly number[],
    m1: Uint8Array,
    h1: Uint8Array,
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
    const reason = await this.#distrust(auth, h2)
    if (reason !== undefined) {
      wipe(keys.initiator, keys.master)
      return dropped(reason)
    }
    const { m3, session } = await this.#answer(m2, opened, nowMs)
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
    const sharedSecret = await secret.pair.decapsulate(m2.ciphertext)
    if (sharedSecret === undefined) return dropped('not-a-key')
    const h2 = await hash.sha256(this.#h1, m2.covered)
    const keys = await boxKeys(hash, sharedSecret, h2)
    const content = await (await aead.key(keys.responder)).open(NONCE_0, h2, m2.box)
    wipe(sharedSecret, keys.responder)
    const auth = content && readAuth(content)
    if (auth !== undefined) return { keys, h2, auth }
    wipe(keys.initiator, keys.master)
    return dropped(content === undefined ? 'unopened' : 'malformed')
  }

  /** Undefined: it is whom we dialled, over this very transcript. */
  async #distrust({ publicKey, signature }: Auth, h2: Uint8Array) {
    const { hash, signatures } = this.#suite
    if (!(await isKeyOf(hash, this.#dialling.peer, publicKey))) return 'wrong-peer'
    const signed = concat([h2, publicKey])
    return (await signatures.verify(publicKey, SIGN_RESPONDER, signed, signature)) ? undefined : 'signature'
  }

  async #answer(m2: M2, { keys, h2, auth }: Opened, nowMs: number) {
    const { hash, aead } = this.#suite
    const { identity, peer, ext = new Uint8Array() } = this.#dialling
    const h3 = await hash.sha256(h2, m2.box)
    const { publicKey } = identity.key
    const signature = await identity.key.sign(SIGN_INITIATOR, concat([h3, publicKey]))
    const content = writeAuth({ publicKey, signature, ext })
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
