// How fast a stream flows between two pages of one real Chromium: ours sealed, in order and acknowledged, beside what the
// platform gives without any of it: a data channel by hand, and sockets to the bare object.

import type { Page } from 'playwright-core'
import { TestBrowser } from '../test/support/browser.ts'
import { type Benchmark, inTurns, type Row, row, type Side } from './benchmark.ts'
import { type Server, withServers } from './server.ts'

type Way = 'direct' | 'relay'

const BYTES: Readonly<Record<Way, number>> = { direct: 60_000_000, relay: 40_000_000 }
const QUICK_ROUND_MS = 1_000

declare global {
  /** In the receiving page: milliseconds from the first byte to the last, on its own clock. */
  var arrived: Promise<number>
}

async function ours(from: Page, to: Page, { port }: Server, way: Way, room: string, bytes: number) {
  const where = [`http://127.0.0.1:${port}`, room, way === 'relay', bytes] as const
  const id = await to.evaluate(async ([url, room, relayOnly, bytes]) => {
    const waypost = await sdk.connect(url, { relayOnly })
    globalThis.arrived = new Promise((resolve) => {
      waypost.on('stream', async ({ stream }) => {
        let [left, beganMs] = [bytes, 0]
        for await (const chunk of stream.readable as unknown as AsyncIterable<Uint8Array>) {
          beganMs ||= performance.now()
          left -= chunk.length
          if (left <= 0) resolve(performance.now() - beganMs)
        }
      })
    })
    await waypost.join(room)
    return waypost.id as string
  }, where)
  await from.evaluate(
    async ([[url, room, relayOnly, bytes], id]) => {
      const waypost = await sdk.connect(url, { relayOnly })
      const settled = new Promise<void>((resolve) => {
        waypost.on('path', ({ via }) => {
          if (via === (relayOnly ? 'relay' : 'direct')) resolve()
        })
      })
      await waypost.join(room)
      await settled
      const stream = await waypost.open(id, 'much')
      const writer = stream.writable.getWriter()
      const chunk = new Uint8Array(65_536)
      for (let sent = 0; sent < bytes; sent += chunk.length) await writer.write(chunk)
    },
    [where, id] as const,
  )
  return to.evaluate(() => arrived)
}

/** Runs in both pages: signals through the bare object; then a channel, or the sockets themselves, carry the bytes. */
async function bareInPage([url, sends, way, bytes]: readonly [string, boolean, Way, number]): Promise<void> {
  const BROADCAST = 0x21
  const HIGH_BYTES = 1_048_576
  const chunk = new Uint8Array(65_500)
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  const say = (value: unknown) => {
    const text = new TextEncoder().encode(JSON.stringify(value))
    const frame = new Uint8Array(1 + text.length)
    frame[0] = BROADCAST
    frame.set(text, 1)
    socket.send(frame)
  }
  let [left, beganMs] = [bytes, 0]
  let done: (ms: number) => void = () => {}
  if (!sends) globalThis.arrived = new Promise((resolve) => (done = resolve))
  const count = (length: number) => {
    beganMs ||= performance.now()
    left -= length
    if (left <= 0) done(performance.now() - beganMs)
  }
  const pc = new RTCPeerConnection()
  const channel = pc.createDataChannel('bare', { negotiated: true, id: 0 })
  channel.binaryType = 'arraybuffer'
  channel.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => count(data.byteLength)
  pc.onicecandidate = ({ candidate }) => candidate && say({ candidate })
  socket.onmessage = async ({ data }: MessageEvent<ArrayBuffer>) => {
    if (data.byteLength > 60_000) return count(data.byteLength)
    const said = JSON.parse(new TextDecoder().decode(new Uint8Array(data).subarray(1)))
    if (said.candidate) await pc.addIceCandidate(said.candidate)
    if (said.sdp) await pc.setRemoteDescription(said)
    if (said.type !== 'offer') return
    await pc.setLocalDescription(await pc.createAnswer())
    say(pc.localDescription)
  }
  await new Promise((resolve) => {
    socket.onopen = resolve
  })
  if (!sends) return
  if (way === 'direct') {
    await pc.setLocalDescription(await pc.createOffer())
    say(pc.localDescription)
    await new Promise((resolve) => {
      channel.onopen = resolve
    })
    channel.bufferedAmountLowThreshold = HIGH_BYTES / 4
  }
  chunk[0] = BROADCAST
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    if (way === 'direct') {
      channel.send(chunk)
      if (channel.bufferedAmount < HIGH_BYTES) continue
      await new Promise((resolve) => {
        channel.onbufferedamountlow = resolve
      })
    } else {
      socket.send(chunk)
      while (socket.bufferedAmount > HIGH_BYTES) await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
}

async function bare(from: Page, to: Page, { port }: Server, way: Way, room: string, bytes: number) {
  const url = `ws://127.0.0.1:${port}/${room}`
  await to.evaluate(bareInPage, [`${url}?slot=0`, false, way, bytes] as const)
  await from.evaluate(bareInPage, [`${url}?slot=1`, true, way, bytes] as const)
  return to.evaluate(() => arrived)
}

export const streams: Benchmark = {
  name: 'stream',
  run: ({ rounds, roundMs }) =>
    withServers(async (servers) => {
      const browser = await TestBrowser.launch()
      const flow = { ours, bare }
      const rows: Row[] = []
      try {
        for (const way of ['direct', 'relay'] as const) {
          const bytes = roundMs > QUICK_ROUND_MS ? BYTES[way] : BYTES[way] / 10
          const results: Record<Side, number[]> = await inTurns(rounds, async (side, index) => {
            const [from, to] = await Promise.all([browser.page(), browser.page()])
            const room = `stream-${way}-${index}`
            const ms = await flow[side](from, to, servers[side], way, room, bytes)
            await Promise.all([from.context().close(), to.context().close()])
            return (ms * 10_000_000) / bytes
          })
          // At least nine tenths of the bare throughput is at most ten ninths of its time.
          rows.push(row(`stream/${way}`, 'ms/10 MB', results, 1.11))
        }
      } finally {
        await browser.close()
      }
      return rows
    }),
}
