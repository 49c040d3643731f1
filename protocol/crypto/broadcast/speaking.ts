// The sending half: how a broadcast goes, under which generation, and who has been given it.

import {
  BROADCAST_GENERATION_MAX,
  BROADCAST_GENERATION_MS,
  BROADCAST_PAIRWISE_MAX,
} from '../../limits/broadcast.ts'
import type { PeerId } from '../../peer-id.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { wipe } from '../handshake/schedule.ts'
import type { Suite } from '../suite.ts'
import type { BroadcastEffect } from './contract.ts'
import {
  associatedData,
  NO_MARK,
  type Position,
  type ServiceKind,
  writeFrame,
  writeService,
} from './layout.ts'
import { pad } from './padding.ts'
import { SendingChain } from './sending-chain.ts'

export interface Place {
  readonly suite: Suite
  readonly tag: Uint8Array
}

export class Speaking {
  readonly #place: Place
  /** The 32 bytes of our own PeerId. */
  readonly #self: Uint8Array
  readonly #members = new Set<PeerId>()
  #chain: SendingChain | undefined
  /** Where the last generation stands, or stood when it ended. */
  #mark: Position = NO_MARK
  /** Who has the last generation, and the counter at which it was given last. */
  readonly #given = new Map<PeerId, number>()

  constructor(place: Place, self: Uint8Array) {
    this.#place = place
    this.#self = self
  }

  arrived(member: PeerId): void {
    this.#members.add(member)
  }

  departed(member: PeerId): void {
    this.#members.delete(member)
    if (this.#given.delete(member)) this.#end()
  }

  async broadcast(data: Uint8Array, nowMs: number): Promise<readonly BroadcastEffect[]> {
    if (this.#members.size <= BROADCAST_PAIRWISE_MAX) return this.#sayToEach(data)
    const chain = this.#generation(nowMs)
    const keys = [...this.#members].filter((member) => !this.#given.has(member))
    const effects: BroadcastEffect[] = keys.map((member) => this.#give(member, chain))
    const position = chain.position
    const aad = associatedData(this.#place.tag, this.#self, position)
    const sealed = await chain.seal(aad, pad(data))
    this.#mark = chain.position
    return [...effects, { kind: 'toRoom', payload: writeFrame(position, sealed) }]
  }

  /** A member heard what it has no key for. Undefined: it is not to have one now, or was given this very position. */
  wanted(member: PeerId, id: Uint8Array): BroadcastEffect | undefined {
    const chain = this.#chain
    if (chain === undefined || !this.#members.has(member) || !equalBytes(chain.id, id)) return undefined
    return this.#given.get(member) === chain.position.counter ? undefined : this.#give(member, chain)
  }

  erase(): void {
    this.#end()
    this.#members.clear()
  }

  /** The last generation was given to more than are here: one of them has left, so it has ended, and its mark stays. */
  #sayToEach(data: Uint8Array): readonly BroadcastEffect[] {
    return [...this.#members].map((member) => {
      const mark = this.#given.has(member) ? this.#mark : NO_MARK
      return this.#service(member, 'said', mark, data)
    })
  }

  #generation(nowMs: number): SendingChain {
    const { sinceMs = 0, position } = this.#chain ?? {}
    const old = nowMs - sinceMs >= BROADCAST_GENERATION_MS
    if (position !== undefined && (old || position.counter >= BROADCAST_GENERATION_MAX)) this.#end()
    if (this.#chain === undefined) {
      this.#chain = new SendingChain(this.#place.suite, nowMs)
      this.#given.clear()
    }
    return this.#chain
  }

  #end(): void {
    this.#chain?.erase()
    this.#chain = undefined
  }

  #give(member: PeerId, chain: SendingChain): BroadcastEffect {
    const { position, key } = chain
    this.#given.set(member, position.counter)
    const effect = this.#service(member, 'key', position, key)
    wipe(key)
    return effect
  }

  #service(member: PeerId, kind: ServiceKind, position: Position, body: Uint8Array): BroadcastEffect {
    return { kind: 'toMember', member, bytes: writeService(this.#place.tag, kind, position, body) }
  }
}
