// Who may administer: whoever shows the deployment's ADMIN_TOKEN. It is compared as a whole, whatever of it is right, and whoever
// guesses is soon not listened to.

import type { Context } from 'hono'
import { sameMac } from '../protocol/crypto/admission/keys.ts'
import { nativeHash } from '../protocol/crypto/native.ts'
import type { Subtle } from '../protocol/crypto/subtle.ts'
import { ADMIN_GUESSES_BURST, ADMIN_GUESSES_PER_SECOND } from '../protocol/limits/protection.ts'
import { Buckets } from '../protocol/protection/buckets.ts'
import { utf8 } from '../protocol/wire/bytes.ts'
import type { Edge } from './env.ts'
import { refuse, refuseFor } from './errors.ts'
import { addressOf } from './gate/address.ts'
import { settings } from './settings/settings.ts'

const GUESSES = { perSecond: ADMIN_GUESSES_PER_SECOND, burst: ADMIN_GUESSES_BURST }
const GUESSERS_MAX = 1_024
const BEARER = { 'WWW-Authenticate': 'Bearer' }

/** This isolate's own. */
const guessers = new Buckets(GUESSERS_MAX)
const { sha256 } = nativeHash(crypto.subtle as unknown as Subtle)

/** The answer to whoever is no administrator; undefined for one. */
export async function refuseUnlessAdmin(c: Context<Edge>): Promise<Response | undefined> {
  const wanted = settings(c.env).ADMIN_TOKEN
  if (wanted === undefined)
    return refuse(c, 'admin-off', 'this edge has no ADMIN_TOKEN, and so no administration')
  const [scheme, shown, ...more] = (c.req.header('Authorization') ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || shown === undefined || more.length > 0)
    return refuse(
      c,
      'admin-missing',
      'only an administrator may: Authorization: Bearer and the token',
      BEARER,
    )
  const nowMs = Date.now()
  const address = addressOf(c.req.raw) ?? ''
  const waitMs = guessers.waitMs(address, GUESSES, nowMs)
  if (waitMs > 0) return refuseFor(c, 'rate-limited', 'too many wrong tokens came from this address', waitMs)
  const [is, should] = await Promise.all([sha256(utf8(shown)), sha256(utf8(wanted))])
  if (sameMac(is, should)) return undefined
  guessers.take(address, GUESSES, nowMs)
  return refuse(c, 'admin-wrong', 'the token is not that of this edge')
}
