// The signaling room's decisions: who is here, who hears what, and what is refused.
//
// Invariants
// 1. A peer has at most one member; the newest connection owns it.
// 2. An address names one session for as long as that session is a member; a frame for any other is undeliverable.
// 3. Whoever is a member has been announced to every other member by roster or `joined`, exactly once, and is taken
//    back by `left`, exactly once.
// 4. What is refused is paid for: no frame, however malformed, is free to its sender or answered more than it cost.
//
// The members live outside (memory in the simulator, socket attachments at the edge) behind the `Members` port, so
// that an object woken for one relayed frame reads two of them and not a thousand.

import { take } from '../bucket.ts'
import type { DropReason } from '../drops.ts'
import {
  KEEP_ALIVE_MS,
  METADATA_BYTES_MAX,
  PATIENCE_BURST,
  PATIENCE_PER_SECOND,
  PRICE,
  UNREAD_BYTES_MAX,
} from '../limits/room.ts'
import { MESSAGE_BYTES_MAX } from '../limits/wire.ts'
import type { Machine } from '../machine.ts'
import { type ClientReport, tryDecodeReport } from '../network/report.ts'
import { addressOf } from '../wire/address.ts'
import { framesOf } from '../wire/batch.ts'
import { equalBytes, WireError } from '../wire/bytes.ts'
import { encode, tryDecode } from '../wire/codec.ts'
import type { JoinFrame } from '../wire/frames.ts'
import {
  ADDRESS_AT,
  FRAME,
  type LeftReason,
  PAYLOAD_AT,
  type RefusalCode,
  type UndeliverableReason,
  WIRE_VERSION,
} from '../wire/registry.ts'
import { WATCH_FRAME } from '../wire/watch-frame.ts'
import type { RoomConfig } from './config.ts'
import { type Member, newMember } from './member.ts'
import { rosterFrames } from './roster.ts'

/** Who is here. Effects change it; the machine only looks. */
export interface Members {
  readonly count: number
  at(address: number): Member | undefined
  ofPeer(peer: Uint8Array): Member | undefined
  slotTaken(slot: number): boolean
  all(): Iterable<Member>
  /** When the member last pinged; its joining counts as a ping. */
  lastPingMs(member: Member): number
  /** Bytes sent to the member that it has not reported as read: what its socket buffers, as far as anyone can know. */
  unreadBytes(member: Member): number
}

export type RoomInput =
  /** A socket asks to be a member. The peer is admitted: the id in the frame is proven, and this is what its pass grants. */
  | { readonly kind: 'join'; readonly join: JoinFrame; readonly grant: Uint8Array }
  | { readonly kind: 'message'; readonly from: Member; readonly bytes: Uint8Array }
  | { readonly kind: 'notBinary'; readonly from: Member; readonly length: number }
  | { readonly kind: 'socketGone'; readonly member: Member; readonly clean: boolean }
  /** So much is unread by the member that even roster changes cannot be held for it any longer. */
  | { readonly kind: 'overflowing'; readonly member: Member }
  /** The member's peer is on the blacklist from now on, for so long; 0: until it is taken off. */
  | { readonly kind: 'listed'; readonly member: Member; readonly retryAfterMs: number }

export type RoomEffect =
  /** The joining socket becomes this member's. If the member had one, that one is closed as superseded, silently to others. */
  | { readonly kind: 'admit'; readonly member: Member }
  /** The joining socket is told why not, and closed. */
  | { readonly kind: 'turnAway'; readonly code: RefusalCode }
  | { readonly kind: 'send'; readonly to: Member; readonly frame: Uint8Array }
  /** `lossy`: not to those with too much unread. What keeps rosters right is never withheld. */
  | { readonly kind: 'sendAll'; readonly except: Member; readonly frame: Uint8Array; readonly lossy: boolean }
  /** No member any more. With a code: told it, and closed. */
  | {
      readonly kind: 'remove'
      readonly member: Member
      readonly code?: RefusalCode
      readonly retryAfterMs?: number
    }
  /** The member has read so much of what it was sent. */
  | { readonly kind: 'read'; readonly by: Member; readonly bytes: number }
  /** The member is to be sent a new pass, of its own peer and grant. */
  | { readonly kind: 'renewPass'; readonly member: Member }
  /** The member says how its links and messages do, for whoever watches the network. */
  | { readonly kind: 'reported'; readonly by: Member; readonly report: ClientReport }
  /** The member's record changed. */
  | { readonly kind: 'remember'; readonly member: Member }
  | { readonly kind: 'drop'; readonly reason: DropReason }

