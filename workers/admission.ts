// The seam where peers are admitted: who a request speaks for.
//
// Status: a peer id is accepted as claimed. When passes exist, this function checks the pass among the offered
// subprotocols and that it names the peer of the join; nothing behind it changes.

import { offeredJoin, offersWaypost } from '../protocol/room/admission.ts'
import type { JoinFrame } from '../protocol/wire/frames.ts'
import type { RefusalCode } from '../protocol/wire/registry.ts'

export type Admission =
  | { readonly admitted: true; readonly join: JoinFrame }
  | { readonly admitted: false; readonly code: RefusalCode }

export function admit(request: Request): Admission {
  const offered = request.headers.get('Sec-WebSocket-Protocol')
  if (!offersWaypost(offered)) return { admitted: false, code: 'version-mismatch' }
  const join = offeredJoin(offered)
  return join === undefined ? { admitted: false, code: 'bad-request' } : { admitted: true, join }
}
