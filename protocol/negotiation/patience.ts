// How long to wait between attempts at a direct connection.

import {
  ATTEMPT_RETRY_MAX_MS,
  ATTEMPT_RETRY_MS,
  RECOVERY_MS,
  RECOVERY_RETRY_MAX_MS,
  RECOVERY_RETRY_MS,
} from '../limits/direct.ts'

/** After so many failures, the last connection having been open so long ago: short waits while it may come back any moment. */
export function patienceMs(failures: number, sinceOpenMs: number): number {
  return sinceOpenMs < RECOVERY_MS
    ? Math.min(RECOVERY_RETRY_MAX_MS, RECOVERY_RETRY_MS * 2 ** failures)
    : Math.min(ATTEMPT_RETRY_MAX_MS, ATTEMPT_RETRY_MS * 2 ** failures)
}
