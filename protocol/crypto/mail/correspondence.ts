// All we have of one peer, as a value; and writing to it. What comes back is to be committed before the envelope leaves.

import { MAIL_CHAINS_MAX, MAIL_SESSIONS_MAX, MAIL_SKIPPED_MAX } from '../../limits/mail.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { concat, type Suite } from '../suite.ts'
import type { Bundle } from './bundle.ts'
import {
  type EnvelopeSize,
  hasSlot,
  type MessageKind,
  SALT_BYTES,
  salted,
  sealBody,
  sizeFor,
  TAG_BYTES,
  writeOutside,
} from './envelope.ts'
import { HOUR_MS, MAILBOX_BYTES, PEER_BYTES, u32, u48 } from './fields.ts'
import {
  addressBox,
  beginHere,
  encapsulated,
  introductionBox,
  type Sender,
  writeAddress,
} from './introduction.ts'
import { SEAL_BODY, SEAL_HEADER } from './labels.ts'
import { type Spoke, speak, tagOf } from './ratchet.ts'
import type { Correspondence, Introduction, Session } from './session.ts'

export type { Sender } from './introduction.ts'
export type { Correspondence } from './session.ts'

/** With a peer that nothing is known of, or whose state was lost: what it says later is told apart by the life. */
export function newCorrespondence(peer: Uint8Array, nowMs: number): Correspondence {
  if (peer.length !== PEER_BYTES) throw new RangeError(`a peer has ${PEER_BYTES} bytes, not ${peer.length}`)
  return { peer, life: Math.max(1, Math.floor(nowMs)), mailbox: undefined, sessions: [] }
}

/**
 * On which session to write. Of those it was heard on, the ones of its latest life, since one that lost its state has no other;
 * among these both sides take the least id. Where it never was heard, our own that it may still hear of.
 */
export function sessionToSpeakOn({ sessions }: Correspondence, nowMs: number): Session | undefined {
  const life = Math.max(...sessions.map(({ peerLife }) => peerLife))
  const heard = sessions.filter(({ peerLife }) => peerLife > 0 && peerLife === life)
  if (heard.length > 0) return heard.reduce((least, one) => (isLess(one.id, least.id) ? one : least))
  return sessions.find(({ phase }) => phase.kind === 'speaking' && nowMs < (phase.introduction?.untilMs ?? 0))
}

function isLess(one: Uint8Array, other: Uint8Array): boolean {
  const at = one.findIndex((byte, i) => byte !== other[i])
  return at >= 0 && (one[at] ?? 0) < (other[at] ?? 0)
}

/** Whether the next `seal` begins a session. */
export function needsBundle(correspondence: Correspondence, nowMs: number): boolean {
  return sessionToSpeakOn(correspondence, nowMs) === undefined
}

/** Which room the next message has: see `contentMax`. */
export function nextKind(correspondence: Correspondence, nowMs: number): MessageKind {
  const session = sessionToSpeakOn(correspondence, nowMs)
  return session === undefined || isIntroducing(session) ? 'first' : 'later'
}

function isIntroducing({ phase }: Session): boolean {
  return phase.kind === 'speaking' && phase.introduction !== undefined
}

export interface Sealing {
  readonly nowMs: number
  /** Of the peer, and read within this hour or so; looked at only when `needsBundle`. */
  readonly bundle?: Bundle | undefined
}

export interface Sealed {
  /** To be committed, with the envelope, before the envelope leaves. */
  readonly correspondence: Correspondence
  readonly envelope: Uint8Array
}

/** Throws a RangeError for more than an envelope holds, before anything is done; a TypeError without the bundle it needs. */
export async function seal(
  suite: Suite,
  me: Sender,
  correspondence: Correspondence,
  content: Uint8Array,
  { nowMs, bundle }: Sealing,
): Promise<Sealed> {
  if (me.mailbox.length !== MAILBOX_BYTES) throw new RangeError(`a mailbox has ${MAILBOX_BYTES} bytes`)
  const kind = nextKind(correspondence, nowMs)
  const size = sizeFor(kind, content.length)
  const known = sessionToSpeakOn(correspondence, nowMs)
  const session = known ?? (await begin(suite, me, correspondence, bundle, nowMs))
  const spoke = await speak(suite, session)
  const { introduction } = spoke.speaking
  const envelope =
    introduction === undefined
      ? await sealLater(suite, correspondence.life, spoke, content, size)
      : await sealFirst(suite, correspondence.peer, introduction, spoke, content, size)
  return { correspondence: withSession(correspondence, spoke.session, nowMs), envelope }
}

