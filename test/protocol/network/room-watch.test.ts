// What a room tells of itself and when, and what it believes of what its members report.

import { describe, expect, it } from 'vitest'
import {
  REPORT_MESSAGES_MAX,
  SUMMARY_AFTER_WAKING_MS,
  SUMMARY_MEMBERS_MAX,
} from '../../../protocol/limits/network.ts'
import type { ReportedLink } from '../../../protocol/network/report.ts'
import { RoomWatch, type WatchedMember } from '../../../protocol/network/room-watch.ts'
import { linksOf, regionName } from '../../../protocol/network/summary.ts'
import { idOf } from './summaries.ts'

const EVERY_MS = 60_000
const SILENT = { native: true, delivered: 0, failed: 0, links: [] }

/** Its address is its number and a hundred. */
const member = (number: number): WatchedMember => ({
  address: 100 + number,
  peer: idOf(number),
  joinedAtMs: 5,
  region: number % 2 === 0 ? 'weur' : '',
})
const link = (to: number, direct: boolean, roundTripMs?: number): ReportedLink => ({
  address: 100 + to,
  direct,
  roundTripMs,
})

function room(count: number) {
  const members = Array.from({ length: count }, (_, number) => member(number))
  const watch = new RoomWatch(EVERY_MS, 0)
  const says = (number: number, links: readonly ReportedLink[], nowMs = 1_000) =>
    watch.hear(100 + number, { ...SILENT, links }, nowMs)
  const links = (nowMs = 2_000) => [...linksOf(watch.summary('lobby', count, members, nowMs))]
  return { watch, members, says, links }
}

describe('a room tells its registry', () => {
  it('at once when its first member came, then once a period, and when the last one has left', () => {
    const { watch, members } = room(1)
    watch.began(7)
    expect(watch.tells(1, 7)).toBe(true)
    watch.summary('lobby', 1, members, 7)
    expect(watch.tells(1, 7 + EVERY_MS - 1)).toBe(false)
    expect(watch.tells(1, 7 + EVERY_MS)).toBe(true)
    expect(watch.tells(0, 8)).toBe(true)
    watch.summary('lobby', 0, [], 8)
    expect(watch.tells(0, 9)).toBe(false)
  })

  it('no more often when somebody comes and goes without end', () => {
    const { watch, members } = room(1)
    let told = 0
    for (let nowMs = 0; nowMs < EVERY_MS; nowMs += 100) {
      watch.began(nowMs)
      for (const count of [1, 0])
        if (watch.tells(count, nowMs)) {
          told++
          watch.summary('lobby', count, members.slice(0, count), nowMs)
        }
    }
    expect(told).toBe(2)
  })

  it('some time after it woke with members, and when they have left, since it may have told before it slept', () => {
    const { watch } = room(2)
    expect(watch.tells(2, SUMMARY_AFTER_WAKING_MS - 1)).toBe(false)
    expect(watch.tells(2, SUMMARY_AFTER_WAKING_MS)).toBe(true)
    expect(watch.tells(0, 1)).toBe(true)
  })

  it('nothing where nobody watches', () => {
    const watch = new RoomWatch(0, 0)
    watch.began(1)
    expect([watch.tells(1, 1e15), watch.tells(0, 1e15), watch.hear(1, SILENT, 1)]).toEqual([
      false,
      false,
      false,
    ])
  })

  it('who is there, and what it counted since it last told', () => {
    const { watch, members } = room(3)
    watch.carried(100)
    watch.carried(50)
    watch.refused('rate-limited')
    watch.dropped(2)
    watch.hear(101, { ...SILENT, native: false, delivered: 8, failed: 2 }, 10)
    const told = watch.summary('lobby', 3, members, 20)
    expect([told.members, told.fromMs, told.atMs]).toEqual([3, 0, 20])
    expect([...told.regions].map(regionName)).toEqual(['weur', 'unknown', 'weur'])
    expect([...told.native]).toEqual([0, 2, 0])
    expect(told.counts).toEqual({
      messages: 2,
      bytes: 150,
      refused: { 'rate-limited': 1 },
      dropped: 2,
      delivered: 8,
      failed: 2,
    })
    const next = watch.summary('lobby', 3, members, 30)
    expect(next.fromMs).toBe(20)
    expect(next.counts).toEqual({ messages: 0, bytes: 0, refused: {}, dropped: 0, delivered: 0, failed: 0 })
  })

  it('of a very large one, how many there are, and the names of some', () => {
    const { watch, members } = room(SUMMARY_MEMBERS_MAX + 5)
    const told = watch.summary('lobby', members.length, members, 1)
    expect(told.members).toBe(SUMMARY_MEMBERS_MAX + 5)
    expect(told.regions).toHaveLength(SUMMARY_MEMBERS_MAX)
    expect(told.ids).toHaveLength(32 * SUMMARY_MEMBERS_MAX)
  })
})

describe('a link', () => {
  it('is direct when both ends say so, and as quick as the quicker of them says', () => {
    const { says, links } = room(2)
    says(0, [link(1, true, 900)])
    says(1, [link(0, true, 30)])
    expect(links()).toEqual([{ a: 0, b: 1, path: 'direct', rttMs: 30, oneSided: false }])
  })

  it('is by relay when only one of them calls it direct', () => {
    const { says, links } = room(2)
    says(0, [link(1, true, 3)])
    says(1, [link(0, false)])
    expect(links()).toEqual([{ a: 0, b: 1, path: 'relay', rttMs: 3, oneSided: false }])
  })

  it('is one-sided when one end alone has told, however often it says so', () => {
    const { says, links } = room(3)
    says(2, [link(1, true, 3), link(1, true, 3), link(1, false, 3)])
    expect(links()).toEqual([{ a: 1, b: 2, path: 'direct', rttMs: 3, oneSided: true }])
  })

  it('to nobody, or to oneself, is none', () => {
    const { says, links } = room(2)
    says(0, [link(0, true, 3), link(77, true, 3)])
    expect(links()).toEqual([])
  })

  it('is forgotten with the member that told, and when it was not told again for three periods', () => {
    const { watch, says, links } = room(2)
    says(0, [link(1, true)])
    says(1, [link(0, true)])
    expect(links(1_000 + 3 * EVERY_MS)).toHaveLength(1)
    expect(links(1_001 + 3 * EVERY_MS)).toEqual([])
    says(0, [link(1, true)], 10 * EVERY_MS)
    watch.left(100)
    expect(links(10 * EVERY_MS)).toEqual([])
  })
})

describe('a member that reports', () => {
  it('too often is not heard', () => {
    const { says } = room(2)
    expect(says(0, [], 1_000)).toBe(true)
    expect(says(0, [], 1_000 + EVERY_MS / 2 - 1)).toBe(false)
    expect(says(1, [], 1_001)).toBe(true)
    expect(says(0, [], 1_000 + EVERY_MS / 2)).toBe(true)
  })

  it('millions of failures is believed no more of them than others can have', () => {
    const { watch, members } = room(2)
    watch.hear(100, { ...SILENT, delivered: 0, failed: 0xffff_ffff }, 1)
    watch.hear(101, { ...SILENT, delivered: 3 * REPORT_MESSAGES_MAX, failed: REPORT_MESSAGES_MAX }, 1)
    const { counts } = watch.summary('lobby', 2, members, 2)
    expect(counts.failed).toBeCloseTo(1.25 * REPORT_MESSAGES_MAX)
    expect(counts.delivered).toBeCloseTo(0.75 * REPORT_MESSAGES_MAX)
  })
})
