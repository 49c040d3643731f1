// Usage added up, and what it costs: with what the plan includes, and without.

import { FREE_A_DAY, FREE_STORED_GB, METERS, type Meter, PLAN_DOLLARS, PRICES } from './prices.ts'
import type { Usage } from './usage.ts'

export function sumOf(parts: readonly (readonly [times: number, usage: Usage])[]): Usage {
  const total = (meter: Meter) => parts.reduce((sum, [times, usage]) => sum + times * usage[meter], 0)
  return Object.fromEntries(METERS.map((meter) => [meter, total(meter)])) as Usage
}

const dollarsFor = (meter: Meter, used: number) => (used / 1e6) * PRICES[meter].perMillion

/** Beyond what is included: what one more costs. */
export function marginalDollars(usage: Usage): number {
  return METERS.reduce((sum, meter) => sum + dollarsFor(meter, usage[meter]), 0)
}

/** What is beyond the plan, of each meter. */
export function dollarsBeyond(usage: Usage, meter: Meter): number {
  return dollarsFor(meter, Math.max(0, usage[meter] - PRICES[meter].included))
}

export function monthlyDollars(usage: Usage): number {
  return METERS.reduce((sum, meter) => sum + dollarsBeyond(usage, meter), PLAN_DOLLARS)
}

/** What of a month, spread evenly over 30 days, is more than the Free plan lets through. */
export function overFree(usage: Usage): readonly Meter[] {
  const daily = (Object.keys(FREE_A_DAY) as (keyof typeof FREE_A_DAY)[]).filter(
    (meter) => usage[meter] / 30 > FREE_A_DAY[meter],
  )
  return usage.storedGbMonths > FREE_STORED_GB ? [...daily, 'storedGbMonths'] : daily
}
