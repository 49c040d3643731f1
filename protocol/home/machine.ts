// The owner's socket to its own mailbox: kept, and listened to. Letters are handed over once in this life and acknowledged
// when they were taken; whoever else has the mailbox is let have it. What is asked of the DHT goes on it too. See README.md
// beside this file.
//
// Invariants
// 1. A letter is handed over at most once, however often it comes, while it is held or remembered as taken.
// 2. Nothing is sent on a socket before its `ready`, and nothing is taken that the host did not say it took.
// 3. What is held is bounded; what came beyond it comes again, for then we open another socket.
// 4. Every question has one answer, before the end.
// What is true of any socket that is kept stands in kept-socket.ts.

import type { DropReason } from '../drops.ts'
import { KeptSocket, type KeptState } from '../kept-socket.ts'
import {
  MAILBOX_MESSAGE_BYTES_MAX,
  MAILBOX_TOOK_MAX,
  MAILBOX_WINDOW_BYTES,
  MAILBOX_WINDOW_BYTES_MOST,
  MAILBOX_WINDOW_LETTERS,
  MAILBOX_WINDOW_LETTERS_MOST,
} from '../limits/mailbox.ts'
import type { Machine } from '../machine.ts'
import { framesOf, messagesOf } from '../wire/batch.ts'
import { WireError } from '../wire/bytes.ts'
import { encode, tryDecode } from '../wire/codec.ts'
import { type DhtFrame, type DhtQuestion, encodeDht, tryDecodeDht } from '../wire/dht-frames.ts'
import type { Frame } from '../wire/frames.ts'
import { encodeMail, type HelloFrame, type MailFrame, tryDecodeMail } from '../wire/mail-frames.ts'
import { WIRE_VERSION } from '../wire/registry.ts'
import type { HomeConfig, HomeEffect, HomeEnd, HomeInput, HomeLetter, HomeWindow } from './contract.ts'
import { Questions } from './questions.ts'
import { Shelf } from './shelf.ts'

const DEFAULT_WINDOW: HomeWindow = { letters: MAILBOX_WINDOW_LETTERS, bytes: MAILBOX_WINDOW_BYTES }

export class HomeMachine implements Machine<HomeInput, HomeEffect> {
  readonly #window: HomeWindow
  readonly #shelf: Shelf
  readonly #questions = new Questions()
  readonly #kept: KeptSocket
  /** Of the message that is being read. */
  #letters: HomeLetter[] = []
  /** Something came on this socket that there was no room for, and does not come again on it. */
  #missed = false
  #effects: HomeEffect[] = []

