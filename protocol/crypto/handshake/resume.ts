// Resuming: two messages instead of three and no signatures, for two peers that met within a day. A ticket proves who is
// there, a fresh X-Wing secret keeps what is said from whoever steals the ticket later. A ticket is good once.

import { equalBytes } from '../../wire/bytes.ts'
import { concat, type Hash, type Suite } from '../suite.ts'
import { type Binding, encodeBinding } from './binding.ts'
import { type Dropped, dropped } from './drops.ts'
import { MASTER, NAME_RESUME, RESUME_BINDER, RESUME_FINISHED, RESUME_MIX } from './labels.ts'
import { coveredR1, coveredR2, RANDOM_BYTES, readR1, readR2 } from './layout.ts'
import { equalMacs, expand, wipe } from './schedule.ts'
import { type SecretKey, secretKey } from './secret-key.ts'
import { makeSession, type Role, type Session } from './session.ts'
import { checkSuites, WP1 } from './suites.ts'
import { isLive, type Ticket, type TicketStore } from './ticket.ts'

const NOTHING = new Uint8Array()

export type Resumed = { readonly kind: 'established'; readonly session: Session } | Dropped

/** The side that comes back. */
export class Resumer {
  /** To be sent, and sent again while there is no answer. */
  readonly r1: Uint8Array
  readonly #suite: Suite
  readonly #ticket: Ticket
  readonly #h1: Uint8Array
  #secret: SecretKey | undefined

  /** The ticket is spent from here on, answer or not. Undefined: it is too old, a handshake is due. */
  static async start(
    suite: Suite,
    { ticket, binding }: { readonly ticket: Ticket; readonly binding: Binding },
    nowMs: number,
  ): Promise<Resumer | undefined> {
    if (!isLive(ticket, nowMs)) return undefined
    const [channel, secret] = await Promise.all([encodeBinding(suite.hash, binding), secretKey(suite)])
    const covered = coveredR1(ticket.suite, suite.random(RANDOM_BYTES), secret.pair.publicKey, ticket.id)
    const r1 = concat([covered, await binderOf(suite.hash, ticket, channel, covered)])
    const h1 = await suite.hash.sha256(NAME_RESUME, channel, r1)
    return new Resumer(suite, ticket, r1, h1, secret)
  }

  private constructor(suite: Suite, ticket: Ticket, r1: Uint8Array, h1: Uint8Array, secret: SecretKey) {
    this.#suite = suite
    this.#ticket = ticket
    this.r1 = r1
    this.#h1 = h1
    this.#secret = secret
  }

