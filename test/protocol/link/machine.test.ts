// What a link does, one situation each.

import { describe, expect, it } from 'vitest'
import {
  FRAGMENT_BYTES_MAX,
  LINK_MESSAGE_BYTES_MAX,
  LINK_OVERHEAD_BYTES,
  LINK_WINDOW_BYTES,
  RESEND_MIN_MS,
} from '../../../protocol/limits/link.ts'
import { MIB } from '../../../protocol/limits/units.ts'
import { World } from './world.ts'

const dataFrames = (world: World) => world.a.sent.filter(({ kind }) => kind === 'linkData').length

describe('messages', () => {
  it('arrive once, in order, and are settled when they have arrived', () => {
    const world = new World()
    world.opens('relay')
    const tokens = ['one', 'two', 'three'].map((text) => world.sends(world.a, text))
    world.after(1_000)
    expect(world.b.texts('control')).toEqual(['one', 'two', 'three'])
    expect(tokens.map((token) => world.a.outcomes.get(token))).toEqual(Array(3).fill('acknowledged'))
    expect(dataFrames(world)).toBe(3)
    expect(world.a.machine.idle).toBe(true)
  })

  it('wait for a path, and leave when there is one', () => {
    const world = new World()
    world.sends(world.a, 'early')
    world.after(60_000)
    expect(world.b.delivered).toEqual([])
    world.opens('relay')
    world.after(100)
    expect(world.b.texts('control')).toEqual(['early'])
  })

  it('are cut into fragments and put together, up to the largest there may be', () => {
    const world = new World()
    world.opens('relay')
    const token = world.sends(world.a, 'large', { bytes: LINK_MESSAGE_BYTES_MAX })
    world.after(10_000)
    expect(world.b.texts('control')).toEqual(['large'])
    expect(world.a.outcomes.get(token)).toBe('acknowledged')
    expect(world.b.drops).toEqual([])
  })

  it('of no bytes at all arrive like any other', () => {
    const world = new World()
    world.opens('relay')
    world.sends(world.a, '')
    world.sends(world.a, 'after')
    world.after(100)
    expect(world.b.texts('control')).toEqual(['', 'after'])
  })

  it('have names that no two of them share, over lanes and epochs', () => {
    const world = new World()
    world.opens('relay')
    for (const lane of ['control', 'bulk'] as const) world.sends(world.a, 'x', { lane })
    world.after(100)
    world.give(world.a, { kind: 'peerRestarted', epoch: 101 })
    world.sends(world.a, 'x')
    world.after(100)
    expect(new Set(world.b.delivered.map(({ name }) => name)).size).toBe(3)
  })
})

describe('what is lost', () => {
  it('is sent again when nothing is acknowledged', () => {
    const world = new World()
    world.opens('relay')
    let lost = 0
    world.passes = (_, { kind }) => kind !== 'linkData' || ++lost > 2
    world.sends(world.a, 'persistent')
    world.after(3 * RESEND_MIN_MS + 100)
    expect(world.b.texts('control')).toEqual(['persistent'])
    world.after(10_000)
    expect(dataFrames(world)).toBe(3)
  })

  it('is made good in a few round trips, however many small messages it were', () => {
    const world = new World()
    world.opens('relay')
    world.passes = () => false
    for (let i = 0; i < 5_000; i++) world.sends(world.a, `${i}`)
    world.passes = () => true
    world.after(RESEND_MIN_MS + 1_000)
    expect(world.b.delivered.length).toBe(5_000)
    expect(dataFrames(world)).toBe(10_000)
  })

  it('does not make a path slower than the patience send everything twice for ever', () => {
    const world = new World()
    world.weather.relay = { delayMs: 700, jitterMs: 0, loss: 0, repeat: 0 }
    world.opens('relay')
    for (let i = 0; i < 20; i++) {
      world.sends(world.a, `${i}`)
      world.after(10_000)
    }
    expect(world.b.delivered.length).toBe(20)
    expect(dataFrames(world)).toBeLessThan(25)
    expect(world.a.machine.roundTripMs('relay')).toBeGreaterThan(1_300)
  })

  it('an acknowledgement that was overtaken says nothing any more', () => {
    const world = new World()
    world.opens('relay')
    world.sends(world.a, 'one')
    world.after(100)
    world.sends(world.a, 'two')
    world.after(100)
    const frame = Uint8Array.from([0x31, 0, 0, 0, 100, 0, 0, 0, 0, 1, 0, 0, 0, 0]) // next 1, window 0
    world.give(world.a, { kind: 'frame', path: 'relay', bytes: frame })
    world.sends(world.a, 'three')
    world.sends(world.a, 'four')
    expect(world.a.sent.filter(({ kind }) => kind === 'linkData').length).toBe(4)
  })
})

