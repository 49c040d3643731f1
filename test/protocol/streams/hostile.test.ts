// A peer that keeps to no rule may lose its own streams; it may not make us hold more than our bounds, throw, or answer
// without end.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  STREAM_REFUSALS_MAX,
  STREAM_WINDOW_LEAST_BYTES,
  STREAMS_GROWTH_BYTES_MAX,
  STREAMS_MAX,
  STREAMS_MESSAGE_BYTES_MAX,
  STREAMS_UNSETTLED_MESSAGES_MAX,
} from '../../../protocol/limits/streams.ts'
import type { StreamsEffect } from '../../../protocol/streams/contract.ts'
import { decodeStreams, type StreamFrame, writeFrame, writeHeader } from '../../../protocol/streams/frames.ts'
import { StreamsMachine } from '../../../protocol/streams/machine.ts'
import { Writer } from '../../../protocol/wire/bytes.ts'

/** One that opens odd streams, so its peer opens even ones. */
class Victim {
  readonly machine = new StreamsMachine({ instance: 5, even: false })

  hears(frames: readonly StreamFrame[], { from = 9, to = 5 } = {}): readonly StreamsEffect[] {
    const writer = new Writer()
    writeHeader(from, to, writer)
    for (const frame of frames) writeFrame(frame, writer)
    return this.machine.receive({ kind: 'message', message: writer.done() }, 0)
  }
}

const open = (stream: number): StreamFrame => ({ kind: 'open', stream, label: '' })
const data = (stream: number, length: number): StreamFrame => ({
  kind: 'data',
  stream,
  bytes: new Uint8Array(length),
})
const of = <Kind extends StreamsEffect['kind']>(effects: readonly StreamsEffect[], kind: Kind) =>
  effects.filter((effect): effect is Extract<StreamsEffect, { kind: Kind }> => effect.kind === kind)
const drops = (effects: readonly StreamsEffect[]) => of(effects, 'drop').map(({ reason }) => reason)

describe('a peer that overruns a window', () => {
  it('loses that stream, and no other', () => {
    const victim = new Victim()
    victim.hears([open(0), open(2), data(0, STREAM_WINDOW_LEAST_BYTES)])
    const effects = victim.hears([data(0, 1)])
    expect(drops(effects)).toEqual(['over-window'])
    expect(of(effects, 'failed')).toMatchObject([
      { stream: 0, half: 'both', failure: { why: 'over-window' } },
    ])
    const [message] = of(effects, 'send')
    expect(decodeStreams(message!.message).frames.map(({ kind }) => kind)).toEqual(['reset', 'stop'])
    expect(of(victim.hears([data(2, 10)]), 'data').length).toBe(1)
    expect(victim.machine.openStreams).toBe(1)
  })

  it('gets no window for what was not read', () => {
    const victim = new Victim()
    victim.hears([open(0), data(0, STREAM_WINDOW_LEAST_BYTES)])
    expect(of(victim.machine.receive({ kind: 'read', stream: 0, bytes: 100 }, 0), 'send')).toEqual([])
    expect(drops(victim.hears([data(0, 101)]))).toEqual(['over-window'])
  })
})

