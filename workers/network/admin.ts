// Who asks: an administrator, by the deployment's token, or anybody.

import type { Context } from 'hono'
import { sameMac } from '../../protocol/crypto/admission/keys.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import type { Edge } from '../env.ts'
import { refuse } from '../errors.ts'
import { settings } from '../settings/settings.ts'

const BEARER = /^Bearer +(\S+)$/i

/** Whether the request shows the token. Nobody does where the deployment has none. */
export function isAdmin(c: Context<Edge>): boolean {
  const { ADMIN_TOKEN } = settings(c.env)
  const shown = BEARER.exec(c.req.header('Authorization') ?? '')?.[1]
  return ADMIN_TOKEN !== undefined && shown !== undefined && sameMac(utf8(shown), utf8(ADMIN_TOKEN))
}

/** Whether whoever asks may see who is in a network. */
export function maySee(c: Context<Edge>): boolean {
  return settings(c.env).NETWORK_VIEW === 'open' || isAdmin(c)
}

export function refuseStranger(c: Context<Edge>): Response {
  return c.req.header('Authorization') === undefined
    ? refuse(c, 'admin-missing', "this wants the deployment's token, as Authorization: Bearer", {
        'WWW-Authenticate': 'Bearer',
      })
    : refuse(c, 'admin-wrong', "this is not the deployment's token")
}
