// A program that uses the SDK, as a process of its own: it ends when it has closed what it opened, whatever the edge
// does; a handler of its own that throws is its own affair; and what others send does not need it to be Waypost's.

import { spawn } from 'node:child_process'
import WebSocketOfParty from 'partysocket/ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peerIdText } from '../../protocol/peer-id.ts'
import { framesOf } from '../../protocol/wire/batch.ts'
import { decode, encode } from '../../protocol/wire/codec.ts'
import { encodeData } from '../../protocol/wire/data.ts'
import { KEEP_ALIVE_PING, KEEP_ALIVE_PONG, WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { root } from '../../scripts/paths.ts'
import { FlakyProxy } from '../support/flaky-proxy.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { offerOf } from '../support/passes.ts'
import { client, newRoom } from './clients.ts'

let edge: LocalEdge
const proxies: FlakyProxy[] = []

beforeAll(async () => {
  edge = await LocalEdge.start()
}, 90_000)
afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.close()))
  await edge.stop()
})

interface Run {
  readonly lines: string[]
  readonly ended: Promise<number | null>
}

/** A module run by Node as users run theirs. It may `say` things. */
function program(source: string, url: string): Run {
  const head = `import { connect } from './client/index.ts'
    const [url, room] = process.argv.slice(1)
    const say = (text) => console.log(text)
  `
  // Node 24 says of half of WebCrypto that it is new; what is tested is what we say.
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e']
  const child = spawn(process.execPath, [...flags, head + source, url, newRoom()], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  child.stdout.on('data', (chunk: Buffer) => lines.push(...chunk.toString().trim().split('\n')))
  // Not its warnings: Node says of each algorithm that it is new there.
  child.stderr.on('data', (chunk: Buffer) => {
    if (!/Warning|trace-warnings/.test(chunk.toString())) lines.push(chunk.toString().trim())
  })
  return { lines, ended: new Promise((resolve) => child.once('close', resolve)) }
}

describe('a process', () => {
  it('ends by itself once it has closed', async () => {
    const { lines, ended } = program(
      `const [alice, bob] = [await connect(url), await connect(url)]
      await alice.join(room)
      await bob.join(room)
      alice.on('message', ({ data }) => say(data))
      await bob.send(alice.id, 'hello')
      await alice.close()
      await bob.close()
      say('closed')`,
      edge.url,
    )
    expect([await ended, lines]).toEqual([0, ['hello', 'closed']])
  }, 20_000)

  it('ends by itself though a message waits for a peer that has left, and a handler never ends', async () => {
    const { lines, ended } = program(
      `const [alice, bob] = [await connect(url), await connect(url)]
      await alice.join(room)
      const theirs = await bob.join(room)
      alice.on('message', () => new Promise((resolve) => setTimeout(resolve, 300)))
      await bob.send(alice.id, 'slow')
      theirs.close()
      await new Promise((resolve) => setTimeout(resolve, 200))
      alice.send(bob.id, 'x').catch((error) => say(error.code))
      await alice.close()
      await bob.close()`,
      edge.url,
    )
    expect(await ended).toBe(0)
    expect(['peer-unreachable', 'closed']).toContain(lines[0])
  }, 20_000)

  // Node's WebSocket waits for the other side's goodbye for as long as TCP lasts, and nothing in the standard can end it
  // sooner; so a program that must end beside a silent edge calls process.exit(), as this one does.
  it('closes at once though the edge has fallen silent', async () => {
    const proxy = await FlakyProxy.before(edge.port)
    proxies.push(proxy)
    const { lines, ended } = program(
      `const waypost = await connect(url)
      await waypost.join(room)
      say('joined')
      await new Promise((resolve) => setTimeout(resolve, 500))
      const beganMs = performance.now()
      await waypost.close()
      say(performance.now() - beganMs < 100 ? 'closed at once' : 'closed late')
      process.exit()`,
      proxy.url,
    )
    await expect.poll(() => lines.includes('joined'), { timeout: 10_000 }).toBe(true)
    proxy.goSilent()
    expect([await ended, lines]).toEqual([0, ['joined', 'closed at once']])
  }, 20_000)

  it('goes on when a handler of its own throws, and is told as of any uncaught error', async () => {
    const { lines, ended } = program(
      `process.on('uncaughtException', (error) => say('uncaught ' + error.message))
      const [alice, bob] = [await connect(url), await connect(url)]
      const ours = await alice.join(room)
      ours.on('join', () => { throw new Error('join') })
      ours.on('message', async () => { throw new Error('broadcast') })
      alice.on('message', () => { throw new Error('message') })
      alice.on('message', ({ data }) => say(data))
      const theirs = await bob.join(room)
      theirs.broadcast('x')
      await bob.send(alice.id, 'heard all the same')
      await bob.send(alice.id, 'and again')
      await alice.close()
      await bob.close()`,
      edge.url,
    )
    expect(await ended).toBe(0)
    expect(lines.filter((line) => line.startsWith('uncaught')).sort()).toEqual([
      'uncaught broadcast',
      'uncaught join',
      'uncaught message',
      'uncaught message',
    ])
    expect(lines).toContain('heard all the same')
    expect(lines).toContain('and again')
  }, 20_000)
})

describe('an unmodified partysocket', () => {
  it('joins a room with the subprotocols, is kept alive, is seen by a Waypost, and comes back as the same member', async () => {
    const name = newRoom()
    const waypost = await client(edge.url)
    const room = await waypost.join(name)
    const heard: unknown[] = []
    const seen: string[] = []
    room.on('message', ({ data }) => heard.push(data))
    room.on('join', ({ id }) => seen.push(`join ${id}`))
    room.on('leave', ({ id }) => seen.push(`leave ${id}`))

    const peer = crypto.getRandomValues(new Uint8Array(32))
    const session = crypto.getRandomValues(new Uint8Array(8))
    const hello = { kind: 'join', version: WIRE_VERSION, peer, session, metadata: new Uint8Array() } as const
    const url = `${edge.url.replace('http', 'ws')}/v1/rooms/${encodeURIComponent(name)}?network=default`
    const socket = new WebSocketOfParty(url, await offerOf(hello), { minReconnectionDelay: 50 })
    socket.binaryType = 'arraybuffer'
    const kinds: string[] = []
    const texts: unknown[] = []
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!(data instanceof ArrayBuffer)) texts.push(data)
      else for (const frame of framesOf(new Uint8Array(data))) kinds.push(decode(frame).kind)
    }
    try {
      await expect.poll(() => kinds).toEqual(['welcome', 'roster'])
      await expect.poll(() => seen).toEqual([`join ${peerIdText(peer)}`])
      socket.send(KEEP_ALIVE_PING)
      await expect.poll(() => texts).toEqual([KEEP_ALIVE_PONG])
      // What it says is not sealed: nobody here takes it for a word of the room.
      socket.send(encode({ kind: 'broadcast', address: 0, payload: encodeData('hello') }))
      await expect.poll(() => waypost.status().drops.malformed).toBe(1)
      expect(heard).toEqual([])
      socket.reconnect()
      await expect.poll(() => kinds.filter((kind) => kind === 'welcome').length, { timeout: 5_000 }).toBe(2)
      expect(room.peers.size).toBe(1)
    } finally {
      socket.close()
    }
    await expect.poll(() => room.peers.size).toBe(0)
  }, 20_000)
})
