// People in a room, in the words in which one tells what happened: alice.joins(room), bob.vanishes(), expectGone(bob).
// Time is a number the test moves; a person who is well pings while it passes.

import { expect } from 'vitest'
import { KEEP_ALIVE_MS } from '../../../protocol/limits/room.ts'
import { DEFAULT_ROOM_CONFIG, type RoomConfig } from '../../../protocol/room/config.ts'
import type { RoomEffect } from '../../../protocol/room/machine.ts'
import { framesOf } from '../../../protocol/wire/batch.ts'
import { utf8 } from '../../../protocol/wire/bytes.ts'
import { decode, encode } from '../../../protocol/wire/codec.ts'
import type { Frame, JoinFrame } from '../../../protocol/wire/frames.ts'
import { type FrameKind, type LeftReason, WIRE_VERSION } from '../../../protocol/wire/registry.ts'
import { RoomHost, type RoomSocketPort } from '../../sim/room-host.ts'
import { describeMember, RosterView } from '../../sim/roster-view.ts'

export class Room {
  readonly host: RoomHost
  readonly effects: RoomEffect[] = []
  readonly people: Person[] = []
  nowMs = 1_700_000_000_000

  constructor(config: Partial<RoomConfig> = {}) {
    this.host = new RoomHost({ ...DEFAULT_ROOM_CONFIG, ...config }, (effect) => this.effects.push(effect))
  }

  /** Time passes, in steps small enough that everybody who is well pings in time. */
  passes(ms: number): void {
    const untilMs = this.nowMs + ms
    while (this.nowMs < untilMs) {
      this.nowMs = Math.min(untilMs, this.nowMs + KEEP_ALIVE_MS)
      for (const person of this.people) person.pings()
    }
  }

  /** What the room's own record says. */
  metadataOf(person: Person): Uint8Array | undefined {
    return this.host.ofPeer(person.peer)?.metadata
  }

  /** Whoever has a socket that was welcomed and that neither end has closed: the truth that all views must show. */
  present(): Person[] {
    return this.people.filter((person) => person.isHere)
  }
}

interface Line extends RoomSocketPort {
  readonly session: Uint8Array
  open: boolean
  closedWith: { readonly code: number; readonly reason: string } | undefined
}

let made = 0

export class Person {
  readonly peer = new Uint8Array(32)
  session = new Uint8Array(8)
  metadata = new Uint8Array()
  /** Frames of the present socket. */
  heard: Frame[] = []
  view = new RosterView()
  line: Line | undefined
  #room: Room | undefined
  #wellBehaved = true
  #read = 0
  #sessions = 0

  constructor(name: string, number = ++made) {
    this.peer.set(utf8(name).subarray(0, 28), 4)
    new DataView(this.peer.buffer).setUint32(0, number)
  }

  // ---- coming and going -------------------------------------------------------------------------------------