  constructor({ random, window = DEFAULT_WINDOW }: HomeConfig) {
    checkWindow(window)
    this.#window = window
    this.#shelf = new Shelf(window)
    this.#kept = new KeptSocket(random, Number.POSITIVE_INFINITY, {
      do: (effect) => this.#do(effect),
      connect: (socket, pass) => this.#connect(socket, pass),
      wantPass: () => this.#send(encode({ kind: 'passWanted' })),
      interrupted: () => {},
      ended: (reason) => this.#ended(reason),
    })
  }

  get state(): KeptState {
    return this.#kept.state
  }

  /** Letters handed over and not taken. */
  get held(): number {
    return this.#shelf.heldLetters
  }

  get heldBytes(): number {
    return this.#shelf.heldBytes
  }

  /** It was handed over, and is not taken yet. */
  holds(letter: Uint8Array): boolean {
    return this.#shelf.holds(letter)
  }

  get wakeAtMs(): number | undefined {
    const wakeAtMs = Math.min(this.#kept.wakeAtMs, this.#questions.overAtMs)
    return this.state === 'ended' || wakeAtMs === Number.POSITIVE_INFINITY ? undefined : wakeAtMs
  }

  receive(input: HomeInput, nowMs: number): readonly HomeEffect[] {
    this.#effects = []
    if (this.state !== 'ended') this.#receive(input, nowMs)
    return this.#effects
  }

  #receive(input: HomeInput, nowMs: number): void {
    switch (input.kind) {
      case 'socketMessage':
        return this.#message(input.socket, input.bytes, nowMs)
      case 'took':
        for (const id of input.ids) {
          this.#shelf.take(id)
          if (this.#shelf.unsaid >= MAILBOX_TOOK_MAX) this.#flush()
        }
        return
      case 'ask':
        return this.#ask(input.token, input.question, nowMs)
      case 'endOfTurn':
        this.#flush()
        this.#say()
        return this.#askAgain(nowMs)
      case 'wake':
        for (const token of this.#questions.over(nowMs))
          this.#do({ kind: 'answer', token, answer: undefined })
        return this.#kept.wake(nowMs)
      case 'close':
        this.#flush() // What was taken in the same turn is taken.
        this.#kept.close()
        return this.#ended('closed')
      default:
        return this.#kept.receive(input, nowMs)
    }
  }

  #connect(socket: number, pass: string): void {
    this.#missed = false
    const cursor = new Uint8Array() // All that is stored comes again, and we know what of it we had.
    const hello: HelloFrame = { kind: 'hello', version: WIRE_VERSION, ...this.#window, cursor }
    this.#do({ kind: 'openSocket', socket, hello, pass })
  }

  #ended(reason: HomeEnd): void {
    for (const token of this.#questions.over(Number.POSITIVE_INFINITY))
      this.#do({ kind: 'answer', token, answer: undefined })
    this.#do({ kind: 'ended', reason })
  }

  // ---- what the mailbox says ----------------------------------------------------------------------------------

  #message(socket: number, bytes: Uint8Array, nowMs: number): void {
    if (!this.#kept.hears(socket)) return
    if (bytes.length > MAILBOX_MESSAGE_BYTES_MAX) return this.#drop('too-large')
    let frames: readonly Uint8Array[]
    try {
      frames = framesOf(bytes)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      return this.#drop('malformed')
    }
    this.#letters = []
    for (const each of frames) {
      const frame = tryDecodeMail(each) ?? tryDecodeDht(each) ?? tryDecode(each)
      if (frame === undefined) this.#drop('malformed')
      else this.#frame(frame, nowMs)
    }
    if (this.#letters.length > 0) this.#do({ kind: 'letters', letters: this.#letters })
    this.#flush() // What we had taken before, and it did not know.
  }

  #frame(frame: MailFrame | DhtFrame | Frame, nowMs: number): void {
    if (frame.kind === 'refusal') return // The fatal ones are said again by the close code that follows.
    if (frame.kind === 'ready' && this.state === 'connecting') {
      this.#kept.joined(frame.keepAliveMs, nowMs)
      this.#do({ kind: 'ready', stored: frame.stored, oneTimeLeft: frame.oneTimeLeft })
      this.#questions.again()
      return this.#say()
    }
    if (this.state !== 'joined') return this.#drop('unexpected')
    switch (frame.kind) {
      case 'letter':
        return this.#letter(frame)
      case 'prekeysLeft':
        return this.#do({ kind: 'prekeysLeft', left: frame.left })
      case 'dhtAnswer':
        if (!this.#questions.answered(frame.token)) return this.#drop('stale')
        return this.#do({ kind: 'answer', token: frame.token, answer: frame.answer })
      case 'pass':
        return this.#do({ kind: 'passRenewed', pass: frame.pass })
      default:
        return this.#drop('unexpected')
    }
  }

  #letter({ id, priority, hour, envelope }: HomeLetter): void {
    const place = this.#shelf.put(id, envelope.length)
    if (place === 'fresh') this.#letters.push({ id, priority, hour, envelope })
    else if (place === 'known') this.#drop('duplicate')
    else {
      this.#missed = true
      this.#drop('over-window')
    }
  }

  // ---- what we say --------------------------------------------------------------------------------------------

  #flush(): void {
    while (this.#kept.socket !== undefined && this.#shelf.unsaid > 0)
      this.#send(encodeMail({ kind: 'took', ids: this.#shelf.say() }))
  }

  #ask(token: number, question: DhtQuestion, nowMs: number): void {
    const frame = encodeDht({ kind: 'dhtAsk', token, question })
    if (!this.#questions.ask(token, frame, nowMs)) this.#do({ kind: 'answer', token, answer: undefined })
  }

  #say(): void {
    if (this.#kept.socket === undefined) return
    for (const message of messagesOf(this.#questions.say())) this.#send(message)
  }

  /** A mailbox sends a letter once on a socket. There is room again for what we had to let go: so, another socket. */
  #askAgain(nowMs: number): void {
    if (this.#missed && this.#shelf.hasRoom && this.state === 'joined') this.#kept.renew(nowMs)
  }

  #send(message: Uint8Array): void {
    const { socket } = this.#kept
    if (socket !== undefined) this.#do({ kind: 'sendMessage', socket, message })
  }

  #drop(reason: DropReason): void {
    this.#do({ kind: 'drop', reason })
  }

  #do(effect: HomeEffect): void {
    this.#effects.push(effect)
  }
}

function checkWindow({ letters, bytes }: HomeWindow): void {
  if (!Number.isInteger(letters) || letters < 1 || letters > MAILBOX_WINDOW_LETTERS_MOST)
    throw new RangeError(`a window is of 1 to ${MAILBOX_WINDOW_LETTERS_MOST} letters, not ${letters}`)
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > MAILBOX_WINDOW_BYTES_MOST)
    throw new RangeError(`a window is of 1 to ${MAILBOX_WINDOW_BYTES_MOST} bytes, not ${bytes}`)
}
