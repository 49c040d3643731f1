// The one shape of every refusal over HTTP: { "error": { "code", "message", "retryAfterMs"? } }. Never a stack.

import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

export const HTTP_ERRORS = {
  'not-found': 404, // no such route
  'method-not-allowed': 405,
  'bad-name': 400, // a network's or room's name is not well formed
  'upgrade-required': 426, // the route is a WebSocket
  misconfigured: 500, // the deployment's settings are wrong; the message names which
  internal: 500, // our fault
} as const satisfies Record<string, ContentfulStatusCode>

export type HttpErrorCode = keyof typeof HTTP_ERRORS

export function refuse(
  c: Context,
  code: HttpErrorCode,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return c.json({ error: { code, message } }, HTTP_ERRORS[code], headers)
}

/** A setting of the deployment that cannot be used. */
export class Misconfigured extends Error {
  override readonly name = 'Misconfigured'
}
