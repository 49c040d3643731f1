// The signaling room's Durable Object: a thin shell that gives the room machine its sockets. Everything that decides
// is in protocol/room/machine.ts; everything that is remembered is in the sockets' attachments.

import type { PassSecrets } from '../protocol/crypto/admission/keys.ts'
import { GRANT_BYTES } from '../protocol/crypto/admission/pass.ts'
import { DropCounts, type DropReason } from '../protocol/drops.ts'
import { reportEveryMs } from '../protocol/network/settings.ts'
import { regionIn } from '../protocol/network/summary.ts'
import { connectionsMax, type ProtectionSettings } from '../protocol/protection/config.ts'
import { retryAfterMsOf, type Verdict } from '../protocol/protection/known-lists.ts'
import { GRANT_HEADER, JOIN_HEADER, REGION_HEADER } from '../protocol/room/admission.ts'
import { ROOM_SETTING_NAMES, type RoomSettings, roomConfig } from '../protocol/room/config.ts'
import { type RoomEffect, type RoomInput, RoomMachine } from '../protocol/room/machine.ts'
import type { Member } from '../protocol/room/member.ts'
import { remembered } from '../protocol/settings/remembered.ts'
import { fromBase64url } from '../protocol/wire/base64url.ts'
import { tryDecode } from '../protocol/wire/codec.ts'
import type { JoinFrame } from '../protocol/wire/frames.ts'
import { FRAME } from '../protocol/wire/registry.ts'
import { WATCH_FRAME } from '../protocol/wire/watch-frame.ts'
import {
  addressTags,
  answerClose,
  answerKeepAlives,
  closeWith,
  isCrowded,
  turnAway,
  upgraded,
} from './host.ts'
import { Outbox } from './outbox.ts'
import { PassRenewal } from './pass-renewal.ts'
import { Guard, type GuardRegistries } from './protection/guard.ts'
import { RoomWatching, type WatchedSettings } from './room-watching.ts'
import { regionTag, Seats } from './seats.ts'
import { TracedObject, type TraceSettings, tracedFetch } from './tracing.ts'

interface Joining {
  readonly socket: WebSocket
  readonly tags: readonly string[]
}

interface Settings extends RoomSettings, PassSecrets, ProtectionSettings, TraceSettings, WatchedSettings {
  readonly REGISTRIES: GuardRegistries & WatchedSettings['REGISTRIES']
}

const RULES = [...ROOM_SETTING_NAMES, 'RATE_CONNECTIONS', 'REPORT_EVERY_MS'] as const
const rulesOf = remembered(RULES, (env: Settings) => ({
  config: roomConfig(env),
  connectionsMax: connectionsMax(env),
  reportEveryMs: reportEveryMs(env),
}))

export class SignalingRoom extends TracedObject<Settings> {
  readonly #seats: Seats
  readonly #machine: RoomMachine
  readonly #outbox: Outbox
  readonly #drops = new DropCounts()
  readonly #renewal: PassRenewal
  readonly #guard: Guard
  readonly #watching: RoomWatching
  readonly #connectionsMax: number

