// Where nodes of the mesh meet: names of rooms by the first bits of places.

import { bitOf, bitsOf, isBelow } from '../place.ts'
import type { Bits } from './contract.ts'

const PREFIX = 'waypost/mesh'

/** No application joins a room of such a name (names.ts). */
export function neighbourhoodRoom(bits: Bits): string {
  return bits === '' ? PREFIX : `${PREFIX}/${bits}`
}

/** The next smaller one in which the place is. */
export function childOf(bits: Bits, place: Uint8Array): Bits {
  return bits + bitOf(place, bits.length)
}

/** One of those of a bucket, at the depth of our own, or as deep as the bucket is. */
export function bucketRoom(self: Uint8Array, bucket: number, depth: number, random: () => number): Bits {
  let bits = `${bitsOf(self, bucket)}${1 - bitOf(self, bucket)}`
  while (bits.length < depth) bits += random() < 0.5 ? '0' : '1'
  return bits
}

export function livesIn(bits: Bits, place: Uint8Array): boolean {
  return isBelow(bits, place)
}
