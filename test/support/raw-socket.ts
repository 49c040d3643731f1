// A WebSocket spoken by hand over TCP, for what no library lets one do: stop reading. Client side of RFC 6455, without
// extensions and fragments, which the edge does not use.

import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

const OPCODE = { text: 1, binary: 2, close: 8 } as const

export class RawSocket {
  readonly messages: Uint8Array[] = []
  closed = false
  readonly #tcp: Socket
  #received: Buffer = Buffer.alloc(0)
  #open = false
  #changed: () => void = () => {}

  private constructor(tcp: Socket) {
    this.#tcp = tcp
    tcp.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#parse()
      this.#changed()
    })
    tcp.on('close', () => {
      this.closed = true
      this.#changed()
    })
    tcp.on('error', () => {
      // The close event that follows is all that matters here.
    })
  }

  static async open(url: string, protocols: readonly string[]): Promise<RawSocket> {
    const { hostname, port, pathname, search, host } = new URL(url)
    const tcp = connect({ host: hostname, port: Number(port), noDelay: true })
    const socket = new RawSocket(tcp)
    tcp.write(
      [
        `GET ${pathname}${search} HTTP/1.1`,
        `Host: ${host}`,
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Protocol: ${protocols.join(', ')}`,
        '\r\n',
      ].join('\r\n'),
    )
    await socket.until(() => socket.#open)
    return socket
  }

  /** Bytes pile up at the other end from now on: in buffers of systems, proxies, and whoever sends. */
  stopsReading(): void {
    this.#tcp.pause()
  }

  readsAgain(): void {
    this.#tcp.resume()
  }

  send(message: Uint8Array | string): void {
    const payload = Buffer.from(message as Uint8Array)
    const head = Buffer.alloc(payload.length < 126 ? 2 : 4)
    head[0] = 0x80 | (typeof message === 'string' ? OPCODE.text : OPCODE.binary)
    head[1] = 0x80 | (payload.length < 126 ? payload.length : 126)
    if (payload.length >= 126) head.writeUInt16BE(payload.length, 2)
    // Masked with zeros: as good a mask as any, and the bytes stay as they are.
    this.#tcp.write(Buffer.concat([head, Buffer.alloc(4), payload]))
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.closed) throw new Error('the socket closed before that')
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }

  destroy(): void {
    this.#tcp.destroy()
  }

  #parse(): void {
    if (!this.#open) {
      const end = this.#received.indexOf('\r\n\r\n')
      if (end < 0) return
      const status = this.#received.subarray(0, 12).toString()
      if (status !== 'HTTP/1.1 101') throw new Error(`not upgraded: ${status}`)
      this.#received = this.#received.subarray(end + 4)
      this.#open = true
    }
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
      if (frame.opcode === OPCODE.binary) this.messages.push(frame.payload)
      if (frame.opcode === OPCODE.close) this.#tcp.end()
    }
  }

  #next(): { readonly opcode: number; readonly payload: Uint8Array } | undefined {
    const bytes = this.#received
    if (bytes.length < 2) return undefined
    const short = bytes[1]! & 0x7f
    const head = short === 127 ? 10 : short === 126 ? 4 : 2
    if (bytes.length < head) return undefined
    const length =
      short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short
    if (bytes.length < head + length) return undefined
    this.#received = bytes.subarray(head + length)
    return { opcode: bytes[0]! & 0x0f, payload: Uint8Array.from(bytes.subarray(head, head + length)) }
  }
}
