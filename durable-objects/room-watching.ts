// A room's part in watching its network: it gathers what the room counts and its members report, and tells the registry of the network
// that is responsible for the room. At most once a period, when something happens anyway: no timer ever wakes a room for it.

import type { DropReason } from '../protocol/drops.ts'
import { registryObjectName } from '../protocol/mailbox/report.ts'
import type { ClientReport } from '../protocol/network/report.ts'
import { RoomWatch, type WatchedMember } from '../protocol/network/room-watch.ts'
import type { WatchSettings } from '../protocol/network/settings.ts'
import { type RoomSummary, registryOfRoom, roomOfObject } from '../protocol/network/summary.ts'
import type { Member } from '../protocol/room/member.ts'
import { FRAME } from '../protocol/wire/registry.ts'
import type { Seats } from './seats.ts'

export interface WatchedRegistries {
  getByName(name: string): { heard(summary: RoomSummary): Promise<void> }
}

export interface WatchedSettings extends WatchSettings {
  readonly REGISTRIES: WatchedRegistries
}

/** Not refused to anybody: nobody was there, or whoever was does not read. */
const NOT_CARRIED: ReadonlySet<DropReason> = new Set<DropReason>(['no-such-member', 'slow-receiver'])

export class RoomWatching {
  readonly #ctx: DurableObjectState
  readonly #registries: WatchedRegistries
  readonly #seats: Seats
  readonly #watch: RoomWatch

  constructor(ctx: DurableObjectState, registries: WatchedRegistries, seats: Seats, everyMs: number) {
    this.#ctx = ctx
    this.#registries = registries
    this.#seats = seats
    this.#watch = new RoomWatch(everyMs, Date.now())
  }

  admitted(nowMs: number): void {
    if (this.#seats.count === 1) this.#watch.began(nowMs)
  }

  left(member: Member): void {
    this.#watch.left(member.address)
  }

  /** Of what a room sends, what one member had it carry to another. */
  sent(frame: Uint8Array): void {
    const type = frame[0]
    if (type === FRAME.relay || type === FRAME.signal) this.#watch.carried(frame.length)
  }

  broadcast(frame: Uint8Array): void {
    if (frame[0] === FRAME.broadcast) this.#watch.carried(frame.length)
  }

  refused(code: string): void {
    this.#watch.refused(code)
  }

  dropped(reason: DropReason, times = 1): void {
    if (NOT_CARRIED.has(reason)) this.#watch.dropped(times)
    else this.#watch.refused(reason)
  }

  /** False for a report that is dropped. */
  reported(by: Member, report: ClientReport, nowMs: number): boolean {
    return this.#watch.hear(by.address, report, nowMs)
  }

  /** After each event: nearly always a comparison of two numbers. */
  after(nowMs: number, mayBeEmpty: boolean): void {
    if (nowMs >= this.#watch.dueAtMs || mayBeEmpty) this.#tell(nowMs)
  }

  #tell(nowMs: number): void {
    const { count } = this.#seats
    if (!this.#watch.tells(count, nowMs)) return
    const place = roomOfObject(this.#ctx.id.name)
    if (place === undefined) return
    const summary = this.#watch.summary(place.room, count, this.#members(), nowMs)
    const registry = registryObjectName(place.network, registryOfRoom(place.room))
    // Who does not hear it hears the next one; nobody waits for it.
    const told = this.#registries.getByName(registry).heard(summary)
    this.#ctx.waitUntil(told.catch(() => {}))
  }

  *#members(): Iterable<WatchedMember> {
    for (const member of this.#seats.all()) {
      const { address, peer, joinedAtMs } = member
      yield { address, peer, joinedAtMs, region: this.#seats.regionOf(member) }
    }
  }
}
