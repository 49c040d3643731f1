// What every answer wears: nothing here is a page, so nothing may be embedded, sniffed or run; and any page may read it, unless the
// deployment names some: it is no page's cookies that admit a peer. The dashboard's files bring their own headers.
//
// The library's own middleware for this costs a tenth of a millisecond a request, two thirds of what the platform takes for one,
// since it dresses what is finished; so only preflights are left to it. Ours goes on before the answer is made.

import type { Context, Next } from 'hono'
import { cors } from 'hono/cors'
import type { Edge } from './env.ts'
import { allowedOrigin } from './gate/filtered.ts'
import { isUpgrade } from './upgrade.ts'

const NO_PAGE: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=15552000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}
const EXPOSED = ['X-Request-Id', 'Retry-After', 'X-Expires-At', 'ETag']

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']
const ASKED_WITH = ['Authorization', 'Content-Type', 'If-None-Match', 'traceparent']
const PREFLIGHT_SECONDS = 86_400

/** Of an answer that is made outside the app… */
export const PLAIN_DRESS: Readonly<Record<string, string>> = {
  'Access-Control-Expose-Headers': EXPOSED.join(','),
  'X-Content-Type-Options': 'nosniff',
}

/** …and of one to a preflight. */
export const PLAIN_PREFLIGHT: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Methods': METHODS.join(','),
  'Access-Control-Allow-Headers': ASKED_WITH.join(','),
  'Access-Control-Max-Age': `${PREFLIGHT_SECONDS}`,
}

const everyAnswer = Object.entries({ ...NO_PAGE, 'Access-Control-Expose-Headers': EXPOSED.join(',') })

const preflight = cors({
  origin: (origin, c) => allowedOrigin(origin, (c as Context<Edge>).env),
  allowMethods: METHODS,
  allowHeaders: ASKED_WITH,
  exposeHeaders: EXPOSED,
  maxAge: PREFLIGHT_SECONDS,
})

export async function dressed(c: Context<Edge>, next: Next): Promise<Response | undefined> {
  // An upgrade's answer belongs to the socket and cannot be dressed up.
  if (!isUpgrade(c.req.raw)) {
    for (const [name, value] of everyAnswer) c.header(name, value)
    if (c.req.method === 'OPTIONS') return (await preflight(c, next)) ?? undefined
    wearOrigin(c)
  }
  await next()
  return undefined
}

function wearOrigin(c: Context<Edge>): void {
  const readable = allowedOrigin(c.req.raw.headers.get('Origin') ?? '', c.env)
  if (readable !== null) c.header('Access-Control-Allow-Origin', readable)
  // Whoever keeps answers is told that this one is not for every page.
  if (readable !== '*') c.header('Vary', 'Origin', { append: true })
}
