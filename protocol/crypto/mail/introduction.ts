// How a correspondence begins: who writes, proven, sealed to keys that the other laid out. The signature is over a transcript that
// names the recipient and its keys, so that it is of no use to anybody else; it is not over what is said.

import { MAIL_CLOCK_SKEW_MS, MAIL_LATE_MS, MAIL_REPEAT_MS } from '../../limits/mail.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { schedule } from '../hpke.ts'
import { type Identity, peerIdOf } from '../identity.ts'
import { type AeadKey, concat, SIZES, type Suite } from '../suite.ts'
import type { Bundle } from './bundle.ts'
import type { MailDrop } from './drops.ts'
import {
  HOUR_MS,
  hourOf,
  ID_BYTES,
  MAILBOX_BYTES,
  parsed,
  readU48,
  SESSION_ID_BYTES,
  u32,
  u48,
} from './fields.ts'
import { BOX_ADDRESS, BOX_INTRODUCTION, SIGN_FIRST, TRANSCRIPT } from './labels.ts'
import { doorsOf, firstTurn } from './ratchet.ts'
import type { Introduction, Session } from './session.ts'

/** Who writes, and where it wants its answers. */
export interface Sender {
  readonly identity: Identity
  /** The 32 bytes of our mailbox's id. */
  readonly mailbox: Uint8Array
}

export interface Letter {
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
  readonly hour: number
  readonly life: number
  readonly mailbox: Uint8Array
  readonly ratchetKey: Uint8Array
  readonly secret: Uint8Array
}

function writeLetter(letter: Letter): Uint8Array {
  const { publicKey, signature, hour, life, mailbox, ratchetKey, secret } = letter
  return concat([publicKey, signature, u32(hour), u48(life), mailbox, ratchetKey, secret])
}

export function readLetter(bytes: Uint8Array): Letter | undefined {
  return parsed(bytes, (reader) => ({
    publicKey: reader.bytes(SIZES.signaturePublicKey),
    signature: reader.bytes(SIZES.signature),
    hour: reader.u32(),
    life: readU48(reader),
    mailbox: reader.bytes(MAILBOX_BYTES),
    ratchetKey: reader.bytes(SIZES.kemPublicKey),
    secret: reader.bytes(32),
  }))
}

/** To whom and by which keys, as both sides know it. */
export interface Addressed {
  readonly recipient: Uint8Array
  readonly signedPrekey: Uint8Array
  /** Undefined without a one-time prekey. */
  readonly oneTimeKey: Uint8Array | undefined
  readonly oneTimeId: Uint8Array
  readonly ciphertext: Uint8Array
}

const NO_KEY = new Uint8Array(SIZES.kemPublicKey)

function transcriptOf(
  { hash }: Suite,
  to: Addressed,
  sender: Uint8Array,
  letter: Omit<Letter, 'publicKey' | 'signature'>,
): Promise<Uint8Array> {
  const { recipient, signedPrekey, oneTimeKey = NO_KEY, oneTimeId, ciphertext } = to
  const { hour, life, mailbox, ratchetKey, secret } = letter
  const keys = [recipient, signedPrekey, oneTimeKey, oneTimeId, ciphertext]
  return hash.sha256(TRANSCRIPT, ...keys, sender, u32(hour), u48(life), mailbox, ratchetKey, secret)
}

// ---- the boxes --------------------------------------------------------------------------------------------------

interface Box {
  readonly key: AeadKey
  readonly nonce: Uint8Array
}

/** What any prekey of the recipient's is tried on: small, so that trying costs little. */
export function addressBox(suite: Suite, shared: Uint8Array, recipient: Uint8Array): Promise<Box> {
  return schedule(suite, shared, { info: concat([BOX_ADDRESS, recipient]) })
}

export function introductionBox(
  suite: Suite,
  shared: Uint8Array,
  recipient: Uint8Array,
  psk: { readonly id: Uint8Array; readonly key: Uint8Array } | undefined,
): Promise<Box> {
  const info = concat([BOX_INTRODUCTION, recipient])
  return schedule(suite, shared, psk === undefined ? { info } : { info, psk })
}

export interface Address {
  readonly oneTimeId: Uint8Array
  readonly ciphertext: Uint8Array
  readonly session: Uint8Array
  readonly number: number
}

export function writeAddress({ oneTimeId, ciphertext, session, number }: Address): Uint8Array {
  return concat([oneTimeId, ciphertext, session, u32(number)])
}

