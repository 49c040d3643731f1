// Stamps in real Chromium: in a Worker while the page keeps painting, without one where it is forbidden, and stopped at
// once when nobody wants them any more.

import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type * as Stamps from '../../client/stamp.ts'
import type * as Challenges from '../../protocol/crypto/admission/challenge.ts'
import { isStamped } from '../../protocol/crypto/admission/stamp.ts'
import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { STAMP_BITS } from '../../protocol/limits/admission.ts'
import { TestBrowser } from '../support/browser.ts'
import { pageScript } from '../support/page-script.ts'

declare global {
  /** In test pages. */
  var stamps: Pick<typeof Stamps, 'makeStamp'> & Pick<typeof Challenges, 'readChallenge'>
}

/** What a page saw while a stamp was made in it. */
interface Made {
  readonly stamp: number[]
  readonly tookMs: number
  readonly frames: number
  /** The longest the page went without painting. */
  readonly longestMs: number
  readonly progress: number[]
}

const hash = nativeHash(crypto.subtle as unknown as Subtle)
const PLACE = Uint8Array.from({ length: 32 }, (_, i) => 255 - i)
let browser: TestBrowser
let script = ''
let page: Page | undefined

beforeAll(async () => {
  // Minified as it is published: the Worker's program is the text of functions, and must survive that.
  script = await pageScript(
    'stamps',
    `export { makeStamp } from './client/stamp.ts'
export { readChallenge } from './protocol/crypto/admission/challenge.ts'`,
  )
  browser = await TestBrowser.launch()
})
afterEach(async () => {
  await page?.context().close()
  page = undefined
})
afterAll(async () => {
  await browser?.close()
})

function challengeOf(bits: number): number[] {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  bytes.set([1, bits, 16, 0], 4)
  return [...bytes]
}

/** A page with makeStamp, where Workers are as they are, or forbidden by the page's policy, or there are none. */
async function open(workers: 'allowed' | 'forbidden' | 'missing' = 'allowed'): Promise<Page> {
  page = await browser.page()
  await page.evaluate((how) => {
    if (how === 'missing') Reflect.deleteProperty(globalThis, 'Worker')
    if (how !== 'forbidden') return
    const policy = document.createElement('meta')
    policy.httpEquiv = 'Content-Security-Policy'
    policy.content = "worker-src 'none'"
    document.head.append(policy)
  }, workers)
  await page.evaluate(script)
  return page
}

function make(page: Page, challenge: number[]): Promise<Made> {
  return page.evaluate(makeInPage, { challenge, place: [...PLACE] })
}

/** Runs in the page. */
async function makeInPage(task: { challenge: number[]; place: number[] }): Promise<Made> {
  const challenge = stamps.readChallenge(Uint8Array.from(task.challenge))
  if (challenge === undefined) throw new Error('no challenge')
  let [frames, longestMs, lastMs, going] = [0, 0, performance.now(), true]
  const painted = () => {
    const nowMs = performance.now()
    longestMs = Math.max(longestMs, nowMs - lastMs)
    lastMs = nowMs
    frames++
    if (going) requestAnimationFrame(painted)
  }
  await new Promise(requestAnimationFrame)
  lastMs = performance.now()
  requestAnimationFrame(painted)
  const progress: number[] = []
  const beganMs = performance.now()
  const stamp = await stamps.makeStamp(challenge, Uint8Array.from(task.place), {
    onProgress: (share) => progress.push(share),
  })
  const tookMs = performance.now() - beganMs
  going = false
  longestMs = Math.max(longestMs, performance.now() - lastMs)
  return { stamp: [...stamp], tookMs, frames, longestMs, progress }
}

const isGood = (made: Made, challenge: number[], bits: number) =>
  isStamped(
    hash,
    { bytes: Uint8Array.from(challenge), bits, scope: 1, timeMs: 0 },
    PLACE,
    Uint8Array.from(made.stamp),
  )

describe('a stamp of the default difficulty', () => {
  it.each(['allowed', 'forbidden', 'missing'] as const)(
    'is made while the page goes on painting, Workers %s',
    async (workers) => {
      const challenge = challengeOf(STAMP_BITS)
      const page = await open(workers)
      const begun: string[] = []
      page.on('worker', (worker) => begun.push(worker.url()))
      const made = await make(page, challenge)
      expect(await isGood(made, challenge, STAMP_BITS)).toBe(true)
      expect(begun.filter((url) => url.startsWith('blob:'))).toHaveLength(workers === 'allowed' ? 1 : 0)
      // A page that does nothing paints each 17 ms; on a machine busy with other tests now and then a frame is late.
      expect(made.longestMs).toBeLessThan(250)
      expect(made.frames).toBeGreaterThan(made.tookMs / 100)
      expect(made.progress).toEqual([...made.progress].sort((a, b) => a - b))
      expect(made.progress.at(-1)).toBe(1)
      expect(made.tookMs).toBeLessThan(30_000)
    },
  )
})

describe('a stamp nobody wants any more', () => {
  it.each(['allowed', 'forbidden'] as const)('is given up at once, Workers %s', async (workers) => {
    const page = await open(workers)
    let running = 0
    page.on('worker', (worker) => {
      running++
      worker.once('close', () => running--)
    })
    // Minutes of work, were it not given up.
    const answer = await page.evaluate(
      async ({ challenge, place }) => {
        const hard = stamps.readChallenge(Uint8Array.from(challenge))
        if (hard === undefined) throw new Error('no challenge')
        const stop = new AbortController()
        const made = stamps.makeStamp(hard, Uint8Array.from(place), { signal: stop.signal })
        await new Promise((resolve) => setTimeout(resolve, 300))
        const atMs = performance.now()
        stop.abort()
        const code = await made.then(
          () => 'made',
          (error) => error.code,
        )
        return { code, afterMs: performance.now() - atMs }
      },
      { challenge: challengeOf(22), place: [...PLACE] },
    )
    expect(answer.code).toBe('aborted')
    expect(answer.afterMs).toBeLessThan(100)
    await expect.poll(() => running).toBe(0)
  })

  it('is not begun when it was aborted before', async () => {
    const page = await open()
    const code = await page.evaluate(
      async ({ challenge, place }) => {
        const hard = stamps.readChallenge(Uint8Array.from(challenge))
        if (hard === undefined) throw new Error('no challenge')
        const made = stamps.makeStamp(hard, Uint8Array.from(place), { signal: AbortSignal.abort() })
        return made.catch((error) => error.code)
      },
      { challenge: challengeOf(22), place: [...PLACE] },
    )
    expect(code).toBe('aborted')
  })
})