  constructor(ctx: DurableObjectState, env: Settings) {
    super(ctx, env)
    const rules = rulesOf(env)
    this.#connectionsMax = rules.connectionsMax
    this.#seats = new Seats(ctx)
    this.#machine = new RoomMachine(this.#seats, rules.config)
    this.#outbox = new Outbox(this.#seats, (seat) =>
      this.#receive({ kind: 'overflowing', member: seat.member }),
    )
    this.#renewal = new PassRenewal(env)
    const room = ctx.id.name ?? ''
    this.#guard = new Guard({
      registries: env.REGISTRIES,
      network: networkOfRoom(room),
      room,
      expel: (peer, untilMs) => this.expel(peer, untilMs),
    })
    this.#watching = new RoomWatching(ctx, env.REGISTRIES, this.#seats, rules.reportEveryMs)
    answerKeepAlives(ctx)
  }

  /** Only the Worker calls this, after it has admitted the peer the join names. */
  override fetch(request: Request): Response | Promise<Response> {
    return tracedFetch(this.ctx, this.env, 'SignalingRoom', request, () => this.#take(request))
  }

  #take(request: Request): Response | Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair()
    const join = joinOf(request)
    const grant = fromBase64url(request.headers.get(GRANT_HEADER) ?? '')
    if (join === undefined || grant?.length !== GRANT_BYTES) {
      turnAway(server, 'bad-request')
      return upgraded(client)
    }
    const from = addressTags(request.headers)
    const tags = [...from, regionTag(regionIn(request.headers.get(REGION_HEADER)))]
    const enter = (verdict: Verdict) => {
      if (verdict.kind === 'listed') {
        this.#watching.refused('blacklisted')
        turnAway(server, 'blacklisted', retryAfterMsOf(verdict.untilMs, Date.now()))
      } else if (isCrowded(this.ctx, from, this.#connectionsMax)) {
        this.#watching.refused('edge-busy')
        turnAway(server, 'edge-busy')
      } else this.#receive({ kind: 'join', join, grant }, { socket: server, tags })
      return upgraded(client)
    }
    const verdict = this.#guard.entering(join.peer, Date.now())
    return verdict instanceof Promise ? verdict.then(enter) : enter(verdict)
  }

  /** The registry, and our own guard, say that a peer is listed from now on. */
  expel(peer: Uint8Array, untilMs: number | null): void {
    const member = this.#seats.ofPeer(peer)
    const retryAfterMs = retryAfterMsOf(untilMs, Date.now())
    if (member !== undefined) this.#receive({ kind: 'listed', member, retryAfterMs })
  }

  override webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): void {
    const seat = this.#seats.of(socket)
    if (seat === undefined) return
    if (typeof message === 'string')
      return this.#receive({ kind: 'notBinary', from: seat.member, length: message.length })
    const bytes = new Uint8Array(message)
    this.#receive({ kind: 'message', from: seat.member, bytes })
    // What a member does for the room's sake alone wakes nobody else: an idle room stays as cheap as it was.
    if (!HOUSEKEEPING.has(bytes[0])) this.#guard.heard(seat.member.peer, seat, Date.now())
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

  #receive(input: RoomInput, joining?: Joining): void {
    const nowMs = Date.now()
    this.#outbox.begin(nowMs)
    let left = false
    for (const effect of this.#machine.receive(input, nowMs)) {
      if ('from' in input) this.#complain(input.from, effect)
      this.#perform(effect, nowMs, joining)
      if (effect.kind === 'remove') left = true
    }
    this.#outbox.end()
    this.#watching.after(nowMs, left)
  }

  /** Whatever is dropped or closed for what a member sent is held against it. */
  #complain({ peer }: Member, effect: RoomEffect): void {
    if (effect.kind === 'drop') this.#guard.complain(peer, effect.reason)
    if (effect.kind === 'remove' && effect.code === 'flooding') this.#guard.complain(peer, effect.code)
  }

  #sendAll(except: Member, frame: Uint8Array, lossy: boolean): void {
    const passedOver = this.#outbox.sendAll(this.#seats.seatOf(except), frame, lossy)
    this.#drop('slow-receiver', passedOver)
    this.#watching.broadcast(frame)
  }

  #drop(reason: DropReason, times = 1): void {
    if (times === 0) return
    this.#drops.count(reason, times)
    this.#watching.dropped(reason, times)
  }

  /** The object sleeps no earlier than this is done, but the member may be gone by then. */
  async #renewPass(member: Member): Promise<void> {
    const answer = await this.#renewal.answer(member.peer, member.grant)
    const seat = this.#seats.seatOf(member)
    if (seat?.member !== member) return
    this.#outbox.begin(Date.now())
    this.#outbox.send(seat, answer)
    this.#outbox.end()
  }

  #perform(effect: RoomEffect, nowMs: number, joining: Joining | undefined): void {
    switch (effect.kind) {
      case 'send': {
        const seat = this.#seats.seatOf(effect.to)
        if (seat === undefined) return
        this.#watching.sent(effect.frame)
        return this.#outbox.send(seat, effect.frame)
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
        const before = this.#seats.seat(effect.member, joining.socket, joining.tags)
        if (before !== undefined) closeWith(before, 'superseded')
        return this.#watching.admitted(nowMs)
      }
      case 'turnAway':
        this.#watching.refused(effect.code)
        if (joining !== undefined) turnAway(joining.socket, effect.code)
        return
      case 'remove': {
        const seat = this.#seats.seatOf(effect.member)
        if (seat?.member !== effect.member) return
        this.#outbox.finish(seat)
        this.#seats.unseat(effect.member)
        this.#watching.left(effect.member)
        if (effect.code !== undefined) closeWith(seat.socket, effect.code, effect.retryAfterMs)
        return
      }
      case 'renewPass':
        return this.ctx.waitUntil(this.#renewPass(effect.member))
      case 'reported':
        if (!this.#watching.reported(effect.by, effect.report, nowMs)) this.#drop('rate-limited')
        return
      case 'drop':
        return this.#drop(effect.reason)
    }
  }
}

/** Types of frames about the room and not for anybody in it. */
const HOUSEKEEPING: ReadonlySet<number | undefined> = new Set([
  FRAME.sweep,
  FRAME.drained,
  WATCH_FRAME.report,
])

/** The first slash ends it: see workers/placement.ts. */
const networkOfRoom = (name: string) => name.slice(0, Math.max(0, name.indexOf('/')))

function joinOf(request: Request): JoinFrame | undefined {
  const bytes = fromBase64url(request.headers.get(JOIN_HEADER) ?? '')
  const frame = bytes && tryDecode(bytes)
  return frame?.kind === 'join' ? frame : undefined
}
