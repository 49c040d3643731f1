// An owner and its home socket, with the test as the mailbox: it says what it likes, and keeps the books that the machine's
// invariants are judged by.

import type { HomeConfig, HomeEffect, HomeInput, HomeLetter } from '../../../protocol/home/contract.ts'
import { HomeMachine } from '../../../protocol/home/machine.ts'
import { toBase64url } from '../../../protocol/wire/base64url.ts'
import { framesOf, messagesOf } from '../../../protocol/wire/batch.ts'
import { decode } from '../../../protocol/wire/codec.ts'
import { tryDecodeDht } from '../../../protocol/wire/dht-frames.ts'
import {
  CURSOR_BYTES,
  decodeMail,
  encodeMail,
  type HelloFrame,
  type LetterFrame,
  type MailFrame,
} from '../../../protocol/wire/mail-frames.ts'
import { FRAME } from '../../../protocol/wire/registry.ts'
import { KeptSocketScene } from '../kept-socket-scene.ts'

export const READY: MailFrame = {
  kind: 'ready',
  version: 1,
  keepAliveMs: 10_000,
  stored: 3,
  oneTimeLeft: 50,
}

export const idOf = (number: number) => {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, number)
  return id
}
export const numberOf = (id: Uint8Array) => new DataView(id.buffer, id.byteOffset).getUint32(0)

/** A letter called by a number. */
export function letter(number: number, fields: Partial<LetterFrame> = {}): LetterFrame {
  return {
    kind: 'letter',
    id: idOf(number),
    priority: 'normal',
    hour: 472_222,
    cursor: new Uint8Array(CURSOR_BYTES),
    envelope: new Uint8Array(100),
    ...fields,
  }
}

export class Scene extends KeptSocketScene<HomeMachine, HomeInput, HomeEffect> {
  /** Messages of letters handed over, as the numbers of those in them. */
  readonly handed: number[][] = []
  readonly letters: HomeLetter[] = []
  /** Frames of `took`, as the numbers said in them. */
  readonly took: number[][] = []
  /** Messages of questions, as the tokens in them; and the answers that came of them. */
  readonly asked: number[][] = []
  readonly answers: [token: number, kind: string | undefined][] = []
  passWanted = 0
  hello: HelloFrame | undefined
  /** Of the newest socket: it has said it is ready. */
  #ready = false
  #ended = false
  /** Given by the machine and not yet by the test: an id is never given a second time. */
  readonly #known = new Set<string>()

  constructor(config: Partial<HomeConfig> = {}) {
    super(new HomeMachine({ random: () => 0.5, ...config }))
  }

  isReady(): this {
    return this.says(READY)
  }

  /** Each in a message of its own. */
  says(...frames: MailFrame[]): this {
    for (const frame of frames) this.sends(encodeMail(frame))
    return this
  }

  /** All in one message. */
  saysTogether(...frames: MailFrame[]): this {
    const messages = messagesOf(frames.map(encodeMail))
    if (messages.length !== 1) throw new Error('more than one message holds')
    return this.sends(messages[0] as Uint8Array)
  }

  /** Within one turn. */
  takes(...numbers: number[]): this {
    for (const number of numbers) this.give({ kind: 'took', ids: [idOf(number)] })
    return this.give({ kind: 'endOfTurn' })
  }

  protected override hear(effect: HomeEffect): void {
    if (this.#ended) throw new Error(`${effect.kind} after the end`)
    switch (effect.kind) {
      case 'openSocket':
        this.#ready = false
        this.hello = effect.hello
        return
      case 'closeSocket':
        if (effect.socket !== this.socket) throw new Error('closed one that is no more')
        return
      case 'sendMessage':
        return this.#said(effect.socket, effect.message)
      case 'ready':
        this.#ready = true
        return this.#tell(`ready ${effect.stored} ${effect.oneTimeLeft}`)
      case 'letters':
        return this.#given(effect.letters)
      case 'prekeysLeft':
        return this.#tell(`prekeysLeft ${effect.left}`)
      case 'answer':
        this.answers.push([effect.token, effect.answer?.kind])
        return
      case 'drop':
        return this.#tell(`drop ${effect.reason}`)
      case 'ended':
        this.#ended = true
        return this.#tell(`ended ${effect.reason}`)
    }
  }

  #tell(what: string): void {
    this.told.push(what)
  }

  #said(socket: number, message: Uint8Array): void {
    if (socket !== this.socket || this.closed.includes(socket)) throw new Error('sent on one that is no more')
    if (!this.#ready) throw new Error('sent before the mailbox was ready')
    if (message[0] === FRAME.passWanted) {
      decode(message)
      this.passWanted++
      return
    }
    const asked = framesOf(message).map(tryDecodeDht)
    if (asked[0] !== undefined) {
      this.asked.push(asked.flatMap((frame) => (frame?.kind === 'dhtAsk' ? frame.token : [])))
      return
    }
    const frame = decodeMail(message)
    if (frame.kind !== 'took' || frame.ids.length === 0) throw new Error(`${frame.kind}, or one of nothing`)
    this.took.push(frame.ids.map(numberOf))
  }

  #given(letters: readonly HomeLetter[]): void {
    if (letters.length === 0) throw new Error('no letters')
    for (const { id } of letters) {
      const key = toBase64url(id)
      if (this.#known.has(key)) throw new Error(`letter ${numberOf(id)} a second time`)
      this.#known.add(key)
    }
    this.letters.push(...letters)
    this.handed.push(letters.map(({ id }) => numberOf(id)))
  }
}