describe('a peer that fills every window there is', () => {
  it('makes us hold what windows may have grown by and no more, once nobody reads', () => {
    const victim = new Victim()
    const credits = new Map(Array.from({ length: 100 }, (_, i) => [i * 2, STREAM_WINDOW_LEAST_BYTES]))
    let tokens = 0
    const learn = (effects: readonly StreamsEffect[]) => {
      for (const { token, message } of of(effects, 'send')) {
        for (const frame of decodeStreams(message).frames) {
          if (frame.kind !== 'window') continue
          credits.set(frame.stream, (credits.get(frame.stream) ?? 0) + frame.moreBytes)
        }
        tokens = token
      }
    }
    const fill = (reads: boolean) => {
      for (const id of credits.keys()) {
        for (let left = credits.get(id) ?? 0; left > 0; left = credits.get(id) ?? 0) {
          const length = Math.min(left, 30_000)
          credits.set(id, left - length)
          expect(drops(victim.hears([data(id, length)]))).toEqual([])
          if (reads) learn(victim.machine.receive({ kind: 'read', stream: id, bytes: length }, 0))
          if (reads && (victim.machine.heldBytes(id).unread > 0 || ++turns > 60)) break
          learn(victim.machine.receive({ kind: 'settled', token: tokens }, 0))
        }
        turns = 0
      }
    }
    let turns = 0
    for (const id of credits.keys()) victim.hears([open(id)])
    fill(true)
    fill(false)
    const held = [...credits.keys()].reduce((sum, id) => sum + victim.machine.heldBytes(id).unread, 0)
    expect(held).toBeGreaterThan(STREAMS_GROWTH_BYTES_MAX / 2)
    expect(held).toBeLessThanOrEqual(STREAMS_GROWTH_BYTES_MAX + 100 * STREAM_WINDOW_LEAST_BYTES)
  })
})

describe('a peer that opens without end', () => {
  it('is refused beyond the bound, with a reason', () => {
    const victim = new Victim()
    for (let i = 0; i < STREAMS_MAX; i++) victim.hears([open(i * 2)])
    const effects = victim.hears([open(STREAMS_MAX * 2)])
    expect(drops(effects)).toEqual(['over-window'])
    expect(of(effects, 'opened')).toEqual([])
    const frames = of(effects, 'send').flatMap(({ message }) => decodeStreams(message).frames)
    expect(frames).toEqual([{ kind: 'refuse', stream: STREAMS_MAX * 2, reason: 'too-many' }])
    expect(victim.machine.openStreams).toBe(STREAMS_MAX)
  })

  it('and never acknowledges is answered no more than there is room for', () => {
    const victim = new Victim()
    let sent = 0
    let bytes = 0
    for (let i = 0; i < STREAMS_MAX + 20_000; i++) {
      for (const { message } of of(victim.hears([open(i * 2)]), 'send')) {
        sent++
        bytes += message.length
      }
    }
    expect(sent).toBeLessThanOrEqual(STREAMS_UNSETTLED_MESSAGES_MAX)
    const next = of(victim.machine.receive({ kind: 'settled', token: 1 }, 0), 'send')
    const refusals = next.flatMap(({ message }) => decodeStreams(message).frames)
    expect(refusals.length).toBeLessThanOrEqual(STREAM_REFUSALS_MAX)
    expect(bytes).toBeLessThan(STREAMS_UNSETTLED_MESSAGES_MAX * STREAMS_MESSAGE_BYTES_MAX)
  })

  it('and takes back at once leaves nothing behind', () => {
    const victim = new Victim()
    for (let i = 0; i < 50_000; i++) {
      const id = i * 2
      victim.hears([open(id)])
      victim.machine.receive({ kind: 'write', stream: id, bytes: new Uint8Array(10_000) }, 0)
      victim.hears([
        { kind: 'reset', stream: id, code: 0 },
        { kind: 'stop', stream: id, code: 0 },
      ])
    }
    expect(victim.machine.openStreams).toBe(0)
  })
})

describe('another instance', () => {
  it('of a peer we heard is another life of it: all that was with the former is lost', () => {
    const victim = new Victim()
    victim.hears([open(0)])
    const mine = victim.machine.reserve()!
    victim.machine.receive({ kind: 'open', stream: mine, label: '' }, 0)
    const effects = victim.hears([open(0)], { from: 10 })
    expect(of(effects, 'failed').map(({ stream, failure }) => [stream, failure.why])).toEqual([
      [0, 'lost'],
      [mine, 'lost'],
    ])
    expect(of(effects, 'opened').length).toBe(1)
    expect(victim.machine.openStreams).toBe(1)
  })

  it('is told only what is over of the sender’s own', () => {
    const victim = new Victim()
    const mine = victim.machine.reserve()!
    victim.machine.receive({ kind: 'open', stream: mine, label: '' }, 0)
    const over = { kind: 'over', mineBelow: 0, yoursBelow: 100 } as const
    victim.hears([open(0), open(2)])
    victim.hears([{ ...over, mineBelow: 2, instance: 4 }])
    expect(victim.machine.openStreams).toBe(2)
    victim.hears([{ ...over, instance: 5 }])
    expect(victim.machine.openStreams).toBe(1)
  })
})

