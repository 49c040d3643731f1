// How nodes of the mesh meet, as long as there is an edge: which rooms to be in, and with whom to make a link. See README.md beside this.
//
// Invariants
// 1. We are in three rooms at most: our neighbourhood, one that we keep, and one that we visit.
// 2. Links are made up to MESH_LINKS_MAX connections of all kinds and not beyond; what the application wants goes before what we want,
//    and whoever comes then is taken in the place of another.
// 3. A link is asked for once in MEETING_AVOIDED_MS of somebody with whom none comes about.

import { MESH_LINKS_MAX, MESH_LINKS_TAKEN_MAX } from '../../limits/direct.ts'
import {
  MEETING_BITS_MAX,
  MEETING_BUSY_MS,
  MEETING_IDLE_MS,
  MEETING_KEEPERS,
  MEETING_LONELY_MS,
  MEETING_NEAREST,
  MEETING_OTHERS_LEAST,
  MEETING_RESIDENTS_MAX,
  MEETING_RETRY_MS,
  MEETING_RETURNED_MS,
  MEETING_SPREAD_MS,
} from '../../limits/meeting.ts'
import { compareKeys, sharedBits } from '../place.ts'
import type { Bits, MeetingConfig, MeetingEffect, MeetingInput, MeetingMachine } from './contract.ts'
import { bucketRoom, childOf } from './place.ts'
import { RoomView } from './room-view.ts'
import { Suitors } from './suitors.ts'

interface Visit {
  readonly bucket: number
  readonly room: RoomView
}

export class Meeting implements MeetingMachine {
  readonly #config: MeetingConfig
  readonly #suitors: Suitors
  #home: RoomView | undefined
  #kept: RoomView | undefined
  #visit: Visit | undefined
  #wanted: readonly number[] = []
  /** When there is to be a home, where there is none. */
  #homeAtMs = Number.POSITIVE_INFINITY
  /** When we follow those who went deeper. */
  #deeperAtMs: number | undefined
  #lonelySinceMs: number | undefined
  #returnedUntilMs = 0
  #nowMs = 0
  #effects: MeetingEffect[] = []

  constructor(config: MeetingConfig) {
    this.#config = config
    this.#suitors = new Suitors(config.self)
  }

