// The seam where peers are admitted: who a request speaks for, and for what. A peer is whoever its pass says it is.
//
// A pass rides in a header of the upgrade request and nowhere else: addresses end up in logs and histories.

import { CAPABILITY, checkPass, grantOf } from '../protocol/crypto/admission/pass.ts'
import type { AdmissionRefusal } from '../protocol/crypto/admission/refusals.ts'
import { retryAfterMsOf } from '../protocol/protection/known-lists.ts'
import { offeredJoin, offeredPass, offersWaypost } from '../protocol/room/admission.ts'
import type { JoinFrame } from '../protocol/wire/frames.ts'
import type { RefusalCode } from '../protocol/wire/registry.ts'
import { passCheck } from './desk.ts'
import type { Env } from './env.ts'
import { verdictOn } from './gate/listed.ts'
import { peerWaitMs } from './gate/rates.ts'

export type Admission =
  | { readonly admitted: true; readonly join: JoinFrame; readonly grant: Uint8Array }
  | { readonly admitted: false; readonly code: RefusalCode; readonly retryAfterMs?: number }

/** What a pass can be refused for, as the socket is told. */
const PASS_CODES = {
  malformed: 'pass-malformed',
  expired: 'pass-expired',
  forged: 'pass-forged',
  foreign: 'pass-foreign',
  'wrong-key': 'pass-foreign',
} as const satisfies Partial<Record<AdmissionRefusal, RefusalCode>>

/** As the socket is told why its pass is not taken. */
export function passCode(refusal: AdmissionRefusal): (typeof PASS_CODES)[keyof typeof PASS_CODES] {
  return refusal in PASS_CODES ? PASS_CODES[refusal as keyof typeof PASS_CODES] : 'pass-malformed'
}

export async function admit(request: Request, env: Env, network: string): Promise<Admission> {
  const offered = request.headers.get('Sec-WebSocket-Protocol')
  if (!offersWaypost(offered)) return { admitted: false, code: 'version-mismatch' }
  const join = offeredJoin(offered)
  if (join === undefined) return { admitted: false, code: 'bad-request' }
  const text = offeredPass(offered)
  const grant = text === undefined ? undefined : grantOf(text)
  if (text === undefined || grant === undefined) return { admitted: false, code: 'pass-malformed' }
  const { hash, ring } = await passCheck(env)
  const pass = await checkPass(hash, ring, text, { network, subject: join.peer }, Date.now())
  if (typeof pass === 'string') return { admitted: false, code: passCode(pass) }
  if ((pass.capabilities & CAPABILITY.rooms) === 0) return { admitted: false, code: 'pass-foreign' }
  const waitMs = peerWaitMs(request, env, network, join.peer, 'high')
  if (waitMs > 0) return { admitted: false, code: 'rate-limited', retryAfterMs: waitMs }
  const verdict = await verdictOn(env, network, join.peer)
  if (verdict.kind === 'listed')
    return {
      admitted: false,
      code: 'blacklisted',
      retryAfterMs: retryAfterMsOf(verdict.untilMs, Date.now()),
    }
  return { admitted: true, join, grant }
}
