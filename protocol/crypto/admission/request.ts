// Asking for a pass: the client's bytes, and the edge's decision on them.
//
//   challenge 32 ‖ stamp 64 ‖ public key 1952 ‖ signature 3309 = 5357 bytes, exactly
//   signature: of challenge 32 ‖ audience 32, in the context "waypost/1 pass"
//
// The audience is in the signature, so that an edge which passes another's challenge on to its own visitors gets
// signatures that are of no use at the other.

import { PASS_LIFETIME_MS } from '../../limits/admission.ts'
import { Reader } from '../../wire/bytes.ts'
import { CONTEXTS } from '../contexts.ts'
import { peerIdOf } from '../identity.ts'
import { concat, type Hash, SIZES, type Signatures, type SigningKey } from '../suite.ts'
import { CHALLENGE_BYTES, type Challenge, checkChallenge, SCOPE } from './challenge.ts'
import type { KeyRing } from './keys.ts'
import { audienceOf } from './names.ts'
import { EVERY_CAPABILITY, mintPass } from './pass.ts'
import type { AdmissionRefusal } from './refusals.ts'
import type { SpentChallenges } from './spent.ts'
import { isStamped, STAMP_BYTES, stampPlace } from './stamp.ts'

export const PASS_REQUEST_BYTES = CHALLENGE_BYTES + STAMP_BYTES + SIZES.signaturePublicKey + SIZES.signature

/** What a client knows before it has a challenge, and needs for the request. */
export interface PassBid {
  readonly audience: Uint8Array
  /** Whose pass it is to be. */
  readonly subject: Uint8Array
  /** What the stamp is to be made for. */
  readonly place: Uint8Array
}

export async function bidForPass(
  hash: Hash,
  origin: string,
  network: string,
  publicKey: Uint8Array,
): Promise<PassBid> {
  const [audience, subject] = await Promise.all([
    audienceOf(hash, origin, network),
    peerIdOf(hash, publicKey),
  ])
  return { audience, subject, place: await stampPlace(hash, audience, subject) }
}

/** The stamp is not signed: it can be in the making still. */
export async function encodePassRequest(
  challenge: Challenge,
  { audience }: PassBid,
  stamp: Uint8Array | Promise<Uint8Array>,
  key: SigningKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const [signature, made] = await Promise.all([
    key.sign(CONTEXTS.pass, concat([challenge.bytes, audience])),
    stamp,
  ])
  return concat([challenge.bytes, made, key.publicKey, signature])
}

/** What the edge decides with. */
export interface PassDesk {
  readonly hash: Hash
  readonly signatures: Signatures
  readonly ring: KeyRing
  readonly spent: SpentChallenges
}

export interface GivenPass {
  readonly pass: string
  readonly expiresAtMs: number
  /** Whose it is. */
  readonly subject: Uint8Array
}

/**
 * Cheapest first: length; the challenge's form, scope, resource and time (no hash at all); its MAC (one HMAC); whether it
 * is spent (a look); the stamp (two hashes, and one for each puzzle up to the first wrong one); and the signature, which
 * costs more than all of these, of those who have paid.
 */
export async function decidePass(
  { hash, signatures, ring, spent }: PassDesk,
  body: Uint8Array,
  origin: string,
  network: string,
  nowMs: number,
): Promise<GivenPass | AdmissionRefusal> {
  if (body.length !== PASS_REQUEST_BYTES) return 'malformed'
  const reader = new Reader(body)
  const [bytes, stamp] = [reader.bytes(CHALLENGE_BYTES), reader.bytes(STAMP_BYTES)]
  const [publicKey, signature] = [reader.bytes(SIZES.signaturePublicKey), reader.rest()]
  const audience = await audienceOf(hash, origin, network)
  const challenge = await checkChallenge(hash, ring, bytes, { scope: SCOPE.pass, resource: audience }, nowMs)
  if (typeof challenge === 'string') return challenge
  if (spent.isSpent(bytes)) return 'spent'
  const subject = await peerIdOf(hash, publicKey)
  const place = await stampPlace(hash, audience, subject)
  if (!(await isStamped(hash, challenge, place, stamp))) return 'wrong-stamp'
  if (!spent.take(bytes, nowMs)) return 'spent'
  const signed = concat([bytes, audience])
  if (!(await signatures.verify(publicKey, CONTEXTS.pass, signed, signature))) return 'wrong-signature'
  const expiresAtMs = Math.floor((nowMs + PASS_LIFETIME_MS) / 1_000) * 1_000
  const granted = { subject, capabilities: EVERY_CAPABILITY, expiresAtMs }
  return { pass: await mintPass(hash, ring.current, network, granted), expiresAtMs, subject }
}
