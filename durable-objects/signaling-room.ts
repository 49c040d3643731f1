// The signaling room's Durable Object: a thin shell that gives the room machine its sockets. Everything that decides
// is in protocol/room/machine.ts; everything that is remembered is in the sockets' attachments.

import { DurableObject } from 'cloudflare:workers'
import { DropCounts } from '../protocol/drops.ts'
import { JOIN_HEADER } from '../protocol/room/admission.ts'
import { type RoomConfig, type RoomSettings, roomConfig } from '../protocol/room/config.ts'
import { type RoomEffect, type RoomInput, RoomMachine } from '../protocol/room/machine.ts'
import type { Member } from '../protocol/room/member.ts'
import { fromBase64url } from '../protocol/wire/base64url.ts'
import { tryDecode } from '../protocol/wire/codec.ts'
import type { JoinFrame } from '../protocol/wire/frames.ts'
import { answerClose, answerKeepAlives, closeWith, upgraded } from './host.ts'
import { Outbox } from './outbox.ts'
import { Seats } from './seats.ts'

export class SignalingRoom extends DurableObject<RoomSettings> {
  readonly #config: RoomConfig
  readonly #seats: Seats
  readonly #machine: RoomMachine
  readonly #outbox: Outbox
  readonly #drops = new DropCounts()

  constructor(ctx: DurableObjectState, env: RoomSettings) {
    super(ctx, env)
    this.#config = roomConfig(env)
    this.#seats = new Seats(ctx)
    this.#machine = new RoomMachine(this.#seats, this.#config)
    this.#outbox = new Outbox(this.#seats, (seat) =>
      this.#receive({ kind: 'overflowing', member: seat.member }),
    )
    answerKeepAlives(ctx)
  }

  /** Only the Worker calls this, after it has admitted the peer the join names. */
  override fetch(request: Request): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    const join = joinOf(request)
    if (join === undefined) turnAway(server, 'bad-request')
    else this.#receive({ kind: 'join', join }, server)
    return upgraded(client)
  }

  override webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): void {
    const seat = this.#seats.of(socket)
    if (seat === undefined) return
    if (typeof message === 'string')
      this.#receive({ kind: 'notBinary', from: seat.member, length: message.length })
    else this.#receive({ kind: 'message', from: seat.member, bytes: new Uint8Array(message) })
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string, wasClean: boolean): void {
    const seat = this.#seats.of(socket)
    if (seat !== undefined) this.#receive({ kind: 'socketGone', member: seat.member, clean: wasClean })
    answerClose(socket, code, reason)
  }

  override webSocketError(socket: WebSocket): void {
    const seat = this.#seats.of(socket)
    if (seat !== undefined) this.#receive({ kind: 'socketGone', member: seat.member, clean: false })
  }

  /** For the health route: that objects of this class can be reached and run. */
  probe(): { readonly members: number; readonly drops: ReturnType<DropCounts['all']> } {
    return { members: this.#seats.count, drops: this.#drops.all() }
  }

  #receive(input: RoomInput, joining?: WebSocket): void {
    const nowMs = Date.now()
    this.#outbox.begin(nowMs)
    for (const effect of this.#machine.receive(input, nowMs)) this.#perform(effect, joining)
    this.#outbox.end()
  }

  #sendAll(except: Member, frame: Uint8Array, lossy: boolean): void {
    const passedOver = this.#outbox.sendAll(this.#seats.seatOf(except), frame, lossy)
    this.#drops.count('slow-receiver', passedOver)
  }

  #perform(effect: RoomEffect, joining: WebSocket | undefined): void {
    switch (effect.kind) {
      case 'send': {
        const seat = this.#seats.seatOf(effect.to)
        if (seat !== undefined) this.#outbox.send(seat, effect.frame)
        return
      }
      case 'sendAll':
        return this.#sendAll(effect.except, effect.frame, effect.lossy)
      case 'remember': {
        const seat = this.#seats.seatOf(effect.member)
        if (seat !== undefined) this.#outbox.remember(seat)
        return
      }
      case 'read': {
        const seat = this.#seats.seatOf(effect.by)
        if (seat !== undefined) seat.unreadBytes = Math.max(0, seat.unreadBytes - effect.bytes)
        return
      }
      case 'admit': {
        if (joining === undefined) return
        const resuming = this.#seats.seatOf(effect.member)
        if (resuming !== undefined) this.#outbox.finish(resuming)
        const before = this.#seats.seat(effect.member, joining)
        if (before !== undefined) closeWith(before, 'superseded')
        return
      }
      case 'turnAway':
        if (joining !== undefined) turnAway(joining, effect.code)
        return
      case 'remove': {
        const seat = this.#seats.seatOf(effect.member)
        if (seat?.member !== effect.member) return
        this.#outbox.finish(seat)
        this.#seats.unseat(effect.member)
        if (effect.code !== undefined) closeWith(seat.socket, effect.code)
        return
      }
      case 'drop':
        return this.#drops.count(effect.reason)
    }
  }
}

/** Accepted only to be told why not: a browser cannot read the body of a refused upgrade. It never sleeps, so plain accept. */
function turnAway(socket: WebSocket, code: Parameters<typeof closeWith>[1]): void {
  socket.accept()
  closeWith(socket, code)
}

function joinOf(request: Request): JoinFrame | undefined {
  const bytes = fromBase64url(request.headers.get(JOIN_HEADER) ?? '')
  const frame = bytes && tryDecode(bytes)
  return frame?.kind === 'join' ? frame : undefined
}
