// A token bucket in one number: the moment at which everything taken so far will have been earned. Less to keep in a
// socket's attachment than a level and a time, and nothing to refill.

export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** A full bucket. Any past moment is one. */
export const FULL = 0

export type Taken =
  | { readonly ok: true; readonly paidUntilMs: number }
  | { readonly ok: false; readonly retryAfterMs: number }

/** Takes `cost` tokens, or says when they will be there. A cost over the burst is taken from a full bucket, as debt. */
export function take(paidUntilMs: number, rate: Rate, cost: number, nowMs: number): Taken {
  const from = Math.max(paidUntilMs, nowMs)
  const until = from + (cost / rate.perSecond) * 1_000
  const savedMs = (Math.max(rate.burst, cost) / rate.perSecond) * 1_000
  const overMs = until - nowMs - savedMs
  // A thousandth of a millisecond is the rounding of sums of fractions, not debt.
  return overMs <= 0.001 ? { ok: true, paidUntilMs: until } : { ok: false, retryAfterMs: Math.ceil(overMs) }
}
