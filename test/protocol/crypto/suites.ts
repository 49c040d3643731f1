// The suites the crypto tests run against, by how much of each is the platform's.

import { chooseSuite } from '../../../protocol/crypto/choose.ts'
import type { Subtle } from '../../../protocol/crypto/subtle.ts'
import type { Backend, Suite } from '../../../protocol/crypto/suite.ts'

export const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))

const platform = crypto.subtle as unknown as Subtle

export function suiteOf(prefer: Backend): Promise<Suite> {
  return chooseSuite({ subtle: platform, random, prefer })
}

export const BACKENDS = ['native', 'mixed', 'pure'] as const

/** The platform with something of its own missing or replaced. */
export function platformWith(own: Readonly<Record<string, unknown>>): Subtle {
  return new Proxy(platform, {
    get: (target, name) => {
      if (typeof name === 'string' && name in own) return own[name]
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

export const SUITE_NAMES = [...BACKENDS, 'no lattice'] as const
export type SuiteName = (typeof SUITE_NAMES)[number]

/** Everything this host can be made to use; `no lattice` is a platform that has X25519 and nothing newer. */
export async function everySuite(): Promise<Record<SuiteName, Suite>> {
  const subtle = platformWith({ encapsulateBits: undefined, decapsulateBits: undefined })
  return {
    native: await suiteOf('native'),
    mixed: await suiteOf('mixed'),
    pure: await suiteOf('pure'),
    'no lattice': await chooseSuite({ subtle, random, prefer: 'mixed' }),
  }
}
