// A roster in as many frames as its size needs; the last one says so, and there is always a last one.

import { encode } from '../wire/codec.ts'
import type { RosterMember } from '../wire/frames.ts'
import { PEER_BYTES, SESSION_BYTES } from '../wire/registry.ts'

/** Half a message: two fit one batch, and a member of maximal metadata still fits. */
const ROSTER_FRAME_BYTES = 32_000
const MEMBER_FIXED_BYTES = 4 + PEER_BYTES + SESSION_BYTES + 2

export function rosterFrames(members: Iterable<RosterMember>): Uint8Array[] {
  const frames: Uint8Array[] = []
  let part: RosterMember[] = []
  let bytes = 0
  for (const member of members) {
    const more = MEMBER_FIXED_BYTES + member.metadata.length
    if (bytes + more > ROSTER_FRAME_BYTES) {
      frames.push(encode({ kind: 'roster', last: false, members: part }))
      part = []
      bytes = 0
    }
    part.push(member)
    bytes += more
  }
  frames.push(encode({ kind: 'roster', last: true, members: part }))
  return frames
}
