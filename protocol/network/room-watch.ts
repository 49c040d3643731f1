// What a room knows for its registry, in memory: what it counted, and what its members reported. Lost when the room sleeps, and soon said
// again. Counting is all that happens for each message; everything else once a period.

import type { Region } from '../dht/regions.ts'
import {
  REPORT_EARLIEST,
  REPORT_MESSAGES_MAX,
  SUMMARY_AFTER_WAKING_MS,
  SUMMARY_KEPT_PERIODS,
  SUMMARY_MEMBERS_MAX,
} from '../limits/network.ts'
import { PEER_ID_BYTES } from '../peer-id.ts'
import type { ClientReport } from './report.ts'
import {
  type LinkState,
  NATIVE,
  packEnds,
  packLink,
  type RoomSummary,
  regionNumber,
  unpackLink,
} from './summary.ts'

/** A member, as the room can name it. */
export interface WatchedMember {
  readonly address: number
  readonly peer: Uint8Array
  readonly joinedAtMs: number
  readonly region: Region | ''
}

interface Heard {
  readonly atMs: number
  readonly native: boolean
  /** Two for each link: the other end's address, and how it is. */
  readonly links: Uint32Array
}

export class RoomWatch {
  /** When the registry is to be told; infinite where nobody watches. */
  dueAtMs: number
  readonly #everyMs: number
  /** The registry may know of us; before we slept, we do not remember. */
  #told = true
  readonly #heard = new Map<number, Heard>()
  #fromMs: number
  #messages = 0
  #bytes = 0
  #dropped = 0
  #delivered = 0
  #failed = 0
  #refused = new Map<string, number>()

  constructor(everyMs: number, nowMs: number) {
    this.#everyMs = everyMs
    this.#fromMs = nowMs
    this.dueAtMs =
      everyMs === 0 ? Number.POSITIVE_INFINITY : nowMs + Math.min(everyMs, SUMMARY_AFTER_WAKING_MS)
  }

  /** The room's first member: nobody knows of the room, and in a room of one nothing may happen for long. */
  began(nowMs: number): void {
    if (this.#everyMs === 0) return
    if (this.#told) this.dueAtMs = nowMs
    this.#told = false
  }

  carried(bytes: number): void {
    this.#messages++
    this.#bytes += bytes
  }

  refused(code: string): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1)
  }

  dropped(times: number): void {
    this.#dropped += times
  }

  /** False: too soon after its last one, or nobody wants any. */
  hear(address: number, report: ClientReport, nowMs: number): boolean {
    const before = this.#heard.get(address)
    if (this.#everyMs === 0) return false
    if (before !== undefined && nowMs - before.atMs < this.#everyMs * REPORT_EARLIEST) return false
    const links = new Uint32Array(2 * report.links.length)
    for (const [at, { address: to, direct, roundTripMs }] of report.links.entries()) {
      const path = direct ? 'direct' : 'relay'
      links.set([to, packLink({ path, rttMs: roundTripMs ?? null, oneSided: true })], 2 * at)
    }
    this.#heard.set(address, { atMs: nowMs, native: report.native, links })
    const { delivered, failed } = report
    const believed = Math.min(1, REPORT_MESSAGES_MAX / Math.max(1, delivered + failed))
    this.#delivered += delivered * believed
    this.#failed += failed * believed
    return true
  }

  left(address: number): void {
    this.#heard.delete(address)
  }

  /** Whether the registry is to be told now: when it is due, or that nobody is here any more. */
  tells(members: number, nowMs: number): boolean {
    return members === 0 ? this.#told && this.#everyMs > 0 : nowMs >= this.dueAtMs
  }

  /** What it is told; what was counted begins anew. */
  summary(room: string, count: number, members: Iterable<WatchedMember>, nowMs: number): RoomSummary {
    const named: WatchedMember[] = []
    for (const member of members) {
      if (named.length === SUMMARY_MEMBERS_MAX) break
      named.push(member)
    }
    const ids = new Uint8Array(named.length * PEER_ID_BYTES)
    for (const [at, { peer }] of named.entries()) ids.set(peer, at * PEER_ID_BYTES)
    const summary: RoomSummary = {
      room,
      fromMs: this.#fromMs,
      atMs: nowMs,
      members: count,
      ids,
      regions: Uint8Array.from(named, ({ region }) => regionNumber(region)),
      sinceMs: Float64Array.from(named, ({ joinedAtMs }) => joinedAtMs),
      native: Uint8Array.from(named, ({ address }) => this.#nativeOf(address)),
      links: this.#links(named, nowMs),
      counts: {
        messages: this.#messages,
        bytes: this.#bytes,
        refused: Object.fromEntries(this.#refused),
        dropped: this.#dropped,
        delivered: this.#delivered,
        failed: this.#failed,
      },
    }
    this.#begin(nowMs)
    this.#told = count > 0
    return summary
  }

  #begin(nowMs: number): void {
    this.#fromMs = nowMs
    this.dueAtMs = nowMs + this.#everyMs
    this.#messages = 0
    this.#bytes = 0
    this.#dropped = 0
    this.#delivered = 0
    this.#failed = 0
    this.#refused = new Map()
  }

  #nativeOf(address: number): number {
    const heard = this.#heard.get(address)
    if (heard === undefined) return NATIVE.unknown
    return heard.native ? NATIVE.yes : NATIVE.no
  }

  /** Each once, as both of its ends have it. A member can only speak of its own. */
  #links(named: readonly WatchedMember[], nowMs: number): Uint32Array {
    const placeOf = new Map(named.map(({ address }, place) => [address, place]))
    const oldest = nowMs - this.#everyMs * SUMMARY_KEPT_PERIODS
    const merged = new Map<number, { readonly by: number; readonly state: LinkState }>()
    for (const [by, { address }] of named.entries()) {
      const heard = this.#heard.get(address)
      if (heard === undefined || heard.atMs < oldest) continue
      for (let at = 0; at < heard.links.length; at += 2) {
        const to = placeOf.get(heard.links[at] as number)
        if (to === undefined || to === by) continue
        const ends = packEnds(Math.min(by, to), Math.max(by, to))
        const state = unpackLink(heard.links[at + 1] as number)
        const other = merged.get(ends)
        if (other === undefined) merged.set(ends, { by, state })
        else if (other.by !== by) merged.set(ends, { by, state: agreed(other.state, state) })
      }
    }
    return Uint32Array.from([...merged].flatMap(([ends, { state }]) => [ends, packLink(state)]))
  }
}

/** Direct if both say so; and no slower than either says, so that nobody can make a link look slow alone. */
function agreed(one: LinkState, other: LinkState): LinkState {
  const direct = one.path === 'direct' && other.path === 'direct'
  const known = [one.rttMs, other.rttMs].filter((ms) => ms !== null)
  return {
    path: direct ? 'direct' : 'relay',
    rttMs: known.length === 0 ? null : Math.min(...known),
    oneSided: false,
  }
}
