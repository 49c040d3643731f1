// Presence without timers rests on this: among those on duty somebody lives, soon enough, whoever vanished.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PRESENCE_TIMEOUT_MS, SWEEP_MS, SWEEP_WARDENS } from '../../../protocol/limits/room.ts'
import { onDuty, windowOf } from '../../../protocol/membership/duty.ts'

const NOW_WINDOW = windowOf(1_700_000_000_000)

const wardens = (count: number, window: number) =>
  Array.from({ length: count }, (_, rank) => rank).filter((rank) => onDuty(rank, count, window))

/** Windows until one of the living is on duty. */
function waits(count: number, lives: (rank: number) => boolean, from: number): number {
  for (let window = from; ; window++) {
    if (wardens(count, window).some(lives)) return window - from + 1
    if (window - from > count) throw new Error('nobody ever')
  }
}

describe('duty', () => {
  it('is done by so many in each window, or by all in a small room, and by nobody alone', () => {
    expect(wardens(1, NOW_WINDOW)).toEqual([])
    for (const count of [2, 3, 7, 8, 9, 17, 64, 999, 1_000]) {
      for (let window = NOW_WINDOW; window < NOW_WINDOW + 20; window++) {
        expect(wardens(count, window).length).toBe(Math.min(count, SWEEP_WARDENS))
      }
    }
  })

  it('comes to everybody', () => {
    for (const count of [2, 5, 30, 1_000]) {
      const served = new Set<number>()
      const windows = Math.ceil(count / SWEEP_WARDENS)
      for (let i = 0; i < windows; i++) for (const rank of wardens(count, NOW_WINDOW + i)) served.add(rank)
      expect(served.size).toBe(count)
    }
  })

  it('leaves nobody vanished for longer than two windows in rooms of up to 16, whoever vanished', () => {
    for (let count = 2; count <= 2 * SWEEP_WARDENS; count++) {
      for (let only = 0; only < count; only++) {
        for (let from = NOW_WINDOW; from < NOW_WINDOW + 4; from++) {
          expect(waits(count, (rank) => rank === only, from)).toBeLessThanOrEqual(2)
        }
      }
    }
    // Vanished just after a ping, noticed by the second window that begins after the timeout.
    expect(PRESENCE_TIMEOUT_MS + 2 * SWEEP_MS).toBeLessThanOrEqual(45_000 - SWEEP_MS)
  })

  it('is done in every window when half of a room vanished that came together', () => {
    for (const count of [20, 100, 333, 1_000]) {
      const half = Math.floor(count / 2)
      for (let begin = 0; begin < count; begin += Math.ceil(count / 50)) {
        const lives = (rank: number) => (rank - begin + count) % count >= half
        for (let i = 0; i < 10; i++) expect(waits(count, lives, NOW_WINDOW + i)).toBe(1)
      }
    }
  })

  it('is done in one of two windows when every second member vanished', () => {
    for (const count of [20, 64, 100, 1_000]) {
      for (const parity of [0, 1]) {
        for (let i = 0; i < 50; i++) {
          expect(waits(count, (rank) => rank % 2 === parity, NOW_WINDOW + i)).toBeLessThanOrEqual(2)
        }
      }
    }
  })

  it('takes longer than two windows less than once in ten thousand when any half vanished', () => {
    let late = 0
    const runs = 20_000
    fc.assert(
      fc.property(
        fc.integer({ min: 17, max: 200 }),
        fc.nat(),
        fc.infiniteStream(fc.boolean()),
        (count, at, coin) => {
          const alive = Array.from({ length: count }, () => coin.next().value === true)
          alive[at % count] = true
          if (waits(count, (rank) => alive[rank] === true, NOW_WINDOW + at) > 2) late++
        },
      ),
      { numRuns: runs, seed: 1 },
    )
    expect(late).toBeLessThanOrEqual(runs / 10_000)
  }, 30_000)
})