export class RoomMachine implements Machine<RoomInput, RoomEffect> {
  /** Rooms have no timers: what time brings is noticed when somebody asks (see room/README.md, presence). */
  readonly wakeAtMs = undefined
  readonly #members: Members
  readonly #config: RoomConfig
  /** Removed in this very turn, while the host still shows them: nobody is to be told of them twice, or of them at all. */
  readonly #gone = new Set<Member>()
  #effects: RoomEffect[] = []

  constructor(members: Members, config: RoomConfig) {
    this.#members = members
    this.#config = config
  }

  receive(input: RoomInput, nowMs: number): readonly RoomEffect[] {
    this.#effects = []
    this.#gone.clear()
    switch (input.kind) {
      case 'join':
        this.#join(input.join, input.grant, nowMs)
        break
      case 'message':
        this.#message(input.from, input.bytes, nowMs)
        break
      case 'notBinary':
        if (this.#pay(input.from, PRICE.message, input.length, 0, nowMs))
          this.#refuse(input.from, 'malformed', 0)
        break
      case 'socketGone':
        this.#leave(input.member, input.clean ? 'closed' : 'lost')
        break
      case 'overflowing':
        this.#leave(input.member, 'expelled', 'slow-reader')
        break
      case 'listed':
        this.#leave(input.member, 'expelled', 'blacklisted', input.retryAfterMs)
        break
    }
    return this.#effects
  }

  // ---- coming and going -------------------------------------------------------------------------------------

  #join(join: JoinFrame, grant: Uint8Array, nowMs: number): void {
    if (join.version !== WIRE_VERSION) return this.#do({ kind: 'turnAway', code: 'version-mismatch' })
    if (join.metadata.length > METADATA_BYTES_MAX) return this.#do({ kind: 'turnAway', code: 'too-large' })
    const known = this.#members.ofPeer(join.peer)
    if (known !== undefined && equalBytes(known.session, join.session))
      return this.#resume(known, join, grant, nowMs)
    const swept = this.#sweep(nowMs, known)
    if (known !== undefined) this.#leave(known, 'superseded', 'superseded')
    const count = this.#members.count - swept - (known === undefined ? 0 : 1)
    if (count >= this.#config.peersMax) return this.#do({ kind: 'turnAway', code: 'room-full' })
    const address = addressOf(this.#freeSlot(), join.session)
    const member = newMember({ ...join, address, metadata: join.metadata.slice() }, grant, nowMs)
    this.#do({ kind: 'admit', member })
    this.#greet(member, false)
    this.#do({ kind: 'sendAll', except: member, frame: encode({ kind: 'joined', member }), lossy: false })
  }

  #resume(member: Member, join: JoinFrame, grant: Uint8Array, nowMs: number): void {
    this.#sweep(nowMs, member)
    const changed = !equalBytes(member.metadata, join.metadata)
    member.metadata = join.metadata.slice()
    member.grant = grant
    member.joinedAtMs = nowMs // the new socket has no ping yet; without this the next sweep would take it
    this.#do({ kind: 'admit', member })
    this.#greet(member, true)
    if (changed) this.#announceMetadata(member)
  }

  #greet(member: Member, resumed: boolean): void {
    const { peersMax, presenceTimeoutMs, tokens, bytes } = this.#config
    const welcome = encode({
      kind: 'welcome',
      version: WIRE_VERSION,
      resumed,
      address: member.address,
      keepAliveMs: Math.min(KEEP_ALIVE_MS, Math.floor(presenceTimeoutMs / 3)),
      presenceTimeoutMs,
      peersMax,
      tokensPerSecond: tokens.perSecond,
      tokensBurst: tokens.burst,
      bytesPerSecond: bytes.perSecond,
      bytesBurst: bytes.burst,
    })
    this.#do({ kind: 'send', to: member, frame: welcome })
    for (const frame of rosterFrames(this.#present(member))) this.#do({ kind: 'send', to: member, frame })
  }

  /** Those a newcomer shall see: not itself, nor who was removed a moment ago in this very turn. */
  *#present(except: Member): Iterable<Member> {
    for (const member of this.#members.all()) {
      if (member.address !== except.address && !this.#gone.has(member)) yield member
    }
  }

  /**
   * The lowest slot nobody has; there is one, as peersMax is less than the slots. Those removed in this very turn still
   * count as taken, which is well: frames to them may be under way.
   */
  #freeSlot(): number {
    let slot = 0
    while (this.#members.slotTaken(slot)) slot++
    return slot
  }

  #leave(member: Member, reason: LeftReason, code?: RefusalCode, retryAfterMs?: number): void {
    this.#gone.add(member)
    const told = { ...(code === undefined ? {} : { code }), ...(retryAfterMs ? { retryAfterMs } : {}) }
    this.#do({ kind: 'remove', member, ...told })
    const frame = encode({ kind: 'left', address: member.address, reason })
    this.#do({ kind: 'sendAll', except: member, frame, lossy: false })
  }

  #sweep(nowMs: number, spared: Member | undefined): number {
    let swept = 0
    for (const member of this.#members.all()) {
      if (member === spared || this.#gone.has(member)) continue
      if (nowMs - this.#members.lastPingMs(member) <= this.#config.presenceTimeoutMs) continue
      this.#leave(member, 'vanished', 'vanished')
      swept++
    }
    return swept
  }

  // ---- what members send ------------------------------------------------------------------------------------

  #message(from: Member, bytes: Uint8Array, nowMs: number): void {
    const type = bytes[0] ?? 0
    if (bytes.length > MESSAGE_BYTES_MAX) {
      if (this.#pay(from, PRICE.message, bytes.length, type, nowMs)) this.#refuse(from, 'too-large', type)
      return
    }
    // One relayed frame is what most messages are: it does not pay for the general case.
    if (type === FRAME.relay || type === FRAME.signal) {
      if (this.#pay(from, PRICE.message, bytes.length, type, nowMs)) this.#carry(from, bytes)
      return
    }
    let frames: readonly Uint8Array[]
    try {
      frames = framesOf(bytes)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      if (this.#pay(from, PRICE.message, bytes.length, type, nowMs)) this.#refuse(from, 'malformed', type)
      return
    }
    if (!this.#pay(from, this.#priceOf(frames), bytes.length, type, nowMs)) return
    for (const frame of frames) this.#frame(from, frame, nowMs)
  }

  #priceOf(frames: readonly Uint8Array[]): number {
    let price = PRICE.message + PRICE.batchedFrame * (frames.length - 1)
    for (const frame of frames) {
      const type = frame[0]
      if (type === FRAME.broadcast || type === FRAME.metadata || type === FRAME.sweep) {
        price += PRICE.delivery * this.#members.count
      }
      if (type === FRAME.passWanted) price += PRICE.pass
    }
    return price
  }

  #frame(from: Member, bytes: Uint8Array, nowMs: number): void {
    const type = bytes[0] as number
    switch (type) {
      case FRAME.relay:
      case FRAME.signal:
        return this.#carry(from, bytes)
      case FRAME.broadcast:
        return this.#broadcast(from, bytes)
      case WATCH_FRAME.report:
        return this.#report(from, bytes)
    }
    const frame = tryDecode(bytes)
    switch (frame?.kind) {
      case undefined:
        return this.#refuse(from, 'malformed', type)
      case 'drained':
        return this.#do({ kind: 'read', by: from, bytes: frame.bytes })
      case 'metadata':
        if (frame.metadata.length > METADATA_BYTES_MAX) return this.#refuse(from, 'too-large', type)
        from.metadata = frame.metadata.slice()
        this.#do({ kind: 'remember', member: from })
        return this.#announceMetadata(from)
      case 'passWanted':
        return this.#do({ kind: 'renewPass', member: from })
      case 'sweep':
        this.#sweep(nowMs, from)
        return
      default:
        return this.#refuse(from, 'unexpected', type)
    }
  }

  /** The hot path: the address is overwritten in place, the payload never looked at, nothing copied. */
  #carry(from: Member, bytes: Uint8Array): void {
    if (bytes.length < PAYLOAD_AT) return this.#refuse(from, 'malformed', bytes[0] as number)
    const address = readAddress(bytes)
    const to = this.#members.at(address)
    if (to === undefined || this.#gone.has(to)) return this.#undeliverable(from, address, 'gone')
    if (this.#members.unreadBytes(to) + bytes.length > UNREAD_BYTES_MAX)
      return this.#undeliverable(from, address, 'slow')
    writeAddress(bytes, from.address)
    this.#do({ kind: 'send', to, frame: bytes })
  }

  #broadcast(from: Member, bytes: Uint8Array): void {
    if (bytes.length < PAYLOAD_AT) return this.#refuse(from, 'malformed', FRAME.broadcast)
    writeAddress(bytes, from.address)
    this.#do({ kind: 'sendAll', except: from, frame: bytes, lossy: true })
  }

  #report(from: Member, bytes: Uint8Array): void {
    const report = tryDecodeReport(bytes)
    if (report === undefined) return this.#refuse(from, 'malformed', WATCH_FRAME.report)
    this.#do({ kind: 'reported', by: from, report })
  }

  #announceMetadata(member: Member): void {
    const frame = encode({ kind: 'metadata', address: member.address, metadata: member.metadata })
    this.#do({ kind: 'sendAll', except: member, frame, lossy: false })
  }

  #undeliverable(from: Member, address: number, reason: UndeliverableReason): void {
    this.#do({ kind: 'drop', reason: reason === 'gone' ? 'no-such-member' : 'slow-receiver' })
    this.#do({ kind: 'send', to: from, frame: encode({ kind: 'undeliverable', address, reason }) })
  }

