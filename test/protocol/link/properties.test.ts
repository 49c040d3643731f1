// The invariants of protocol/link/machine.ts, whatever happens: two links over paths that lose, repeat and reorder,
// break and come back, with readers who are slow, pages that are loaded again, and senders who lose patience.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LINK_MESSAGE_BYTES_MAX, LINK_WINDOW_BYTES } from '../../../protocol/limits/link.ts'
import type { PathName } from '../../../protocol/path.ts'
import type { Lane } from '../../../protocol/wire/frames.ts'
import { FAIR, type Side, seeded, World } from './world.ts'

type Who = 'a' | 'b'
type Step =
  | {
      readonly do: 'send'
      readonly who: Who
      readonly lane: Lane
      readonly bytes: number
      readonly ttlMs: number
    }
  | { readonly do: 'open' | 'break'; readonly path: PathName }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'consume' | 'hold' | 'abandon' | 'reload' | 'cancel'; readonly who: Who }

const who = fc.constantFrom<Who>('a', 'b')
const path = fc.constantFrom<PathName>('relay', 'webrtc')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      who,
      lane: fc.constantFrom<Lane>('control', 'bulk', 'streams', 'service'),
      bytes: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 400_000 })),
      ttlMs: fc.constantFrom(10, 2_000, 300_000, 300_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('open' as const, 'break' as const), path }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1, 30, 700, 5_000, 40_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('consume' as const, 'hold' as const, 'cancel' as const),
      who,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('abandon' as const, 'reload' as const), who }) },
)

const weather = fc.record({
  delayMs: fc.integer({ min: 0, max: 900 }),
  jitterMs: fc.integer({ min: 0, max: 300 }),
  loss: fc.constantFrom(0, 0, 0.1, 0.4),
  repeat: fc.constantFrom(0, 0, 0.3),
})

interface Sent {
  readonly from: Who
  readonly token: number
  readonly text: string
  /** Nobody waits for it: cancelled, or its page is gone. */
  over: boolean
}

/** A history, and the books one has to keep to judge it. */
class Story {
  readonly world: World
  readonly sent: Sent[] = []
  reloads = 0
  #epochs = 1_000

  constructor(seed: number, relay: typeof FAIR, webrtc: typeof FAIR) {
    this.world = new World(seeded(seed))
    this.world.weather = { relay, webrtc }
  }

  take(step: Step): void {
    const { world } = this
    switch (step.do) {
      case 'send': {
        const text = `${this.sent.length}`
        const { who: from, lane, bytes, ttlMs } = step
        const token = world.sends(world[from], text, { lane, bytes, ttlMs })
        this.sent.push({ from, token, text, over: false })
        return
      }
      case 'open':
        return world.opens(step.path)
      case 'break':
        return world.breaks(step.path)
      case 'wait':
        return world.after(step.ms)
      case 'hold':
        world[step.who].holding ??= []
        return
      case 'consume':
        return world.consumesAll(world[step.who])
      case 'abandon':
        return world.give(world[step.who], { kind: 'abandon' })
      case 'cancel':
        return this.#cancel(step.who)
      case 'reload':
        return this.#reload(step.who)
    }
  }

  /** The network is well and everybody reads: what can be settled will be. */
  heals(): void {
    const { world } = this
    world.weather = { relay: FAIR, webrtc: FAIR }
    for (const side of [world.a, world.b]) {
      world.consumesAll(side)
      side.holding = undefined
    }
    world.opens('relay')
    world.after(400_000)
  }

  #cancel(from: Who): void {
    const mine = this.sent.filter((each) => each.from === from && !each.over)
    const last = mine.at(-1)
    if (last === undefined || this.world[from].outcomes.has(last.token)) return
    last.over = true
    this.world.give(this.world[from], { kind: 'cancel', token: last.token })
  }

  #reload(who: Who): void {
    const { world } = this
    this.reloads++
    world.breaks('relay')
    world.breaks('webrtc')
    const side = world[who]
    side.begins(++this.#epochs)
    if (side.holding !== undefined) side.holding = []
    for (const each of this.sent) if (each.from === who) each.over = true
    world.give(world.other(side), { kind: 'peerRestarted', epoch: ++this.#epochs })
  }
}

function expectOrdered(receiver: Side): void {
  const last = new Map<string, number>()
  for (const { name, text } of receiver.delivered) {
    const [epoch, lane] = name.split('-')
    const before = last.get(`${epoch} ${lane}`) ?? -1
    // Strictly: nothing twice, nothing before its turn.
    expect(Number(text)).toBeGreaterThan(before)
    last.set(`${epoch} ${lane}`, Number(text))
  }
}

describe('two links, whatever lies between them', () => {
  it('deliver in order, once in an epoch; settle each message once; and never spin', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }),
        fc.nat(),
        weather,
        weather,
        (steps, seed, relay, webrtc) => {
          const story = new Story(seed, relay, webrtc)
          for (const each of steps) story.take(each)
          story.heals()
          const { a, b } = story.world
          expectOrdered(a)
          expectOrdered(b)
          for (const { from, token, text, over } of story.sent) {
            const outcome = story.world[from].outcomes.get(token)
            if (!over) expect(outcome).toBeDefined()
            if (outcome !== 'acknowledged') continue
            const receiver = story.world.other(story.world[from])
            const times = receiver.delivered.filter((each) => each.text === text).length
            if (story.reloads === 0) expect(times).toBe(1)
            else expect(times).toBeGreaterThan(0)
          }
          expect([a.machine.idle, b.machine.idle]).toEqual([true, true])
        },
      ),
      { numRuns: 300 },
    )
  }, 60_000)

  it('hold no more at a receiver than a window and a message on each lane', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }),
        fc.nat(),
        weather,
        (steps, seed, relay) => {
          const story = new Story(seed, relay, relay)
          for (const side of [story.world.a, story.world.b]) side.holding = []
          story.world.opens('relay')
          for (const each of steps) {
            if (each.do !== 'consume') story.take(each)
            for (const { holding } of [story.world.a, story.world.b]) {
              const held = (holding ?? []).reduce((sum, { bytes }) => sum + bytes, 0)
              expect(held).toBeLessThanOrEqual(2 * (LINK_WINDOW_BYTES + LINK_MESSAGE_BYTES_MAX))
            }
          }
        },
      ),
      { numRuns: 50 },
    )
  }, 60_000)
})