describe('nonsense', () => {
  it.each([
    ['a stream nobody opened', [data(8, 1)], ['unexpected']],
    ['an opening with our own parity', [open(1)], ['unexpected']],
    ['an opening twice', [open(0), open(0)], ['duplicate']],
    ['an opening out of its turn', [open(4), open(2)], ['duplicate']],
    ['data after the end', [open(0), { kind: 'end', stream: 0 }, data(0, 1)], ['stale']],
    [
      'a refusal of what is its own',
      [open(0), { kind: 'refuse', stream: 0, reason: 'unwanted' }],
      ['unexpected'],
    ],
  ] as const)('%s is dropped', (_, frames, reasons) => {
    expect(drops(new Victim().hears(frames))).toEqual(reasons)
  })

  it('of more than a message is dropped unread', () => {
    const victim = new Victim()
    const message = new Uint8Array(STREAMS_MESSAGE_BYTES_MAX + 1).fill(1)
    expect(drops(victim.machine.receive({ kind: 'message', message }, 0))).toEqual(['too-large'])
  })

  it('for somebody else is dropped, and answered once with who we are', () => {
    const victim = new Victim()
    const effects = victim.hears([open(0)], { to: 77 })
    expect(drops(effects)).toEqual(['stale'])
    const [hello] = of(effects, 'send')
    expect(decodeStreams(hello!.message)).toEqual({ from: 5, to: 9, frames: [] })
  })

  it('of any kind throws nothing and opens no more than may be', () => {
    const id = fc.integer({ min: 0, max: 12 })
    const frame: fc.Arbitrary<StreamFrame> = fc.oneof(
      id.map(open),
      fc.record({ kind: fc.constantFrom('end' as const), stream: id }),
      fc.tuple(id, fc.integer({ min: 0, max: 9_000 })).map(([stream, length]) => data(stream, length)),
      fc.record({ kind: fc.constantFrom('reset' as const, 'stop' as const), stream: id, code: fc.nat() }),
      fc.record({ kind: fc.constant('window' as const), stream: id, moreBytes: fc.nat() }),
      fc.record({
        kind: fc.constant('over' as const),
        instance: fc.constantFrom(0, 5, 6),
        mineBelow: id,
        yoursBelow: id,
      }),
      fc.record({
        kind: fc.constant('refuse' as const),
        stream: id,
        reason: fc.constant('unwanted' as const),
      }),
    )
    const messages = fc.array(
      fc.record({
        from: fc.constantFrom(9, 9, 9, 10),
        to: fc.constantFrom(0, 5, 5, 6),
        frames: fc.array(frame, { maxLength: 6 }),
      }),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(messages, fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (list, noise) => {
        const victim = new Victim()
        for (let i = 0; i < 3; i++) {
          const stream = victim.machine.reserve()!
          victim.machine.receive({ kind: 'open', stream, label: 'x' }, 0)
          victim.machine.receive({ kind: 'write', stream, bytes: new Uint8Array(20_000) }, 0)
        }
        for (const { frames, ...header } of list) victim.hears(frames, header)
        for (const message of noise) victim.machine.receive({ kind: 'message', message }, 0)
        expect(victim.machine.openStreams).toBeLessThanOrEqual(10)
        for (let stream = 0; stream <= 12; stream++) {
          expect(victim.machine.heldBytes(stream).unread).toBeLessThanOrEqual(STREAM_WINDOW_LEAST_BYTES)
        }
      }),
      { numRuns: 500 },
    )
  })
})
