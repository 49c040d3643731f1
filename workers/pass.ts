// A pass in a request's header: who asks, and whether that may be asked with it.

import type { Context } from 'hono'
import { routePath } from 'hono/route'
import { type CAPABILITY, checkPass, type Pass } from '../protocol/crypto/admission/pass.ts'
import { passCode } from './admission.ts'
import { passCheck } from './desk.ts'
import type { Edge } from './env.ts'
import { refuse, refuseFor } from './errors.ts'
import { peerWaitMs } from './gate/rates.ts'
import { refuseListed } from './gate/refuse-listed.ts'
import { priorityOf } from './meter/priorities.ts'

const BEARER = { 'WWW-Authenticate': 'Bearer' }

const WHY = {
  'pass-malformed': 'the pass is none',
  'pass-expired': 'the time of the pass is over; another one helps',
  'pass-forged': 'the pass was not made with a secret of this edge; another one helps',
  'pass-foreign': 'the pass is of another network, or not for this',
} as const

/** The pass of a request, or the answer to one that has none that will do. */
export async function passOf(
  c: Context<Edge>,
  network: string,
  capability: (typeof CAPABILITY)[keyof typeof CAPABILITY],
): Promise<Pass | Response> {
  const [scheme, text, ...more] = (c.req.header('Authorization') ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || text === undefined || more.length > 0)
    return refuse(c, 'pass-missing', 'only who shows a pass may: Authorization: Bearer and the pass', BEARER)
  const { hash, ring } = await passCheck(c.env)
  const checked = await checkPass(hash, ring, text, { network }, Date.now())
  const code = typeof checked === 'string' ? passCode(checked) : undefined
  if (code !== undefined) return refuse(c, code, WHY[code], code === 'pass-foreign' ? {} : BEARER)
  const pass = checked as Pass
  if ((pass.capabilities & capability) === 0) return refuse(c, 'pass-foreign', WHY['pass-foreign'])
  const waitMs = peerWaitMs(
    c.req.raw,
    c.env,
    network,
    pass.subject,
    priorityOf(c.req.method, routePath(c, -1)),
  )
  if (waitMs > 0) return refuseFor(c, 'rate-limited', 'this peer asks for more than it may', waitMs)
  return (await refuseListed(c, network, pass.subject)) ?? pass
}
