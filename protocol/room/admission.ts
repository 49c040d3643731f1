// What a room is told of a newcomer, and by whom: the one place where "who may join as whom" is decided.
//
// A client puts its Join frame into the upgrade request, as a subprotocol; the Worker admits the peer it names and
// hands the frame to the room in a header that it alone sets. So the room trusts the Worker, and never the client.

import { fromBase64url, toBase64url } from '../wire/base64url.ts'
import { encode, tryDecode } from '../wire/codec.ts'
import type { JoinFrame } from '../wire/frames.ts'
import { JOIN_SUBPROTOCOL_PREFIX, SUBPROTOCOL } from '../wire/registry.ts'

/** From the Worker to the room: the admitted Join frame in base64url. */
export const JOIN_HEADER = 'x-waypost-join'

/** The subprotocols a client offers: what it speaks, and its hello. */
export function joinSubprotocols(join: JoinFrame): string[] {
  return [SUBPROTOCOL, JOIN_SUBPROTOCOL_PREFIX + toBase64url(encode(join))]
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

/** Whether the client speaks this version of the wire at all. */
export function offersWaypost(offered: string | null | undefined): boolean {
  return (offered ?? '').split(',').some((part) => part.trim() === SUBPROTOCOL)
}
