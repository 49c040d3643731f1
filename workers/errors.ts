// The one shape of every refusal over HTTP: { "error": { "code", "message", "retryAfterMs"? } }. Never a stack.

import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AdmissionRefusal } from '../protocol/crypto/admission/refusals.ts'
import type { DhtRefusal, MailRefusal } from '../protocol/wire/registry.ts'

export const HTTP_ERRORS = {
  'not-found': 404, // no such route
  'method-not-allowed': 405,
  'bad-name': 400, // the name of a network or room, or the id of a mailbox, is not well formed
  'upgrade-required': 426, // the route is a WebSocket
  'unsupported-media-type': 415, // the body is not of the type the route takes
  // Refusals of admission, as protocol/crypto/admission/refusals.ts explains them. 400 where the client's code is wrong…
  malformed: 400,
  'wrong-key': 403, // …403 where what it showed is…
  'wrong-signature': 403,
  'wrong-stamp': 403,
  foreign: 403,
  forged: 403,
  expired: 410, // …and 410 and 409 where a new challenge is all that is needed.
  spent: 409,
  // Refusals of the pass a request shows, as its socket would be told them.
  'pass-missing': 401,
  'pass-malformed': 401,
  'pass-expired': 401,
  'pass-forged': 401,
  'pass-foreign': 403, // good, but not for this: another's, of another network, or without the capability
  // Refusals of a put, as protocol/wire/registry.ts explains them.
  'too-large': 413,
  'over-quota': 507,
  'rate-limited': 429,
  'bad-access': 403,
  'bad-stamp': 403,
  'stale-stamp': 410,
  blocked: 403,
  'no-such-mailbox': 404,
  // Refusals of the DHT, as protocol/wire/registry.ts explains them.
  stale: 409,
  busy: 503,
  'no-such-record': 404,
  'no-such-peer': 404, // no room has said lately that it is there
  unprocessable: 422, // as the Delegated Routing API wants what it cannot read to be called
  blacklisted: 403, // this peer may not, until the time the message says
  'admin-missing': 401,
  'admin-wrong': 403,
  'admin-off': 501, // the deployment has no administrator's token
  'no-such-listing': 404,
  misconfigured: 500, // the deployment's settings are wrong; the message names which
  internal: 500, // our fault
} as const satisfies Record<string, ContentfulStatusCode> &
  Record<AdmissionRefusal | MailRefusal | DhtRefusal, ContentfulStatusCode>

export type HttpErrorCode = keyof typeof HTTP_ERRORS

export function refuse(
  c: Context,
  code: HttpErrorCode,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return c.json({ error: { code, message } }, HTTP_ERRORS[code], headers)
}

/** A refusal that time may undo: it says after how much, to programs and to whatever is between. */
export function refuseFor(c: Context, code: HttpErrorCode, message: string, retryAfterMs: number): Response {
  if (retryAfterMs === 0) return refuse(c, code, message)
  const headers = { 'Retry-After': `${Math.ceil(retryAfterMs / 1_000)}` }
  return c.json({ error: { code, message, retryAfterMs } }, HTTP_ERRORS[code], headers)
}

/** A setting of the deployment that cannot be used. */
export class Misconfigured extends Error {
  override readonly name = 'Misconfigured'
}
