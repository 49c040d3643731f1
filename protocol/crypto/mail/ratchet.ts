// The ratchet: from turn to turn by key encapsulation, and from message to message by hashing. Whoever reads a state has what
// is to come of the turn it is in; not what was, and not what comes after both have had a turn.

import { MAIL_LATE_MS, MAIL_SKIPPED_MAX } from '../../limits/mail.ts'
import { type Hash, SIZES, type Suite } from '../suite.ts'
import { expand, u32 } from './fields.ts'
import {
  CHAIN_MESSAGE,
  CHAIN_STEP,
  FIRST_CHAIN,
  FIRST_ROOT,
  NEXT_HEADERS,
  NEXT_TAGS,
  TURN_CHAIN,
  TURN_ROOT,
} from './labels.ts'
import type { Doors, HearingChain, Session, Skipped, Speaking } from './session.ts'

/** A root, and the first key of a turn's chain. */
export interface TurnSecrets {
  readonly root: Uint8Array
  readonly chain: Uint8Array
}

export async function firstTurn(
  hash: Hash,
  secret: Uint8Array,
  transcript: Uint8Array,
): Promise<TurnSecrets> {
  return {
    root: await expand(hash, secret, FIRST_ROOT, [transcript]),
    chain: await expand(hash, secret, FIRST_CHAIN, [transcript]),
  }
}

/** Both sides': of the root so far, and what the turn's ciphertext holds. */
export async function turnSecrets(
  hash: Hash,
  { id, root }: Pick<Session, 'id' | 'root'>,
  turn: number,
  sharedSecret: Uint8Array,
  carried: { readonly ciphertext: Uint8Array; readonly ratchetKey: Uint8Array },
): Promise<TurnSecrets> {
  const prk = await hash.extract(root, sharedSecret)
  const about = [id, u32(turn), await hash.sha256(carried.ciphertext, carried.ratchetKey)]
  const secrets = {
    root: await expand(hash, prk, TURN_ROOT, about),
    chain: await expand(hash, prk, TURN_CHAIN, about),
  }
  prk.fill(0)
  return secrets
}

/** Of the root of the turn before: so who hears a turn finds it before it has opened anything of it. */
export async function doorsOf(hash: Hash, root: Uint8Array, turn: number): Promise<Doors> {
  return {
    tags: await expand(hash, root, NEXT_TAGS, [u32(turn)]),
    headers: await expand(hash, root, NEXT_HEADERS, [u32(turn)]),
  }
}

export async function tagOf(hash: Hash, tags: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
  return (await hash.hmac(tags, salt)).subarray(0, salt.length)
}

// ---- speaking ---------------------------------------------------------------------------------------------------

export interface Spoke {
  readonly session: Session
  readonly speaking: Speaking
  /** Of the message that is now said. */
  readonly messageKey: Uint8Array
  readonly number: number
}

/** Takes our turn's chain a step on; begins our turn when the peer spoke last. */
export async function speak(suite: Suite, session: Session): Promise<Spoke> {
  const begun = session.phase.kind === 'speaking' ? session : await beginTurn(suite, session)
  const phase = begun.phase as Speaking
  const { messageKey, chain } = await step(suite.hash, phase.key)
  const speaking = { ...phase, key: chain, next: phase.next + 1 }
  return { session: { ...begun, phase: speaking }, speaking, messageKey, number: phase.next }
}

async function beginTurn(suite: Suite, session: Session): Promise<Session> {
  const { phase, root } = session
  if (phase.kind !== 'listening') throw new TypeError('it is our turn already')
  const turn = session.turn + 1
  const seed = suite.random(SIZES.kemSeed)
  const { publicKey: ratchetKey } = await suite.kem.keyPair(seed)
  const encapsulated = await suite.kem.encapsulate(phase.peerKey)
  if (encapsulated === undefined) throw new TypeError('a key of a peer is checked when it is heard')
  const { ciphertext, sharedSecret } = encapsulated
  const secrets = await turnSecrets(suite.hash, session, turn, sharedSecret, { ciphertext, ratchetKey })
  const speaking: Speaking = {
    kind: 'speaking',
    key: secrets.chain,
    next: 0,
    before: phase.before,
    doors: await doorsOf(suite.hash, root, turn),
    introduction: undefined,
    ciphertext,
    ratchetKey,
    seed,
    answer: await doorsOf(suite.hash, secrets.root, turn + 1),
  }
  return { ...session, turn, root: secrets.root, phase: speaking }
}

// ---- hearing ----------------------------------------------------------------------------------------------------

async function step(hash: Hash, key: Uint8Array) {
  return {
    messageKey: await expand(hash, key, CHAIN_MESSAGE, []),
    chain: await expand(hash, key, CHAIN_STEP, []),
  }
}

/** The chain up to a number, with the keys of what was stepped over. The key must be there, and the number not passed. */
async function upTo(hash: Hash, chain: HearingChain, number: number, nowMs: number): Promise<HearingChain> {
  const skipped: Skipped[] = [...chain.skipped]
  let key = chain.key
  let next = chain.next
  for (; key !== undefined && next < number; next++) {
    const { messageKey, chain: after } = await step(hash, key)
    skipped.push({ number: next, key: messageKey, untilMs: nowMs + MAIL_LATE_MS })
    key = after
  }
  return { ...chain, key, next, skipped }
}

/** A turn of the peer's is over when its next is heard, which says how long it was. */
export async function closed(
  hash: Hash,
  chain: HearingChain,
  length: number,
  nowMs: number,
): Promise<HearingChain | 'too-far'> {
  if (chain.key === undefined) return chain
  if (length - chain.next > MAIL_SKIPPED_MAX) return 'too-far'
  return { ...(await upTo(hash, chain, length, nowMs)), key: undefined }
}

export interface Heard {
  readonly chain: HearingChain
  readonly messageKey: Uint8Array
}

/** The key of one message, and the chain without it. */
export async function hear(
  hash: Hash,
  chain: HearingChain,
  number: number,
  nowMs: number,
): Promise<Heard | 'replayed' | 'too-far' | 'unopened'> {
  const late = chain.skipped.find((one) => one.number === number && one.untilMs > nowMs)
  if (late !== undefined) {
    const skipped = chain.skipped.filter((one) => one !== late)
    return { chain: { ...chain, skipped }, messageKey: late.key }
  }
  if (number < chain.next) return 'replayed'
  if (chain.key === undefined) return 'unopened'
  if (number - chain.next > MAIL_SKIPPED_MAX) return 'too-far'
  const reached = await upTo(hash, chain, number, nowMs)
  if (reached.key === undefined) return 'unopened'
  const { messageKey, chain: after } = await step(hash, reached.key)
  return { chain: { ...reached, key: after, next: number + 1 }, messageKey }
}
