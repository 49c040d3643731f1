// Opening an envelope: whose it is, by one HMAC for each turn that is listened to; else whether one of our prekeys opens it. What
// comes back is to be committed before the mailbox is told that we have it.

import { MAIL_CLOCK_SKEW_MS } from '../../limits/mail.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { equalMacs } from '../handshake/schedule.ts'
import { SIZES, type Suite } from '../suite.ts'
import { newCorrespondence, withSession } from './correspondence.ts'
import { type Dropped, dropped, type MailDrop } from './drops.ts'
import {
  ADDRESS_AT,
  bodyAt,
  hasSlot,
  headerAt,
  INTRODUCTION_AT,
  type Outside,
  openBody,
  readOutside,
  SLOT_AT,
  salted,
} from './envelope.ts'
import { isZero, parsed, readU48 } from './fields.ts'
import {
  type Address,
  addressBox,
  beginThere,
  introductionBox,
  readAddress,
  readLetter,
} from './introduction.ts'
import { SEAL_BODY, SEAL_HEADER } from './labels.ts'
import {
  canRemember,
  findOneTime,
  forgetOldPrekeys,
  isRemembered,
  keyPairOf,
  type Prekeys,
  type SignedPrekey,
  spent,
} from './prekeys.ts'
import { closed, hear, tagOf, turnSecrets } from './ratchet.ts'
import type { Correspondence, Doors, HearingChain, Session } from './session.ts'

/** All that an envelope may be for. */
export interface Recipient {
  /** The 32 bytes of our PeerId. */
  readonly id: Uint8Array
  readonly prekeys: Prekeys
  /** The ones used last first: they are tried first. */
  readonly correspondences: readonly Correspondence[]
}

export interface Opened {
  readonly kind: 'opened'
  /** The 32 bytes of its PeerId, proven. */
  readonly from: Uint8Array
  readonly content: Uint8Array
  /** With whom it is from; a new one when we had none with that peer. To be committed, with the prekeys, before it is acknowledged. */
  readonly correspondence: Correspondence
  /** The same object as given when nothing of it was used. */
  readonly prekeys: Prekeys
  /** Whether a session began with it. */
  readonly introduced: boolean
}

type Answer = Opened | Dropped<MailDrop>

/** Never throws, whatever the bytes are. */
export async function openEnvelope(
  suite: Suite,
  me: Recipient,
  envelope: Uint8Array,
  nowMs: number,
): Promise<Answer> {
  const outside = readOutside(envelope)
  if (outside === undefined) return dropped('malformed')
  const place = await placeOf(suite, me.correspondences, outside)
  if (place !== undefined) return openLater(suite, me, place, outside, envelope, nowMs)
  return hasSlot(envelope.length) ? openFirst(suite, me, outside, envelope, nowMs) : dropped('not-for-us')
}

// ---- later messages ---------------------------------------------------------------------------------------------

interface Place {
  readonly correspondence: Correspondence
  readonly session: Session
  readonly doors: Doors
  /** Undefined for the turn that was not heard yet. */
  readonly chain: HearingChain | undefined
}

/** HMACs under way at once: enough that a platform's threads are busy, few enough that a hit near the front ends it. */
const TRIED_AT_ONCE = 64

async function placeOf(
  { hash }: Suite,
  correspondences: readonly Correspondence[],
  { salt, tag }: Outside,
): Promise<Place | undefined> {
  const places = correspondences.flatMap(placesOf)
  for (let at = 0; at < places.length; at += TRIED_AT_ONCE) {
    const tried = places.slice(at, at + TRIED_AT_ONCE)
    const tags = await Promise.all(tried.map(({ doors }) => tagOf(hash, doors.tags, salt)))
    const found = tags.findIndex((one) => equalMacs(one, tag))
    if (found >= 0) return tried[found]
  }
  return undefined
}

function placesOf(correspondence: Correspondence): readonly Place[] {
  return correspondence.sessions.flatMap((session) => {
    const { phase, hearing } = session
    const answer = phase.kind === 'speaking' ? [{ doors: phase.answer, chain: undefined }] : []
    const heard = hearing.flatMap((chain) =>
      chain.doors === undefined ? [] : [{ doors: chain.doors, chain }],
    )
    return [...answer, ...heard].map((place) => ({ correspondence, session, ...place }))
  })
}

