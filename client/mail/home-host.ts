// Hosts a home machine: the socket to our own mailbox, who is told of what comes in, and who waits for an answer of the DHT.
// Loaded with mail, never before.

import type { DropReason } from '../../protocol/drops.ts'
import type { HomeEffect, HomeEnd, HomeInput, HomeLetter } from '../../protocol/home/contract.ts'
import { HomeMachine } from '../../protocol/home/machine.ts'
import type { KeptState } from '../../protocol/kept-socket.ts'
import { mailSubprotocols } from '../../protocol/mailbox/admission.ts'
import type { DhtAnswer, DhtQuestion } from '../../protocol/wire/dht-frames.ts'
import { Host } from '../host.ts'
import type { Passes } from '../pass.ts'
import { keepSocket, type SocketKeeper } from '../socket-keeper.ts'
import { onceATurn } from '../turn.ts'

export interface HomeListener {
  /** The mailbox is open to us, for the first time or again: what it holds, and the one-time prekeys it has left. */
  ready(stored: number, oneTimeLeft: number): void
  /** Each once in this life. `took` says that they are kept here. */
  letters(letters: readonly HomeLetter[]): void
  /** One-time prekeys, and they are few. */
  prekeysLeft(left: number): void
  interrupted(): void
  passRenewed(pass: string): void
  dropped(reason: DropReason): void
  /** With what went wrong before it, if anything did. */
  ended(reason: HomeEnd, cause: unknown): void
}

export interface HomeHostOptions {
  /** Of the mailbox's socket, its network with it. */
  readonly url: string
  readonly passes: Passes
}

export interface HomeStatus {
  readonly state: KeptState
  /** Given to the listener, and not taken yet. */
  readonly letters: number
  readonly bytes: number
}

export class HomeHost {
  readonly #machine = new HomeMachine({ random: Math.random })
  readonly #url: string
  readonly #passes: Passes
  readonly #listener: HomeListener
  readonly #host: Host<HomeInput, HomeEffect>
  readonly #keeper: SocketKeeper
  /** By token: those who wait for an answer of the DHT. */
  readonly #asking = new Map<number, (answer: DhtAnswer | undefined) => void>()
  #token = 0
  readonly #endTurn = onceATurn(() => this.#host.give({ kind: 'endOfTurn' }))

  constructor({ url, passes }: HomeHostOptions, listener: HomeListener) {
    this.#url = url
    this.#passes = passes
    this.#listener = listener
    this.#keeper = keepSocket(passes, (input) => this.give(input))
    this.#host = new Host(this.#machine, (effect) => this.#perform(effect))
  }

  get status(): HomeStatus {
    const { state, held, heldBytes } = this.#machine
    return { state, letters: held, bytes: heldBytes }
  }

  /** Handed over, and not taken yet. */
  holds(letter: Uint8Array): boolean {
    return this.#machine.holds(letter)
  }

  give(input: HomeInput): void {
    this.#host.give(input)
    if (input.kind === 'took') this.#endTurn()
  }

  /** Undefined at once where the socket is not open: there may be another way. Undefined later: there was no answer. */
  ask(question: DhtQuestion): Promise<DhtAnswer | undefined> | undefined {
    if (this.#machine.state !== 'joined') return undefined
    return new Promise((resolve) => {
      const token = this.#token
      this.#token = (token + 1) % 2 ** 32
      this.#asking.set(token, resolve)
      this.give({ kind: 'ask', token, question })
      this.#endTurn()
    })
  }

  #perform(effect: HomeEffect): void {
    switch (effect.kind) {
      case 'openSocket':
        return this.#keeper.open(effect.socket, this.#url, mailSubprotocols(effect.hello, effect.pass))
      case 'ready':
        this.#passes.heard(this, true)
        return this.#listener.ready(effect.stored, effect.oneTimeLeft)
      case 'letters':
        return this.#listener.letters(effect.letters)
      case 'prekeysLeft':
        return this.#listener.prekeysLeft(effect.left)
      case 'interrupted':
        this.#passes.heard(this, false)
        return this.#listener.interrupted()
      case 'answer':
        this.#asking.get(effect.token)?.(effect.answer)
        this.#asking.delete(effect.token)
        return
      case 'passRenewed':
        return this.#listener.passRenewed(effect.pass)
      case 'drop':
        return this.#listener.dropped(effect.reason)
      case 'ended':
        this.#host.stop()
        this.#keeper.stop()
        return this.#listener.ended(effect.reason, this.#keeper.cause)
      default:
        return this.#keeper.perform(effect)
    }
  }
}
