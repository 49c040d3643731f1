// First of all: is this edge set so that it can serve? Where it is not, every request is answered with the sentence that says
// which setting is wrong, in the way its client can read.

import type { Context, Next } from 'hono'
import type { Edge } from '../env.ts'
import { Misconfigured, refuse } from '../errors.ts'
import { settings } from '../settings/settings.ts'
import { isUpgrade, refuseUpgrade } from '../upgrade.ts'

export async function configured(c: Context<Edge>, next: Next): Promise<Response | undefined> {
  try {
    settings(c.env)
  } catch (error) {
    if (!(error instanceof Misconfigured)) throw error
    return isUpgrade(c.req.raw)
      ? refuseUpgrade(c.req.raw, 'misconfigured')
      : refuse(c, 'misconfigured', error.message)
  }
  await next()
  return undefined
}
