// Every implementation of the cryptography against every other, in real Chromium: each primitive, and two peers who meet and
// come back, one with the platform's and one with JavaScript's.

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type * as Differential from '../protocol/crypto/differential.ts'
import type { Report } from '../protocol/crypto/differential.ts'
import type * as Meetings from '../protocol/crypto/meetings.ts'
import type * as Suites from '../protocol/crypto/suites.ts'
import { TestBrowser } from '../support/browser.ts'
import { pageScript } from '../support/page-script.ts'

declare global {
  /** In test pages. */
  var cryptography: typeof Differential & typeof Meetings & typeof Suites
}

/** Five seconds of signatures in JavaScript, on a machine that has nothing else to do. */
const SLOW = { timeout: 240_000 }

/** What Chromium has of its own: everything since 150, SHA-256 and X25519 before. All of it is compared with JavaScript's. */
const KNOWN = [
  { hash: 'native', aead: 'native', kem: 'native', signature: 'native' },
  { hash: 'native', aead: 'pure', kem: 'mixed', signature: 'pure' },
] as const

let browser: TestBrowser
let page: Page

beforeAll(async () => {
  const script = await pageScript(
    'cryptography',
    `export { differential, Findings } from './test/protocol/crypto/differential.ts'
export { compareMeetings, compareResumptions } from './test/protocol/crypto/meetings.ts'
export { everySuite } from './test/protocol/crypto/suites.ts'`,
  )
  browser = await TestBrowser.launch()
  page = await browser.page()
  await page.evaluate(script)
})
afterAll(async () => {
  await browser?.close()
})

describe('the cryptography in Chromium', () => {
  it('agrees with itself, whoever computes it', SLOW, async () => {
    const report: Report = await page.evaluate(async () =>
      cryptography.differential(await cryptography.everySuite()),
    )
    const native = report.status.native
    expect(KNOWN).toContainEqual(native)
    expect(report.wrong).toEqual([])
    expect(report.checks).toBeGreaterThan(1_000)
    const all = native?.aead === 'native'
    expect(report.compared).toEqual({
      hash: ['native', 'pure'],
      aead: all ? ['native', 'pure'] : ['pure'],
      kem: all ? ['mixed', 'native', 'pure'] : ['mixed', 'pure'],
      signature: all ? ['native', 'pure'] : ['pure'],
    })
  })

  it.each([
    ['native', 'pure'],
    ['pure', 'native'],
  ] as const)('a peer with %s meets one with %s, talks, and both come back', async (one, other) => {
    const found = await page.evaluate(
      async ([one, other]) => {
        const { compareMeetings, compareResumptions, everySuite, Findings } = cryptography
        const suites = await everySuite()
        const findings = new Findings()
        await compareMeetings(suites[one], suites[other], findings)
        const met = findings.checks
        await compareResumptions(suites[one], suites[other], findings)
        return { wrong: findings.wrong, met, resumed: findings.checks - met }
      },
      [one, other] as const,
    )
    expect(found.wrong).toEqual([])
    // Each ends early where something fails: all of it was looked at.
    expect(found).toMatchObject({ met: 18, resumed: 32 })
  })

  it('finds a mistake there too', async () => {
    const wrong = await page.evaluate(async () => {
      const { native } = await cryptography.everySuite()
      const aead = { key: (bytes: Uint8Array) => native.aead.key(bytes.toReversed()) }
      return (await cryptography.differential({ right: native, wrong: { ...native, aead } })).wrong
    })
    expect(wrong.filter((what) => what.startsWith('aead, right with wrong'))).not.toEqual([])
    expect(wrong.filter((what) => what.startsWith('handshake, wrong with right'))).not.toEqual([])
    expect(wrong.filter((what) => what.includes('wrong with wrong'))).toEqual([])
  })
})