  get wakeAtMs(): number | undefined {
    if (this.#homeAtMs === Number.POSITIVE_INFINITY) return undefined
    const isBusy = this.#suitors.connecting > 0 || this.#visit !== undefined || this.#deeperAtMs !== undefined
    const isYoung = this.#home?.hasNewcomers(this.#nowMs) === true
    return this.#nowMs + (isBusy || isYoung ? MEETING_BUSY_MS : MEETING_IDLE_MS)
  }

  /** The bits of our neighbourhood; undefined while we are in none. */
  get home(): Bits | undefined {
    return this.#home?.isIn === true ? this.#home.bits : undefined
  }

  receive(input: MeetingInput, nowMs: number): readonly MeetingEffect[] {
    this.#nowMs = nowMs
    this.#effects = []
    this.#receive(input)
    this.#settle()
    return this.#effects
  }

  #receive(input: MeetingInput): void {
    switch (input.kind) {
      case 'begin':
        this.#homeAtMs = this.#nowMs
        return
      case 'entered':
        return this.#roomOf(input.room)?.enters(this.#nowMs)
      case 'ended':
        return this.#ended(input.room, input.isFull)
      case 'seen':
        return this.#roomOf(input.room)?.sees(input.member, this.#nowMs)
      case 'gone':
        return this.#roomOf(input.room)?.misses(input.peer)
      case 'linked':
        this.#suitors.linked(input.peer, input.node)
        return this.#makesRoom(MESH_LINKS_MAX)
      case 'unlinked':
        return this.#suitors.unlinked(input.peer)
      case 'wanted':
        this.#wanted = input.buckets
        return
      case 'spare':
        return this.#lets(input.peer)
      case 'wake':
        for (const peer of this.#suitors.takeOverdue(this.#nowMs)) this.#lets(peer)
    }
  }

  #settle(): void {
    if (this.#home === undefined) {
      if (this.#nowMs >= this.#homeAtMs) this.#goesHome('')
      return
    }
    if (this.#home.isIn) this.#looksDeeper(this.#home)
    if (this.#home.isIn) this.#looksUp(this.#home)
    this.#makesRoom(MESH_LINKS_TAKEN_MAX)
    if (!this.#home.isIn) return
    this.#meetsNearest(this.#home)
    this.#meetsBuckets(this.#home)
  }

  // ---- where we live -------------------------------------------------------------------------------------------

  /** Where that is the room that we keep, we live in it again, and keep it no more. */
  #goesHome(bits: Bits): void {
    const kept = this.#kept
    if (kept?.bits === bits) {
      this.#home = kept
      this.#kept = undefined
      this.#do({ kind: 'say', room: bits, isKeeper: false })
    } else this.#home = this.#enters(bits)
    this.#deeperAtMs = undefined
    this.#lonelySinceMs = undefined
  }

  /** A room that is split says so by those who keep it. One that is too full splits when some of us begin to say so. */
  #looksDeeper(home: RoomView): void {
    const { bits } = home
    if (bits.length >= MEETING_BITS_MAX || this.#nowMs < this.#returnedUntilMs) return
    const residents = home.residents
    const keepers = residents.filter(({ isKeeper }) => isKeeper).length
    if (keepers === 0) {
      this.#deeperAtMs = undefined
      // Of too many the same few for all who see them; who comes into a room at its beginning has seen no room that is too full.
      const isFull = residents.length + 1 > MEETING_RESIDENTS_MAX
      const before = residents.filter(({ node }) => compareKeys(node, this.#config.self) < 0).length
      if (isFull && before < MEETING_KEEPERS) this.#goesDeeper(home, true)
      return
    }
    // Whoever comes goes on at once; those who lived there one after another.
    const wait = home.enteredAtMs === this.#nowMs ? 0 : this.#config.random() * MEETING_SPREAD_MS
    this.#deeperAtMs ??= this.#nowMs + wait
    if (this.#nowMs >= this.#deeperAtMs) this.#goesDeeper(home, keepers < MEETING_KEEPERS)
  }

  #goesDeeper(home: RoomView, isKept: boolean): void {
    if (isKept && this.#kept === undefined) this.#keeps(home)
    else this.#leaves(home)
    this.#goesHome(childOf(home.bits, this.#config.self))
  }

  /** With nobody to live with, back to where others who have nobody come too. */
  #looksUp(home: RoomView): void {
    const isLonely = home.bits.length > 0 && home.residents.length < MEETING_OTHERS_LEAST
    if (!isLonely) {
      this.#lonelySinceMs = undefined
      return
    }
    this.#lonelySinceMs ??= this.#nowMs
    if (this.#nowMs < this.#lonelySinceMs + MEETING_LONELY_MS) return
    this.#returnedUntilMs = this.#nowMs + MEETING_RETURNED_MS
    this.#leaves(home)
    this.#goesHome(home.bits.slice(0, -1))
  }

  #keeps(home: RoomView): void {
    this.#kept = home
    this.#do({ kind: 'say', room: home.bits, isKeeper: true })
  }

  #ended(bits: Bits, isFull: boolean): void {
    const home = this.#home
    if (this.#kept?.bits === bits) this.#kept = undefined
    else if (this.#visit?.room.bits === bits) this.#visit = undefined
    else if (home?.bits === bits) {
      // Full is as good as split: there is room below.
      if (isFull && bits.length < MEETING_BITS_MAX) return this.#goesHome(childOf(bits, this.#config.self))
      this.#home = undefined
      this.#homeAtMs = this.#nowMs + MEETING_RETRY_MS
    }
  }

  // ---- with whom we have links -----------------------------------------------------------------------------------

  #meetsNearest(home: RoomView): void {
    let near = 0
    for (const { peer } of home.nearest) {
      if (this.#suitors.isAvoided(peer, this.#nowMs)) continue
      if (home.isRipe(peer, this.#nowMs)) this.#connects(home, peer)
      if (++near === MEETING_NEAREST) return
    }
  }

  /** Of a bucket as deep as our neighbourhood somebody is in it; for the others we go and look. */
  #meetsBuckets(home: RoomView): void {
    this.#looksAround()
    for (const bucket of this.#wanted) {
      if (this.#suitors.isFilled(bucket)) continue
      if (bucket >= home.bits.length) this.#connectsToSome(home, bucket)
      else if (this.#visit === undefined && this.#hasPlace) {
        const bits = bucketRoom(this.#config.self, bucket, home.bits.length, this.#config.random)
        this.#visit = { bucket, room: this.#enters(bits) }
      }
    }
    // Each is looked for once; who wants it still says so again.
    this.#wanted = this.#wanted.filter(
      (bucket) => bucket < home.bits.length && bucket !== this.#visit?.bucket,
    )
  }

  /** What becomes of a visit: a link, or a look into a larger room of that bucket, or nothing. */
  #looksAround(): void {
    const visit = this.#visit
    if (visit?.room.isIn !== true) return
    const { bucket, room } = visit
    if (this.#suitors.isFilled(bucket)) return this.#ends(visit)
    if (this.#suitors.isConnecting(room.bits) || !this.#suitors.hasTurn) return
    if (this.#connectsToSome(room, bucket)) return
    this.#ends(visit)
    const shorter = bucket + 1 + ((room.bits.length - bucket - 1) >>> 1)
    if (shorter === room.bits.length || room.hasMet || !this.#hasPlace) return
    this.#visit = { bucket, room: this.#enters(room.bits.slice(0, shorter)) }
  }

  #connectsToSome(room: RoomView, bucket: number): boolean {
    const { self, random } = this.#config
    const some = room.members.filter(
      ({ peer, node }) => sharedBits(self, node) === bucket && !this.#suitors.isAvoided(peer, this.#nowMs),
    )
    const one = some[Math.floor(random() * some.length)]
    return one !== undefined && this.#connects(room, one.peer)
  }

  #connects(room: RoomView, peer: string): boolean {
    if (!this.#suitors.isFree(peer) || !this.#suitors.hasTurn || !this.#hasPlace) return false
    room.hasMet = true
    this.#suitors.connects(peer, room.bits, this.#nowMs)
    this.#do({ kind: 'connect', room: room.bits, peer })
    return true
  }

  get #hasPlace(): boolean {
    return this.#config.connections() < MESH_LINKS_MAX
  }

  /** For the application's links, and for whoever came: of ours goes the one least missed, and never one of the nearest. Attempts alone put nobody out. */
  #makesRoom(most: number): void {
    if (this.#config.connections() <= most) return
    const peer = this.#suitors.leastMissed(MEETING_NEAREST, this.#config.isMet)
    if (peer !== undefined) this.#lets(peer)
  }

  #lets(peer: string): void {
    this.#suitors.avoids(peer, this.#nowMs)
    if (!this.#config.isMet(peer)) this.#do({ kind: 'letGo', peer })
  }

  // ---- rooms ---------------------------------------------------------------------------------------------------

  #roomOf(bits: Bits): RoomView | undefined {
    return [this.#home, this.#kept, this.#visit?.room].find((room) => room?.bits === bits)
  }

  #enters(bits: Bits): RoomView {
    this.#do({ kind: 'enter', room: bits, isKeeper: false })
    return new RoomView(bits, this.#config.self)
  }

  #ends({ room }: Visit): void {
    this.#visit = undefined
    this.#leaves(room)
  }

  #leaves({ bits }: RoomView): void {
    this.#do({ kind: 'leave', room: bits })
  }

  #do(effect: MeetingEffect): void {
    this.#effects.push(effect)
  }
}