export function readAddress(bytes: Uint8Array): Address | undefined {
  return parsed(bytes, (reader) => ({
    oneTimeId: reader.bytes(ID_BYTES),
    ciphertext: reader.bytes(SIZES.kemCiphertext),
    session: reader.bytes(SESSION_ID_BYTES),
    number: reader.u32(),
  }))
}

// ---- beginning --------------------------------------------------------------------------------------------------

/** A session of our own, in its first turn. */
export async function beginHere(
  suite: Suite,
  { identity, mailbox }: Sender,
  bundle: Bundle,
  life: number,
  nowMs: number,
): Promise<Session> {
  const oneTime = bundle.oneTime && (await encapsulated(suite, bundle.oneTime.publicKey))
  const to: Addressed = {
    recipient: bundle.owner,
    signedPrekey: bundle.signedPrekey,
    oneTimeKey: bundle.oneTime?.publicKey,
    oneTimeId: bundle.oneTime?.id ?? new Uint8Array(ID_BYTES),
    ciphertext: oneTime?.ciphertext ?? new Uint8Array(SIZES.kemCiphertext),
  }
  const seed = suite.random(SIZES.kemSeed)
  const { publicKey: ratchetKey } = await suite.kem.keyPair(seed)
  const said = { hour: hourOf(nowMs), life, mailbox, ratchetKey, secret: suite.random(32) }
  const transcript = await transcriptOf(suite, to, identity.id, said)
  const signature = await identity.key.sign(SIGN_FIRST, transcript)
  const introduction: Introduction = {
    signedPrekey: to.signedPrekey,
    oneTimeId: to.oneTimeId,
    ciphertext: to.ciphertext,
    oneTimeSecret: oneTime?.sharedSecret ?? new Uint8Array(SIZES.sharedSecret),
    letter: writeLetter({ ...said, publicKey: identity.key.publicKey, signature }),
    untilMs: nowMs + MAIL_REPEAT_MS,
  }
  const { root, chain } = await firstTurn(suite.hash, said.secret, transcript)
  return {
    id: transcript.slice(0, SESSION_ID_BYTES),
    begun: 'here',
    peerLife: 0,
    turn: 0,
    root,
    phase: {
      kind: 'speaking',
      key: chain,
      next: 0,
      before: 0,
      doors: undefined,
      introduction,
      ciphertext: new Uint8Array(SIZES.kemCiphertext),
      ratchetKey,
      seed,
      answer: await doorsOf(suite.hash, root, 1),
    },
    hearing: [],
  }
}

export async function encapsulated(suite: Suite, publicKey: Uint8Array) {
  const made = await suite.kem.encapsulate(publicKey)
  if (made === undefined) throw new TypeError('a key of a bundle is checked when it is read')
  return made
}

export interface Begun {
  readonly from: Uint8Array
  readonly mailbox: Uint8Array
  readonly session: Session
}

/** The other's session, as its introduction makes it. The cheapest check first; the signature last. */
export async function beginThere(
  suite: Suite,
  to: Addressed,
  id: Uint8Array,
  letter: Letter,
  nowMs: number,
): Promise<Begun | MailDrop> {
  const from = await peerIdOf(suite.hash, letter.publicKey)
  if (equalBytes(from, to.recipient)) return 'self'
  const writtenMs = letter.hour * HOUR_MS
  const isEarly = Math.max(writtenMs, letter.life) > nowMs + MAIL_CLOCK_SKEW_MS
  if (isEarly || writtenMs < nowMs - MAIL_REPEAT_MS - MAIL_LATE_MS - MAIL_CLOCK_SKEW_MS) return 'hour'
  const transcript = await transcriptOf(suite, to, from, letter)
  if (!equalBytes(transcript.subarray(0, SESSION_ID_BYTES), id)) return 'misaddressed'
  if (!(await suite.signatures.verify(letter.publicKey, SIGN_FIRST, transcript, letter.signature)))
    return 'signature'
  if ((await suite.kem.encapsulate(letter.ratchetKey)) === undefined) return 'not-a-key'
  const { root, chain } = await firstTurn(suite.hash, letter.secret, transcript)
  const session: Session = {
    id,
    begun: 'there',
    peerLife: Math.max(1, letter.life),
    turn: 0,
    root,
    phase: { kind: 'listening', peerKey: letter.ratchetKey.slice(), before: 0 },
    hearing: [{ turn: 0, doors: undefined, key: chain, next: 0, skipped: [] }],
  }
  return { from, mailbox: letter.mailbox.slice(), session }
}