  /** Whatever the bytes are, this resolves. */
  async receive(bytes: Uint8Array): Promise<Resumed> {
    const secret = this.#secret
    const r2 = readR2(bytes.slice())
    if (r2 === undefined) return dropped('malformed')
    if (secret === undefined) return dropped('unexpected')
    if (r2.suite !== this.#ticket.suite) return dropped('suite')
    const sharedSecret = await secret.pair.decapsulate(r2.ciphertext)
    if (sharedSecret === undefined) return dropped('not-a-key')
    const { hash } = this.#suite
    const h2 = await hash.sha256(this.#h1, r2.covered)
    const keys = await mix(hash, this.#ticket, sharedSecret, h2)
    wipe(sharedSecret)
    const right = equalMacs(keys.finished, r2.finished)
    if (!right || this.#secret !== secret) {
      wipe(keys.master)
      return dropped(right ? 'unexpected' : 'mac')
    }
    this.close()
    return { kind: 'established', session: await finish(hash, keys, h2, this.#ticket, 'initiator') }
  }

  close(): void {
    wipe(this.#secret?.seed)
    this.#secret = undefined
  }
}

export interface Resuming {
  readonly binding: Binding
  readonly tickets: TicketStore
  readonly suites?: readonly number[]
  /** Asked once a message proved its ticket, before any public key work. */
  readonly admits?: () => boolean
}

export type ResumeAnswer =
  | { readonly kind: 'established'; readonly r2: Uint8Array; readonly session: Session }
  /** The same R1 once more: the R2 was lost. */
  | { readonly kind: 'again'; readonly r2: Uint8Array }
  | Dropped

/** The side that is come back to. */
export class ResumeResponder {
  readonly #suite: Suite
  readonly #resuming: Resuming
  readonly #suites: readonly number[]
  readonly #binding: Uint8Array
  #answered: { readonly r1: Uint8Array; readonly r2: Uint8Array } | undefined

  static async listen(suite: Suite, resuming: Resuming): Promise<ResumeResponder> {
    checkSuites(resuming.suites ?? [WP1])
    return new ResumeResponder(suite, resuming, await encodeBinding(suite.hash, resuming.binding))
  }

  private constructor(suite: Suite, resuming: Resuming, binding: Uint8Array) {
    this.#suite = suite
    this.#resuming = resuming
    this.#suites = resuming.suites ?? [WP1]
    this.#binding = binding
  }

  /** Whatever the bytes are, this resolves. */
  async receive(bytes: Uint8Array, nowMs: number): Promise<ResumeAnswer> {
    const received = bytes.slice()
    const r1 = readR1(received)
    if (r1 === undefined) return dropped('malformed')
    const before = this.#answered
    if (before !== undefined) {
      return equalBytes(received, before.r1) ? { kind: 'again', r2: before.r2 } : dropped('unexpected')
    }
    const { tickets, admits } = this.#resuming
    const ticket = tickets.find(r1.ticket)
    if (ticket === undefined || !isLive(ticket, nowMs)) return dropped('ticket')
    if (r1.suite !== ticket.suite || !this.#suites.includes(r1.suite)) return dropped('suite')
    const { hash, kem } = this.#suite
    if (!equalMacs(await binderOf(hash, ticket, this.#binding, r1.covered), r1.binder)) return dropped('mac')
    if (admits?.() === false) return dropped('rate-limited')
    // Only who has the ticket's secret comes so far: nobody else can spend it.
    if (!tickets.take(r1.ticket)) return dropped('ticket')

    const [made, h1] = await Promise.all([
      kem.encapsulate(r1.publicKey),
      hash.sha256(NAME_RESUME, this.#binding, received),
    ])
    if (made === undefined) return dropped('not-a-key')
    const front = coveredR2(r1.suite, this.#suite.random(RANDOM_BYTES), made.ciphertext)
    const h2 = await hash.sha256(h1, front)
    const keys = await mix(hash, ticket, made.sharedSecret, h2)
    wipe(made.sharedSecret)
    const r2 = concat([front, keys.finished])
    const session = await finish(hash, keys, h2, ticket, 'responder')
    this.#answered = { r1: received, r2 }
    return { kind: 'established', r2, session }
  }
}

async function binderOf(hash: Hash, ticket: Ticket, binding: Uint8Array, covered: Uint8Array) {
  const key = await expand(hash, ticket.secret, RESUME_BINDER, NOTHING)
  const binder = await hash.hmac(key, binding, covered)
  wipe(key)
  return binder
}

interface ResumeKeys {
  readonly master: Uint8Array
  readonly finished: Uint8Array
}

/** Whoever breaks one of the two, ticket or fresh secret, has nothing. */
async function mix(
  hash: Hash,
  ticket: Ticket,
  sharedSecret: Uint8Array,
  h2: Uint8Array,
): Promise<ResumeKeys> {
  const salt = await expand(hash, ticket.secret, RESUME_MIX, NOTHING)
  const prk = await hash.extract(salt, sharedSecret)
  const [key, master] = await Promise.all([
    expand(hash, prk, RESUME_FINISHED, h2),
    expand(hash, prk, MASTER, h2),
  ])
  const finished = await hash.hmac(key, h2)
  wipe(salt, prk, key)
  return { master, finished }
}

async function finish(hash: Hash, keys: ResumeKeys, h2: Uint8Array, ticket: Ticket, role: Role) {
  const h3 = await hash.sha256(h2, keys.finished)
  const { peer, suite, authenticatedAtMs } = ticket
  return makeSession(hash, keys.master, h3, { role, suite, peer, ext: NOTHING, authenticatedAtMs })
}
