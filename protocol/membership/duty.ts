// Who asks the room to look for vanished members, and when. A room has no timers of its own, so its members take turns:
// every client works out from the roster and the clock, alike on all of them, whether it is its turn. Nobody is told,
// nothing is agreed; when views or clocks differ for a moment, somebody asks once more, or the next window's wardens do.

import { SWEEP_MS, SWEEP_WARDENS } from '../limits.ts'

/** Windows are counted by the wall clock, which is about the same everywhere. */
export function windowOf(wallMs: number): number {
  return Math.floor(wallMs / SWEEP_MS)
}

/** `rank`: how many members have a lower address. Turns move on with each window, so that no vanished warden stays on duty. */
export function onDuty(rank: number, count: number, window: number): boolean {
  if (count <= 1) return false // Nobody to look for.
  const turn = (window * SWEEP_WARDENS) % count
  return (rank - turn + count) % count < SWEEP_WARDENS
}