interface Header {
  readonly ciphertext: Uint8Array
  readonly ratchetKey: Uint8Array
  readonly life: number
  readonly number: number
  readonly before: number
}

function readHeader(bytes: Uint8Array): Header | undefined {
  return parsed(bytes, (reader) => ({
    ciphertext: reader.bytes(SIZES.kemCiphertext),
    ratchetKey: reader.bytes(SIZES.kemPublicKey),
    life: readU48(reader),
    number: reader.u32(),
    before: reader.u32(),
  }))
}

async function openLater(
  suite: Suite,
  me: Recipient,
  place: Place,
  { salt }: Outside,
  envelope: Uint8Array,
  nowMs: number,
): Promise<Answer> {
  const [at, end] = [headerAt(envelope.length), bodyAt('later', envelope.length)]
  const { key, nonce } = await salted(suite, place.doors.headers, SEAL_HEADER, salt)
  const bytes = await key.open(nonce, envelope.slice(0, at), envelope.slice(at, end))
  const header = bytes && readHeader(bytes)
  if (header === undefined) return dropped('unopened')
  const session = place.chain === undefined ? await nextTurn(suite, place, header, nowMs) : place.session
  if (typeof session === 'string') return dropped(session)
  const turn = place.chain?.turn ?? session.turn
  return openOn(suite, me, { ...place, session, turn, number: header.number }, salt, envelope, nowMs)
}

/** The session in the peer's next turn. Nothing of it counts before a message of it has opened. */
async function nextTurn(
  suite: Suite,
  { session, doors }: Place,
  header: Header,
  nowMs: number,
): Promise<Session | MailDrop> {
  const { phase, hearing } = session
  if (phase.kind !== 'speaking') return 'unopened'
  const pair = await suite.kem.keyPair(phase.seed)
  const sharedSecret = await pair.decapsulate(header.ciphertext)
  if (sharedSecret === undefined || (await suite.kem.encapsulate(header.ratchetKey)) === undefined)
    return 'not-a-key'
  const [last, ...older] = hearing
  const over = last && (await closed(suite.hash, last, header.before, nowMs))
  if (over === 'too-far') return over
  const turn = session.turn + 1
  const { root, chain } = await turnSecrets(suite.hash, session, turn, sharedSecret, header)
  const begun: HearingChain = { turn, doors, key: chain, next: 0, skipped: [] }
  const before = [...(over === undefined ? [] : [over]), ...older].filter(({ skipped }) => skipped.length > 0)
  return {
    ...session,
    turn,
    root,
    peerLife: session.peerLife || Math.max(1, Math.min(header.life, nowMs + MAIL_CLOCK_SKEW_MS)),
    phase: { kind: 'listening', peerKey: header.ratchetKey.slice(), before: phase.next },
    hearing: [begun, ...before],
  }
}

interface Message {
  readonly correspondence: Correspondence
  readonly session: Session
  readonly turn: number
  readonly number: number
}

/** The body, by the key of its number in its turn: whatever the session, this is where it counts. */
async function openOn(
  suite: Suite,
  me: Recipient,
  { correspondence, session, turn, number }: Message,
  salt: Uint8Array,
  envelope: Uint8Array,
  nowMs: number,
): Promise<Answer> {
  const chain = session.hearing.find((one) => one.turn === turn)
  const heard = chain === undefined ? 'replayed' : await hear(suite.hash, chain, number, nowMs)
  if (typeof heard === 'string') return dropped(heard)
  const at = bodyAt(turn === 0 ? 'first' : 'later', envelope.length)
  const content = await openBody(await salted(suite, heard.messageKey, SEAL_BODY, salt), envelope, at)
  if (typeof content === 'string') return dropped(content)
  const hearing = session.hearing.map((one) => (one === chain ? heard.chain : one))
  return {
    kind: 'opened',
    from: correspondence.peer,
    content,
    correspondence: withSession(correspondence, { ...session, hearing }, nowMs),
    prekeys: me.prekeys,
    introduced: false,
  }
}

// ---- first messages ---------------------------------------------------------------------------------------------

