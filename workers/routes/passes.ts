// POST /v1/passes?network=: a stamped and signed challenge for a pass. The body is bytes of one exact length
// (protocol/crypto/admission/request.ts), so that it is refused or kept before anything is parsed.

import type { Context } from 'hono'
import type { AdmissionRefusal } from '../../protocol/crypto/admission/refusals.ts'
import { decidePass, PASS_REQUEST_BYTES } from '../../protocol/crypto/admission/request.ts'
import { DEFAULT_NETWORK, isNetworkName } from '../../protocol/names.ts'
import { isOctets, readExactly } from '../body.ts'
import { admissionDesk } from '../desk.ts'
import type { Edge } from '../env.ts'
import { refuse } from '../errors.ts'
import { refuseUnlessClear } from '../gate/refuse-listed.ts'

const WHY: Readonly<Record<AdmissionRefusal, string>> = {
  malformed: `the body is not ${PASS_REQUEST_BYTES} bytes: challenge, stamp, public key, signature`,
  foreign: 'the challenge was made for another origin or network, or for another use',
  expired: 'the challenge is too old; ask for another',
  forged: 'the challenge is none of this edge',
  spent: 'the challenge was used already; ask for another',
  'wrong-stamp': 'the stamp is not that of this challenge, network, origin and key',
  'wrong-key': 'the key is not that of the peer',
  'wrong-signature': 'the signature is not by this key over this challenge, origin and network',
}

export async function givePass(c: Context<Edge>): Promise<Response> {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  if (!isNetworkName(network)) return refuse(c, 'bad-name', 'the name of the network is not well formed')
  if (!isOctets(c.req.raw))
    return refuse(c, 'unsupported-media-type', 'the body must be application/octet-stream')
  const body = await readExactly(c.req.raw, PASS_REQUEST_BYTES)
  if (body === undefined) return refuse(c, 'malformed', WHY.malformed)
  const desk = await admissionDesk(c.env)
  const nowMs = Date.now()
  const given = await decidePass(desk, body, new URL(c.req.url).origin, network, nowMs)
  if (typeof given === 'string') return refuse(c, given, WHY[given])
  desk.load.note(nowMs)
  const refused = await refuseUnlessClear(c, network, given.subject)
  if (refused !== undefined) return refused
  const { pass, expiresAtMs } = given
  return c.json({ pass, expiresAt: expiresAtMs }, 200, { 'Cache-Control': 'no-store' })
}
