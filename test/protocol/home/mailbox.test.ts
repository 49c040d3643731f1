// The home socket and the real mailbox: whatever line, edge and disk do, every letter that was stored is handed over once, and
// is gone from the mailbox once it was taken.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOME_HELD_WINDOWS } from '../../../protocol/limits/mailbox.ts'
import { PRIORITIES } from '../../../protocol/priority.ts'
import { WINDOW, World } from './world.ts'

type Step = (world: World) => void
const weighted = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ weight, arbitrary })
const always = (step: Step) => fc.constant(step)

const step: fc.Arbitrary<Step> = fc.oneof(
  weighted(
    8,
    fc.record({ priority: fc.constantFrom(...PRIORITIES), bytes: fc.constantFrom(4_096, 4_096, 16_384) }).map(
      ({ priority, bytes }): Step =>
        (world) =>
          world.put(priority, bytes),
    ),
  ),
  weighted(
    8,
    fc.integer({ min: 1, max: 6 }).map(
      (count): Step =>
        (world) =>
          world.arrive(count),
    ),
  ),
  weighted(
    5,
    fc.record({ count: fc.integer({ min: 1, max: 4 }), from: fc.nat(9) }).map(
      ({ count, from }): Step =>
        (world) =>
          world.takes(count, from),
    ),
  ),
  weighted(
    4,
    fc.constantFrom(0, 10, 300, 6_000, 20_000).map(
      (ms): Step =>
        (world) =>
          world.after(ms),
    ),
  ),
  // More urgent than what is held, so that after a reconnect it comes first.
  weighted(
    3,
    always((world) => {
      for (let i = 0; i < 4; i++) world.put('critical', 4_096)
    }),
  ),
  weighted(
    3,
    always((world) => world.cut()),
  ),
  weighted(
    1,
    always((world) => world.silence()),
  ),
  weighted(
    1,
    always((world) => world.give({ kind: 'networkChanged' })),
  ),
  weighted(
    2,
    fc.boolean().map(
      (survive): Step =>
        (world) =>
          world.restart(survive),
    ),
  ),
  weighted(
    1,
    fc.boolean().map(
      (failing): Step =>
        (world) => {
          world.store.failing = failing
        },
    ),
  ),
)

/** The line is whole, the disk too, and the owner takes what it is given. */
function heal(world: World): void {
  world.store.failing = false
  for (let round = 0; round < 60; round++) {
    world.arrive(50)
    world.takes(50, 0)
    world.arrive(50)
    if (world.stillThere.length === 0) return
    world.after(2_000)
  }
}

describe('a home and its mailbox', () => {
  it('lose no letter, and hand over none twice', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.nat(999), (steps, jitter) => {
        const world = new World(() => jitter / 1_000)
        for (const each of steps) {
          each(world)
          const most = WINDOW.letters * HOME_HELD_WINDOWS
          if (world.home.held > most) throw new Error(`${world.home.held} are held`)
          if (world.home.held !== world.held.length) throw new Error('the books differ')
        }
        heal(world)
        expect([...world.handed].sort((a, b) => a - b)).toEqual([...world.stored].sort((a, b) => a - b))
        expect([world.stillThere, world.home.held]).toEqual([[], 0])
        for (const reason of world.drops.keys()) expect(['duplicate', 'over-window']).toContain(reason)
      }),
      { numRuns: 300 },
    )
  })

  it('lose no letter though more comes than is held, each time more urgent', () => {
    const world = new World(() => 0.5)
    for (const priority of [...PRIORITIES].reverse()) {
      world.cut()
      for (let i = 0; i < 12; i++) world.put(priority, 4_096)
      world.after(2_000)
      world.arrive(30)
    }
    expect(world.home.held).toBe(WINDOW.letters * HOME_HELD_WINDOWS)
    expect(world.drops.get('over-window')).toBeGreaterThan(0)
    heal(world)
    expect([new Set(world.handed).size, world.handed.length, world.stillThere]).toEqual([48, 48, []])
  })

  it('need one socket for any number of letters, when nothing goes wrong', () => {
    const world = new World(() => 0.5)
    for (let i = 0; i < 200; i++) {
      world.put(PRIORITIES[i % 4] as (typeof PRIORITIES)[number], 4_096)
      if (i % 3 === 0) world.arrive(4)
      if (i % 5 === 0) world.takes(2, i)
      world.after(50)
    }
    for (let i = 0; i < 200; i++) {
      world.arrive(5)
      world.takes(1, i)
    }
    expect([world.handed.length, world.stillThere, world.sockets]).toEqual([200, [], 1])
    expect([...world.drops]).toEqual([])
  })
})