function begin(
  suite: Suite,
  me: Sender,
  { peer, life }: Correspondence,
  bundle: Bundle | undefined,
  nowMs: number,
): Promise<Session> {
  if (bundle === undefined) throw new TypeError('a first message needs a bundle')
  if (!equalBytes(bundle.owner, peer)) throw new TypeError('this bundle is of another peer')
  if (equalBytes(me.identity.id, peer)) throw new TypeError('mail to oneself needs no envelope')
  if (bundle.endHour * HOUR_MS <= nowMs) throw new TypeError('this bundle is past its end')
  return beginHere(suite, me, bundle, life, nowMs)
}

async function sealFirst(
  suite: Suite,
  recipient: Uint8Array,
  introduction: Introduction,
  { session, messageKey, number }: Spoke,
  content: Uint8Array,
  size: EnvelopeSize,
): Promise<Uint8Array> {
  const { oneTimeId, ciphertext, oneTimeSecret, letter, signedPrekey } = introduction
  const salt = suite.random(SALT_BYTES)
  const outside = writeOutside({ salt, tag: suite.random(TAG_BYTES) })
  const { ciphertext: slot, sharedSecret } = await encapsulated(suite, signedPrekey)
  const open = concat([outside, slot])
  const address = await addressBox(suite, sharedSecret, recipient)
  const addressed = writeAddress({ oneTimeId, ciphertext, session: session.id, number })
  const withAddress = concat([open, await address.key.seal(address.nonce, open, addressed)])
  const psk = oneTimeId.some((byte) => byte !== 0) ? { id: oneTimeId, key: oneTimeSecret } : undefined
  const box = await introductionBox(suite, sharedSecret, recipient, psk)
  const before = concat([withAddress, await box.key.seal(box.nonce, withAddress, letter)])
  return sealBody(await salted(suite, messageKey, SEAL_BODY, salt), before, content, size)
}

async function sealLater(
  suite: Suite,
  life: number,
  { speaking, messageKey, number }: Spoke,
  content: Uint8Array,
  size: EnvelopeSize,
): Promise<Uint8Array> {
  const { doors, ciphertext, ratchetKey, before } = speaking
  if (doors === undefined) throw new TypeError('only a first turn is found by its introduction')
  const salt = suite.random(SALT_BYTES)
  const outside = writeOutside({ salt, tag: await tagOf(suite.hash, doors.tags, salt) })
  // A ciphertext to any key looks like one to any other. What is in it nobody knows.
  const decoy = hasSlot(size) ? (await encapsulated(suite, ratchetKey)).ciphertext : new Uint8Array()
  const open = concat([outside, decoy])
  const header = concat([ciphertext, ratchetKey, u48(life), u32(number), u32(before)])
  const { key, nonce } = await salted(suite, doors.headers, SEAL_HEADER, salt)
  const withHeader = concat([open, await key.seal(nonce, open, header)])
  return sealBody(await salted(suite, messageKey, SEAL_BODY, salt), withHeader, content, size)
}

// ---- keeping ----------------------------------------------------------------------------------------------------

/** With that session as it is now, used last; and no more of anything than may be kept. */
export function withSession(correspondence: Correspondence, session: Session, nowMs: number): Correspondence {
  const others = correspondence.sessions.filter(({ id }) => !equalBytes(id, session.id))
  const sessions = [session, ...others].slice(0, MAIL_SESSIONS_MAX)
  return forgetOldKeys({ ...correspondence, sessions }, nowMs)
}

/** To be done now and then, and committed: a key that is kept can be stolen. The same object when nothing is old. */
export function forgetOldKeys(correspondence: Correspondence, nowMs: number): Correspondence {
  const all = correspondence.sessions.flatMap(({ hearing }) => hearing.flatMap(({ skipped }) => skipped))
  const live = all.filter(({ untilMs }) => untilMs > nowMs)
  const tooMany = live.length - MAIL_SKIPPED_MAX
  const isTidy = ({ hearing }: Session) =>
    hearing.length <= MAIL_CHAINS_MAX && hearing.slice(1).every(hasKeys)
  if (live.length === all.length && tooMany <= 0 && correspondence.sessions.every(isTidy))
    return correspondence
  const byAge = [...live].sort((one, other) => one.untilMs - other.untilMs)
  const kept = new Set(tooMany > 0 ? byAge.slice(tooMany) : live)
  const tidied = (session: Session): Session => {
    const chains = session.hearing.map((chain) => ({
      ...chain,
      skipped: chain.skipped.filter((one) => kept.has(one)),
    }))
    const hearing = chains.filter((chain, i) => i === 0 || hasKeys(chain)).slice(0, MAIL_CHAINS_MAX)
    return { ...session, hearing }
  }
  return { ...correspondence, sessions: correspondence.sessions.map(tidied) }
}

function hasKeys({ skipped }: { readonly skipped: readonly unknown[] }): boolean {
  return skipped.length > 0
}
