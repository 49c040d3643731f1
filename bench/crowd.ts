// Members of rooms, on either server, behind one face: who has an address, sends frames and hears frames. To our room
// they speak the protocol and report what they have read, as clients do; the bare one is given the same bytes.

import { randomBytes } from 'node:crypto'
import { READ_REPORT_BYTES } from '../protocol/limits/room.ts'
import { framesOf } from '../protocol/wire/batch.ts'
import { decode, encode } from '../protocol/wire/codec.ts'
import { FRAME, WIRE_VERSION } from '../protocol/wire/registry.ts'
import { offerOf } from '../test/support/passes.ts'
import type { Server } from './server.ts'
import { openSocket, type Prepared, type Socket } from './socket.ts'

export class Member {
  /** Hears relayed and broadcast frames; not the room's own. */
  onFrame: (frame: Uint8Array) => void = () => {}
  address = 0
  readonly #socket: Socket
  #readBytes = 0

  constructor(socket: Socket) {
    this.#socket = socket
  }

  send(message: Uint8Array): void {
    this.#socket.send(message)
  }

  prepared(message: Uint8Array): Prepared {
    return this.#socket.prepared(message)
  }

  sendPrepared(message: Prepared): void {
    this.#socket.sendPrepared(message)
  }

  /** To the bare object: the slot is its address. */
  static async joinBare(server: Server, room: string, slot: number, greeted: boolean): Promise<Member> {
    const headers = { slot: String(slot), ...(greeted && { greet: 'yes' }) }
    const socket = await openSocket(server.port, `/v1/rooms/${room}`, headers)
    const member = new Member(socket)
    member.address = slot << 16
    socket.onMessage = (message) => member.onFrame(message)
    return member
  }

  static async join(server: Server, room: string): Promise<Member> {
    const join = {
      kind: 'join',
      version: WIRE_VERSION,
      peer: randomBytes(32),
      session: randomBytes(8),
      metadata: new Uint8Array(),
    } as const
    const protocols = (await offerOf(join)).join(', ')
    const socket = await openSocket(server.port, `/v1/rooms/${room}`, { 'Sec-WebSocket-Protocol': protocols })
    const member = new Member(socket)
    return new Promise((resolve, reject) => {
      socket.onClose = () => reject(new Error('closed before the welcome'))
      socket.onMessage = (message) => {
        for (const frame of framesOf(message)) member.#hear(frame, () => resolve(member))
      }
      socket.start()
    })
  }

  leave(): void {
    this.#socket.destroy()
  }

  #hear(frame: Uint8Array, welcomed: () => void): void {
    this.#readBytes += frame.length
    if (this.#readBytes >= READ_REPORT_BYTES) {
      this.send(encode({ kind: 'drained', bytes: this.#readBytes }))
      this.#readBytes = 0
    }
    const type = frame[0]
    if (type === FRAME.relay || type === FRAME.broadcast) return this.onFrame(frame)
    if (type === FRAME.refusal || type === FRAME.undeliverable) {
      throw new Error(`the room would not: ${JSON.stringify(decode(frame))}`)
    }
    if (type !== FRAME.welcome) return
    const welcome = decode(frame)
    if (welcome.kind === 'welcome') this.address = welcome.address
    welcomed()
  }
}

/** Greeted: the bare object too says of a joining what a room says, to all. */
export function enter(server: Server, room: string, slot: number, greeted = false): Promise<Member> {
  return server.side === 'ours' ? Member.join(server, room) : Member.joinBare(server, room, slot, greeted)
}

interface CrowdOptions {
  readonly named?: string
  readonly greeted?: boolean
}

/** Full rooms, one after another in each, so that slots are the same on both servers. */
export async function crowd(
  server: Server,
  rooms: number,
  size: number,
  { named = 'room', greeted = false }: CrowdOptions = {},
): Promise<Member[][]> {
  const filled = Array.from({ length: rooms }, async (_, number) => {
    const members: Member[] = []
    for (let slot = 0; slot < size; slot++) {
      members.push(await enter(server, `${named}-${number}`, slot, greeted))
    }
    return members
  })
  return Promise.all(filled)
}
