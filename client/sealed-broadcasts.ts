// Hosts the sealed broadcasts of one room: gives it what happens there, in order, and performs what it asks for, in order.

import type { BroadcastEffect } from '../protocol/crypto/broadcast/contract.ts'
import type { SealedRoom } from '../protocol/crypto/broadcast/sealing.ts'
import type { DropReason } from '../protocol/drops.ts'
import type { PeerId } from '../protocol/peer-id.ts'
import { type Alarm, setAlarm } from './alarm.ts'
import { nowMs } from './clock.ts'

export interface BroadcastListener {
  /** Over the link to that member. Settles when the member has it, or never will. */
  toMember(member: PeerId, bytes: Uint8Array): Promise<unknown>
  toRoom(payload: Uint8Array): void
  deliver(from: PeerId, data: Uint8Array, by: 'link' | 'room'): void
  dropped(reason: DropReason): void
}

type Call = (room: SealedRoom) => Promise<readonly BroadcastEffect[]>

export class SealedBroadcasts {
  readonly #opening: Promise<SealedRoom>
  readonly #listener: BroadcastListener
  #room: SealedRoom | undefined
  #alarm: Alarm | undefined
  #closed = false
  #unsealed = 0
  /** What is being sealed, and what members have not acknowledged yet. */
  readonly #said = new Set<Promise<unknown>>()

  constructor(opening: Promise<SealedRoom>, listener: BroadcastListener) {
    this.#opening = opening
    this.#listener = listener
    void opening.then((room) => {
      if (this.#closed) room.close()
      else this.#room = room
    })
  }

  /** Names the room on service messages. */
  async tag(): Promise<string> {
    return (await this.#opening).tag
  }

  arrived(member: PeerId): void {
    void this.#call((room) => room.arrived(member, nowMs()))
  }

  departed(member: PeerId): void {
    void this.#call((room) => room.departed(member, nowMs()))
  }

  broadcast(data: Uint8Array): void {
    this.#unsealed++
    this.#await(this.#call((room) => room.broadcast(data, nowMs())).finally(() => this.#unsealed--))
  }

  /** Broadcasts that were given and have not left. */
  get waiting(): number {
    return this.#unsealed
  }

  /** Resolves when everything that was said has arrived, or never will; soon if there is nothing. */
  async arrivedEverywhere(): Promise<void> {
    // Again, since what was being sealed may have been given to links since.
    while (!this.#closed && this.#said.size > 0) await Promise.all(this.#said)
  }

  heardRoom(from: PeerId, payload: Uint8Array): void {
    void this.#call((room) => room.heardRoom(from, payload, nowMs()))
  }

  /** Resolves when the message may be forgotten by the link. */
  heardService(from: PeerId, bytes: Uint8Array): Promise<void> {
    return this.#call((room) => room.heardService(from, bytes, nowMs()))
  }

  close(): void {
    this.#closed = true
    this.#alarm?.cancel()
    this.#room?.close()
  }

  /** In the order of the calls: every one waits for the same opening, and the room answers in order. */
  async #call(call: Call): Promise<void> {
    const room = await this.#opening
    if (this.#closed) return
    const effects = await call(room)
    if (this.#closed) return
    for (const effect of effects) this.#perform(effect)
    this.#rearm(room)
  }

  #perform(effect: BroadcastEffect): void {
    switch (effect.kind) {
      case 'toMember':
        return this.#tell(effect.member, effect.bytes)
      case 'toRoom':
        return this.#listener.toRoom(effect.payload)
      case 'deliver':
        return this.#listener.deliver(effect.from, effect.data, effect.by)
      case 'drop':
        return this.#listener.dropped(effect.reason)
    }
  }

  #tell(member: PeerId, bytes: Uint8Array): void {
    this.#await(this.#listener.toMember(member, bytes))
  }

  #await(said: Promise<unknown>): void {
    const over = said.catch(() => {}) // One that fails must not keep us from leaving.
    this.#said.add(over)
    void over.then(() => this.#said.delete(over))
  }

  #rearm(room: SealedRoom): void {
    const atMs = room.wakeAtMs
    if (this.#alarm?.atMs === atMs) return
    this.#alarm?.cancel()
    this.#alarm =
      atMs === undefined
        ? undefined
        : setAlarm(atMs, () => {
            this.#alarm = undefined
            void this.#call((sealed) => sealed.wake(nowMs()))
          })
  }
}
