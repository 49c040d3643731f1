// What a deployment sets about watching its networks.

import { REPORT_EVERY_LEAST_MS, REPORT_EVERY_MOST_MS, REPORT_EVERY_MS } from '../limits/network.ts'

export interface WatchSettings {
  /** How often clients report, and rooms at most; 0: never. */
  readonly REPORT_EVERY_MS?: string | number
}

/** Throws RangeError naming the setting: a deployment that is wrong should fail on its first request, not serve wrongly. */
export function reportEveryMs({ REPORT_EVERY_MS: given }: WatchSettings): number {
  if (given === undefined || given === '') return REPORT_EVERY_MS
  const value = Number(given)
  const allowed = value === 0 || (value >= REPORT_EVERY_LEAST_MS && value <= REPORT_EVERY_MOST_MS)
  if (!Number.isInteger(value) || !allowed) {
    const range = `from ${REPORT_EVERY_LEAST_MS} to ${REPORT_EVERY_MOST_MS}`
    throw new RangeError(`REPORT_EVERY_MS must be 0 or a whole number ${range}, not ${given}`)
  }
  return value
}
