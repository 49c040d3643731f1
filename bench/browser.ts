// How long a newcomer waits: two pages of one real Chromium, one already in the room. Ours with the SDK; bare with a
// socket to the bare object and an RTCPeerConnection by hand, the least a page can do to the same end.

import type { Page } from 'playwright-core'
import { TestBrowser } from '../test/support/browser.ts'
import { type Benchmark, inTurns, row, type Side } from './benchmark.ts'
import { type Server, withServers } from './server.ts'

interface Times {
  readonly firstByteMs: number
  readonly openChannelMs: number
}

const NEWCOMERS = 3

async function ours(host: Page, guest: Page, server: Server, room: string): Promise<Times> {
  const url = `http://127.0.0.1:${server.port}`
  await host.evaluate(([url, room]) => sdk.connect(url).then((waypost) => waypost.join(room)), [
    url,
    room,
  ] as const)
  return guest.evaluate(
    async ([url, name]) => {
      const beganAtMs = performance.now()
      const waypost = await sdk.connect(url)
      const direct = new Promise<number>((resolve) => {
        waypost.on('path', ({ via }) => {
          if (via === 'direct') resolve(performance.now() - beganAtMs)
        })
      })
      const room = await waypost.join(name)
      const [host] = room.peers.keys()
      if (host === undefined) throw new Error('the host is not in the room')
      await waypost.send(host, 'hello')
      const firstByteMs = performance.now() - beganAtMs
      return { firstByteMs, openChannelMs: await direct }
    },
    [url, room] as const,
  )
}

/** Runs in both pages: the host answers, the newcomer offers and is timed. */
async function bareInPage([url, offers]: readonly [string, boolean]): Promise<Times | undefined> {
  const BROADCAST = 0x21
  const beganAtMs = performance.now()
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  const say = (value: unknown) => {
    const text = new TextEncoder().encode(JSON.stringify(value))
    const frame = new Uint8Array(1 + text.length)
    frame[0] = BROADCAST
    frame.set(text, 1)
    socket.send(frame)
  }
  const pc = new RTCPeerConnection()
  const channel = pc.createDataChannel('bare', { negotiated: true, id: 0 })
  pc.onicecandidate = ({ candidate }) => candidate && say({ candidate })
  const answered = new Promise<number>((resolve) => {
    socket.onmessage = async ({ data }: MessageEvent<ArrayBuffer>) => {
      const said = JSON.parse(new TextDecoder().decode(new Uint8Array(data).subarray(1)))
      if (said.hello) say({ welcome: true })
      if (said.welcome) resolve(performance.now() - beganAtMs)
      if (said.candidate) await pc.addIceCandidate(said.candidate)
      if (said.sdp) await pc.setRemoteDescription(said)
      if (said.type === 'offer') {
        await pc.setLocalDescription(await pc.createAnswer())
        say(pc.localDescription)
      }
    }
  })
  const opened = new Promise<number>((resolve) => {
    channel.onopen = () => resolve(performance.now() - beganAtMs)
  })
  await new Promise((resolve) => {
    socket.onopen = resolve
  })
  if (!offers) return undefined
  say({ hello: true })
  await pc.setLocalDescription(await pc.createOffer())
  say(pc.localDescription)
  return { firstByteMs: await answered, openChannelMs: await opened }
}

async function bare(host: Page, guest: Page, server: Server, room: string): Promise<Times> {
  const url = `ws://127.0.0.1:${server.port}/${room}`
  await host.evaluate(bareInPage, [`${url}?slot=0`, false] as const)
  return (await guest.evaluate(bareInPage, [`${url}?slot=1`, true] as const)) as Times
}

export const browserTimes: Benchmark = {
  name: 'browser',
  run: ({ rounds }) =>
    withServers(async (servers) => {
      const browser = await TestBrowser.launch()
      try {
        const meet = { ours, bare }
        const results = await inTurns(rounds * NEWCOMERS, async (side, index) => {
          const [host, guest] = await Promise.all([browser.page(), browser.page()])
          const times = await meet[side](host, guest, servers[side], `browser-${index}`)
          await Promise.all([host.context().close(), guest.context().close()])
          return times
        })
        const figures = (pick: (times: Times) => number): Record<Side, number[]> => ({
          ours: results.ours.map(pick),
          bare: results.bare.map(pick),
        })
        return [
          row(
            'browser/first-byte',
            'ms',
            figures((times) => times.firstByteMs),
          ),
          row(
            'browser/open-channel',
            'ms',
            figures((times) => times.openChannelMs),
          ),
        ]
      } finally {
        await browser.close()
      }
    }),
}
