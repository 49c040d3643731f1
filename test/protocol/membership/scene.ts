// One client in one room, with the test as the room: it says what it likes, and keeps the books that the machine's invariants
// are judged by.

import type {
  MembershipConfig,
  MembershipEffect,
  MembershipInput,
} from '../../../protocol/membership/contract.ts'
import { MembershipMachine } from '../../../protocol/membership/machine.ts'
import { framesOf } from '../../../protocol/wire/batch.ts'
import { decode, encode } from '../../../protocol/wire/codec.ts'
import type { Frame, RosterMember, WelcomeFrame } from '../../../protocol/wire/frames.ts'
import { KeptSocketScene } from '../kept-socket-scene.ts'

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

export class Scene extends KeptSocketScene<MembershipMachine, MembershipInput, MembershipEffect> {
  readonly frames: Frame[] = []
  readonly here = new Set<string>()
  hello: Uint8Array | undefined

  constructor(config: Partial<MembershipConfig> = {}) {
    super(
      new MembershipMachine({
        peer: bytesOf(32, SELF),
        session: bytesOf(8, SELF),
        metadata: new Uint8Array(),
        random: () => 0.5,
        firstJoinWithinMs: 30_000,
        ...config,
      }),
    )
  }

  /** Of one kind. */
  sent<Kind extends Frame['kind']>(kind: Kind): Extract<Frame, { kind: Kind }>[] {
    return this.frames.filter((frame): frame is Extract<Frame, { kind: Kind }> => frame.kind === kind)
  }

  /** The room lets us in, with those as the roster. */
  welcomes(...members: RosterMember[]): this {
    return this.says(WELCOME, { kind: 'roster', last: true, members })
  }

  says(...frames: Frame[]): this {
    for (const frame of frames) this.sends(encode(frame))
    return this
  }

  protected override hear(effect: MembershipEffect): void {
    switch (effect.kind) {
      case 'openSocket':
        this.hello = effect.join.metadata
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
