// One client in one room, with the test as the room: it opens and closes the sockets that the machine asked for, says
// what it likes, and keeps the books that the machine's invariants are judged by. Time is a number.

import type {
  MembershipConfig,
  MembershipEffect,
  MembershipInput,
} from '../../../protocol/membership/contract.ts'
import { MembershipMachine } from '../../../protocol/membership/machine.ts'
import { framesOf } from '../../../protocol/wire/batch.ts'
import { decode, encode } from '../../../protocol/wire/codec.ts'
import type { Frame, RosterMember, WelcomeFrame } from '../../../protocol/wire/frames.ts'

export const START_MS = 1_700_000_000_000

export const WELCOME: WelcomeFrame = {
  kind: 'welcome',
  version: 1,
  resumed: false,
  address: 0x0001_0101,
  keepAliveMs: 10_000,
  presenceTimeoutMs: 30_000,
  peersMax: 1_000,
  tokensPerSecond: 100,
  tokensBurst: 200,
  bytesPerSecond: 4 * 2 ** 20,
  bytesBurst: 8 * 2 ** 20,
}

const bytesOf = (length: number, number: number) => new Uint8Array(length).fill(number)

/** A member called by a number; another session of the same peer by a second one. */
export function member(peer: number, session = 1, address = (peer << 16) | session): RosterMember {
  return {
    address: address >>> 0,
    peer: bytesOf(32, peer),
    session: bytesOf(8, session),
    metadata: new Uint8Array(),
  }
}

export const SELF = 0xff

export class Scene {
  readonly machine: MembershipMachine
  nowMs = START_MS
  /** What has happened, in words short enough to compare. */
  readonly told: string[] = []
  readonly texts: string[] = []
  readonly frames: Frame[] = []
  readonly opened: number[] = []
  readonly openedAtMs: number[] = []
  closed: number[] = []
  readonly here = new Set<string>()
  hello: Uint8Array | undefined
  /** Whether the machine is given a pass whenever it needs one, or the test does it. */
  passes: 'given' | 'awaited' = 'given'
  passesWanted = 0
  renewAtMs = Number.POSITIVE_INFINITY
  readonly shown: string[] = []

  constructor(config: Partial<MembershipConfig> = {}) {
    this.machine = new MembershipMachine({
      peer: bytesOf(32, SELF),
      session: bytesOf(8, SELF),
      metadata: new Uint8Array(),
      random: () => 0.5,
      firstJoinWithinMs: 30_000,
      ...config,
    })
  }

  get socket(): number {
    return this.opened.at(-1) ?? 0
  }

  /** Of one kind. */
  sent<Kind extends Frame['kind']>(kind: Kind): Extract<Frame, { kind: Kind }>[] {
    return this.frames.filter((frame): frame is Extract<Frame, { kind: Kind }> => frame.kind === kind)
  }

  starts(): this {
    return this.give({ kind: 'start' })
  }

  /** The room lets us in, with those as the roster. */
  welcomes(...members: RosterMember[]): this {
    return this.says(WELCOME, { kind: 'roster', last: true, members })
  }

  says(...frames: Frame[]): this {
    for (const frame of frames) {
      this.give({ kind: 'socketMessage', socket: this.socket, bytes: encode(frame) })
    }
    return this
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
      if (line === 'alive' && this.texts.length > pings) {
        this.give({ kind: 'socketText', socket: this.socket, text: 'pong' })
      }
    }
    this.nowMs = untilMs
    return this
  }

  give(input: MembershipInput): this {
    for (const effect of this.machine.receive(input, this.nowMs)) this.#hear(effect)
    return this
  }

  #hear(effect: MembershipEffect): void {
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
        this.hello = effect.join.metadata
        return
      case 'closeSocket':
        this.closed.push(effect.socket)
        return
      case 'sendText':
        this.texts.push(effect.text)
        return
      case 'sendMessage':
        if (effect.socket !== this.socket) throw new Error('sent on a socket that is no more')
        if (this.machine.state !== 'joined' && this.machine.state !== 'ended') {
          throw new Error('sent before the welcome and the whole roster')
        }
        for (const frame of framesOf(effect.message)) this.frames.push(decode(frame))
        return
      case 'arrived':
      case 'departed': {
        const { id, peer, session } = effect.member
        if (this.here.has(id) === (effect.kind === 'arrived')) throw new Error(`${effect.kind} twice`)
        if (effect.kind === 'arrived') this.here.add(id)
        else this.here.delete(id)
        this.told.push(`${effect.kind} ${peer[0]}.${session[0]}`)
        return
      }
      case 'returned':
      case 'described':
        if (!this.here.has(effect.member.id)) throw new Error(`${effect.kind}, and not here`)
        this.told.push(`${effect.kind} ${effect.member.peer[0]}`)
        return
      case 'heard':
        this.told.push(`heard ${effect.as} ${effect.from.peer[0]}`)
        return
      case 'entered':
        this.told.push(effect.again ? 'entered again' : 'entered')
        return
      case 'interrupted':
      case 'undeliverable':
        this.told.push(effect.kind)
        return
      case 'ended':
        this.told.push(`ended ${effect.reason}`)
        return
      case 'drop':
        this.told.push(`drop ${effect.reason}`)
        return
    }
  }
}
