// POST /v1/passes?network=: a stamped and signed challenge for a pass. The body is bytes of one exact length
// (protocol/crypto/admission/request.ts), so that it is refused or kept before anything is parsed.

import type { Context } from 'hono'
import type { AdmissionRefusal } from '../../protocol/crypto/admission/refusals.ts'
import { decidePass, PASS_REQUEST_BYTES } from '../../protocol/crypto/admission/request.ts'
import { DEFAULT_NETWORK, isNetworkName } from '../../protocol/names.ts'
import { admissionDesk } from '../desk.ts'
import type { Edge } from '../env.ts'
import { refuse } from '../errors.ts'

const BODY_TYPE = 'application/octet-stream'

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
  if (!isBytes(c.req.header('Content-Type')))
    return refuse(c, 'unsupported-media-type', `the body must be ${BODY_TYPE}`)
  const body = await readExactly(c.req.raw, PASS_REQUEST_BYTES)
  if (body === undefined) return refuse(c, 'malformed', WHY.malformed)
  const desk = await admissionDesk(c.env)
  const nowMs = Date.now()
  const given = await decidePass(desk, body, new URL(c.req.url).origin, network, nowMs)
  if (typeof given === 'string') return refuse(c, given, WHY[given])
  desk.load.note(nowMs)
  const { pass, expiresAtMs } = given
  return c.json({ pass, expiresAt: expiresAtMs }, 200, { 'Cache-Control': 'no-store' })
}

/** Or is not said to be anything: so a browser need not ask first whether it may send it from another origin. */
function isBytes(type: string | undefined): boolean {
  return type === undefined || type.split(';')[0]?.trim().toLowerCase() === BODY_TYPE
}

/** The body, if it has this length. Of a longer one no more is read than it takes to know. */
async function readExactly(request: Request, length: number): Promise<Uint8Array | undefined> {
  const announced = request.headers.get('Content-Length')
  if (request.body === null || (announced !== null && Number(announced) !== length)) return undefined
  const body = new Uint8Array(length)
  let at = 0
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    if (at + chunk.length > length) return undefined // Leaving the loop cancels the rest.
    body.set(chunk, at)
    at += chunk.length
  }
  return at === length ? body : undefined
}
