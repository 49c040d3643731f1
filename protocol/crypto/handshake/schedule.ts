// What keys come of a handshake, and in which order everything is hashed into them. `h1` to `h4` are the transcript after
// each step; a secret is expanded with a label and the transcript up to where it is first used.
//
// What does not wait for one another is asked for at once, here and in the rest of this folder: to a platform's crypto each
// question is a trip to another thread and back, which on a page that has just begun costs more than the answer.

import { concat, type Hash, SIZES } from '../suite.ts'
import {
  BOX_INITIATOR,
  BOX_RESPONDER,
  DIAL,
  LINK_ID,
  MASTER,
  PATHS,
  RESUMPTION,
  ROOT,
  TRAFFIC_INITIATOR,
  TRAFFIC_RESPONDER,
} from './labels.ts'
import { DIAL_TAG_BYTES, LINK_ID_BYTES } from './layout.ts'

const NO_SALT = new Uint8Array(SIZES.hash)
/** Every key of a box seals once. */
export const NONCE_0 = new Uint8Array(SIZES.nonce)

/** Erases what we made. What a garbage collector or an engine copied is beyond us. */
export function wipe(...secrets: readonly (Uint8Array | undefined)[]): void {
  for (const secret of secrets) secret?.fill(0)
}

/**
 * A secret changes hands: the copy is the taker's, what was is erased. So nobody takes it twice, which for record keys would
 * mean the same nonces twice, and nobody takes one that was erased, which would be zeros that everybody knows.
 */
export function take(secret: Uint8Array): Uint8Array {
  if (secret.every((byte) => byte === 0)) throw new TypeError('this secret was taken or erased before')
  const ours = secret.slice()
  wipe(secret)
  return ours
}

/** Equal or not, without saying by its time how far: for MACs. As far as JavaScript lets one promise that. */
export function equalMacs(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

export function expand(
  hash: Hash,
  secret: Uint8Array,
  label: Uint8Array,
  context: Uint8Array,
  length: number = SIZES.hash,
): Promise<Uint8Array> {
  return hash.expand(secret, concat([label, context]), length)
}

/** Of everybody who knows whom they dial. */
export function dialKey(hash: Hash, peer: Uint8Array): Promise<Uint8Array> {
  return hash.sha256(DIAL, peer)
}

/** What a stranger's first message costs us is this one hash, unless it knows whom it dials and over what. */
export async function dialTag(
  hash: Hash,
  key: Uint8Array,
  binding: Uint8Array,
  covered: Uint8Array,
): Promise<Uint8Array> {
  return (await hash.hmac(key, binding, covered)).subarray(0, DIAL_TAG_BYTES)
}

export interface BoxKeys {
  readonly responder: Uint8Array
  readonly initiator: Uint8Array
  readonly master: Uint8Array
}

export async function boxKeys(hash: Hash, sharedSecret: Uint8Array, h2: Uint8Array): Promise<BoxKeys> {
  const prk = await hash.extract(NO_SALT, sharedSecret)
  const of = (label: Uint8Array) => expand(hash, prk, label, h2)
  const [responder, initiator, master] = await Promise.all([of(BOX_RESPONDER), of(BOX_INITIATOR), of(MASTER)])
  wipe(prk)
  return { responder, initiator, master }
}

export interface LinkSecrets {
  /** Records from the initiator, and from the responder. */
  readonly initiator: Uint8Array
  readonly responder: Uint8Array
  /** What fresh secrets are mixed into when the link is rekeyed. */
  readonly root: Uint8Array
  /** Authenticates further paths. */
  readonly paths: Uint8Array
  /** Makes the tickets. */
  readonly resumption: Uint8Array
  /** Names the link where there may be several; no secret. */
  readonly id: Uint8Array
}

export async function linkSecrets(hash: Hash, master: Uint8Array, h4: Uint8Array): Promise<LinkSecrets> {
  const of = (label: Uint8Array, length?: number) => expand(hash, master, label, h4, length)
  const [initiator, responder, root, paths, resumption, id] = await Promise.all([
    of(TRAFFIC_INITIATOR),
    of(TRAFFIC_RESPONDER),
    of(ROOT),
    of(PATHS),
    of(RESUMPTION),
    of(LINK_ID, LINK_ID_BYTES),
  ])
  return { initiator, responder, root, paths, resumption, id }
}
