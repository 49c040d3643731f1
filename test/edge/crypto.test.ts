// Every implementation of the cryptography against every other, in workerd. The Worker itself has the platform's alone
// (test/project/worker-bundle.test.ts); JavaScript's comes in here with the test, to hold the platform to it.

import { describe, expect, it } from 'vitest'
import { platformSuite } from '../../protocol/crypto/platform.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { differential, type Report } from '../protocol/crypto/differential.ts'
import { everySuite } from '../protocol/crypto/suites.ts'

/** Five seconds of signatures in JavaScript, on a machine that has nothing else to do. */
const SLOW = { timeout: 240_000 }

/**
 * What workerd has of its own. ChaCha20-Poly1305 and X-Wing came with 1.20261102.1; until the pinned version is as new the
 * edge needs neither, and they are compared among what is left: X-Wing of workerd's X25519 and ML-KEM with noble's, and
 * ChaCha20-Poly1305 with nothing.
 */
const KNOWN = [
  { hash: 'native', aead: 'pure', kem: 'mixed', signature: 'native' },
  { hash: 'native', aead: 'native', kem: 'native', signature: 'native' },
] as const

describe('the cryptography in workerd', () => {
  it('agrees with itself, whoever computes it', SLOW, async () => {
    const report: Report = await differential(await everySuite())
    const { native } = report.status
    expect(KNOWN).toContainEqual(native)
    expect(report.wrong).toEqual([])
    expect(report.checks).toBeGreaterThan(1_000)
    expect(report.compared).toEqual({
      hash: ['native', 'pure'],
      aead: native?.aead === 'native' ? ['native', 'pure'] : ['pure'],
      kem: native?.kem === 'native' ? ['mixed', 'native', 'pure'] : ['mixed', 'pure'],
      signature: ['native', 'pure'],
    })
  })

  it('is the same as what the Worker asks the platform for', async () => {
    const { pure } = await everySuite()
    const platform = await platformSuite(crypto.subtle as unknown as Subtle)
    const report = await differential({ pure, platform: { ...pure, ...platform } })
    expect(report.wrong).toEqual([])
  })
})
