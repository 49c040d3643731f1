// The room machine's third host, in memory: what durable-objects/ does with the platform's sockets and attachments,
// done with plain values. Tests of the room and the simulator share it; the machine in it is the edge's, unchanged.

import { GRANT_BYTES } from '../../protocol/crypto/admission/pass.ts'
import { DropCounts } from '../../protocol/drops.ts'
import { UNREAD_BYTES_CEILING, UNREAD_BYTES_MAX } from '../../protocol/limits/room.ts'
import type { RoomConfig } from '../../protocol/room/config.ts'
import { type Members, type RoomEffect, type RoomInput, RoomMachine } from '../../protocol/room/machine.ts'
import { type Member, packMember, unpackMember } from '../../protocol/room/member.ts'
import { slotOf } from '../../protocol/wire/address.ts'
import { equalBytes } from '../../protocol/wire/bytes.ts'
import { encode } from '../../protocol/wire/codec.ts'
import type { JoinFrame } from '../../protocol/wire/frames.ts'
import { CLOSE_CODE_BASE, REFUSAL, type RefusalCode } from '../../protocol/wire/registry.ts'

/** The room's end of a socket. Whoever holds the other end must copy what it is sent: a broadcast is one array for all. */
export interface RoomSocketPort {
  send(message: Uint8Array): void
  close(code: number, reason: string): void
}

interface Seat {
  member: Member
  readonly socket: RoomSocketPort
  lastPingMs: number
  unreadBytes: number
}

export class RoomHost implements Members {
  readonly drops = new DropCounts()
  readonly #config: RoomConfig
  readonly #seats = new Map<RoomSocketPort, Seat>()
  readonly #bySlot = new Map<number, Seat>()
  /** For tests that compare what was decided, and not only what was heard. */
  readonly #watch: (effect: RoomEffect) => void
  #machine: RoomMachine

  constructor(config: RoomConfig, watch: (effect: RoomEffect) => void = () => {}) {
    this.#config = config
    this.#watch = watch
    this.#machine = new RoomMachine(this, config)
  }

  // ---- what happens to sockets ------------------------------------------------------------------------------

  connect(socket: RoomSocketPort, join: JoinFrame, nowMs: number): void {
    this.#receive({ kind: 'join', join, grant: new Uint8Array(GRANT_BYTES) }, nowMs, socket)
  }

  /** The bytes are the room's from now on: it writes into what it relays. */
  message(socket: RoomSocketPort, bytes: Uint8Array, nowMs: number): void {
    const from = this.#seats.get(socket)?.member
    if (from !== undefined) this.#receive({ kind: 'message', from, bytes }, nowMs)
  }

  text(socket: RoomSocketPort, text: string, nowMs: number): void {
    const from = this.#seats.get(socket)?.member
    if (from !== undefined) this.#receive({ kind: 'notBinary', from, length: text.length }, nowMs)
  }

  /** What the platform does with a ping: notes it, without waking anybody. */
  ping(socket: RoomSocketPort, nowMs: number): void {
    const seat = this.#seats.get(socket)
    if (seat !== undefined) seat.lastPingMs = nowMs
  }

  gone(socket: RoomSocketPort, clean: boolean, nowMs: number): void {
    const member = this.#seats.get(socket)?.member
    if (member !== undefined) this.#receive({ kind: 'socketGone', member, clean }, nowMs)
  }

  /** The object leaves memory and comes back: all that is left of members is the bytes of their records. */
  evict(): void {
    for (const seat of this.#seats.values()) {
      const member = unpackMember(packMember(seat.member).slice())
      if (member === undefined) throw new Error('a record that cannot be read back')
      seat.member = member
    }
    this.#machine = new RoomMachine(this, this.#config)
  }

