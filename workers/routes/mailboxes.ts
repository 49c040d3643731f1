// A mailbox itself: its socket, what its owner lays out for strangers, and whom it lets write.

import type { Context } from 'hono'
import { makeChallenge, SCOPE } from '../../protocol/crypto/admission/challenge.ts'
import { mailResource } from '../../protocol/crypto/admission/mail.ts'
import type { PrekeyDrop } from '../../protocol/crypto/mail/drops.ts'
import {
  joinBundle,
  PUBLICATION_BYTES_MAX,
  verifyPublication,
} from '../../protocol/crypto/mail/publication.ts'
import { MAILBOX_ACCESS_KEYS_MAX } from '../../protocol/limits/mailbox.ts'
import { KIB } from '../../protocol/limits/units.ts'
import { AUDIENCE_HEADER, HELLO_HEADER, REGION_HEADER } from '../../protocol/mailbox/admission.ts'
import type { AccessRules } from '../../protocol/mailbox/contract.ts'
import { accessRules } from '../../protocol/mailbox/prekey-desk.ts'
import { retryAfterMsOf } from '../../protocol/protection/known-lists.ts'
import { fromBase64url, toBase64url } from '../../protocol/wire/base64url.ts'
import { SUBPROTOCOL } from '../../protocol/wire/registry.ts'
import { isJson, isOctets, objectIn, readAtMost } from '../body.ts'
import { admissionDesk } from '../desk.ts'
import type { Drawn, Edge, MailboxStub } from '../env.ts'
import { type HttpErrorCode, refuse } from '../errors.ts'
import { addressHeader } from '../gate/address-tag.ts'
import { verdictOn } from '../gate/listed.ts'
import { extraBits, limitedAddress, peerWaitMs } from '../gate/rates.ts'
import { admitSocket, audienceHere, badName, namedMailbox, refuseUnlessOwner } from '../mail-admission.ts'
import type { PrekeysDrawnBody } from '../openapi/bodies/mail.ts'
import { regionOf } from '../region.ts'
import { isUpgrade, refuseForFailure, refuseUpgrade } from '../upgrade.ts'

const NO_STORE = { 'Cache-Control': 'no-store' }
/** Four keys of 43 letters, and the words around them. */
const ACCESS_BODY_BYTES_MAX = KIB

export async function openMailbox(c: Context<Edge>): Promise<Response> {
  const mailbox = namedMailbox(c)
  if (!isUpgrade(c.req.raw)) {
    if (mailbox === undefined) return badName(c)
    return refuse(c, 'upgrade-required', 'a mailbox is a WebSocket', { Upgrade: 'websocket' })
  }
  if (mailbox === undefined) return refuseUpgrade(c.req.raw, 'bad-request')
  const told = await admitSocket(c.req.raw, c.env, mailbox)
  if (typeof told === 'string') return refuseUpgrade(c.req.raw, told)
  if (HELLO_HEADER in told) {
    const waitMs = peerWaitMs(c.req.raw, c.env, mailbox.network, mailbox.id, 'high')
    if (waitMs > 0) return refuseUpgrade(c.req.raw, 'rate-limited', waitMs)
    const verdict = await verdictOn(c.env, mailbox.network, mailbox.id)
    if (verdict.kind === 'listed')
      return refuseUpgrade(c.req.raw, 'blacklisted', retryAfterMsOf(verdict.untilMs, Date.now()))
  }
  try {
    const headers = new Headers({
      Upgrade: 'websocket',
      ...told,
      ...(await addressHeader(c.req.raw, c.env)),
      [AUDIENCE_HEADER]: toBase64url(await audienceHere(c, mailbox.network)),
      [REGION_HEADER]: regionOf(c.req.raw),
      // What else was offered stays here, the pass above all.
      'Sec-WebSocket-Protocol': SUBPROTOCOL,
    })
    return await mailbox.stub.fetch(new Request(c.req.url, { headers }))
  } catch (error) {
    return refuseForFailure(c.req.raw, error)
  }
}

const WHY_NOT: Readonly<Record<PrekeyDrop, readonly [HttpErrorCode, string]>> = {
  malformed: ['malformed', 'the body is no publication'],
  'wrong-owner': ['wrong-key', 'the publication is not by the key of this mailbox'],
  'too-early': ['expired', 'the publication was made in the future'],
  expired: ['expired', 'the publication’s time is over, or longer than may be'],
  signature: ['wrong-signature', 'the publication’s signature is not by the owner over it'],
  root: ['wrong-signature', 'the one-time prekeys are not those that were signed'],
  path: ['wrong-signature', 'a path of a one-time prekey does not lead to what was signed'],
  'not-a-key': ['malformed', 'a prekey is no key'],
}

