// A member of a room as the edge tests see one: a raw socket that speaks frames, with what it was sent kept in order.

import { exports } from 'cloudflare:workers'
import { joinSubprotocols } from '../../protocol/room/admission.ts'
import { framesOf } from '../../protocol/wire/batch.ts'
import { decode, encode } from '../../protocol/wire/codec.ts'
import type { Frame, JoinFrame, RosterMember } from '../../protocol/wire/frames.ts'
import { type FrameKind, WIRE_VERSION } from '../../protocol/wire/registry.ts'

export interface CloseSeen {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

export interface JoinOptions {
  readonly network?: string
  readonly session?: Uint8Array
  readonly metadata?: Uint8Array
  readonly version?: number
}

let made = 0

/** Thirty-two bytes that no other peer of this run has. */
export function newPeer(): Uint8Array {
  made++
  const peer = crypto.getRandomValues(new Uint8Array(32))
  new DataView(peer.buffer).setUint32(0, made)
  return peer
}

export class RoomSocket {
  readonly peer: Uint8Array
  readonly session: Uint8Array
  readonly frames: Frame[] = []
  readonly texts: string[] = []
  closed: CloseSeen | undefined
  readonly #socket: WebSocket
  #read = 0
  #changed: () => void = () => {}

  constructor(socket: WebSocket, join: JoinFrame) {
    this.#socket = socket
    this.peer = join.peer
    this.session = join.session
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.texts.push(data)
      else for (const frame of framesOf(new Uint8Array(data as ArrayBuffer))) this.frames.push(decode(frame))
      this.#changed()
    })
    socket.addEventListener('close', ({ code, reason, wasClean }) => {
      this.closed = { code, reason, wasClean }
      this.#changed()
    })
    // The standard API would give Blobs; the Workers types do not know of the setting yet.
    Object.assign(socket, { binaryType: 'arraybuffer' })
    socket.accept()
  }

  static async join(room: string, peer = newPeer(), options: JoinOptions = {}): Promise<RoomSocket> {
    const join: JoinFrame = {
      kind: 'join',
      version: options.version ?? WIRE_VERSION,
      peer,
      session: options.session ?? crypto.getRandomValues(new Uint8Array(8)),
      metadata: options.metadata ?? new Uint8Array(),
    }
    const headers = { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': joinSubprotocols(join).join(', ') }
    const network = options.network === undefined ? '' : `?network=${options.network}`
    const response = await exports.default.fetch(
      `https://edge.example/v1/rooms/${encodeURIComponent(room)}${network}`,
      { headers },
    )
    if (response.webSocket === null) throw new Error(`no socket: ${response.status} ${await response.text()}`)
    return new RoomSocket(response.webSocket, join)
  }

  send(frame: Frame): void {
    this.sendBytes(encode(frame))
  }

  sendBytes(bytes: Uint8Array | string): void {
    this.#socket.send(bytes)
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason)
  }

  /** The next frame of this kind not yet taken; those before it are passed over. Rejects when the socket closes first. */
  async next<Kind extends FrameKind>(kind: Kind): Promise<Extract<Frame, { kind: Kind }>> {
    for (;;) {
      while (this.#read < this.frames.length) {
        const frame = this.frames[this.#read++] as Frame
        if (frame.kind === kind) return frame as Extract<Frame, { kind: Kind }>
      }
      if (this.closed !== undefined) throw new Error(`closed (${this.closed.reason}) before a ${kind} came`)
      await this.#change()
    }
  }

  async nextText(): Promise<string> {
    for (;;) {
      const text = this.texts.shift()
      if (text !== undefined) return text
      await this.#change()
    }
  }

  async closing(): Promise<CloseSeen> {
    while (this.closed === undefined) await this.#change()
    return this.closed
  }

  /** Welcome and the whole roster. */
  async welcomed(): Promise<{ address: number; resumed: boolean; roster: RosterMember[] }> {
    const { address, resumed } = await this.next('welcome')
    const roster: RosterMember[] = []
    for (;;) {
      const part = await this.next('roster')
      roster.push(...part.members)
      if (part.last) return { address, resumed, roster }
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve
    })
  }
}
