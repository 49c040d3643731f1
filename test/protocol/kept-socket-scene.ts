// A machine that keeps a socket to the edge, with the test as the edge: it gives passes, opens and closes the sockets that the
// machine asked for, and answers its pings. What is said on them is for the scene of each such machine. Time is a number.

import type { KeptEffect, KeptInput } from '../../protocol/kept-socket.ts'
import type { Machine } from '../../protocol/machine.ts'

export const START_MS = 1_700_000_000_000

type CommonInput =
  | KeptInput
  | { readonly kind: 'socketMessage'; readonly socket: number; readonly bytes: Uint8Array }
  | { readonly kind: 'wake' }

type CommonEffect =
  | KeptEffect
  | { readonly kind: 'passRenewed'; readonly pass: string }
  | { readonly kind: 'openSocket'; readonly socket: number; readonly pass: string }

interface KeepsSocket<Input, Effect> extends Machine<CommonInput | Input, CommonEffect | Effect> {
  readonly state: string
}

export abstract class KeptSocketScene<Kept extends KeepsSocket<Input, Effect>, Input, Effect> {
  readonly machine: Kept
  nowMs = START_MS
  /** What has happened, in words short enough to compare. */
  readonly told: string[] = []
  readonly texts: string[] = []
  readonly opened: number[] = []
  readonly openedAtMs: number[] = []
  closed: number[] = []
  /** Whether the machine is given a pass whenever it needs one, or the test does it. */
  passes: 'given' | 'awaited' = 'given'
  passesWanted = 0
  renewAtMs = Number.POSITIVE_INFINITY
  readonly shown: string[] = []

  constructor(machine: Kept) {
    this.machine = machine
  }

  /** Of every effect, before what is common to them is done. */
  protected abstract hear(effect: CommonEffect | Effect): void

  get socket(): number {
    return this.opened.at(-1) ?? 0
  }

  starts(): this {
    return this.give({ kind: 'start' })
  }

  sends(bytes: Uint8Array): this {
    return this.give({ kind: 'socketMessage', socket: this.socket, bytes })
  }

  closes(code = 1006): this {
    return this.give({ kind: 'socketClosed', socket: this.socket, code })
  }

  /** Time passes; pings are answered unless the line is dead. */
  after(ms: number, line: 'alive' | 'dead' = 'alive'): this {
    const untilMs = this.nowMs + ms
    for (let wakes = 0; ; wakes++) {
      const { wakeAtMs } = this.machine
      if (wakeAtMs !== undefined && !Number.isFinite(wakeAtMs)) throw new Error(`a wake at ${wakeAtMs}`)
      if (wakeAtMs === undefined || wakeAtMs > untilMs) break
      if (wakeAtMs > this.nowMs) wakes = 0
      if (wakes > 4) throw new Error(`a spin at ${this.nowMs - START_MS} ms, ${this.machine.state}`)
      this.nowMs = Math.max(this.nowMs, wakeAtMs)
      const pings = this.texts.length
      this.give({ kind: 'wake' })
      if (line === 'alive' && this.texts.length > pings)
        this.give({ kind: 'socketText', socket: this.socket, text: 'pong' })
    }
    this.nowMs = untilMs
    return this
  }

  give(input: CommonInput | Input): this {
    for (const effect of this.machine.receive(input, this.nowMs)) {
      this.hear(effect)
      this.#keep(effect as CommonEffect)
    }
    return this
  }

  #keep(effect: CommonEffect): void {
    switch (effect.kind) {
      case 'obtainPass':
        this.passesWanted++
        if (this.passes === 'given')
          this.give({ kind: 'pass', pass: `pass ${this.passesWanted}`, renewAtMs: this.renewAtMs })
        return
      case 'passRefused':
      case 'passRenewed':
        this.told.push(`${effect.kind} ${effect.pass}`)
        return
      case 'openSocket':
        this.shown.push(effect.pass)
        this.opened.push(effect.socket)
        this.openedAtMs.push(this.nowMs)
        return
      case 'closeSocket':
        this.closed.push(effect.socket)
        return
      case 'sendText':
        this.texts.push(effect.text)
        return
      case 'interrupted':
        this.told.push('interrupted')
    }
  }
}