  // ---- paying and refusing ------------------------------------------------------------------------------------

  /** False: over its limits, and told so if it was not told already. */
  #pay(from: Member, tokens: number, bytes: number, type: number, nowMs: number): boolean {
    const paid = take(from.tokensPaidUntilMs, this.#config.tokens, tokens, nowMs)
    const room = take(from.bytesPaidUntilMs, this.#config.bytes, bytes, nowMs)
    this.#do({ kind: 'remember', member: from })
    if (paid.ok && room.ok) {
      from.tokensPaidUntilMs = paid.paidUntilMs
      from.bytesPaidUntilMs = room.paidUntilMs
      return true
    }
    this.#do({ kind: 'drop', reason: 'rate-limited' })
    const patience = take(from.patiencePaidUntilMs, PATIENCE, 1, nowMs)
    if (!patience.ok) {
      this.#leave(from, 'expelled', 'flooding')
      return false
    }
    from.patiencePaidUntilMs = patience.paidUntilMs
    if (nowMs < from.refusedUntilMs) return false
    const retryAfterMs = Math.max(paid.ok ? 0 : paid.retryAfterMs, room.ok ? 0 : room.retryAfterMs)
    from.refusedUntilMs = nowMs + retryAfterMs
    const frame = encode({ kind: 'refusal', code: 'rate-limited', refusedType: type, retryAfterMs })
    this.#do({ kind: 'send', to: from, frame })
    return false
  }

  #refuse(from: Member, code: 'malformed' | 'unexpected' | 'too-large', refusedType: number): void {
    this.#do({ kind: 'drop', reason: code })
    this.#do({
      kind: 'send',
      to: from,
      frame: encode({ kind: 'refusal', code, refusedType, retryAfterMs: 0 }),
    })
  }

  #do(effect: RoomEffect): void {
    this.#effects.push(effect)
  }
}

const PATIENCE = { perSecond: PATIENCE_PER_SECOND, burst: PATIENCE_BURST }

function readAddress(frame: Uint8Array): number {
  const high = ((frame[ADDRESS_AT] as number) << 8) | (frame[ADDRESS_AT + 1] as number)
  return ((high << 16) | ((frame[ADDRESS_AT + 2] as number) << 8) | (frame[ADDRESS_AT + 3] as number)) >>> 0
}

function writeAddress(frame: Uint8Array, address: number): void {
  frame[ADDRESS_AT] = address >>> 24
  frame[ADDRESS_AT + 1] = address >>> 16
  frame[ADDRESS_AT + 2] = address >>> 8
  frame[ADDRESS_AT + 3] = address
}
