// Those who flood an edge, as a process of their own: so many connections, each of one kind of malice, acting again and again from
// a few addresses. Says how often it did what, and what became of it.

import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { connect, type Socket as TcpSocket } from 'node:net'
import { openSocket, type Socket } from '../../../bench/socket.ts'
import { PASS_REQUEST_BYTES } from '../../../protocol/crypto/admission/request.ts'
import { framesOf } from '../../../protocol/wire/batch.ts'
import { decode, encode } from '../../../protocol/wire/codec.ts'
import { newJoin } from '../../support/node-member.ts'
import { offerOf } from '../../support/passes.ts'

/** Of a hundred connections, how many do what. */
const KINDS = {
  forged: 39, // sockets with passes of no secret of this edge
  bootstrap: 25, // asks for a challenge, and again
  passes: 20, // bodies of the right length and no sense
  // With a good pass, and far more than a member may send. Of all rooms here one thread reads what nobody wants, and more would be its
  // whole time; at Cloudflare each room has its own.
  frames: 1,
  oversize: 10, // messages and bodies far beyond what is taken
  'slow-reader': 5, // in rooms of honest people, and reads nothing
} as const
type Kind = keyof typeof KINDS

const ADDRESSES = 100
const FRAMES_AT_ONCE = 1_500
// Made once: the attackers' process shall not be what is short of time.
const FRAMES = Array<Uint8Array>(FRAMES_AT_ONCE).fill(
  encode({ kind: 'relay', address: 0x1_0000, payload: randomBytes(100) }),
)
const LONG_MESSAGE = [randomBytes(1_500_000)]
const LONG_BODY = randomBytes(600_000)
const NO_PASS_REQUEST = randomBytes(PASS_REQUEST_BYTES)
const agent = new Agent({ keepAlive: true })
const outcomes: Record<string, number> = {}
const held: { destroy(): void }[] = []
let going = true

const count = (kind: Kind, outcome: string) => {
  const name = `${kind}: ${outcome}`
  outcomes[name] = (outcomes[name] ?? 0) + 1
}
const addressOf = (attacker: number) => `203.0.113.${attacker % ADDRESSES}`

interface Attacker {
  readonly port: number
  readonly number: number
  readonly kind: Kind
  /** Its peer and pass stay the same: another pass is another stamp. */
  readonly offered: string
  socket: Socket | undefined
  /** Connected once, and reads nothing since. */
  silent: boolean
}

async function act(attacker: Attacker): Promise<void> {
  const { kind } = attacker
  if (kind === 'bootstrap') return ask(attacker, 'GET', '/v1/bootstrap?network=default')
  if (kind === 'passes') return ask(attacker, 'POST', '/v1/passes?network=default', NO_PASS_REQUEST)
  if (kind === 'forged') return enter(attacker, 'honest-0')
  if (kind === 'slow-reader') return readNothing(attacker)
  if (kind === 'oversize' && attacker.number % 2 === 0)
    return ask(attacker, 'POST', `/v1/mailboxes/${'A'.repeat(43)}/messages`, LONG_BODY)
  if (attacker.socket === undefined) await enter(attacker, `hostile-${attacker.number % 200}`)
  const { socket } = attacker
  if (socket === undefined) return
  for (const message of kind === 'oversize' ? LONG_MESSAGE : FRAMES) sendLong(socket, message)
  count(kind, 'sent')
}

/** Messages of any length, which the benchmark's socket does not know. */
function sendLong(socket: Socket, message: Uint8Array): void {
  if (message.length < 65_536) return socket.send(message)
  const head = Buffer.alloc(10)
  head[0] = 0x82
  head[1] = 0x80 | 127
  head.writeBigUInt64BE(BigInt(message.length), 2)
  socket.write(Buffer.concat([head, Buffer.alloc(4), message]))
}

async function ask(attacker: Attacker, method: string, path: string, body?: Buffer): Promise<void> {
  const headers = {
    'CF-Connecting-IP': addressOf(attacker.number),
    'Content-Type': 'application/octet-stream',
    ...(body && { 'Content-Length': body.length }),
  }
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const asked = request({ agent, host: '127.0.0.1', port: attacker.port, method, path, headers })
    asked.once('error', reject)
    asked.once('response', (answer) => {
      answer.once('error', reject)
      answer.once('end', () => resolve(answer.statusCode))
      answer.resume()
    })
    asked.end(body)
  })
  count(attacker.kind, String(status))
}

async function enter(attacker: Attacker, room: string): Promise<void> {
  const headers = {
    'Sec-WebSocket-Protocol': attacker.offered,
    'CF-Connecting-IP': addressOf(attacker.number),
  }
  const socket = await openSocket(attacker.port, `/v1/rooms/${room}`, headers)
  attacker.socket = socket
  held.push(socket)
  socket.onClose = () => {
    attacker.socket = undefined
    held.splice(held.indexOf(socket), 1)
  }
  socket.onMessage = (message) => {
    for (const bytes of framesOf(message)) {
      const frame = decode(bytes.slice())
      if (frame.kind === 'welcome') count(attacker.kind, 'entered')
      if (frame.kind === 'refusal') count(attacker.kind, frame.code)
    }
  }
  socket.start()
}

async function readNothing(attacker: Attacker): Promise<void> {
  if (attacker.silent) return
  attacker.silent = true
  const tcp: TcpSocket = connect({ port: attacker.port, host: '127.0.0.1' })
  held.push(tcp)
  tcp.on('error', () => {})
  tcp.write(
    `GET /v1/rooms/honest-${attacker.number % 100} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n` +
      `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
      `CF-Connecting-IP: ${addressOf(attacker.number)}\r\nSec-WebSocket-Protocol: ${attacker.offered}\r\n\r\n`,
  )
  tcp.pause()
  count(attacker.kind, 'connected')
}

async function acts(attacker: Attacker, everyMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * everyMs))
  while (going) {
    const wait = new Promise((resolve) => setTimeout(resolve, everyMs))
    await act(attacker).catch((error: Error) => count(attacker.kind, error.message.slice(0, 40)))
    await wait
  }
}

interface Terms {
  readonly port: number
  readonly connections: number
  readonly perSecond: number
}

async function begin({ port, connections, perSecond }: Terms): Promise<void> {
  const kinds = Object.entries(KINDS).flatMap(([kind, share]) => Array<Kind>(share).fill(kind as Kind))
  const attackers: Attacker[] = []
  for (let number = 0; number < connections; number++) {
    // Kinds mixed, so that each address does some of everything.
    const kind = kinds[(number * 37) % kinds.length] as Kind
    const secret = kind === 'forged' ? { secret: 'B'.repeat(44) } : {}
    const offered = (await offerOf(newJoin(), secret)).join(', ')
    attackers.push({ port, number, kind, offered, socket: undefined, silent: false })
  }
  for (const attacker of attackers) void acts(attacker, (connections / perSecond) * 1_000)
}

process.on('message', (message: { flood: Terms } | 'stop') => {
  if (message !== 'stop') return void begin(message.flood)
  going = false
  for (const socket of [...held]) socket.destroy()
  agent.destroy()
  process.send?.({ outcomes })
})
process.send?.({ ready: true })