describe('time', () => {
  it('over: a message is given up, and later ones arrive all the same', () => {
    const world = new World()
    const brief = world.sends(world.a, 'brief', { ttlMs: 1_000 })
    const lasting = world.sends(world.a, 'lasting')
    world.after(999)
    expect(world.a.outcomes.get(brief)).toBeUndefined()
    world.after(1)
    expect(world.a.outcomes.get(brief)).toBe('timeout')
    world.opens('relay')
    world.after(1_000)
    expect(world.b.texts('control')).toEqual(['lasting'])
    expect(world.a.outcomes.get(lasting)).toBe('acknowledged')
  })

  it('is kept to the millisecond, however short-lived the last of a long queue is', () => {
    const world = new World()
    for (let i = 0; i < 500; i++) world.sends(world.a, `${i}`)
    const brief = world.sends(world.a, 'brief', { ttlMs: 250 })
    world.after(249)
    expect(world.a.outcomes.size).toBe(0)
    world.after(1)
    expect([...world.a.outcomes]).toEqual([[brief, 'timeout']])
  })

  it('over before it began: told at once, and not sent', () => {
    const world = new World()
    world.opens('relay')
    const token = world.sends(world.a, 'late', { ttlMs: 0 })
    expect(world.a.outcomes.get(token)).toBe('timeout')
    expect(dataFrames(world)).toBe(0)
  })

  it('over while half of it is under way: the rest follows, so that the lane goes on', () => {
    const world = new World()
    world.opens('relay')
    world.passes = (_, { kind }) => kind !== 'linkAck'
    const half = world.sends(world.a, 'half', { bytes: 3 * MIB, ttlMs: 500 })
    const next = world.sends(world.a, 'next')
    world.after(600)
    expect(world.a.outcomes.get(half)).toBe('timeout')
    world.passes = () => true
    world.after(5_000)
    expect(world.a.outcomes.get(next)).toBe('acknowledged')
    expect(world.b.texts('control').at(-1)).toBe('next')
    expect(world.a.machine.idle).toBe(true)
  })

  it('nothing to do: nobody asks to be woken', () => {
    const world = new World()
    world.opens('relay')
    world.sends(world.a, 'x')
    world.after(10_000)
    expect(world.a.machine.wakeAtMs).toBeUndefined()
    expect(world.b.machine.wakeAtMs).toBeUndefined()
  })
})

