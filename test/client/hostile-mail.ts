// An edge of an attacker's: it gives passes and keeps mailboxes as an edge does, except for what a test has it do otherwise. It
// checks nothing that its clients show it, and can say on a home's socket whatever it likes.

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { CHALLENGE_BYTES, SCOPE } from '../../protocol/crypto/admission/challenge.ts'
import { STAMP_BYTES } from '../../protocol/crypto/admission/stamp.ts'
import { peerIdOf } from '../../protocol/crypto/identity.ts'
import { joinBundle, splitPublication } from '../../protocol/crypto/mail/publication.ts'
import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { SIZES } from '../../protocol/crypto/suite.ts'
import { STAMP_PUZZLES } from '../../protocol/limits/admission.ts'
import type { Priority } from '../../protocol/priority.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import {
  CURSOR_BYTES,
  encodeMail,
  type MailFrame,
  type PutRequest,
  tryDecodeMail,
  tryDecodePutRequest,
} from '../../protocol/wire/mail-frames.ts'
import { SUBPROTOCOL, WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { passFor } from '../support/passes.ts'

export interface HostileLetter {
  readonly id: Uint8Array
  readonly priority: Priority
  readonly envelope: Uint8Array
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
}

/** What it does otherwise; what a lie leaves undefined is done as an honest edge does it. `never` answers nothing at all. */
export interface Lies {
  put?(mailbox: string, request: PutRequest): Answer | 'never' | undefined
  draw?(mailbox: string, query: URLSearchParams): Answer | 'never' | undefined
  publish?(mailbox: string): Answer | 'never' | undefined
  /** Instead of `ready` and the letters that are kept. */
  home?(home: HomeSocket, box: Box): boolean
  /** It says of every letter that it is stored, and keeps none. */
  forgets?: boolean
  /** Of the challenges it gives for letters. */
  bits?: number
}

export class Box {
  readonly id: string
  head: Uint8Array | undefined
  oneTime: Uint8Array[] = []
  letters: HostileLetter[] = []
  home: HomeSocket | undefined
  /** Letters that the owner took, on all its sockets. */
  taken = 0
  publications = 0
  draws = 0

  constructor(id: string) {
    this.id = id
  }
}

const hash = nativeHash(crypto.subtle as unknown as Subtle)

export class HostileEdge {
  readonly boxes = new Map<string, Box>()
  /** Every letter that was ever put, in order; and every request for one. */
  readonly put: (HostileLetter & { readonly mailbox: string })[] = []
  puts = 0
  homes = 0
  /** Endless answers that nobody listened to any longer. */
  brokenOff = 0
  lies: Lies = {}
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response))
    this.#server.on('upgrade', (request, socket) => this.#upgrade(request, socket))
  }

  static async start(): Promise<HostileEdge> {
    const edge = new HostileEdge()
    await new Promise<void>((resolve) => edge.#server.listen(0, '127.0.0.1', resolve))
    return edge
  }

  get url(): string {
    const address = this.#server.address()
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  }

  stop(): void {
    for (const { home } of this.boxes.values()) home?.drop()
    this.#server.closeAllConnections()
    this.#server.close()
  }

  box(id: string): Box {
    const box = this.boxes.get(id) ?? new Box(id)
    this.boxes.set(id, box)
    return box
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '/', 'http://edge')
    const answer = await this.#handle(request.method ?? 'GET', url, new Uint8Array(Buffer.concat(chunks)))
    if (answer === 'never') return
    const { status, body } = answer
    if (body === ENDLESS) return this.#talks(response)
    response
      .writeHead(status)
      .end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body))
  }

  async #handle(method: string, url: URL, body: Uint8Array): Promise<Answer | 'never'> {
    const [, , what, id = '', rest] = url.pathname.split('/')
    if (what === 'bootstrap') return { status: 200, body: this.#bootstrap() }
    if (what === 'passes') {
      const key = body.subarray(CHALLENGE_BYTES + STAMP_BYTES).subarray(0, SIZES.signaturePublicKey)
      return { status: 200, body: { pass: await passFor(await peerIdOf(hash, key)) } }
    }
    if (what !== 'mailboxes') return { status: 404 }
    const box = this.box(id)
    if (method === 'POST' && rest === 'messages') return this.#put(box, body)
    if (method === 'PUT' && rest === 'prekeys') return this.lies.publish?.(id) ?? publish(box, body)
    if (method === 'PUT') return { status: 204 }
    return this.#draw(box, url.searchParams)
  }

  #talks(response: ServerResponse): void {
    response.writeHead(200)
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    }
    response.on('drain', more)
    response.on('close', () => this.brokenOff++)
    more()
  }

  #bootstrap() {
    const version = { software: '1', wire: WIRE_VERSION }
    const challenge = toBase64url(challengeOf(SCOPE.pass, 1))
    return { version, network: 'default', iceServers: [], challenge, limits: {} }
  }

  async #put(box: Box, body: Uint8Array): Promise<Answer | 'never'> {
    this.puts++
    const request = tryDecodePutRequest(body)
    if (request === undefined) return { status: 400, body: { error: { code: 'malformed' } } }
    const lie = this.lies.put?.(box.id, request)
    if (lie !== undefined) return lie
    const letter = await letterOf(request.envelope, request.priority)
    if (this.lies.forgets !== true) {
      this.put.push({ ...letter, mailbox: box.id })
      box.letters.push(letter)
      box.home?.letters([letter])
    }
    return { status: 201, body: { id: toBase64url(letter.id) } }
  }

  #draw(box: Box, query: URLSearchParams): Answer | 'never' {
    box.draws++
    const lie = this.lies.draw?.(box.id, query)
    if (lie !== undefined) return lie
    if (box.head === undefined) return { status: 404, body: { error: { code: 'no-such-mailbox' } } }
    return this.drawn(query.has('challenge') ? undefined : joinBundle(box.head, box.oneTime.shift()))
  }

  /** What an edge answers that gives out these. */
  drawn(bundle: Uint8Array | undefined): Answer {
    const challenge = toBase64url(challengeOf(SCOPE.mail, this.lies.bits ?? 1))
    return { status: 200, body: { bundle: bundle === undefined ? null : toBase64url(bundle), challenge } }
  }

  #upgrade(request: IncomingMessage, socket: Duplex): void {
    const id = new URL(request.url ?? '/', 'http://edge').pathname.split('/')[3] ?? ''
    this.homes++
    const box = this.box(id)
    const home = new HomeSocket(request, socket, (ids) => {
      box.taken += ids.length
      const gone = new Set(ids)
      box.letters = box.letters.filter((letter) => !gone.has(toBase64url(letter.id)))
    })
    box.home = home
    if (this.lies.home?.(home, box) === true) return
    home.ready(box.letters.length, box.oneTime.length)
    home.letters(box.letters)
  }
}

