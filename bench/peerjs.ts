// How long a newcomer waits, beside PeerJS: two pages of one real Chromium, one already there. Theirs is new Peer() and
// connect() as soon as it can (what is dialled before `open` is lost), a PeerServer on this machine, no ICE servers, as ours.

import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { root } from '../scripts/paths.ts'
import { TestBrowser } from '../test/support/browser.ts'
import { type Benchmark, inTurns, row, type Side } from './benchmark.ts'
import { type Server, serve, serveWithStamps } from './server.ts'

declare global {
  var Peer: typeof import('peerjs').Peer
  /** In a host's page: when it first heard something, and what came second, on the clock that pages share. */
  var heardAtMs: Promise<readonly [number, number]>
}

/** All from the newcomer's first call: ours connect(), theirs new Peer(). */
interface Times {
  /** From join() of a client that is connected until its first message is heard; theirs has no such step. */
  readonly joinedMs: number
  /** A message of the newcomer is heard at the other side. */
  readonly heardMs: number
  /** Messages can take a direct path. */
  readonly openMs: number
}

const NEWCOMERS = 3
const SCRIPT = join(root, 'node_modules', 'peerjs', 'dist', 'peerjs.min.js')

async function ours(host: Page, guest: Page, port: number, room: string): Promise<Times> {
  const where = [`http://127.0.0.1:${port}`, room] as const
  await host.evaluate(async ([url, room]) => {
    const waypost = await sdk.connect(url)
    await waypost.join(room)
    // Two rooms, and a word in each: one for who has just come, one for who has been there for a while.
    await waypost.join(`${room} later`)
    globalThis.heardAtMs = new Promise((resolve) => {
      const times: number[] = []
      waypost.on('message', () => {
        times.push(performance.timeOrigin + performance.now())
        if (times.length === 2) resolve(times as [number, number])
      })
    })
  }, where)
  const times = await guest.evaluate(async ([url, name]) => {
    const now = () => performance.timeOrigin + performance.now()
    const beganAtMs = now()
    const waypost = await sdk.connect(url)
    const open = new Promise<number>((resolve) => {
      waypost.on('path', ({ via }) => {
        if (via === 'direct') resolve(now() - beganAtMs)
      })
    })
    const say = async (of: typeof waypost, name: string) => {
      const [host] = (await of.join(name)).peers.keys()
      if (host === undefined) throw new Error('the host is not in the room')
      await of.send(host, 'hello')
    }
    await say(waypost, name)
    const openMs = await open
    // A client that is connected and has its pass: it was in a room of its own before.
    const settled = await sdk.connect(url)
    await settled.join(`${name} before`)
    const joinAtMs = now()
    await say(settled, `${name} later`)
    return { beganAtMs, joinAtMs, openMs }
  }, where)
  const [first, second] = await host.evaluate(() => heardAtMs)
  return {
    heardMs: first - times.beganAtMs,
    joinedMs: second - times.joinAtMs,
    openMs: times.openMs,
  }
}

async function theirs(host: Page, guest: Page, port: number, name: string): Promise<Times> {
  const where = [port, name] as const
  for (const page of [host, guest]) await page.addScriptTag({ path: SCRIPT })
  await host.evaluate(async ([port, name]) => {
    const options = { host: '127.0.0.1', port, path: '/', secure: false, config: { iceServers: [] } }
    const peer = new Peer(name, options)
    globalThis.heardAtMs = new Promise((resolve) => {
      peer.on('connection', (connection) => {
        connection.on('data', () => resolve([performance.timeOrigin + performance.now(), 0]))
      })
    })
    await new Promise((resolve) => peer.on('open', resolve))
  }, where)
  const { beganAtMs, openMs } = await guest.evaluate(async ([port, name]) => {
    const options = { host: '127.0.0.1', port, path: '/', secure: false, config: { iceServers: [] } }
    const beganMs = performance.now()
    const peer = new Peer(options)
    await new Promise((resolve) => peer.on('open', resolve))
    const connection = peer.connect(name)
    await new Promise<void>((resolve) => connection.on('open', resolve))
    const openMs = performance.now() - beganMs
    connection.send('hello')
    return { beganAtMs: performance.timeOrigin + beganMs, openMs }
  }, where)
  const [first] = await host.evaluate(() => heardAtMs)
  return { joinedMs: 0, openMs, heardMs: first - beganAtMs }
}

async function withPeerServer<Result>(work: (port: number) => Promise<Result>): Promise<Result> {
  const child = fork(join(root, 'bench', 'peerjs', 'server.ts'))
  const gone = new Promise((resolve) => child.once('exit', resolve))
  try {
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', (port) => resolve(Number(port)))
      child.once('exit', () => reject(new Error('PeerServer ended while starting')))
    })
    return await work(port)
  } finally {
    child.kill()
    await gone
  }
}

async function measure(server: Server, peerPort: number, newcomers: number): Promise<Record<Side, Times[]>> {
  const browser = await TestBrowser.launch({ asPublished: true })
  try {
    return await inTurns(newcomers, async (side, index) => {
      const [host, guest] = await Promise.all([browser.page(), browser.page()])
      const name = `newcomer-${index}`
      const times = await (side === 'ours'
        ? ours(host, guest, server.port, name)
        : theirs(host, guest, peerPort, name))
      await Promise.all([host.context().close(), guest.context().close()])
      return times
    })
  } finally {
    await browser.close()
  }
}

/** Ours alone, at an edge that wants the stamp a deployment wants: until a newcomer's first message is heard. */
async function strangers(newcomers: number): Promise<number[]> {
  const [server, browser] = [await serveWithStamps(), await TestBrowser.launch({ asPublished: true })]
  try {
    const times: number[] = []
    for (let index = 0; index < newcomers; index++) {
      const [host, guest] = await Promise.all([browser.page(), browser.page()])
      times.push((await ours(host, guest, server.port, `stranger-${index}`)).heardMs)
      await Promise.all([host.context().close(), guest.context().close()])
    }
    return times
  } finally {
    await browser.close()
    await server.stop()
  }
}

export const besidePeerjs: Benchmark = {
  name: 'peerjs',
  run: async ({ rounds }) => {
    const server = await serve('ours')
    try {
      const results = await withPeerServer((port) => measure(server, port, rounds * NEWCOMERS))
      const stamped = await strangers(rounds)
      const beside = (pick: (ours: Times) => number, theirs: (theirs: Times) => number) => ({
        ours: results.ours.map(pick),
        bare: results.bare.map(theirs),
      })
      const [open, heard] = [({ openMs }: Times) => openMs, ({ heardMs }: Times) => heardMs]
      const joined = ({ joinedMs }: Times) => joinedMs
      return [
        row('peerjs/first-byte', 'ms', beside(heard, open), 0.5),
        row('peerjs/first-byte-from-join', 'ms', beside(joined, open), 0.5),
        row('peerjs/first-byte-of-a-stranger', 'ms', { ours: stamped, bare: results.bare.map(open) }),
        row('peerjs/first-byte-of-both', 'ms', beside(heard, heard)),
        row('peerjs/open-channel', 'ms', beside(open, open)),
      ]
    } finally {
      await server.stop()
    }
  },
}
