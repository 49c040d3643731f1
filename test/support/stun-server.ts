// A STUN server for tests, on this machine: says to whoever asks which address it came from, or which it is told to say, as behind
// a NAT. Binding requests of RFC 5389 and nothing else. One that is told to be silent is as behind a firewall.

import { createSocket, type Socket } from 'node:dgram'

const REQUEST = 0x0001
const RESPONSE = 0x0101
const COOKIE = 0x2112a442
const HEADER_BYTES = 20
const XOR_MAPPED_ADDRESS = 0x0020

export interface Mapping {
  readonly address: string
  readonly port: number
}

export class StunServer {
  readonly #socket: Socket
  asked = 0

  private constructor(socket: Socket, mapping: Mapping | undefined | 'silent') {
    this.#socket = socket
    socket.on('message', (message, from) => {
      if (message.length < HEADER_BYTES || message.readUInt16BE(0) !== REQUEST) return
      this.asked++
      if (mapping === 'silent') return
      socket.send(answerTo(message, mapping ?? from), from.port, from.address)
    })
  }

  /** `mapping`: what it says it sees; by default the truth. */
  static async start(mapping?: Mapping | 'silent'): Promise<StunServer> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    return new StunServer(socket, mapping)
  }

  get url(): string {
    return `stun:127.0.0.1:${this.#socket.address().port}`
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()))
  }
}

function answerTo(request: Buffer, { address, port }: Mapping): Buffer {
  const answer = Buffer.alloc(HEADER_BYTES + 12)
  answer.writeUInt16BE(RESPONSE, 0)
  answer.writeUInt16BE(12, 2)
  request.copy(answer, 4, 4, HEADER_BYTES) // Cookie and transaction.
  answer.writeUInt16BE(XOR_MAPPED_ADDRESS, HEADER_BYTES)
  answer.writeUInt16BE(8, HEADER_BYTES + 2)
  answer.writeUInt8(1, HEADER_BYTES + 5)
  answer.writeUInt16BE(port ^ (COOKIE >>> 16), HEADER_BYTES + 6)
  const bits = address.split('.').reduce((bits, part) => bits * 256 + Number(part), 0)
  answer.writeUInt32BE((bits ^ COOKIE) >>> 0, HEADER_BYTES + 8)
  return answer
}