  /** The object dies: every socket breaks without a word, and nobody is a member any more. */
  crash(): RoomSocketPort[] {
    const broken = [...this.#seats.keys()]
    this.#seats.clear()
    this.#bySlot.clear()
    this.#machine = new RoomMachine(this, this.#config)
    return broken
  }

  // ---- the machine's view -----------------------------------------------------------------------------------

  get count(): number {
    return this.#seats.size
  }

  at(address: number): Member | undefined {
    const member = this.#bySlot.get(slotOf(address))?.member
    return member?.address === address ? member : undefined
  }

  ofPeer(peer: Uint8Array): Member | undefined {
    for (const { member } of this.#seats.values()) if (equalBytes(member.peer, peer)) return member
    return undefined
  }

  slotTaken(slot: number): boolean {
    return this.#bySlot.has(slot)
  }

  *all(): Iterable<Member> {
    for (const seat of this.#seats.values()) yield seat.member
  }

  lastPingMs(member: Member): number {
    return Math.max(this.#seatOf(member)?.lastPingMs ?? 0, member.joinedAtMs)
  }

  unreadBytes(member: Member): number {
    return this.#seatOf(member)?.unreadBytes ?? 0
  }

  // ---- performing -------------------------------------------------------------------------------------------

  #receive(input: RoomInput, nowMs: number, joining?: RoomSocketPort): void {
    for (const effect of this.#machine.receive(input, nowMs)) {
      this.#watch(effect)
      this.#perform(effect, nowMs, joining)
    }
  }

  #perform(effect: RoomEffect, nowMs: number, joining: RoomSocketPort | undefined): void {
    switch (effect.kind) {
      case 'admit':
        if (joining === undefined) throw new Error('admitted without a socket')
        return this.#seat(effect.member, joining)
      case 'turnAway':
        if (joining !== undefined) tellAndClose(joining, effect.code)
        return
      case 'send':
        return this.#send(this.#seatOf(effect.to), effect.frame, nowMs)
      case 'sendAll':
        for (const seat of [...this.#seats.values()]) {
          if (seat.member === effect.except) continue
          if (effect.lossy && seat.unreadBytes + effect.frame.length > UNREAD_BYTES_MAX) continue
          this.#send(seat, effect.frame, nowMs)
        }
        return
      case 'remove': {
        const seat = this.#seatOf(effect.member)
        if (seat === undefined) return
        this.#unseat(seat)
        if (effect.code !== undefined) tellAndClose(seat.socket, effect.code)
        return
      }
      case 'read': {
        const seat = this.#seatOf(effect.by)
        if (seat !== undefined) seat.unreadBytes = Math.max(0, seat.unreadBytes - effect.bytes)
        return
      }
      case 'remember':
        return // The record is the member itself; evict() is what makes bytes of it.
      case 'drop':
        return this.drops.count(effect.reason)
    }
  }

  #send(seat: Seat | undefined, frame: Uint8Array, nowMs: number): void {
    if (seat === undefined || this.#seats.get(seat.socket) !== seat) return
    seat.unreadBytes += frame.length
    seat.socket.send(frame)
    if (seat.unreadBytes > UNREAD_BYTES_CEILING)
      this.#receive({ kind: 'overflowing', member: seat.member }, nowMs)
  }

  #seat(member: Member, socket: RoomSocketPort): void {
    const before = this.#bySlot.get(slotOf(member.address))
    if (before !== undefined) {
      this.#unseat(before)
      tellAndClose(before.socket, 'superseded')
    }
    const seat = { member, socket, lastPingMs: 0, unreadBytes: 0 }
    this.#seats.set(socket, seat)
    this.#bySlot.set(slotOf(member.address), seat)
  }

  #unseat(seat: Seat): void {
    this.#seats.delete(seat.socket)
    this.#bySlot.delete(slotOf(seat.member.address))
  }

  #seatOf(member: Member): Seat | undefined {
    const seat = this.#bySlot.get(slotOf(member.address))
    return seat?.member === member ? seat : undefined
  }
}

function tellAndClose(socket: RoomSocketPort, code: RefusalCode): void {
  socket.send(encode({ kind: 'refusal', code, refusedType: 0, retryAfterMs: 0 }))
  socket.close(CLOSE_CODE_BASE + REFUSAL[code], code)
}
