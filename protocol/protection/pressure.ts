// How much harder a stamp is for whom much comes from: the work grows with how much of what may be asked has been.

import { PRESSURE_BITS_MAX } from '../limits/rates.ts'

/** `used`: what share of a bucket is spent. Nothing until a quarter of it is; then a bit for each eighth. */
export function pressureBits(used: number): number {
  return Math.min(PRESSURE_BITS_MAX, Math.max(0, Math.ceil((used - 0.25) * 8 - 1e-9)))
}
