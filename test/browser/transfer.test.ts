// Much data between two real browsers: intact, in bounded memory, and no faster than the reader reads.

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { LocalEdge } from '../support/local-edge.ts'

const MIB = 2 ** 20

let edge: LocalEdge
let browser: TestBrowser
let alice: BrowserPeer
let bob: BrowserPeer

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([LocalEdge.start(), TestBrowser.launch()])
  ;[alice, bob] = await Promise.all([BrowserPeer.open(browser), BrowserPeer.open(browser)])
  await alice.joins(edge.url, 'transfer')
  await bob.joins(edge.url, 'transfer')
  await Promise.all([alice.reaches(bob, 'direct'), bob.reaches(alice, 'direct')])
})
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

/** What the page's script holds on to just now: its heap, and the bytes outside it that its arrays are made of. */
async function memoryOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  return async () => {
    await session.send('HeapProfiler.collectGarbage')
    const usage = (await session.send('Runtime.getHeapUsage')) as {
      usedSize: number
      backingStorageSize?: number
    }
    return usage.usedSize + (usage.backingStorageSize ?? 0)
  }
}

describe('two browsers', () => {
  it('move 50 MB over a data channel, intact, in bounded memory', async () => {
    const memories = await Promise.all([memoryOf(alice.page), memoryOf(bob.page)])
    const before = await Promise.all(memories.map((memory) => memory()))
    let most = 0
    let moving = true
    const watching = (async () => {
      while (moving) {
        for (const [i, memory] of memories.entries())
          most = Math.max(most, (await memory()) - (before[i] ?? 0))
      }
    })()
    await bob.page.evaluate(() => {
      const sums = { bytes: 0, sum: 0, via: new Set<string>() }
      Object.assign(globalThis, { sums })
      kept.waypost.on('message', ({ data, via }) => {
        if (!(data instanceof Uint8Array)) return
        sums.bytes += data.length
        for (const byte of data) sums.sum = (Math.imul(sums.sum, 31) + byte) | 0
        sums.via.add(via)
      })
    })
    const sum = await alice.page.evaluate(async (to) => {
      const chunk = 256 * 1024
      const chunks = (50 * 2 ** 20) / chunk
      let sum = 0
      let next = 0
      const worker = async () => {
        while (next < chunks) {
          const n = next++
          const bytes = new Uint8Array(chunk)
          for (let i = 0; i < chunk; i++) bytes[i] = (n * 31 + i * 7 + (i >> 8)) & 255
          for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0
          await kept.waypost.send(to, bytes, { channel: 'bulk' })
        }
      }
      await Promise.all(Array.from({ length: 8 }, worker))
      return sum
    }, bob.id)
    moving = false
    await watching
    const got = await bob.page.evaluate(() => {
      const { sums } = globalThis as unknown as { sums: { bytes: number; sum: number; via: Set<string> } }
      return { bytes: sums.bytes, sum: sums.sum, via: [...sums.via] }
    })
    expect(got).toEqual({ bytes: 50 * MIB, sum, via: ['direct'] })
    // Eight messages of 256 KiB under way, a window of 1 MiB, the browser's own buffers; far from fifty.
    expect(most).toBeLessThan(32 * MIB)
  })

  it('go at the pace of a reader who is slow', async () => {
    const page = bob.page
    await page.evaluate(() => {
      const slow = { reading: 0, release: () => {} }
      const released = new Promise<void>((resolve) => {
        slow.release = resolve
      })
      Object.assign(globalThis, { slow })
      kept.waypost.on('message', () => {
        slow.reading++
        return released
      })
    })
    const total = 200
    const sent = alice.page.evaluate(
      async ([to, total]) => {
        const sends = Array.from({ length: total }, () =>
          kept.waypost.send(to, new Uint8Array(64 * 1024), { channel: 'bulk' }),
        )
        return (await Promise.all(sends)).length
      },
      [bob.id, total] as const,
    )
    const reading = () =>
      page.evaluate(() => (globalThis as unknown as { slow: { reading: number } }).slow.reading)
    // The window is 1 MiB: after sixteen such messages the reader is asked for no more, however long it takes.
    await page.waitForFunction(
      () => (globalThis as unknown as { slow: { reading: number } }).slow.reading >= 15,
    )
    const [link] = (await alice.status()).links
    expect(link?.unacknowledgedBytes).toBeLessThan(2 * MIB)
    // Small talk on the other channel is not held up by it.
    await alice.sends(bob, 'meanwhile')
    expect(await reading()).toBeLessThan(20)
    expect((await alice.status()).links[0]?.waitingMessages).toBeGreaterThan(total / 2)
    await page.evaluate(() => (globalThis as unknown as { slow: { release: () => void } }).slow.release())
    expect(await sent).toBe(total)
    expect(await reading()).toBe(total + 1)
  })
})
