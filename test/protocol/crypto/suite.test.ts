// The choice of implementations, and in Node every one against every other. test/edge/crypto.test.ts does the same in
// workerd, test/browser/crypto.test.ts in Chromium.

import { beforeAll, describe, expect, it } from 'vitest'
import { chooseSuite } from '../../../protocol/crypto/choose.ts'
import { CryptoError, type Suite } from '../../../protocol/crypto/suite.ts'
import { COMPARISONS, differential, Findings } from './differential.ts'
import { everySuite, platformWith, random, SUITE_NAMES, type SuiteName } from './suites.ts'

let suites: Record<SuiteName, Suite>
beforeAll(async () => {
  suites = await everySuite()
})

const PAIRS = SUITE_NAMES.flatMap((one) => SUITE_NAMES.map((other) => [one, other] as const))

describe('the choice of implementations', () => {
  it('takes the platform where it has the algorithm, and says so', () => {
    expect(suites.native.status).toMatchObject({ hash: 'native', aead: 'native', signature: 'native' })
    expect(['native', 'mixed']).toContain(suites.native.status.kem)
    const mixed = { hash: 'native', aead: 'pure', kem: 'mixed', signature: 'pure' }
    expect(suites.mixed.status).toEqual(mixed)
    expect(suites['no lattice'].status).toEqual(mixed)
    expect(suites.pure.status).toEqual({ hash: 'pure', aead: 'pure', kem: 'pure', signature: 'pure' })
  })

  it('refuses rather than degrade when only native is allowed', async () => {
    const nothing = chooseSuite({ subtle: undefined, random, requireNative: true })
    await expect(nothing).rejects.toThrow(CryptoError)
  })

  it('does not trust a platform that answers wrongly', async () => {
    const subtle = platformWith({ encrypt: async () => new ArrayBuffer(20) })
    const suite = await chooseSuite({ subtle, random })
    expect(suite.status).toMatchObject({ aead: 'pure', signature: 'native' })
  })
})

describe.each(PAIRS)('%s with %s', (one, other) => {
  it.each(Object.entries(COMPARISONS))('agrees: %s', async (_, compare) => {
    const findings = new Findings()
    await compare(suites[one], suites[other], findings)
    expect(findings.wrong).toEqual([])
    expect(findings.checks).toBeGreaterThan(5)
  })
})

const spoil = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte))

/** Suites each wrong in one thing, as a platform's mistake would be. */
const MISTAKES: Readonly<Record<string, (right: Suite) => Suite>> = {
  hash: (right) => ({
    ...right,
    hash: { ...right.hash, sha256: async (...parts) => spoil(await right.hash.sha256(...parts)) },
  }),
  aead: (right) => ({
    ...right,
    aead: {
      key: async (bytes) => {
        const key = await right.aead.key(bytes)
        return { ...key, seal: (nonce, _, text) => key.seal(nonce, new Uint8Array(), text) }
      },
    },
  }),
  kem: (right) => ({
    ...right,
    kem: {
      ...right.kem,
      encapsulate: async (key) => {
        const made = await right.kem.encapsulate(key)
        return made && { ...made, sharedSecret: spoil(made.sharedSecret) }
      },
    },
  }),
  signature: (right) => ({
    ...right,
    signatures: {
      ...right.signatures,
      verify: (key, _, ...what) => right.signatures.verify(key, new Uint8Array(), ...what),
    },
  }),
}

describe('a mistake is found', () => {
  it.each(Object.keys(MISTAKES))('in one implementation of %s', async (algorithm) => {
    const wrong = MISTAKES[algorithm]?.(suites.native) as Suite
    const report = await differential({ right: suites.native, wrong })
    expect(report.wrong.filter((what) => what.startsWith(`${algorithm}, right with wrong`))).not.toEqual([])
    expect(report.wrong.filter((what) => what.includes('right with right'))).toEqual([])
  })
})
