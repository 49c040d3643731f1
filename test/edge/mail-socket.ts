// A mailbox's socket as the edge tests see one: raw, with the frames it was sent kept in order.

import { mailSubprotocols } from '../../protocol/mailbox/admission.ts'
import { framesOf } from '../../protocol/wire/batch.ts'
import { Writer } from '../../protocol/wire/bytes.ts'
import { decode } from '../../protocol/wire/codec.ts'
import { type DhtFrame, decodeDht } from '../../protocol/wire/dht-frames.ts'
import type { Frame } from '../../protocol/wire/frames.ts'
import { decodeMail, encodeMail, type HelloFrame, type MailFrame } from '../../protocol/wire/mail-frames.ts'
import { DHT_FRAME, FRAME, MAIL_FRAME, SUBPROTOCOL } from '../../protocol/wire/registry.ts'
import type { MailOwner } from '../support/mail.ts'
import { passFor, type TestPass } from '../support/passes.ts'
import { type CloseSeen, upgrade } from './socket.ts'

type Heard = MailFrame | DhtFrame | Frame
type HeardKind = Heard['kind']

export const pathOf = ({ text, network }: Pick<MailOwner, 'text' | 'network'>, rest = '') =>
  `/v1/mailboxes/${text}${rest}?network=${network}`

export function helloOf(fields: Partial<HelloFrame> = {}): HelloFrame {
  return { kind: 'hello', version: 1, letters: 64, bytes: 2 ** 20, cursor: new Uint8Array(), ...fields }
}

export class MailSocket {
  readonly frames: Heard[] = []
  /** Messages that brought them. */
  messages = 0
  pongs = 0
  closed: CloseSeen | undefined
  readonly #socket: WebSocket
  #read = 0
  #waiting: (() => void)[] = []

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.pongs++
      else {
        this.messages++
        for (const bytes of framesOf(new Uint8Array(data as ArrayBuffer))) this.frames.push(frameOf(bytes))
      }
      this.#changed()
    })
    socket.addEventListener('close', ({ code, reason, wasClean }) => {
      this.closed = { code, reason, wasClean }
      this.#changed()
    })
    Object.assign(socket, { binaryType: 'arraybuffer' })
    socket.accept()
  }

  static async offering(path: string, offered: readonly string[]): Promise<MailSocket> {
    const { webSocket, status } = await upgrade(path, offered)
    if (webSocket === null) throw new Error(`no socket: ${status}`)
    return new MailSocket(webSocket)
  }

  static async owner(owner: MailOwner, hello: Partial<HelloFrame> = {}, pass: TestPass = {}) {
    const text = await passFor(owner.id, { network: owner.network, ...pass })
    return MailSocket.offering(pathOf(owner), mailSubprotocols(helloOf(hello), text))
  }

  static sender(at: Pick<MailOwner, 'text' | 'network'>): Promise<MailSocket> {
    return MailSocket.offering(pathOf(at), [SUBPROTOCOL])
  }

  send(...frames: readonly MailFrame[]): void {
    for (const frame of frames) this.sendBytes(encodeMail(frame))
  }

  /** In one message. */
  sendTogether(frames: readonly MailFrame[]): void {
    const to = new Writer().u8(FRAME.batch)
    for (const frame of frames.map(encodeMail)) to.u16(frame.length).bytes(frame)
    this.sendBytes(to.done())
  }

  sendBytes(bytes: Uint8Array | string): void {
    this.#socket.send(bytes)
  }

  close(code?: number): void {
    this.#socket.close(code)
  }

  /** The next frame of this kind not yet taken; those before it are passed over. */
  async next<Kind extends HeardKind>(kind: Kind): Promise<Extract<Heard, { kind: Kind }>> {
    for (;;) {
      while (this.#read < this.frames.length) {
        const frame = this.frames[this.#read++] as Heard
        if (frame.kind === kind) return frame as Extract<Heard, { kind: Kind }>
      }
      if (this.closed !== undefined) throw new Error(`closed (${this.closed.reason}) before a ${kind} came`)
      await this.#change()
    }
  }

  async all<Kind extends HeardKind>(kind: Kind, count: number): Promise<Extract<Heard, { kind: Kind }>[]> {
    const frames: Extract<Heard, { kind: Kind }>[] = []
    while (frames.length < count) frames.push(await this.next(kind))
    return frames
  }

  of<Kind extends HeardKind>(kind: Kind): Extract<Heard, { kind: Kind }>[] {
    return this.frames.filter((frame) => frame.kind === kind) as Extract<Heard, { kind: Kind }>[]
  }

  async closing(): Promise<CloseSeen> {
    while (this.closed === undefined) await this.#change()
    return this.closed
  }

  /** The object has dealt with all that was sent before: it answers this, and in order. */
  async settled(): Promise<void> {
    const wanted = this.of('refusal').length + 1
    this.sendBytes(Uint8Array.of(MAIL_FRAME.ready))
    while (this.of('refusal').length < wanted && this.closed === undefined) await this.#change()
  }

  #changed(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

function frameOf(bytes: Uint8Array): Heard {
  if (bytes[0] === DHT_FRAME.dhtAnswer) return decodeDht(bytes)
  return bytes[0] === FRAME.refusal || bytes[0] === FRAME.pass ? decode(bytes) : decodeMail(bytes)
}
