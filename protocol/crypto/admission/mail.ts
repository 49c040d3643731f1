// What a put to a mailbox shows, made and checked: an access MAC, which says no more than that somebody the owner trusts
// made it, or a stamp. Both are bound to mailbox and envelope, so neither serves for another letter.
//
//   MAC     HMAC(access key, "waypost/1 mailbox access" ‖ mailbox 32 ‖ day 4 ‖ SHA-256(envelope))[0..16)
//   stamp   resource SHA-256("waypost/1 mailbox stamp" ‖ audience 32 ‖ mailbox 32), spent by SHA-256(envelope)
//
// A proof that is shown again is the same letter again, which a mailbox knows by its id; so none is remembered as spent.

import { MAIL_ENVELOPE_BYTES_MAX, MAIL_ENVELOPE_CLASSES } from '../../limits/mail.ts'
import type { AccessRules, SenderKind } from '../../mailbox/contract.ts'
import { Writer } from '../../wire/bytes.ts'
import { LETTER_ID_BYTES, type Proof } from '../../wire/mail-frames.ts'
import type { MailRefusal } from '../../wire/registry.ts'
import { LABELS } from '../contexts.ts'
import type { Hash } from '../suite.ts'
import { checkChallenge, SCOPE } from './challenge.ts'
import { type KeyRing, mac, sameMac } from './keys.ts'
import type { AdmissionRefusal } from './refusals.ts'
import { isStamped, stampPlace } from './stamp.ts'

const DAY_MS = 86_400_000
/** Clocks of senders are wrong by hours, and letters wait a while to be put. */
const DAYS_OFF_MAX = 1

/** Days since 1970. */
export const dayOf = (nowMs: number): number => Math.floor(nowMs / DAY_MS)

/** What is authenticated of a letter, whole; and its id, the beginning of it. */
export const envelopeHash = (hash: Hash, envelope: Uint8Array): Promise<Uint8Array> => hash.sha256(envelope)
export const letterId = (ofEnvelope: Uint8Array): Uint8Array => ofEnvelope.slice(0, LETTER_ID_BYTES)

export function accessMac(
  hash: Hash,
  key: Uint8Array,
  mailbox: Uint8Array,
  day: number,
  ofEnvelope: Uint8Array,
): Promise<Uint8Array> {
  const dayBytes = new Writer(4).u32(day).done()
  return mac(hash, key, LABELS.mailAccess, mailbox, dayBytes, ofEnvelope)
}

function isDayNear(day: number, nowMs: number): boolean {
  return Math.abs(day - dayOf(nowMs)) <= DAYS_OFF_MAX
}

/** Under any of the keys. All are tried, whichever fits: how long it takes must not say which. */
export async function checkAccess(
  hash: Hash,
  keys: readonly Uint8Array[],
  mailbox: Uint8Array,
  { day, mac: given }: { readonly day: number; readonly mac: Uint8Array },
  ofEnvelope: Uint8Array,
  nowMs: number,
): Promise<boolean> {
  if (!isDayNear(day, nowMs)) return false
  let fits = false
  for (const key of keys) {
    const same = sameMac(await accessMac(hash, key, mailbox, day, ofEnvelope), given)
    fits = same || fits
  }
  return fits
}

/** What a challenge for a letter of a stranger is made for; its stamp is spent by the envelope's hash. `audience`: of origin and network, as names.ts makes it. */
export function mailResource(hash: Hash, audience: Uint8Array, mailbox: Uint8Array): Promise<Uint8Array> {
  return hash.sha256(LABELS.mailStamp, audience, mailbox)
}

/** What a mailbox checks proofs with. */
export interface ProofDesk {
  readonly hash: Hash
  readonly ring: KeyRing
  readonly mailbox: Uint8Array
  /** What mailResource makes of the mailbox: the same for all its letters, so made once. */
  readonly resource: Uint8Array
}

export interface Proven {
  readonly sender: SenderKind
  /** The letter's. */
  readonly id: Uint8Array
}

/**
 * Cheapest first: size, and whether such senders are wanted at all; then day, or the challenge's form and time (no hash);
 * the challenge's MAC; and only then the envelope's hash, and the access MACs or the stamp's sixteen hashes.
 */
export async function verifyProof(
  desk: ProofDesk,
  { proof, envelope }: { readonly proof: Proof; readonly envelope: Uint8Array },
  rules: AccessRules,
  nowMs: number,
): Promise<Proven | MailRefusal> {
  if (envelope.length > MAIL_ENVELOPE_BYTES_MAX) return 'too-large'
  const sizes: readonly number[] = MAIL_ENVELOPE_CLASSES
  if (!sizes.includes(envelope.length)) return 'malformed'
  const { hash, mailbox } = desk
  if (proof.kind === 'access') {
    if (rules.keys.length === 0 || !isDayNear(proof.day, nowMs)) return 'bad-access'
    const ofEnvelope = await envelopeHash(hash, envelope)
    const fits = await checkAccess(hash, rules.keys, mailbox, proof, ofEnvelope, nowMs)
    return fits ? { sender: 'contact', id: letterId(ofEnvelope) } : 'bad-access'
  }
  if (!rules.strangers) return 'blocked'
  return verifyStamp(desk, proof, envelope, nowMs)
}

async function verifyStamp(
  { hash, ring, resource }: ProofDesk,
  { challenge: bytes, stamp }: Extract<Proof, { kind: 'stamp' }>,
  envelope: Uint8Array,
  nowMs: number,
): Promise<Proven | MailRefusal> {
  const challenge = await checkChallenge(hash, ring, bytes, { scope: SCOPE.mail, resource }, nowMs)
  if (typeof challenge === 'string') return refusalOf(challenge)
  const ofEnvelope = await envelopeHash(hash, envelope)
  const place = await stampPlace(hash, resource, ofEnvelope)
  if (!(await isStamped(hash, challenge, place, stamp))) return 'bad-stamp'
  return { sender: 'stranger', id: letterId(ofEnvelope) }
}

const refusalOf = (why: AdmissionRefusal): MailRefusal => (why === 'expired' ? 'stale-stamp' : 'bad-stamp')