/** As a body: more and more of it, for as long as somebody reads. */
export const ENDLESS = 'endless'

/** The edge's end of a home's socket. */
export class HomeSocket {
  /** Ids that the owner took, as text. */
  readonly took: string[] = []
  closed = false
  readonly #socket: Duplex
  #received = Buffer.alloc(0)

  constructor(request: IncomingMessage, socket: Duplex, took: (ids: readonly string[]) => void) {
    this.#socket = socket
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}\r\n` +
        `Sec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`,
    )
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      for (const message of this.#messages()) {
        const frame = tryDecodeMail(message)
        if (frame?.kind !== 'took') continue
        const ids = frame.ids.map(toBase64url)
        this.took.push(...ids)
        took(ids)
      }
    })
    socket.on('close', () => {
      this.closed = true
    })
    socket.on('error', () => {}) // The close that follows is enough.
  }

  ready(stored: number, oneTimeLeft: number): void {
    this.says({ kind: 'ready', version: WIRE_VERSION, keepAliveMs: 25_000, stored, oneTimeLeft })
  }

  letters(letters: readonly HostileLetter[]): void {
    for (const { id, priority, envelope } of letters)
      this.says({ kind: 'letter', id, priority, hour: 1, cursor: new Uint8Array(CURSOR_BYTES), envelope })
  }

  says(frame: MailFrame): void {
    this.sends(encodeMail(frame))
  }

  /** A binary message of whatever bytes. */
  sends(bytes: Uint8Array): void {
    const head = Buffer.alloc(bytes.length < 126 ? 2 : bytes.length < 65_536 ? 4 : 10)
    head[0] = 0x82
    if (head.length === 2) head[1] = bytes.length
    else if (head.length === 4) {
      head[1] = 126
      head.writeUInt16BE(bytes.length, 2)
    } else {
      head[1] = 127
      head.writeBigUInt64BE(BigInt(bytes.length), 2)
    }
    if (!this.closed) this.#socket.write(Buffer.concat([head, bytes]))
  }

  closes(code: number): void {
    const body = Buffer.alloc(2)
    body.writeUInt16BE(code)
    this.#socket.end(Buffer.concat([Buffer.of(0x88, 2), body]))
  }

  drop(): void {
    this.#socket.destroy()
  }

  /** Clients mask theirs, and browsers' stacks do not fragment what is so small. */
  *#messages(): Generator<Uint8Array> {
    for (;;) {
      const data = this.#received
      if (data.length < 2) return
      const short = (data[1] as number) & 0x7f
      const at = short < 126 ? 2 : short === 126 ? 4 : 10
      if (data.length < at) return
      const length =
        short < 126 ? short : short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2))
      if (data.length < at + 4 + length) return
      const mask = data.subarray(at, at + 4)
      this.#received = data.subarray(at + 4 + length)
      const opcode = (data[0] as number) & 0x0f
      const body = data.subarray(at + 4, at + 4 + length)
      if (opcode === 8) this.#socket.end()
      if (opcode === 2) yield Uint8Array.from(body, (byte, i) => byte ^ (mask[i % 4] as number))
    }
  }
}

export async function letterOf(envelope: Uint8Array, priority: Priority = 'normal'): Promise<HostileLetter> {
  return { id: (await hash.sha256(envelope)).slice(0, 16), priority, envelope: envelope.slice() }
}

function publish(box: Box, body: Uint8Array): Answer {
  const split = splitPublication(body)
  if (split === undefined) return { status: 400 }
  box.publications++
  box.head = split.head
  box.oneTime = split.oneTime.map(({ bytes }) => bytes)
  return { status: 200, body: { oneTime: box.oneTime.length } }
}

function challengeOf(scope: number, bits: number): Uint8Array {
  const challenge = new Uint8Array(CHALLENGE_BYTES)
  challenge.set([scope, bits, STAMP_PUZZLES], 4)
  new DataView(challenge.buffer).setUint32(0, Date.now() / 1_000)
  return challenge
}
