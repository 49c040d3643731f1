// How far apart keys are: the XOR of their bits, read as a number.

import type { Key } from './contract.ts'

/** Whether `a` is nearer to the target than `b` is. Nothing is nearer than itself. */
export function isNearer(target: Key, a: Key, b: Key): boolean {
  for (const [i, byte] of target.entries()) {
    const [toA, toB] = [byte ^ (a[i] ?? 0), byte ^ (b[i] ?? 0)]
    if (toA !== toB) return toA < toB
  }
  return false
}
