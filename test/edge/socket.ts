// A member of a room as the edge tests see one: a raw socket that speaks frames, with what it was sent kept in order
// and held to the strict view of a roster (test/sim/roster-view.ts).

import { exports } from 'cloudflare:workers'
import { framesOf } from '../../protocol/wire/batch.ts'
import { equalBytes, utf8 } from '../../protocol/wire/bytes.ts'
import { decode, encode } from '../../protocol/wire/codec.ts'
import type { Frame, JoinFrame, RosterMember } from '../../protocol/wire/frames.ts'
import { type FrameKind, type RefusalCode, WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { toHex } from '../protocol/wire/notation.ts'
import { describeMember, RosterView } from '../sim/roster-view.ts'
import { offerOf } from '../support/passes.ts'

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

/** What it says when it comes. */
export function joinOf(peer = newPeer(), options: Omit<JoinOptions, 'network'> = {}): JoinFrame {
  return {
    kind: 'join',
    version: options.version ?? WIRE_VERSION,
    peer,
    session: options.session ?? crypto.getRandomValues(new Uint8Array(8)),
    metadata: options.metadata ?? new Uint8Array(),
  }
}

/** The upgrade request of a room, with whatever subprotocols it offers. */
export async function upgrade(path: string, offered?: readonly string[]): Promise<Response> {
  const headers = new Headers({ Upgrade: 'websocket' })
  if (offered !== undefined) headers.set('Sec-WebSocket-Protocol', offered.join(', '))
  return await exports.default.fetch(`https://edge.example${path}`, { headers })
}

const ECHO = utf8('echo of one’s own: ')

export class RoomSocket {
  readonly peer: Uint8Array
  readonly session: Uint8Array
  readonly frames: Frame[] = []
  readonly texts: string[] = []
  readonly view = new RosterView()
  closed: CloseSeen | undefined
  /** Of frames, as the room counts what is unread. */
  bytesRead = 0
  /** What was wrong with what it was sent, as the strict view sees it. Thrown at whoever waits next. */
  #wrong: unknown
  readonly #socket: WebSocket
  #read = 0
  #echoes = 0
  #echoed = 0
  #waiting: (() => void)[] = []

  constructor(socket: WebSocket, join: Pick<JoinFrame, 'peer' | 'session'>) {
    this.#socket = socket
    this.peer = join.peer
    this.session = join.session
    socket.addEventListener('message', ({ data }) => {
      this.#hear(data)
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
    const join = joinOf(peer, options)
    const network = options.network === undefined ? '' : `?network=${options.network}`
    const path = `/v1/rooms/${encodeURIComponent(room)}${network}`
    return RoomSocket.of(await upgrade(path, await offerOf(join, { network: options.network })), join)
  }

  static of(response: Response, join?: Pick<JoinFrame, 'peer' | 'session'>): RoomSocket {
    if (response.webSocket === null) throw new Error(`no socket: ${response.status}`)
    return new RoomSocket(response.webSocket, join ?? { peer: new Uint8Array(), session: new Uint8Array() })
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

  /** Waits until the room has done all that this member asked before, and this member was sent all that came before. */
  async settled(): Promise<void> {
    const address = this.view.address
    if (address === undefined) throw new Error('only a member can ask the room for an echo')
    const wanted = ++this.#echoes
    this.send({ kind: 'relay', address, payload: Uint8Array.from([...ECHO, ...utf8(`${wanted}`)]) })
    while (this.#echoed < wanted && this.closed === undefined) await this.#change()
  }

  /**
   * The frames as they came, own echoes left out: what two runs of one conversation must agree on. A roster is a set,
   * and comes in whatever order the platform lists sockets; here in one order.
   */
  heard(): string[] {
    return this.frames.map((frame) => {
      if (frame.kind !== 'roster') return `${frame.kind} ${toHex(encode(frame))}`
      return [`roster ${frame.last}`, ...frame.members.map(describeMember).sort()].join('; ')
    })
  }

  #hear(data: unknown): void {
    if (typeof data === 'string') {
      this.texts.push(data)
      return
    }
    try {
      for (const bytes of framesOf(new Uint8Array(data as ArrayBuffer))) {
        this.bytesRead += bytes.length
        const frame = decode(bytes)
        this.view.hear(frame)
        if (frame.kind === 'relay' && equalBytes(frame.payload.subarray(0, ECHO.length), ECHO)) this.#echoed++
        else this.frames.push(frame)
      }
    } catch (error) {
      this.#wrong = error
    }
  }

  #changed(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  async #change(): Promise<void> {
    if (this.#wrong !== undefined) throw this.#wrong
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (this.#wrong !== undefined) throw this.#wrong
  }
}

/** All that these asked for has happened, and all that they were to be told of it has come. */
export async function allSettled(members: readonly RoomSocket[]): Promise<void> {
  const open = () => members.filter((member) => member.closed === undefined)
  await Promise.all(open().map((member) => member.settled()))
  // Once more: what the last of them caused, the first of them may have heard after its own echo.
  await Promise.all(open().map((member) => member.settled()))
}

/** Told why in a frame, then closed with the code of it. */
export async function refusedFor(socket: RoomSocket): Promise<{ code: RefusalCode; closed: CloseSeen }> {
  const { code } = await socket.next('refusal')
  return { code, closed: await socket.closing() }
}
