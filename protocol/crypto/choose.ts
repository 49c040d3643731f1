// Which implementation serves each algorithm: the platform's where it gives the known answer, else noble's, loaded then.

import { answersAead, answersHash, answersKem, answersSignatures } from './known-answers.ts'
import { nativeAead, nativeHash, nativeKem, nativeSignatures } from './native.ts'
import type { Subtle } from './subtle.ts'
import { type Algorithm, type Backend, CryptoError, type Suite } from './suite.ts'

export interface SuiteOptions {
  readonly subtle: Subtle | undefined
  readonly random: (length: number) => Uint8Array
  /** Refuse rather than compute anything in JavaScript. */
  readonly requireNative?: boolean
  /** For tests and benchmarks: at most this good. */
  readonly prefer?: Backend
}

interface Chosen<Part> {
  readonly part: Part
  readonly backend: Backend
}

/** Rejects with a CryptoError when something is missing and may not be loaded, or gives a wrong answer even so. */
export async function chooseSuite(options: SuiteOptions): Promise<Suite> {
  const { random, subtle, requireNative = false, prefer = 'native' } = options
  const native = prefer === 'native' ? subtle : undefined
  const withSubtle = prefer === 'pure' ? undefined : subtle
  const load = (algorithm: Algorithm) => {
    if (requireNative)
      throw new CryptoError(`this platform has no ${algorithm} of its own, and none else is allowed`)
    return import('./pure.ts')
  }
  const chooseKem = async () =>
    (await tryNativeKem(native)) ??
    (await tryMixedKem(requireNative ? undefined : withSubtle, random)) ??
    (await choose(undefined, answersKem, async () => (await load('kem')).pureKem(random)))
  // All are asked at once: a platform answers from several threads, and each answer is mostly the way there and back.
  const [hash, aead, signatures, kem] = await Promise.all([
    choose(withSubtle && nativeHash(withSubtle), answersHash, async () => (await load('hash')).pureHash),
    choose(native && nativeAead(native), answersAead, async () => (await load('aead')).pureAead),
    choose(native && nativeSignatures(native), answersSignatures, async () =>
      (await load('signature')).pureSignatures(random),
    ),
    chooseKem(),
  ])
  return {
    hash: hash.part,
    aead: aead.part,
    kem: kem.part,
    signatures: signatures.part,
    random,
    status: { hash: hash.backend, aead: aead.backend, kem: kem.backend, signature: signatures.backend },
  }
}

async function choose<Part>(
  native: Part | undefined,
  answers: (part: Part) => Promise<boolean>,
  load: () => Promise<Part>,
): Promise<Chosen<Part>> {
  if (native !== undefined && (await right(native, answers))) return { part: native, backend: 'native' }
  const part = await load()
  if (!(await right(part, answers))) throw new CryptoError('a primitive gives wrong answers here')
  return { part, backend: 'pure' }
}

/** A platform without the algorithm throws, in one of many ways. */
async function right<Part>(part: Part, answers: (part: Part) => Promise<boolean>): Promise<boolean> {
  try {
    return await answers(part)
  } catch {
    return false
  }
}

async function tryNativeKem(subtle: Subtle | undefined) {
  if (subtle?.encapsulateBits === undefined) return undefined
  const part = nativeKem(subtle)
  return (await right(part, answersKem)) ? { part, backend: 'native' as const } : undefined
}

async function tryMixedKem(subtle: Subtle | undefined, random: (length: number) => Uint8Array) {
  if (subtle === undefined) return undefined
  const { mixedKem, nativeLattice, noblesLattice } = await import('./mixed.ts')
  if (subtle.encapsulateBits !== undefined) {
    const part = mixedKem(subtle, nativeLattice(subtle))
    if (await right(part, answersKem)) return { part, backend: 'mixed' as const }
  }
  const part = mixedKem(subtle, noblesLattice(random))
  return (await right(part, answersKem)) ? { part, backend: 'mixed' as const } : undefined
}
