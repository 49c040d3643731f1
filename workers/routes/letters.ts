// Letters of a mailbox over HTTP: anybody puts one, its owner reads a page of them and takes those it has.

import type { Context } from 'hono'
import {
  MAILBOX_MESSAGE_BYTES_MAX,
  MAILBOX_PAGE_LETTERS_MAX,
  MAILBOX_TOOK_MAX,
} from '../../protocol/limits/mailbox.ts'
import { fromBase64url, toBase64url } from '../../protocol/wire/base64url.ts'
import { LETTER_ID_BYTES } from '../../protocol/wire/mail-frames.ts'
import type { MailRefusal } from '../../protocol/wire/registry.ts'
import { isOctets, readAtMost } from '../body.ts'
import type { Edge } from '../env.ts'
import { refuse, refuseFor } from '../errors.ts'
import { audienceHere, badName, namedMailbox, refuseUnlessOwner } from '../mail-admission.ts'
import type { LetterPutBody, LettersPageBody } from '../openapi/bodies/mail.ts'

const WHY: Readonly<Record<MailRefusal, string>> = {
  malformed: 'the body is not priority, TTL, proof and an envelope of one of the four sizes',
  'too-large': 'the body is longer than the largest envelope makes it',
  'over-quota': 'the mailbox has no room for more of this priority and kind of sender',
  'rate-limited': 'more is put into the mailbox than it takes in a time',
  'bad-access': 'the MAC is not by a key of the owner’s, of this day, for this mailbox and envelope',
  'bad-stamp': 'the stamp is not that of its challenge, for this mailbox and envelope',
  'stale-stamp': 'the challenge is too old; ask for another',
  blocked: 'the owner takes no mail of strangers',
  'no-such-mailbox': 'nobody has opened this mailbox',
  internal: 'the mailbox failed; try again',
}

const NO_STORE = { 'Cache-Control': 'no-store' }

export async function putLetter(c: Context<Edge>): Promise<Response> {
  const mailbox = namedMailbox(c)
  if (mailbox === undefined) return badName(c)
  if (!isOctets(c.req.raw))
    return refuse(c, 'unsupported-media-type', 'the body must be application/octet-stream')
  const body = await readAtMost(c.req.raw, MAILBOX_MESSAGE_BYTES_MAX)
  if (body === undefined) return refuse(c, 'too-large', WHY['too-large'])
  const { outcome, id } = await mailbox.stub.put(await audienceHere(c, mailbox.network), body)
  if (!outcome.ok) return refuseFor(c, outcome.reason, WHY[outcome.reason], outcome.retryAfterMs)
  const { known, expiresAtMs } = outcome
  const answer: LetterPutBody = { id: toBase64url(id ?? new Uint8Array()), known, expiresAt: expiresAtMs }
  return c.json(answer, known ? 200 : 201, NO_STORE)
}

export async function readLetters(c: Context<Edge>): Promise<Response> {
  const mailbox = namedMailbox(c)
  if (mailbox === undefined) return badName(c)
  const denied = await refuseUnlessOwner(c, mailbox)
  if (denied !== undefined) return denied
  const limit = Number(c.req.query('limit') ?? MAILBOX_PAGE_LETTERS_MAX)
  if (!Number.isInteger(limit) || limit < 1)
    return refuse(c, 'malformed', 'limit must be a whole number above 0')
  const cursor = c.req.query('cursor')
  const page = await mailbox.stub.page(cursor === undefined ? undefined : bytesOf(cursor), limit)
  if (page === undefined) return refuse(c, 'malformed', 'the cursor is none')
  const messages = page.letters.map(({ id, priority, hour, envelope }) => ({
    id: toBase64url(id),
    priority,
    hour,
    envelope: toBase64url(envelope),
  }))
  const body: LettersPageBody = { messages, cursor: toBase64url(page.cursor), more: page.more }
  return c.json(body, 200, NO_STORE)
}

export async function takeLetters(c: Context<Edge>): Promise<Response> {
  const mailbox = namedMailbox(c)
  if (mailbox === undefined) return badName(c)
  const denied = await refuseUnlessOwner(c, mailbox)
  if (denied !== undefined) return denied
  const ids = (c.req.param('ids') ?? '').split(',').map(bytesOf)
  if (ids.length > MAILBOX_TOOK_MAX)
    return refuse(c, 'too-large', `no more than ${MAILBOX_TOOK_MAX} ids in one request`)
  if (!ids.every((id) => id.length === LETTER_ID_BYTES))
    return refuse(c, 'malformed', 'ids are of 16 bytes in base64url, parted by commas')
  const taken = await mailbox.stub.took(ids)
  return taken === undefined ? refuse(c, 'internal', WHY.internal) : c.json({ taken }, 200, NO_STORE)
}

/** No bytes for what is no base64url: they are no cursor, and no id. */
function bytesOf(text: string): Uint8Array {
  return fromBase64url(text) ?? new Uint8Array()
}