export async function publishPrekeys(c: Context<Edge>): Promise<Response> {
  const mailbox = namedMailbox(c)
  if (mailbox === undefined) return badName(c)
  const denied = await refuseUnlessOwner(c, mailbox)
  if (denied !== undefined) return denied
  if (!isOctets(c.req.raw))
    return refuse(c, 'unsupported-media-type', 'the body must be application/octet-stream')
  const body = await readAtMost(c.req.raw, PUBLICATION_BYTES_MAX)
  if (body === undefined)
    return refuse(c, 'too-large', `a publication has ${PUBLICATION_BYTES_MAX} bytes at most`)
  const wrong = await verifyPublication(await admissionDesk(c.env), body, mailbox.id, Date.now())
  if (wrong !== undefined) return refuse(c, ...WHY_NOT[wrong])
  return c.json({ oneTime: await mailbox.stub.publish(body) }, 200, NO_STORE)
}

/**
 * What a first letter needs: keys to seal it to, and a challenge to work on. `challenge=only` for who has the keys already,
 * and whose proof ran out: it uses up no one-time prekey.
 */
export async function drawPrekeys(c: Context<Edge>): Promise<Response> {
  const mailbox = namedMailbox(c)
  if (mailbox === undefined) return badName(c)
  const asked = c.req.query('challenge')
  if (asked !== undefined && asked !== 'only')
    return refuse(c, 'malformed', 'challenge is `only`, or left out')
  const { hash, ring, random, bits } = await admissionDesk(c.env)
  const drawn = asked === 'only' ? await unlessUnopened(mailbox.stub) : await mailbox.stub.draw()
  if (drawn === undefined) return refuse(c, 'no-such-mailbox', 'nobody has opened this mailbox')
  const nowMs = Date.now()
  const extra = extraBits(c.env, limitedAddress(c.req.raw, c.env), mailbox.network, nowMs)
  const difficulty = bits(nowMs, extra)
  const resource = await mailResource(hash, await audienceHere(c, mailbox.network), mailbox.id)
  const place = { scope: SCOPE.mail, resource }
  const challenge = await makeChallenge(hash, ring.current, place, difficulty, nowMs, random)
  const { head, oneTime } = drawn
  const bundle = head === undefined ? null : toBase64url(joinBundle(head, oneTime))
  const body: PrekeysDrawnBody = { bundle, challenge: toBase64url(challenge), difficulty }
  return c.json(body, 200, NO_STORE)
}

/** Nothing of a bundle; undefined where there is no mailbox. */
async function unlessUnopened(stub: MailboxStub): Promise<Drawn | undefined> {
  return (await stub.opened()) ? { head: undefined, oneTime: undefined } : undefined
}

export async function setAccess(c: Context<Edge>): Promise<Response> {
  const mailbox = namedMailbox(c)
  if (mailbox === undefined) return badName(c)
  const denied = await refuseUnlessOwner(c, mailbox)
  if (denied !== undefined) return denied
  if (!isJson(c.req.raw)) return refuse(c, 'unsupported-media-type', 'the body must be application/json')
  const body = await readAtMost(c.req.raw, ACCESS_BODY_BYTES_MAX)
  if (body === undefined) return refuse(c, 'too-large', `rules have ${ACCESS_BODY_BYTES_MAX} bytes at most`)
  const rules = rulesOf(body)
  if (rules === undefined)
    return refuse(
      c,
      'malformed',
      `the body is { "keys", "strangers" }: up to ${MAILBOX_ACCESS_KEYS_MAX} keys of 32 bytes in base64url, and a boolean`,
    )
  await mailbox.stub.setAccess(rules)
  return c.body(null, 204, NO_STORE)
}

/** Undefined for what are none; a field nobody knows is a mistake, and said to be one. */
function rulesOf(body: Uint8Array): AccessRules | undefined {
  const { keys: texts, strangers, ...unknown } = objectIn(body)
  if (!Array.isArray(texts) || typeof strangers !== 'boolean' || Object.keys(unknown).length > 0)
    return undefined
  const keys: Uint8Array[] = []
  for (const text of texts as unknown[]) {
    const key = typeof text === 'string' ? fromBase64url(text) : undefined
    if (key === undefined) return undefined
    keys.push(key)
  }
  return accessRules({ keys, strangers })
}
