// Who looks at a network: whoever may see who is in it, or anybody else, who is shown pseudonyms.

import type { Context } from 'hono'
import { refuseUnlessAdmin } from '../admin.ts'
import type { Edge } from '../env.ts'
import { settings } from '../settings/settings.ts'

export interface Viewer {
  readonly maySee: boolean
}

/** The answer to whoever shows a wrong token: better than pseudonyms where somebody expects names. */
export async function viewerOf(c: Context<Edge>): Promise<Viewer | Response> {
  if (isOpen(c)) return { maySee: true }
  if (c.req.header('Authorization') === undefined) return { maySee: false }
  return (await refuseUnlessAdmin(c)) ?? { maySee: true }
}

/** Undefined for whom may see everything; for all others the answer. */
export async function refuseUnlessSeeing(c: Context<Edge>): Promise<Response | undefined> {
  return isOpen(c) ? undefined : refuseUnlessAdmin(c)
}

function isOpen(c: Context<Edge>): boolean {
  return settings(c.env).NETWORK_VIEW === 'open'
}
