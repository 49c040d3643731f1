// Who may see figures: whoever shows the deployment's ADMIN_TOKEN, as Prometheus sends it (Authorization: Bearer), or anybody where
// NETWORK_VIEW is `open`.

import type { Context } from 'hono'
import type { Edge } from '../env.ts'
import { refuse } from '../errors.ts'

const BEARER = { 'WWW-Authenticate': 'Bearer' }

/** The answer to whoever may not; undefined for who may. */
export async function refuseUnlessViewer(c: Context<Edge>): Promise<Response | undefined> {
  const { ADMIN_TOKEN: token, NETWORK_VIEW: view } = c.env
  if (view === 'open') return undefined
  if (token === undefined || token === '')
    return refuse(c, 'admin-off', 'this edge has no ADMIN_TOKEN, so nobody can show it')
  const [scheme, shown, ...more] = (c.req.header('Authorization') ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || shown === undefined || more.length > 0)
    return refuse(
      c,
      'admin-missing',
      'only an administrator may: Authorization: Bearer and the token',
      BEARER,
    )
  return (await isSame(shown, token)) ? undefined : refuse(c, 'admin-wrong', 'the token is not this edge’s')
}

/** By their digests: how long it takes says nothing about where they differ. */
async function isSame(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map(digest))
  return a !== undefined && b !== undefined && a.every((byte, at) => byte === b[at])
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}
