// How a dependency does, in one word, by rules that can be read: from the calls of the last while and from its breaker.

import { DEGRADED_SHARE, HEALTHY_SHARE } from '../limits/breaker.ts'
import type { BreakerState } from './breaker.ts'
import type { CallCounts } from './window.ts'

export const HEALTHS = ['healthy', 'degraded', 'unhealthy', 'unknown'] as const
export type Health = (typeof HEALTHS)[number]

/**
 * - unhealthy: the breaker is not closed, or fewer than 80 % of the calls succeed;
 * - unknown: there were none;
 * - healthy: at least 95 % are prompt, which none that failed is;
 * - degraded: whatever is between.
 */
export function healthOf(state: BreakerState, { calls, failed, late }: CallCounts): Health {
  if (state !== 'closed') return 'unhealthy'
  if (calls === 0) return 'unknown'
  if (1 - failed / calls < DEGRADED_SHARE) return 'unhealthy'
  return 1 - late / calls >= HEALTHY_SHARE ? 'healthy' : 'degraded'
}
