// What streams do, told one by one over two real links.

import { beforeEach, describe, expect, it } from 'vitest'
import {
  STREAM_WINDOW_LEAST_BYTES,
  STREAM_WINDOW_MOST_BYTES,
  STREAMS_MAX,
} from '../../../protocol/limits/streams.ts'
import { seeded } from '../link/world.ts'
import { type Known, type Streamer, StreamsWorld } from './world.ts'

let streams: StreamsWorld
let a: Streamer
let b: Streamer
beforeEach(() => {
  streams = new StreamsWorld()
  ;({ a, b } = streams)
  streams.world.opens('relay')
})

const knows = (side: Streamer, id: number): Known => {
  const known = side.known.get(id)
  if (known === undefined) throw new Error(`${side.name} knows nothing of ${id}`)
  return known
}
const opened = (side: Streamer): number => {
  const id = side.opens()
  if (id === undefined) throw new Error('no stream may be opened')
  return id
}

describe('a stream', () => {
  it('carries what was written at once, label and all, before anything was heard', () => {
    const id = a.opens('files')!
    a.writes(id, 100)
    a.ends(id)
    expect(a.sizes.length).toBeLessThanOrEqual(3)
    streams.world.after(20)
    expect(knows(b, id).label).toBe('files')
    expect(knows(b, id).in).toMatchObject({ received: 100, sawEnd: true })
    streams.world.after(100)
    expect(knows(a, id).out.acknowledged).toBe(true)
  })

  it('goes both ways, and each half ends by itself', () => {
    const id = opened(a)
    a.writes(id, 10)
    a.ends(id)
    streams.world.after(100)
    expect(knows(b, id).in.sawEnd).toBe(true)
    b.writes(id, 300_000)
    streams.world.after(5_000)
    expect(knows(a, id).in).toMatchObject({ received: 300_000, sawEnd: false })
    expect(a.machine.openStreams).toBe(1)
    b.ends(id)
    streams.world.after(100)
    expect(knows(a, id).in.sawEnd).toBe(true)
    expect([a.machine.openStreams, b.machine.openStreams]).toEqual([0, 0])
  })

  it('of much moves in full messages, its window growing while it is read', () => {
    const id = opened(a)
    a.writes(id, 5_000_000)
    streams.world.after(3_000)
    expect(knows(b, id).in.received).toBe(5_000_000)
    expect(a.sizes.length).toBeLessThan(5_000_000 / 30_000)
  })

  it('whose reader does not read holds its first window, and holds up no other', () => {
    b.reading = false
    const stuck = opened(a)
    const free = opened(a)
    a.writes(stuck, 1_000_000)
    a.writes(free, 1_000_000)
    for (let i = 0; i < 100; i++) {
      streams.world.after(100)
      b.reads(free)
    }
    expect(knows(b, stuck).in.received).toBe(STREAM_WINDOW_LEAST_BYTES)
    expect(knows(b, free).in.received).toBe(1_000_000)
    expect(a.machine.isFull(stuck)).toBe(true)
    expect(a.machine.heldBytes(stuck).pending).toBe(1_000_000 - STREAM_WINDOW_LEAST_BYTES)
    b.reads(stuck, STREAM_WINDOW_LEAST_BYTES)
    streams.world.after(1_000)
    expect(knows(b, stuck).in.received).toBeGreaterThan(STREAM_WINDOW_LEAST_BYTES)
    expect(b.machine.heldBytes(stuck).unread).toBeLessThanOrEqual(STREAM_WINDOW_MOST_BYTES)
  })

  it('says when there is room for more', () => {
    const id = opened(a)
    a.writes(id, 200_000)
    expect(a.machine.isFull(id)).toBe(true)
    streams.world.after(5_000)
    expect(knows(a, id).drained.count).toBe(1)
    expect(a.machine.isFull(id)).toBe(false)
  })

  it('broken off by its writer fails at the reader, and the other half lives', () => {
    const id = opened(a)
    a.writes(id, 1_000)
    streams.world.after(100)
    a.resets(id, 42)
    b.writes(id, 50)
    streams.world.after(100)
    expect(knows(b, id).in.failed[1]).toEqual({ why: 'reset', code: 42 })
    expect(knows(a, id).in.received).toBe(50)
    b.ends(id)
    streams.world.after(100)
    expect([a.machine.openStreams, b.machine.openStreams]).toEqual([0, 0])
  })

  it('stopped by its reader fails at the writer', () => {
    const id = opened(a)
    a.writes(id, 500_000)
    streams.world.after(100)
    b.stops(id, 9)
    streams.world.after(100)
    expect(knows(a, id).out.failed[0]).toEqual({ why: 'stop', code: 9 })
    expect(a.machine.heldBytes(id).pending).toBe(0)
    a.stops(id)
    b.resets(id)
    streams.world.after(100)
    expect([a.machine.openStreams, b.machine.openStreams]).toEqual([0, 0])
  })

  it('that nobody wants is refused', () => {
    b.refusing = true
    const id = opened(a)
    a.writes(id, 50_000)
    streams.world.after(100)
    expect(knows(a, id).out.failed[0]).toEqual({ why: 'refused', reason: 'unwanted' })
    expect([a.machine.openStreams, b.machine.openStreams]).toEqual([0, 0])
  })
})

