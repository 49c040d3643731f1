// Who sits in a room: members, each with its socket. The sockets' attachments are the truth and survive sleep; what is
// here is a cache of them, filled only as far as somebody asks, so that waking a room of a thousand for one relayed
// frame reads two attachments.

import type { Region } from '../protocol/dht/regions.ts'
import { regionIn } from '../protocol/network/summary.ts'
import { peerIdText } from '../protocol/peer-id.ts'
import type { Members } from '../protocol/room/machine.ts'
import { type Member, packMember, unpackMember } from '../protocol/room/member.ts'
import { slotOf } from '../protocol/wire/address.ts'

export interface Seat {
  readonly member: Member
  socket: WebSocket
  /** Bytes sent and not reported as read. Forgotten in sleep: whoever slept with us has long read them, or is gone. */
  unreadBytes: number
  /** Frames waiting to leave together (outbox.ts). */
  queue: Uint8Array[]
  /** The last turn in which it was sent something. */
  turn: number
  /** The member is newer than its attachment. */
  stale: boolean
  /** When the blacklist was last asked about it. Forgotten in sleep. */
  judgedAtMs: number
  /** The bytes last attached, to be written over: nothing is kept of those who only listen. */
  record: Uint8Array | undefined
}

export class Seats implements Members {
  readonly #ctx: DurableObjectState
  readonly #bySocket = new Map<WebSocket, Seat>()
  readonly #bySlot = new Map<number, Seat>()
  #complete = false

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx
  }

  // ---- the machine's view -----------------------------------------------------------------------------------

  get count(): number {
    return this.every().size
  }

  at(address: number): Member | undefined {
    const member = this.#atSlot(slotOf(address))?.member
    return member?.address === address ? member : undefined
  }

  ofPeer(peer: Uint8Array): Member | undefined {
    for (const socket of this.#ctx.getWebSockets(peerTag(peer))) {
      const seat = this.of(socket)
      if (seat !== undefined) return seat.member
    }
    return undefined
  }

  slotTaken(slot: number): boolean {
    this.every()
    return this.#bySlot.has(slot)
  }

  *all(): Iterable<Member> {
    for (const seat of this.every().values()) yield seat.member
  }

  lastPingMs(member: Member): number {
    const seat = this.seatOf(member)
    const pinged = seat && this.#ctx.getWebSocketAutoResponseTimestamp(seat.socket)
    return Math.max(pinged?.getTime() ?? 0, member.joinedAtMs)
  }

  unreadBytes(member: Member): number {
    return this.seatOf(member)?.unreadBytes ?? 0
  }

  // ---- the host's view --------------------------------------------------------------------------------------

  /** Undefined for a socket that has no seat any more: it is closing, and what it still says concerns nobody. */
  of(socket: WebSocket): Seat | undefined {
    return this.#bySocket.get(socket) ?? this.#load(socket)
  }

  seatOf(member: Member): Seat | undefined {
    return this.#bySlot.get(slotOf(member.address))
  }

  every(): ReadonlyMap<WebSocket, Seat> {
    if (!this.#complete) {
      for (const socket of this.#ctx.getWebSockets()) this.of(socket)
      this.#complete = true
    }
    return this.#bySocket
  }

  /** Where the member came from, as the Worker saw it. */
  regionOf(member: Member): Region | '' {
    const socket = this.seatOf(member)?.socket
    const tag = socket && this.#ctx.getTags(socket).find((each) => each.startsWith(REGION_TAG))
    return regionIn(tag?.slice(REGION_TAG.length) ?? null)
  }

  /** Seats the member at this socket; gives back the socket it had before, if it resumes. */
  seat(member: Member, socket: WebSocket, region: Region | '' = ''): WebSocket | undefined {
    const before = this.seatOf(member)?.socket
    if (before !== undefined) this.#forget(before)
    this.#ctx.acceptWebSocket(socket, [
      slotTag(slotOf(member.address)),
      peerTag(member.peer),
      REGION_TAG + region,
    ])
    this.#hold(newSeat(member, socket))
    socket.serializeAttachment(packMember(member))
    return before
  }

  /** Takes the member's seat away; gives back its socket. */
  unseat(member: Member): WebSocket | undefined {
    const seat = this.seatOf(member)
    if (seat?.member !== member) return undefined
    this.#bySlot.delete(slotOf(member.address))
    this.#forget(seat.socket)
    return seat.socket
  }

  save(seat: Seat): void {
    seat.stale = false
    seat.record = packMember(seat.member, seat.record)
    seat.socket.serializeAttachment(seat.record)
  }

  #atSlot(slot: number): Seat | undefined {
    const seat = this.#bySlot.get(slot)
    if (seat !== undefined || this.#complete) return seat
    for (const socket of this.#ctx.getWebSockets(slotTag(slot))) this.of(socket)
    return this.#bySlot.get(slot)
  }

  #load(socket: WebSocket): Seat | undefined {
    const record: unknown = socket.deserializeAttachment()
    const member = record instanceof Uint8Array ? unpackMember(record) : undefined
    if (member === undefined) return undefined
    return this.#hold(newSeat(member, socket))
  }

  #hold(seat: Seat): Seat {
    this.#bySocket.set(seat.socket, seat)
    this.#bySlot.set(slotOf(seat.member.address), seat)
    return seat
  }

  /** A socket on its way out keeps no record, so that whoever wakes next does not seat it again. */
  #forget(socket: WebSocket): void {
    this.#bySocket.delete(socket)
    socket.serializeAttachment(null)
  }
}

function newSeat(member: Member, socket: WebSocket): Seat {
  return {
    member,
    socket,
    unreadBytes: 0,
    queue: [],
    turn: 0,
    stale: false,
    judgedAtMs: 0,
    record: undefined,
  }
}

/** A tag survives sleep as an attachment does, and is not written again with each message. */
const REGION_TAG = 'region:'

// Tags find one socket among a thousand without reading attachments.
function slotTag(slot: number): string {
  return `slot:${slot}`
}

function peerTag(peer: Uint8Array): string {
  return `peer:${peerIdText(peer)}`
}