  joins(room: Room, as: { metadata?: Uint8Array; version?: number } = {}): this {
    this.session = new Uint8Array(8)
    // The first two bytes, the address's tag, differ between all sessions of a test.
    this.#sessions++
    this.session.set([this.#sessions, this.peer[3] ?? 0])
    this.session.set(this.peer.subarray(0, 4), 4)
    return this.#connects(room, as)
  }

  /** Comes back as the same session, on a new socket. */
  resumes(room: Room, as: { metadata?: Uint8Array } = {}): this {
    return this.#connects(room, as)
  }

  closes(): void {
    this.#goes(true)
  }

  breaks(): void {
    this.#goes(false)
  }

  /** Says nothing any more, and no socket tells the room. */
  vanishes(): void {
    this.#wellBehaved = false
  }

  pings(): void {
    if (this.#wellBehaved && this.line?.open === true) this.room.host.ping(this.line, this.room.nowMs)
  }

  // ---- saying ---------------------------------------------------------------------------------------------------

  sends(frame: Frame): void {
    this.sendsBytes(encode(frame))
  }

  sendsBytes(bytes: Uint8Array): void {
    if (this.line?.open === true) this.room.host.message(this.line, bytes.slice(), this.room.nowMs)
  }

  sendsText(text: string): void {
    if (this.line?.open === true) this.room.host.text(this.line, text, this.room.nowMs)
  }

  tells(other: Person, text: string): void {
    this.sends({ kind: 'relay', address: other.address, payload: utf8(text) })
  }

  says(text: string): void {
    this.sends({ kind: 'broadcast', address: 0, payload: utf8(text) })
  }

  sweeps(): void {
    this.sends({ kind: 'sweep' })
  }

  describes(text: string): void {
    this.sends({ kind: 'metadata', address: 0, metadata: utf8(text) })
  }

  // ---- hearing --------------------------------------------------------------------------------------------------

  get address(): number {
    if (this.view.address === undefined) throw new Error('was never welcomed')
    return this.view.address
  }

  get isHere(): boolean {
    return this.line?.open === true && this.view.complete
  }

  get room(): Room {
    if (this.#room === undefined) throw new Error('is in no room')
    return this.#room
  }

  /** The frames of one kind since last asked for any. */
  hears<Kind extends FrameKind>(kind: Kind): Extract<Frame, { kind: Kind }>[] {
    const fresh = this.heard.slice(this.#read)
    this.#read = this.heard.length
    return fresh.filter((frame): frame is Extract<Frame, { kind: Kind }> => frame.kind === kind)
  }

  knew(address: number): boolean {
    return this.heard.some((frame) => {
      if (frame.kind === 'joined') return frame.member.address === address
      return frame.kind === 'roster' && frame.members.some((member) => member.address === address)
    })
  }

  #connects(room: Room, as: { metadata?: Uint8Array; version?: number }): this {
    this.#room = room
    if (!room.people.includes(this)) room.people.push(this)
    const { line, heard, view, metadata, session } = this
    const before = { line, heard, view, metadata, session: line?.session ?? session }
    this.#wellBehaved = true
    this.metadata = Uint8Array.from(as.metadata ?? metadata)
    this.heard = []
    this.#read = 0
    this.view = new RosterView()
    const version = as.version ?? WIRE_VERSION
    const join: JoinFrame = { kind: 'join', version, peer: this.peer, session, metadata: this.metadata }
    this.line = this.#newLine()
    room.host.connect(this.line, join, room.nowMs)
    // Turned away, it is still who it was, if it was somebody: its older socket did not notice.
    if (!this.line.open && line?.open === true) Object.assign(this, before)
    return this
  }

  #newLine(): Line {
    const { heard, view, session } = this
    const line: Line = {
      session,
      open: true,
      closedWith: undefined,
      send: (message) => {
        if (!line.open) return
        for (const frame of framesOf(message.slice()).map(decode)) {
          heard.push(frame)
          view.hear(frame)
        }
      },
      close: (code, reason) => {
        if (!line.open) return
        line.open = false
        line.closedWith = { code, reason }
      },
    }
    return line
  }

  #goes(clean: boolean): void {
    const { line } = this
    if (line === undefined || !line.open) return
    line.open = false
    this.room.host.gone(line, clean, this.room.nowMs)
  }
}

export function expectGone(person: Person, reason: LeftReason): void {
  const { address } = person
  const others = person.room.present().filter((other) => other !== person)
  for (const other of others) {
    expect(other.view.members.has(address)).toBe(false)
    if (!other.knew(address)) continue // it came after that one was gone
    expect(other.hears('left')).toContainEqual({ kind: 'left', address, reason })
  }
}

/** Told why in a frame, then closed with the code of it. */
export function expectClosed(person: Person, code: number, reason: string): void {
  expect(person.heard.at(-1)).toEqual({ kind: 'refusal', code: reason, refusedType: 0, retryAfterMs: 0 })
  expect(person.line?.closedWith).toEqual({ code, reason })
}

/** Everybody here sees everybody else here, as they are, and nobody besides (invariants 1 and 3). */
export function expectAgreement(room: Room): void {
  const present = room.present()
  for (const person of present) {
    const truth = present.filter((other) => other !== person).map(describeMember)
    expect(person.view.peers()).toEqual(truth.sort())
  }
  expect(room.host.count).toBe(present.length)
}
