// Who asks the room to look for vanished members, and when. A room has no timers of its own, so its members take turns:
// every client works out from the roster and the clock, alike on all of them, whether it is its turn. Nobody is told,
// nothing is agreed; when views or clocks differ for a moment, somebody asks once more, or the next window's wardens do.
//
// Members are ranked by address and cut into as many parts as there are wardens; each part has one on duty in each
// window, the next of its ranks in the next. So in a room of up to 16 every member is on duty in two windows, and one
// that lives is enough, whoever else vanished. When half of a large room vanishes at once, the eight wardens of a window
// were all among them once in 256 (never, if the vanished are neighbours by address, as those who came together are); of
// two windows, once in 65,536.

import { SWEEP_MS, SWEEP_WARDENS } from '../limits/room.ts'

/** Windows are counted by the wall clock, which is about the same everywhere. */
export function windowOf(wallMs: number): number {
  return Math.floor(wallMs / SWEEP_MS)
}

/** Parts do not turn in step, so that every second member vanishing is no worse than any other half. */
const STAGGER = 7

/** `rank`: how many members have a lower address. */
export function onDuty(rank: number, count: number, window: number): boolean {
  if (count <= 1) return false // Nobody to look for.
  const parts = Math.min(SWEEP_WARDENS, count)
  const part = Math.floor((rank * parts) / count)
  const from = Math.ceil((part * count) / parts)
  const size = Math.ceil(((part + 1) * count) / parts) - from
  return rank - from === (window + part * STAGGER) % size
}