describe('giving up', () => {
  it('a cancelled message that did not leave never does', () => {
    const world = new World()
    const token = world.sends(world.a, 'no')
    world.sends(world.a, 'yes')
    world.give(world.a, { kind: 'cancel', token })
    world.opens('relay')
    world.after(1_000)
    expect(world.b.texts('control')).toEqual(['yes'])
    expect(world.a.outcomes.has(token)).toBe(false)
  })

  it('abandoned messages fail, and the next ones are not mistaken for them', () => {
    const world = new World()
    world.opens('relay')
    world.sends(world.a, 'known')
    world.after(100)
    world.breaks('relay')
    const lost = world.sends(world.a, 'lost')
    world.give(world.a, { kind: 'abandon' })
    expect(world.a.outcomes.get(lost)).toBe('abandoned')
    world.opens('relay')
    const found = world.sends(world.a, 'found')
    world.after(1_000)
    expect(world.b.texts('control')).toEqual(['known', 'found'])
    expect(world.a.outcomes.get(found)).toBe('acknowledged')
  })

  it('abandoned under way: the receiver does not wait for what never comes', () => {
    const world = new World()
    world.opens('relay')
    world.sends(world.a, 'known')
    world.after(100)
    world.passes = (from) => from !== world.a
    world.sends(world.a, 'large', { bytes: 200_000 })
    world.sends(world.a, 'small')
    world.give(world.a, { kind: 'abandon' })
    world.passes = () => true
    const found = world.sends(world.a, 'found')
    world.after(1_000)
    expect(world.b.texts('control')).toEqual(['known', 'found'])
    expect(world.a.outcomes.get(found)).toBe('acknowledged')
  })

  it('a peer that began anew is given everything it did not acknowledge, from the beginning', () => {
    const world = new World()
    world.opens('relay')
    world.sends(world.a, 'before')
    world.after(100)
    world.passes = (_, { kind }) => kind !== 'linkAck'
    world.sends(world.a, 'unheard', { bytes: 3 * FRAGMENT_BYTES_MAX })
    world.sends(world.a, 'waiting', { bytes: 2 * LINK_WINDOW_BYTES })
    world.after(100)
    world.passes = () => true
    world.breaks('relay')
    world.b.begins(201)
    world.give(world.a, { kind: 'peerRestarted', epoch: 101 })
    world.opens('relay')
    world.after(5_000)
    expect(world.b.texts('control').slice(-2)).toEqual(['unheard', 'waiting'])
    expect([...world.a.outcomes.values()]).toEqual(Array(3).fill('acknowledged'))
  })
})

describe('a slow reader', () => {
  it('slows its writer, and gets everything once it reads again', () => {
    const world = new World()
    world.b.holding = []
    world.opens('relay')
    for (let i = 0; i < 100; i++) world.sends(world.a, `${i}`, { bytes: 100_000 })
    world.after(60_000)
    const held = world.b.holding.length
    expect(held * 100_000).toBeLessThanOrEqual(LINK_WINDOW_BYTES + 100_000)
    for (let i = 0; i < 200 && world.b.delivered.length < 100; i++) {
      world.consumesAll(world.b)
      world.after(100)
    }
    expect(world.b.texts('control')).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`))
  })

  it('is not drowned in tiny messages', () => {
    const world = new World()
    world.b.holding = []
    world.opens('relay')
    for (let i = 0; i < 40_000; i++) world.sends(world.a, '')
    world.after(60_000)
    expect(world.b.delivered.length).toBeLessThanOrEqual(LINK_WINDOW_BYTES / LINK_OVERHEAD_BYTES + 1)
    expect(world.a.machine.waitingMessages).toBeGreaterThan(20_000)
  })

  it('whose news of a reopened window was lost is asked', () => {
    const world = new World()
    world.b.holding = []
    world.opens('relay')
    for (let i = 0; i < 30; i++) world.sends(world.a, `${i}`, { bytes: 100_000 })
    world.after(20_000)
    world.passes = (from) => from !== world.b
    world.consumesAll(world.b)
    world.after(100)
    world.passes = () => true
    world.b.holding = undefined
    world.after(20_000)
    expect(world.b.delivered.length).toBe(30)
  })

  it('of one lane does not hold up the other', () => {
    const world = new World()
    world.b.holding = []
    world.opens('relay')
    for (let i = 0; i < 30; i++) world.sends(world.a, `${i}`, { bytes: 100_000, lane: 'bulk' })
    world.after(5_000)
    world.sends(world.a, 'urgent')
    world.after(100)
    expect(world.b.texts('control')).toEqual(['urgent'])
  })
})

describe('much', () => {
  /** What each of so many costs from being sent to being delivered, in time of the processor and not of the clock. */
  function costOfEach(count: number): number {
    const world = new World()
    const before = process.cpuUsage()
    for (let i = 0; i < count; i++) world.sends(world.a, `${i}`, { ttlMs: 1_000 + i })
    world.opens('relay')
    world.after(30_000)
    const { user, system } = process.cpuUsage(before)
    expect(world.b.delivered.length).toBe(count)
    return (user + system) / count
  }

  it('waiting costs no more for each than little', () => {
    const little = Math.min(...Array.from({ length: 8 }, () => costOfEach(1_000)))
    expect(costOfEach(20_000)).toBeLessThan(5 * little)
  })
})
