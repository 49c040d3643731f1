// What is chosen by which strategy.

import type { Random } from '../machine.ts'
import { ConsistentHash } from './consistent-hash.ts'
import type { Strategy } from './contract.ts'
import { Geographic } from './geographic.ts'
import { LeastConnections } from './least-connections.ts'
import { PowerOfTwo } from './power-of-two.ts'
import { RoundRobin } from './round-robin.ts'
import { WeightedResponseTime } from './weighted-response-time.ts'

/**
 * `meeting`: where those of one network are to find each other: all choose alike, whatever each has measured.
 * `affine`: the same key to the same one, for what that has cached. `near`: what one region has as well as any.
 * `stateless`: anybody can answer it.
 */
export type RequestKind = 'meeting' | 'affine' | 'near' | 'stateless'

export const STRATEGIES = {
  'round-robin': () => new RoundRobin(),
  'least-connections': (random) => new LeastConnections(random),
  'weighted-response-time': (random) => new WeightedResponseTime(random),
  geographic: () => new Geographic(),
  'consistent-hash': () => new ConsistentHash(),
  'power-of-two': (random) => new PowerOfTwo(random),
} as const satisfies Readonly<Record<string, (random: Random) => Strategy>>

export function strategyFor(kind: RequestKind, random: Random): Strategy {
  switch (kind) {
    case 'meeting':
      return new ConsistentHash(undefined)
    case 'affine':
      return new ConsistentHash()
    case 'near':
      return new Geographic()
    case 'stateless':
      return new PowerOfTwo(random)
  }
}
