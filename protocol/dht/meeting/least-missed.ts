// Who goes where there are more links than there should be: one decision, for the client's meeting and for the simulation of it.

import { compareDistance, sharedBits } from '../place.ts'

export interface Linked<P> {
  readonly peer: P
  readonly node: Uint8Array
  /** It asked us for the link: we did not choose it. */
  readonly cameToUs: boolean
}

/**
 * One of the fullest bucket, who was there longest, and never one of the nearest. Those who came to us go before those we chose:
 * otherwise whoever comes often would soon be all we have. Undefined: there is none.
 */
export function leastMissed<P>(
  self: Uint8Array,
  linked: readonly Linked<P>[],
  nearest: number,
  mayGo: (peer: P) => boolean = () => true,
): P | undefined {
  const far = linked.toSorted((a, b) => compareDistance(a.node, b.node, self)).slice(nearest)
  const sizes = new Map<number, number>()
  const sizeOf = ({ node }: Linked<P>) => sizes.get(sharedBits(self, node)) ?? 0
  for (const one of far) sizes.set(sharedBits(self, one.node), sizeOf(one) + 1)
  let least: Linked<P> | undefined
  // In the order in which they came.
  for (const one of linked) {
    if (!far.includes(one) || !mayGo(one.peer)) continue
    const isLess =
      least === undefined || (one.cameToUs === least.cameToUs ? sizeOf(one) > sizeOf(least) : one.cameToUs)
    if (isLess) least = one
  }
  return least?.peer
}
