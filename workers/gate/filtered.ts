// Who is not served at all, by what is known before anything is read: how long a body is said to be, from which page, country or
// network a request comes. What the platform does not tell is not on a list of those alone: such a list fails closed.

import type { Context, Next } from 'hono'
import { REQUEST_BYTES_MAX } from '../../protocol/limits/rates.ts'
import { isAllowed } from '../../protocol/settings/lists.ts'
import type { Edge } from '../env.ts'
import { type HttpErrorCode, refuse } from '../errors.ts'
import { settings } from '../settings/settings.ts'
import { isUpgrade, refuseUpgrade } from '../upgrade.ts'

/** What the platform says of a request; in a local edge it says nothing. */
interface Located {
  readonly cf?: { readonly country?: unknown; readonly asn?: unknown }
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']

export async function filtered(c: Context<Edge>, next: Next): Promise<Response | undefined> {
  const refusal = shapeRefusal(c.req.raw) ?? placeRefusal(c)
  if (refusal === undefined) {
    await next()
    return undefined
  }
  const [code, message] = refusal
  return isUpgrade(c.req.raw) ? refuseUpgrade(c.req.raw, 'forbidden') : refuse(c, code, message)
}

type Refusal = readonly [code: HttpErrorCode, message: string]

function shapeRefusal(request: Request): Refusal | undefined {
  if (!METHODS.includes(request.method)) return ['method-not-allowed', `methods are ${METHODS.join(', ')}`]
  const declared = request.headers.get('Content-Length')
  if (declared === null) return undefined
  if (!/^\d+$/.test(declared)) return ['malformed', 'Content-Length is no number']
  return Number(declared) > REQUEST_BYTES_MAX
    ? ['too-large', `a body has ${REQUEST_BYTES_MAX} bytes at most`]
    : undefined
}

function placeRefusal(c: Context<Edge>): Refusal | undefined {
  const request = c.req.raw
  const { ORIGINS, COUNTRIES, ASNS } = settings(c.env)
  if (ORIGINS.size === 0 && COUNTRIES.kind === 'any' && ASNS.kind === 'any') return undefined
  const { pathname, origin: own } = new URL(request.url)
  // Whoever watches over an edge may do so from anywhere.
  if (pathname === '/health') return undefined
  const origin = request.headers.get('Origin')
  // Only browsers are held to say from which page a request comes, and only pages are meant.
  if (ORIGINS.size > 0 && origin !== null && origin !== own && !ORIGINS.has(origin))
    return ['origin-denied', 'this edge serves pages of other origins']
  const { country, asn } = (request as unknown as Located).cf ?? {}
  if (!isAllowed(COUNTRIES, textOf(country)))
    return ['country-denied', 'this edge does not serve that country']
  if (!isAllowed(ASNS, textOf(asn))) return ['asn-denied', 'this edge does not serve that autonomous system']
  return undefined
}

const textOf = (value: unknown) => (value === undefined || value === null ? undefined : `${value}`)

/** As CORS says who may read an answer; null: not this page. That a setting is wrong anybody may read. */
export function allowedOrigin(origin: string, env: Edge['Bindings']): string | null {
  const origins = known(env)
  if (origins === undefined || origins.size === 0) return '*'
  return origins.has(origin) ? origin : null
}

function known(env: Edge['Bindings']): ReadonlySet<string> | undefined {
  try {
    return settings(env).ORIGINS
  } catch {
    return undefined
  }
}