describe('many streams', () => {
  it('work at once: 5,000 of them, echoing', () => {
    const ids = Array.from({ length: 5_000 }, () => opened(a))
    for (const id of ids) a.writes(id, 100)
    streams.world.after(1_000)
    expect(b.machine.openStreams).toBe(5_000)
    for (const id of ids) {
      b.writes(id, knows(b, id).in.received)
      b.ends(id)
      a.ends(id)
    }
    streams.world.after(2_000)
    for (const id of ids) expect(knows(a, id).in).toMatchObject({ received: 100, sawEnd: true })
    expect([a.machine.openStreams, b.machine.openStreams]).toEqual([0, 0])
    // Five frames and a hundred bytes each way and stream: far fewer messages than streams.
    expect(a.sizes.length + b.sizes.length).toBeLessThan(500)
  })

  it('that nobody reads hold their first windows at the reader, and their writers wait', () => {
    b.reading = false
    const ids = Array.from({ length: 500 }, () => opened(a))
    for (const id of ids) a.writes(id, 40_000)
    streams.world.after(20_000)
    for (const id of ids) {
      expect(b.machine.heldBytes(id).unread).toBe(STREAM_WINDOW_LEAST_BYTES)
      expect(a.machine.heldBytes(id).pending).toBe(40_000 - STREAM_WINDOW_LEAST_BYTES)
    }
  })

  it('are bounded: at the bound none opens, and one that ends makes room', () => {
    const ids = Array.from({ length: STREAMS_MAX }, () => opened(a))
    expect(a.opens()).toBeUndefined()
    streams.world.after(2_000)
    expect(b.opens()).toBeDefined()
    a.resets(ids[0]!)
    a.stops(ids[0]!)
    expect(a.opens()).toBeDefined()
    streams.world.after(2_000)
    expect(b.drops).toEqual([])
  })

  it('share by bytes, whatever pieces they write', () => {
    const large = opened(a)
    const small = opened(a)
    a.writes(large, 8_000_000)
    for (let i = 0; i < 8_000; i++) a.writes(small, 1_000)
    streams.world.after(100)
    const received = () => [knows(b, large).in.received, knows(b, small).in.received] as const
    while (Math.min(...received()) < 2_000_000) streams.world.after(10)
    const before = received()
    while (Math.max(...received()) < 7_500_000) streams.world.after(10)
    const [one, two] = [received()[0] - before[0], received()[1] - before[1]]
    expect(one / two).toBeGreaterThan(0.9)
    expect(one / two).toBeLessThan(1.1)
  })
})

describe('when the link gives up', () => {
  it('every stream fails at both sides, once they meet again', () => {
    const [mine, ended] = [opened(a), opened(a)]
    const theirs = opened(b)
    streams.world.after(100)
    streams.world.breaks('relay')
    a.writes(mine, 10)
    a.ends(ended)
    b.writes(theirs, 10)
    const early = opened(b)
    streams.abandons(a)
    expect(a.machine.openStreams).toBe(0)
    for (const id of [mine, theirs]) expect(knows(a, id).out.failed[0]).toEqual({ why: 'lost' })
    expect(knows(a, ended).out.failed[0]).toEqual({ why: 'lost' })
    const fresh = opened(a)
    a.writes(fresh, 77)
    streams.world.opens('relay')
    streams.world.after(1_000)
    for (const id of [mine, ended, theirs]) expect(knows(b, id).out.failed[0]).toEqual({ why: 'lost' })
    expect(knows(b, fresh).in.received).toBe(77)
    // This one was on its way when they gave up: it is nobody's loss.
    expect(knows(a, early).in.failed).toEqual([undefined, undefined])
  })

  it('or the peer is a new page, none is half alive and new ones work', () => {
    const [mine, theirs] = [opened(a), opened(b)]
    a.writes(mine, 100_000)
    streams.world.after(30)
    streams.reloads(b)
    expect(knows(a, mine).out.failed[0]).toEqual({ why: 'lost' })
    expect(knows(a, theirs).in.failed[1]).toEqual({ why: 'lost' })
    streams.world.after(3_000)
    expect([a.machine.openStreams, b.machine.openStreams]).toEqual([0, 0])
    const [again, back] = [opened(a), opened(b)]
    a.writes(again, 50)
    b.writes(back, 60)
    streams.world.after(1_000)
    expect(knows(b, again).in.received).toBe(50)
    expect(knows(a, back).in.received).toBe(60)
  })
})

describe('over any path', () => {
  it.each([1, 2, 3, 4])('a million bytes arrive though paths break and lose (seed %i)', (seed) => {
    const rough = { delayMs: 30, jitterMs: 80, loss: 0.1, repeat: 0.1 }
    streams = new StreamsWorld(seeded(seed))
    ;({ a, b } = streams)
    streams.world.weather = { relay: rough, webrtc: rough }
    const id = opened(a)
    a.writes(id, 1_000_000)
    a.ends(id)
    for (let i = 0; i < 40; i++) {
      streams.world.opens(i % 2 === 0 ? 'relay' : 'webrtc')
      streams.world.after(400)
      streams.world.breaks(i % 2 === 0 ? 'webrtc' : 'relay')
      streams.world.after(200)
    }
    streams.world.opens('relay')
    streams.world.after(120_000)
    expect(knows(b, id).in).toMatchObject({ received: 1_000_000, sawEnd: true })
    expect(knows(a, id).out.acknowledged).toBe(true)
  })
})
