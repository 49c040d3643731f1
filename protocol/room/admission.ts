// What a room is told of a newcomer, and by whom: the one place where "who may join as whom" is decided.
//
// A client puts its Join frame and its pass into the upgrade request, as subprotocols; the Worker checks that the pass is
// of the peer the frame names, and hands the frame to the room in a header that it alone sets, with what the pass grants
// in another. So the room trusts the Worker, and never the client; and sees no pass.

import { fromBase64url, toBase64url } from '../wire/base64url.ts'
import { encode, tryDecode } from '../wire/codec.ts'
import type { JoinFrame } from '../wire/frames.ts'
import { JOIN_SUBPROTOCOL_PREFIX, PASS_SUBPROTOCOL_PREFIX, SUBPROTOCOL } from '../wire/registry.ts'

/** From the Worker to the room: the admitted Join frame in base64url. */
export const JOIN_HEADER = 'x-waypost-join'
/** From the Worker to the room: for which network, and for what, the peer's pass is good. */
export const GRANT_HEADER = 'x-waypost-grant'

/** From the Worker to the room: where the peer is, as far as the platform says (dht/regions.ts); empty where it does not. */
export const REGION_HEADER = 'x-waypost-region'

/** The subprotocols a client offers: what it speaks, its hello, and its pass. */
export function joinSubprotocols(join: JoinFrame, pass: string): string[] {
  return [SUBPROTOCOL, JOIN_SUBPROTOCOL_PREFIX + toBase64url(encode(join)), PASS_SUBPROTOCOL_PREFIX + pass]
}

/** The hello among the offered subprotocols; undefined when there is none, or it is not well formed. */
export function offeredJoin(offered: string | null | undefined): JoinFrame | undefined {
  for (const part of (offered ?? '').split(',')) {
    const token = part.trim()
    if (!token.startsWith(JOIN_SUBPROTOCOL_PREFIX)) continue
    const bytes = fromBase64url(token.slice(JOIN_SUBPROTOCOL_PREFIX.length))
    const frame = bytes && tryDecode(bytes)
    return frame?.kind === 'join' ? frame : undefined
  }
  return undefined
}

/** The pass among the offered subprotocols; undefined unless there is exactly one, for nobody shall pick the better of two. */
export function offeredPass(offered: string | null | undefined): string | undefined {
  const parts = (offered ?? '').split(',').map((part) => part.trim())
  const passes = parts.filter((part) => part.startsWith(PASS_SUBPROTOCOL_PREFIX))
  return passes.length === 1 ? passes[0]?.slice(PASS_SUBPROTOCOL_PREFIX.length) : undefined
}

/** Whether the client speaks this version of the wire at all. */
export function offersWaypost(offered: string | null | undefined): boolean {
  return (offered ?? '').split(',').some((part) => part.trim() === SUBPROTOCOL)
}
