// One long stream between two browsers, while everything under it breaks: the direct path five times, the edge once.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { TestBrowser } from '../support/browser.ts'
import { BrowserPeer } from '../support/browser-peer.ts'
import { LocalEdge } from '../support/local-edge.ts'

const BYTES = 200_000_000
const CUTS = 5
/** After this cut, and before the next, the edge is killed and started again. */
const RESTART_AFTER_CUT = 3

interface Progress {
  bytes: number
  wrongAt: number | undefined
  ended: boolean
}
declare global {
  var progress: Progress
  var speech: { mayEnd: boolean; written: number; ended: Promise<void> }
}

let edge: LocalEdge
let browser: TestBrowser

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([LocalEdge.start(), TestBrowser.launch()])
})
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

/** Reads what comes, and holds each byte against what it must be at its place. */
function listen(peer: BrowserPeer): Promise<void> {
  return peer.page.evaluate(() => {
    globalThis.progress = { bytes: 0, wrongAt: undefined, ended: false }
    kept.waypost.on('stream', async ({ stream }) => {
      for await (const chunk of stream.readable as unknown as AsyncIterable<Uint8Array>) {
        for (let i = 0; i < chunk.length; i++) {
          if (chunk[i] !== Math.imul(progress.bytes + i, 0x9e3779b1) >>> 24)
            progress.wrongAt ??= progress.bytes + i
        }
        progress.bytes += chunk.length
      }
      progress.ended = true
    })
  })
}

/** Writes at least so many bytes, and on until it is told that all is broken that is to break. */
function speak(peer: BrowserPeer, to: BrowserPeer): Promise<void> {
  return peer.page.evaluate(
    async ([to, bytes]) => {
      const stream = await kept.waypost.open(to, 'long')
      const writer = stream.writable.getWriter()
      const speech = { mayEnd: false, written: 0, ended: Promise.resolve() }
      const write = async () => {
        while (speech.written < bytes || !speech.mayEnd) {
          const chunk = new Uint8Array(65_536)
          for (let i = 0; i < chunk.length; i++) chunk[i] = Math.imul(speech.written + i, 0x9e3779b1) >>> 24
          await writer.write(chunk)
          speech.written += chunk.length
        }
        await writer.close()
      }
      speech.ended = write()
      Object.assign(globalThis, { speech })
    },
    [to.id, BYTES] as const,
  )
}

/** How much it has written in the end, when the peer has everything. */
function endsSpeaking(peer: BrowserPeer): Promise<number> {
  return peer.page.evaluate(async () => {
    speech.mayEnd = true
    await speech.ended
    return speech.written
  })
}

/** What the page gives to its data channels goes nowhere, and nobody says so; or goes again. */
function cut(peer: BrowserPeer, isCut: boolean): Promise<void> {
  return peer.page.evaluate((isCut) => {
    const keep = globalThis as unknown as { realSend?: RTCDataChannel['send'] }
    keep.realSend ??= RTCDataChannel.prototype.send
    RTCDataChannel.prototype.send = isCut ? () => {} : keep.realSend
  }, isCut)
}

it('two browsers move 200 MB, byte for byte, though the direct path breaks five times and the edge once', async () => {
  const [alice, bob] = await Promise.all([BrowserPeer.open(browser), BrowserPeer.open(browser)])
  await alice.joins(edge.url, 'long')
  await bob.joins(edge.url, 'long')
  await Promise.all([alice.reaches(bob, 'direct'), bob.reaches(alice, 'direct')])
  await listen(bob)
  await speak(alice, bob)
  const arrived = async (bytes: number) => {
    try {
      await bob.page.waitForFunction((bytes) => progress.bytes >= bytes, bytes, { timeout: 45_000 })
    } catch (cause) {
      const stands = await Promise.all([alice, bob].map((peer) => peer.status()))
      throw new Error(`the stream stands still: ${JSON.stringify(stands)}`, { cause })
    }
  }
  for (let done = 1; done <= CUTS; done++) {
    await arrived((BYTES * done) / (CUTS + 2))
    await Promise.all([cut(alice, true), cut(bob, true)])
    await alice.reaches(bob, 'relay', 10_000)
    const { bytes } = await bob.page.evaluate(() => progress)
    await arrived(bytes + 1_000_000) // By relay it goes on.
    await Promise.all([cut(alice, false), cut(bob, false)])
    await alice.reaches(bob, 'direct', 40_000)
    if (done !== RESTART_AFTER_CUT) continue
    await edge.kill()
    await edge.up()
    await Promise.all([alice, bob].map((peer) => peer.isIn('joined')))
  }
  const written = await endsSpeaking(alice)
  expect(written).toBeGreaterThanOrEqual(BYTES)
  await bob.page.waitForFunction(() => progress.ended)
  expect(await bob.page.evaluate(() => progress)).toEqual({ bytes: written, wrongAt: undefined, ended: true })
}, 400_000)
