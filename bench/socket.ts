// A WebSocket client on a plain socket. The runtime's own costs as much as the server it would measure; this one does
// what a benchmark needs (whole binary messages to a server that never fragments) and no more.

import { randomBytes } from 'node:crypto'
import { connect, type Socket as TcpSocket } from 'node:net'

const TEXT = 0x81
const BINARY = 0x82
const CLOSE = 0x88
const MASKED = 0x80

/** A masked message with its header. */
export class Prepared {
  readonly bytes: Buffer
  readonly #from: number
  readonly #mask: Uint8Array

  constructor(opcode: number, message: Uint8Array, mask: Buffer) {
    const length = message.length
    const from = length < 126 ? 6 : 8
    this.#from = from
    this.#mask = mask
    this.bytes = Buffer.allocUnsafeSlow(from + length)
    this.bytes[0] = opcode
    this.bytes[1] = MASKED | (length < 126 ? length : 126)
    if (from === 8) this.bytes.writeUInt16BE(length, 2)
    mask.copy(this.bytes, from - 4)
    this.patch(0, message)
  }

  /** Other bytes at a place of the message. */
  patch(at: number, bytes: Uint8Array): void {
    const mask = this.#mask
    for (let i = 0; i < bytes.length; i++) {
      this.bytes[this.#from + at + i] = (bytes[i] as number) ^ (mask[(at + i) & 3] as number)
    }
  }
}

export class Socket {
  /** Set once it is open. The bytes are a view of what was received: valid until the handler returns. */
  onMessage: (message: Uint8Array) => void = () => {}
  onClose: () => void = () => {}
  readonly #tcp: TcpSocket
  readonly #mask = randomBytes(4)
  #rest: Buffer | undefined
  #outgoing: Buffer[] = []

  constructor(tcp: TcpSocket, early: Buffer) {
    this.#tcp = tcp
    tcp.on('data', (chunk: Buffer) => this.#received(chunk))
    tcp.on('close', () => this.onClose())
    if (early.length > 0) this.#rest = early
  }

  /** What came with the upgrade's answer, once somebody listens. */
  start(): void {
    if (this.#rest === undefined) return
    const early = this.#rest
    this.#rest = undefined
    this.#received(early)
  }

  send(message: Uint8Array): void {
    this.sendPrepared(this.prepared(message))
  }

  /** A message as it goes over the wire, to be sent again and again. */
  prepared(message: Uint8Array): Prepared {
    return new Prepared(BINARY, message, this.#mask)
  }

  /** What is sent in one turn of the event loop goes out in one write, as it would from any client's kernel under load. */
  sendPrepared({ bytes }: Prepared): void {
    if (this.#outgoing.length === 0) {
      if (Socket.#unwritten.length === 0) setImmediate(Socket.#writeAll)
      Socket.#unwritten.push(this)
    }
    this.#outgoing.push(Buffer.from(bytes))
  }

  close(): void {
    this.sendPrepared(new Prepared(CLOSE, new Uint8Array([0x03, 0xe8]), this.#mask))
  }

  sendText(text: string): void {
    this.sendPrepared(new Prepared(TEXT, Buffer.from(text), this.#mask))
  }

  /** Bytes that are no message of ours. */
  write(bytes: Uint8Array): void {
    this.#tcp.write(bytes)
  }

  destroy(): void {
    this.#tcp.destroy()
  }

  static #unwritten: Socket[] = []

  static #writeAll = () => {
    const sockets = Socket.#unwritten
    Socket.#unwritten = []
    for (const socket of sockets) {
      const [first, ...others] = socket.#outgoing as [Buffer, ...Buffer[]]
      socket.#outgoing = []
      socket.#tcp.write(others.length === 0 ? first : Buffer.concat([first, ...others]))
    }
  }

  #received(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (bytes.length - at >= 2) {
      let length = (bytes[at + 1] as number) & 0x7f
      let from = at + 2
      if (length === 126) {
        if (bytes.length - at < 4) break
        length = bytes.readUInt16BE(from)
        from += 2
      } else if (length === 127) {
        if (bytes.length - at < 10) break
        length = bytes.readUInt32BE(from + 4)
        from += 8
      }
      if (bytes.length - from < length) break
      if (bytes[at] === BINARY) this.onMessage(bytes.subarray(from, from + length))
      // Whoever is told to go goes: the platform waits for that.
      if (bytes[at] === CLOSE) this.#tcp.end()
      at = from + length
    }
    this.#rest = at < bytes.length ? bytes.subarray(at) : undefined
  }
}

/** Opens; rejects with the status line when the server does not upgrade. */
export function openSocket(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Socket> {
  const tcp = connect({ port, host: '127.0.0.1', noDelay: true })
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  tcp.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
      `${lines.join('')}\r\n`,
  )
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0)
    const read = (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk])
      const end = answer.indexOf('\r\n\r\n')
      if (end < 0) return
      tcp
        .off('data', read)
        .off('error', reject)
        .on('error', () => {})
      const status = answer.subarray(0, answer.indexOf('\r\n')).toString()
      if (status.startsWith('HTTP/1.1 101')) resolve(new Socket(tcp, answer.subarray(end + 4)))
      else {
        tcp.destroy()
        reject(new Error(status))
      }
    }
    tcp.on('data', read).on('error', reject)
  })
}