async function openFirst(
  suite: Suite,
  me: Recipient,
  { salt }: Outside,
  envelope: Uint8Array,
  nowMs: number,
): Promise<Answer> {
  const prekeys = forgetOldPrekeys(me.prekeys, nowMs)
  const found = await addressOf(suite, me.id, prekeys, envelope)
  if (found === undefined) return dropped('not-for-us')
  const { session: id, number } = found.address
  for (const correspondence of me.correspondences) {
    const session = correspondence.sessions.find((one) => equalBytes(one.id, id))
    if (session !== undefined)
      return openOn(suite, me, { correspondence, session, turn: 0, number }, salt, envelope, nowMs)
  }
  if (isRemembered(prekeys, id)) return dropped('replayed')
  const begun = await introduced(suite, me.id, prekeys, found, envelope, nowMs)
  if (typeof begun === 'string') return dropped(begun)
  const { from, mailbox, session } = begun
  const known = me.correspondences.find(({ peer }) => equalBytes(peer, from))
  const before = known ?? newCorrespondence(from, nowMs)
  const isLatest = before.sessions.every(({ peerLife }) => peerLife <= session.peerLife)
  const correspondence = isLatest ? { ...before, mailbox } : before
  const opened = await openOn(suite, me, { correspondence, session, turn: 0, number }, salt, envelope, nowMs)
  if (opened.kind === 'drop') return opened
  return { ...opened, prekeys: spent(prekeys, found.signed, found.address.oneTimeId, id), introduced: true }
}

interface Found {
  readonly signed: SignedPrekey
  readonly signedKey: Uint8Array
  readonly shared: Uint8Array
  readonly address: Address
}

/** By trial, the newest prekey first: naming it in the open would tell first messages from later ones. */
async function addressOf(
  suite: Suite,
  id: Uint8Array,
  { signed: all }: Prekeys,
  envelope: Uint8Array,
): Promise<Found | undefined> {
  for (const signed of all) {
    const pair = await keyPairOf(suite, signed)
    const shared = await pair.decapsulate(envelope.slice(SLOT_AT, ADDRESS_AT))
    if (shared === undefined) continue
    const { key, nonce } = await addressBox(suite, shared, id)
    const sealed = envelope.slice(ADDRESS_AT, INTRODUCTION_AT)
    const bytes = await key.open(nonce, envelope.slice(0, ADDRESS_AT), sealed)
    const address = bytes && readAddress(bytes)
    if (address !== undefined) return { signed, signedKey: pair.publicKey, shared, address }
  }
  return undefined
}

async function introduced(
  suite: Suite,
  id: Uint8Array,
  prekeys: Prekeys,
  { signedKey, shared, address }: Found,
  envelope: Uint8Array,
  nowMs: number,
) {
  const { oneTimeId, ciphertext, session } = address
  const pair = await oneTimePair(suite, prekeys, address)
  if (typeof pair === 'string') return pair
  const secret = await pair?.decapsulate(ciphertext)
  if (pair !== undefined && secret === undefined) return 'not-a-key'
  const psk = secret && { id: oneTimeId, key: secret }
  const { key, nonce } = await introductionBox(suite, shared, id, psk)
  const end = bodyAt('first', envelope.length)
  const sealed = envelope.slice(INTRODUCTION_AT, end)
  const bytes = await key.open(nonce, envelope.slice(0, INTRODUCTION_AT), sealed)
  const letter = bytes && readLetter(bytes)
  if (letter === undefined) return 'unopened'
  const oneTimeKey = pair?.publicKey
  const to = { recipient: id, signedPrekey: signedKey, oneTimeKey, oneTimeId, ciphertext }
  return beginThere(suite, to, session.slice(), letter, nowMs)
}

async function oneTimePair(suite: Suite, prekeys: Prekeys, { oneTimeId, ciphertext }: Address) {
  if (isZero(oneTimeId)) {
    if (!isZero(ciphertext)) return 'malformed'
    return canRemember(prekeys) ? undefined : 'too-much-held'
  }
  const oneTime = findOneTime(prekeys, oneTimeId)
  return oneTime === undefined ? 'prekey-used' : suite.kem.keyPair(oneTime.seed)
}
