// A member of a room on a real edge, over any WebSocket that is like a browser's: frames in, frames out.

import { framesOf } from '../../protocol/wire/batch.ts'
import { decode, encode } from '../../protocol/wire/codec.ts'
import type { Frame, JoinFrame } from '../../protocol/wire/frames.ts'
import { type FrameKind, WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { offerOf } from './passes.ts'

/** What a browser's WebSocket and its imitations have in common, as far as it is needed here. */
export interface SocketLike {
  binaryType: string
  send(data: Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void
}

export function newJoin(): JoinFrame {
  const bytes = (length: number) => crypto.getRandomValues(new Uint8Array(length))
  return {
    kind: 'join',
    version: WIRE_VERSION,
    peer: bytes(32),
    session: bytes(8),
    metadata: new Uint8Array(),
  }
}

export function roomUrl(edge: string, room: string): string {
  return `${edge.replace(/^http/, 'ws')}/v1/rooms/${room}`
}

export class NodeMember {
  readonly frames: Frame[] = []
  readonly closes: { readonly code: number; readonly reason: string }[] = []
  readonly socket: SocketLike
  #read = 0
  #changed: () => void = () => {}

  constructor(socket: SocketLike) {
    this.socket = socket
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('message', ({ data }) => {
      if (data instanceof ArrayBuffer) this.frames.push(...framesOf(new Uint8Array(data)).map(decode))
      this.#changed()
    })
    socket.addEventListener('close', ({ code, reason }) => {
      this.closes.push({ code, reason })
      this.#changed()
    })
  }

  static async join(edge: string, room: string, join = newJoin()): Promise<NodeMember> {
    return new NodeMember(new WebSocket(roomUrl(edge, room), await offerOf(join)))
  }

  send(frame: Frame): void {
    this.socket.send(encode(frame))
  }

  /** The next frame of this kind; those before it are passed over. */
  async next<Kind extends FrameKind>(kind: Kind): Promise<Extract<Frame, { kind: Kind }>> {
    for (;;) {
      while (this.#read < this.frames.length) {
        const frame = this.frames[this.#read++]!
        if (frame.kind === kind) return frame as Extract<Frame, { kind: Kind }>
      }
      await this.#change()
    }
  }

  async closed(): Promise<{ readonly code: number; readonly reason: string }> {
    while (this.closes.length === 0) await this.#change()
    return this.closes[0]!
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve
    })
  }
}
