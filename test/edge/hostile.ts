// A member that means harm: whatever bytes it can think of, from frames that were good until it touched them.

import { framesOf } from '../../protocol/wire/batch.ts'
import { encode } from '../../protocol/wire/codec.ts'
import type { Frame } from '../../protocol/wire/frames.ts'
import { FRAME } from '../../protocol/wire/registry.ts'
import type { Random } from '../sim/random.ts'
import { offerOf } from '../support/passes.ts'
import { mutatedFrame } from './mutated-frame.ts'
import { upgrade } from './socket.ts'

const TYPES = Object.values(FRAME)
const mutated = (random: Random, frame: Uint8Array) => mutatedFrame(random, frame, { types: TYPES })

export class Hostile {
  readonly #random: Random
  readonly #room: string
  #peer: Uint8Array
  #session: Uint8Array
  #socket: WebSocket | undefined
  #address = 0
  #welcomed = false
  #echoes = 0
  #changed: () => void = () => {}
  /** Addresses it may aim at: of honest members, and of nobody. */
  readonly targets: number[] = [0, 0xffff_ffff]
  /** Times it was thrown out, or turned away. */
  closed = 0
  /** Frames it has sent, or what would be some. */
  frames = 0

  constructor(room: string, random: Random) {
    this.#room = room
    this.#random = random
    this.#peer = random.bytes(32)
    this.#session = random.bytes(8)
  }

  /** Sends so many messages, and waits until the room has dealt with them, one way or another. */
  async attacks(messages: number, comesBack: number): Promise<void> {
    if (this.#socket === undefined) await this.#connect()
    for (let i = 0; i < messages; i++) {
      const message = this.#message()
      try {
        this.#socket?.send(message)
      } catch {
        break // closed under our hands; the rest is for the next socket
      }
    }
    await this.#echo()
    // Now and then it comes back, as itself or as somebody new, with its old socket still open.
    if (this.#random.chance(comesBack)) {
      if (this.#random.chance(0.5)) this.#session = this.#random.bytes(8)
      await this.#connect()
    }
  }

  #message(): Uint8Array | string {
    const random = this.#random
    this.frames++
    const roll = random.below(100)
    if (roll < 1) return random.pick(['', 'ping ', 'PING', '\u0000', 'x'.repeat(random.below(5_000))])
    if (roll < 2) return random.bytes(random.below(300))
    // Huge ones are rare, since they measure the copying of bytes and little else.
    if (roll < 3 && random.chance(0.1))
      return mutated(random, new Uint8Array(65_000 + random.below(2_000)).fill(random.pick(TYPES)))
    if (roll < 35) return this.#batch()
    const frame = encode(this.#frame())
    return random.chance(0.2) ? frame : mutated(random, frame)
  }

  #batch(): Uint8Array {
    const random = this.#random
    const frames = Array.from({ length: random.below(random.chance(0.05) ? 80 : 10) }, () =>
      random.chance(0.5) ? encode(this.#frame()) : mutated(random, encode(this.#frame())),
    )
    this.frames += Math.max(0, frames.length - 1)
    const batch = encode({ kind: 'batch', frames })
    return random.chance(0.5) ? batch : mutated(random, batch)
  }

  #frame(): Frame {
    const random = this.#random
    const address = random.chance(0.1) ? random.u32() : random.pick([...this.targets, this.#address])
    const small = random.bytes(random.below(40))
    const member = { address, peer: random.bytes(32), session: random.bytes(8), metadata: small }
    return random.pick<() => Frame>([
      () => ({ kind: 'relay', address, payload: small }),
      () => ({ kind: 'signal', address, payload: small }),
      () => ({ kind: 'broadcast', address, payload: small }),
      () => ({ kind: 'metadata', address: 0, metadata: random.bytes(random.pick([0, 9, 1_024, 1_025])) }),
      // Rarely: what is tested is the room, not how fast this machine is at HMACs.
      () => (random.chance(0.05) ? { kind: 'passWanted' } : { kind: 'sweep' }),
      () => ({ kind: 'pass', pass: 'A'.repeat(random.below(90)) }),
      () => ({ kind: 'drained', bytes: random.u32() }),
      () => ({ kind: 'join', version: 1, peer: member.peer, session: member.session, metadata: small }),
      () => ({ kind: 'left', address, reason: 'closed' }),
      () => ({ kind: 'joined', member }),
      () => ({ kind: 'roster', last: random.chance(0.5), members: [member, member] }),
      () => ({ kind: 'refusal', code: 'flooding', refusedType: 0, retryAfterMs: random.u32() }),
      () => ({ kind: 'undeliverable', address, reason: 'gone' }),
      () => ({ kind: 'candidates', connection: 1, candidates: ['candidate:1', ''] }),
    ])()
  }

  async #connect(): Promise<void> {
    const metadata = this.#random.bytes(this.#random.below(30))
    const join = { kind: 'join', version: 1, peer: this.#peer, session: this.#session, metadata } as const
    const { webSocket } = await upgrade(`/v1/rooms/${this.#room}`, await offerOf(join))
    if (webSocket === null) throw new Error('the edge did not open a socket')
    this.#socket = webSocket
    this.#welcomed = false
    webSocket.addEventListener('message', ({ data }) => this.#hear(data))
    webSocket.addEventListener('close', () => {
      this.closed++
      // Whoever is thrown out is on the blacklist soon, and comes back as somebody who is not.
      this.#peer = this.#random.bytes(32)
      if (this.#socket === webSocket) this.#socket = undefined
      this.#changed()
    })
    Object.assign(webSocket, { binaryType: 'arraybuffer' })
    webSocket.accept()
  }

  #hear(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) {
      this.#echoes++
      this.#changed()
      return
    }
    if (this.#welcomed) return
    for (const frame of framesOf(new Uint8Array(data))) {
      if (frame[0] !== FRAME.welcome) continue
      this.#welcomed = true
      this.#address = new DataView(frame.buffer, frame.byteOffset).getUint32(3)
    }
  }

  async #echo(): Promise<void> {
    const wanted = this.#echoes + 1
    try {
      this.#socket?.send('ping')
    } catch {
      return
    }
    while (this.#socket !== undefined && this.#echoes < wanted) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }
}
