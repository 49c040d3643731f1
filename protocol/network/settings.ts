// What a deployment sets about watching its networks.

import { REPORT_EVERY_LEAST_MS, REPORT_EVERY_MOST_MS, REPORT_EVERY_MS } from '../limits/network.ts'
import { whole } from '../settings/kinds.ts'

export const WATCH_SETTINGS = {
  REPORT_EVERY_MS: { otherwise: REPORT_EVERY_MS, least: 0, most: REPORT_EVERY_MOST_MS },
} as const

const REPORT_EVERY = whole('how often clients report', WATCH_SETTINGS.REPORT_EVERY_MS)

export interface WatchSettings {
  /** How often clients report, and rooms at most; 0: never. */
  readonly REPORT_EVERY_MS?: string | number
}

/** Throws RangeError naming the setting: a deployment that is wrong should fail on its first request, not serve wrongly. */
export function reportEveryMs({ REPORT_EVERY_MS: given }: WatchSettings): number {
  return atLeast(REPORT_EVERY.read('REPORT_EVERY_MS', given))
}

/** Nobody shall be told with every message. */
export function atLeast(everyMs: number): number {
  return everyMs === 0 ? 0 : Math.max(REPORT_EVERY_LEAST_MS, everyMs)
}
