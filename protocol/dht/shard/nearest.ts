// The keys nearest to a target by XOR, of a store that has them in order: whatever shares more first bits with the target is
// nearer, and what shares them lies together around it. So a few keys on both sides say how deep to look, and no more is read
// than is answered, give or take.

import type { Key } from '../contract.ts'
import { compareDistance, firstBelow, KEY_BITS, keyBelow, sharedBits } from '../place.ts'

/** Keys from one to another in that direction, at most so many; going down the first is not among them. */
export type Scan = (from: Key, to: Key, way: 'up' | 'down', limit: number) => Key[]

/** Nearest first, of the keys below a prefix, whether the target is below it or not. */
export function nearest(prefix: string, target: Key, limit: number, scan: Scan): Key[] {
  const found: Key[] = []
  let depth = prefix.length
  let aim = keyBelow(firstBelow(prefix), depth, target)
  let wanted = limit
  while (wanted > 0) {
    const above = scan(aim, keyBelow(aim, depth, 1), 'up', wanted)
    const below = scan(aim, keyBelow(aim, depth, 0), 'down', wanted)
    const around = [...above, ...below].sort((a, b) => compareDistance(a, b, aim))
    const isAll = above.length < wanted && below.length < wanted
    const last = around[wanted - 1]
    const shared = last === undefined ? KEY_BITS : sharedBits(last, aim)
    if (isAll || shared === KEY_BITS) {
      found.push(...around.slice(0, wanted))
      break
    }
    // Those that share more than this are fewer than wanted, and all of them were read.
    const nearer = around.filter((key) => sharedBits(key, aim) > shared)
    found.push(...nearer)
    wanted -= nearer.length
    // The others are across the bit in which the last differs; there the order is that to the target's image.
    aim = aim.slice()
    aim[shared >>> 3] = (aim[shared >>> 3] ?? 0) ^ (0x80 >>> (shared & 7))
    depth = shared + 1
  }
  return found
}
