// Members of a room, the room that carries their frames, and their links: the vocabulary of the tests of broadcasts. Nothing
// arrives by itself: what was sent lies in queues until a test carries it.

import type { BroadcastEffect } from '../../../../protocol/crypto/broadcast/contract.ts'
import type { BroadcastDrop } from '../../../../protocol/crypto/broadcast/drops.ts'
import { SealedRoom } from '../../../../protocol/crypto/broadcast/sealing.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import { type PeerId, peerIdText } from '../../../../protocol/peer-id.ts'
import { utf8 } from '../../../../protocol/wire/bytes.ts'

export const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

/** Of the peer with that number. */
export const idBytes = (number: number) => new Uint8Array(32).fill(number)
export const idOf = (number: number): PeerId => peerIdText(idBytes(number))

export const PLACE = { network: 'demo', room: 'lobby' }

export class Member {
  readonly id: PeerId
  readonly sealed: SealedRoom
  /** What it delivered, as text, with how it came. */
  readonly heard: { readonly from: PeerId; readonly said: string; readonly by: 'link' | 'room' }[] = []
  readonly drops: BroadcastDrop[] = []
  /** What it sent and nobody carried yet. */
  readonly service: { readonly to: PeerId; readonly bytes: Uint8Array }[] = []
  readonly frames: Uint8Array[] = []
  nowMs = 0

  private constructor(id: PeerId, sealed: SealedRoom) {
    this.id = id
    this.sealed = sealed
  }

  static async of(suite: Suite, number: number, place = PLACE): Promise<Member> {
    const self = idOf(number)
    return new Member(self, await SealedRoom.open(suite, { ...place, self }))
  }

  get said(): readonly string[] {
    return this.heard.map(({ said }) => said)
  }

  async says(what: string | Uint8Array): Promise<void> {
    await this.#perform(this.sealed.broadcast(typeof what === 'string' ? utf8(what) : what, this.nowMs))
  }

  async sees(member: PeerId): Promise<void> {
    await this.#perform(this.sealed.arrived(member, this.nowMs))
  }

  async misses(member: PeerId): Promise<void> {
    await this.#perform(this.sealed.departed(member, this.nowMs))
  }

  async hears(from: PeerId, frame: Uint8Array): Promise<void> {
    await this.#perform(this.sealed.heardRoom(from, frame, this.nowMs))
  }

  async reads(from: PeerId, service: Uint8Array): Promise<void> {
    await this.#perform(this.sealed.heardService(from, service, this.nowMs))
  }

  /** Time passes, with every wake that was asked for in it. */
  async waits(ms: number): Promise<void> {
    const until = this.nowMs + ms
    for (let at = this.sealed.wakeAtMs; at !== undefined && at <= until; at = this.sealed.wakeAtMs) {
      this.nowMs = Math.max(this.nowMs, at)
      await this.#perform(this.sealed.wake(this.nowMs))
      if (this.sealed.wakeAtMs === at) throw new Error(`woken at ${at}, and wants to be again`)
    }
    this.nowMs = until
  }

  async #perform(answer: Promise<readonly BroadcastEffect[]>): Promise<void> {
    for (const effect of await answer) {
      if (effect.kind === 'toRoom') this.frames.push(effect.payload)
      else if (effect.kind === 'toMember') this.service.push({ to: effect.member, bytes: effect.bytes })
      else if (effect.kind === 'drop') this.drops.push(effect.reason)
      else this.heard.push({ from: effect.from, said: text(effect.data), by: effect.by })
    }
  }
}

/** So many who all see each other. */
export async function company(suite: Suite, size: number): Promise<Member[]> {
  const members = await Promise.all(Array.from({ length: size }, (_, number) => Member.of(suite, number + 1)))
  for (const one of members) for (const other of members) if (one !== other) await one.sees(other.id)
  return members
}

/** Links bring all that was sent, in order; also what is sent in answer. */
export async function carryService(from: Member, members: readonly Member[]): Promise<void> {
  for (const { to, bytes } of from.service.splice(0))
    await members.find(({ id }) => id === to)?.reads(from.id, bytes)
}

export async function carryFrames(from: Member, to: readonly Member[]): Promise<void> {
  for (const frame of from.frames.splice(0))
    for (const member of to) if (member !== from) await member.hears(from.id, frame)
}

/** All that one sent comes to all, links first. */
export async function carry(from: Member, members: readonly Member[]): Promise<void> {
  await carryService(from, members)
  await carryFrames(from, members)
}

/** Somebody comes in, and all see it. */
export async function joins(newcomer: Member, members: readonly Member[]): Promise<void> {
  for (const member of members) {
    await member.sees(newcomer.id)
    await newcomer.sees(member.id)
  }
}

export async function leaves(leaver: Member, members: readonly Member[]): Promise<void> {
  for (const member of members) if (member !== leaver) await member.misses(leaver.id)
}
