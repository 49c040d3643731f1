// A peer that keeps to no rule. It may lose what it was sent and what it sends; it may not make us hold more than our
// bounds, spin, throw, or take for delivered what was not sent.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  FRAGMENT_BYTES_MAX,
  LINK_MESSAGE_BYTES_MAX,
  LINK_OVERHEAD_BYTES,
  LINK_WINDOW_BYTES,
} from '../../../protocol/limits/link.ts'
import { KIB, MIB } from '../../../protocol/limits/units.ts'
import { type LinkEffect, LinkMachine } from '../../../protocol/link/machine.ts'
import { ReceivingLane } from '../../../protocol/link/receiving.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import type { LinkAckFrame, LinkDataFrame, LinkFrame } from '../../../protocol/wire/frames.ts'
import { frameLike } from '../wire/arbitrary.ts'
import { START_MS } from './world.ts'

const DATA: LinkDataFrame = {
  kind: 'linkData',
  epoch: 7,
  lane: 'control',
  first: true,
  last: true,
  seq: 0,
  base: 0,
  fragment: new Uint8Array(),
}
const ACK: LinkAckFrame = { kind: 'linkAck', epoch: 1, lane: 'control', next: 0, windowBytes: MIB }

class Victim {
  readonly machine = new LinkMachine(1)
  nowMs = START_MS

  constructor() {
    this.machine.receive({ kind: 'pathUp', path: 'relay' }, this.nowMs)
  }

  hears(frame: LinkFrame): readonly LinkEffect[] {
    return this.machine.receive({ kind: 'frame', path: 'relay', bytes: encode(frame) }, this.nowMs)
  }

  sends(bytes: number): readonly LinkEffect[] {
    const data = new Uint8Array(bytes)
    const deadlineMs = this.nowMs + 1_000_000
    return this.machine.receive({ kind: 'send', token: 1, lane: 'control', data, deadlineMs }, this.nowMs)
  }
}

const drops = (effects: readonly LinkEffect[]) =>
  effects.flatMap((effect) => (effect.kind === 'drop' ? [effect.reason] : []))
const delivered = (effects: readonly LinkEffect[]) =>
  effects.flatMap((effect) => (effect.kind === 'deliver' ? [effect.data.length] : []))
const transmitted = (effects: readonly LinkEffect[]) =>
  effects.filter(({ kind }) => kind === 'transmit').length

describe('forged acknowledgements', () => {
  it('of what was never sent settle nothing', () => {
    const victim = new Victim()
    victim.sends(10 * MIB)
    const effects = victim.hears({ ...ACK, next: 5_000 })
    expect(drops(effects)).toEqual(['unexpected'])
    expect(effects.some(({ kind }) => kind === 'settled')).toBe(false)
  })

  it('with a window beyond any do not let out more than a window', () => {
    const victim = new Victim()
    victim.sends(10 * MIB)
    victim.hears({ ...ACK, next: 1, windowBytes: 0xffff_ffff })
    expect(victim.machine.flyingBytes).toBeLessThanOrEqual(LINK_WINDOW_BYTES)
  })

  it('repeated without end are not answered with everything again and again', () => {
    const victim = new Victim()
    victim.sends(10 * MIB)
    let sent = 0
    for (let i = 0; i < 1_000; i++) sent += transmitted(victim.hears({ ...ACK, next: 0 }))
    expect(sent).toBe(0)
  })
})

describe('forged data', () => {
  it('in fragments without end is let go at the bound of a message, and counted', () => {
    for (const size of [FRAGMENT_BYTES_MAX, 1, 0]) {
      const lane = new ReceivingLane(0, { bytes: 0 })
      let dropped = 0
      for (let seq = 0; seq < 3_000; seq++) {
        const fragment = new Uint8Array(size)
        const { messages, drop } = lane.take({ ...DATA, first: seq === 0, last: false, seq, fragment })
        expect(messages).toEqual([])
        if (drop !== undefined) dropped++
      }
      expect(dropped).toBe(1)
      const { messages } = lane.take({ ...DATA, seq: 3_000 })
      expect(messages.length).toBe(1)
    }
  })

  it('repeated is dropped and counted, and takes nothing from the window', () => {
    const lane = new ReceivingLane(0, { bytes: 0 })
    expect(lane.take({ ...DATA, fragment: new Uint8Array(100) }).messages).toHaveLength(1)
    const { windowBytes } = lane
    for (let n = 0; n < 1_000; n++) {
      expect(lane.take({ ...DATA, fragment: new Uint8Array(100) })).toEqual({
        messages: [],
        drop: 'duplicate',
      })
    }
    expect(lane.windowBytes).toBe(windowBytes)
  })

  it('far ahead of its turn is not kept', () => {
    const victim = new Victim()
    victim.hears(DATA)
    expect(drops(victim.hears({ ...DATA, seq: 1_000_000 }))).toEqual(['over-window'])
  })

  it('with holes is kept up to a window, whatever it pretends', () => {
    const lane = new ReceivingLane(0, { bytes: 0 })
    let kept = 0
    for (let seq = 1; seq < 70_000; seq++) {
      const { drop } = lane.take({ ...DATA, seq, fragment: new Uint8Array(1) })
      if (drop === undefined) kept++
    }
    expect(kept).toBeLessThanOrEqual(LINK_WINDOW_BYTES / LINK_OVERHEAD_BYTES)
    expect(lane.windowBytes).toBeLessThan(KIB)
  })

  it('in tiny views of large messages does not keep the messages', () => {
    const message = new Uint8Array(64 * KIB)
    const lane = new ReceivingLane(0, { bytes: 0 })
    lane.take({ ...DATA, seq: 1, fragment: message.subarray(0, 10) })
    const { messages } = lane.take({ ...DATA, fragment: message.subarray(10, 20) })
    for (const { data } of messages) expect(data.buffer.byteLength).toBeLessThan(KIB)
  })

  it('in ever new epochs gets no ever new window', () => {
    const victim = new Victim()
    let held = 0
    const fragment = new Uint8Array(FRAGMENT_BYTES_MAX)
    for (let epoch = 1; epoch < 100; epoch++) {
      for (let seq = 0; seq < 40; seq++) {
        for (const bytes of delivered(victim.hears({ ...DATA, epoch, seq, fragment }))) held += bytes
      }
    }
    expect(held).toBeLessThanOrEqual(LINK_WINDOW_BYTES + FRAGMENT_BYTES_MAX)
  })

  it('of an epoch that is over is dropped, and so is a base beyond the frame itself', () => {
    const victim = new Victim()
    victim.hears({ ...DATA, epoch: 9 })
    expect(drops(victim.hears({ ...DATA, epoch: 8, seq: 1 }))).toEqual(['stale'])
    expect(drops(victim.hears({ ...DATA, epoch: 10, seq: 1, base: 2 }))).toEqual(['malformed'])
    // And that did not begin the epoch it named.
    expect(delivered(victim.hears({ ...DATA, epoch: 9, seq: 1 }))).toEqual([0])
  })

  it('with first and last in the wrong places makes no message of two', () => {
    const lane = new ReceivingLane(0, { bytes: 0 })
    const take = (seq: number, first: boolean, last: boolean) =>
      lane
        .take({ ...DATA, seq, first, last, fragment: Uint8Array.of(seq) })
        .messages.map(({ data }) => [...data])
    expect(take(0, false, true)).toEqual([]) // no beginning
    expect(take(1, true, false)).toEqual([])
    expect(take(2, true, false)).toEqual([]) // begins again
    expect(take(3, false, true)).toEqual([[2, 3]])
    expect(take(4, false, false)).toEqual([])
    expect(take(5, true, true)).toEqual([[5]])
  })

  it('that begins an epoch while an acknowledgement of the last is owed leaves nobody spinning', () => {
    const victim = new Victim()
    victim.hears(DATA)
    victim.hears({ ...DATA, seq: 1 })
    victim.hears({ ...DATA, epoch: 8, lane: 'bulk' })
    const { wakeAtMs } = victim.machine
    if (wakeAtMs !== undefined) {
      victim.machine.receive({ kind: 'wake' }, wakeAtMs)
      expect(victim.machine.wakeAtMs ?? Number.POSITIVE_INFINITY).toBeGreaterThan(wakeAtMs)
    }
  })
})

describe('anything at all', () => {
  const input = fc.oneof(
    frameLike.map((bytes) => ({ bytes, afterMs: 0 })),
    fc.record({
      bytes: fc
        .record({
          epoch: fc.integer({ min: 0, max: 3 }),
          lane: fc.constantFrom('control' as const, 'bulk' as const),
          first: fc.boolean(),
          last: fc.boolean(),
          seq: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constant(0xffff_ffff)),
          base: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 })),
          size: fc.integer({ min: 0, max: 2_000 }),
        })
        .map(({ size, ...fields }) => encode({ ...DATA, ...fields, fragment: new Uint8Array(size) })),
      afterMs: fc.constantFrom(0, 1, 20, 10_000),
    }),
    fc.record({
      bytes: fc
        .record({
          epoch: fc.constantFrom(0, 1, 2),
          lane: fc.constantFrom('control' as const, 'bulk' as const),
          next: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constant(0xffff_ffff)),
          windowBytes: fc.constantFrom(0, 1, MIB, 0xffff_ffff),
        })
        .map((fields) => encode({ kind: 'linkAck', ...fields })),
      afterMs: fc.constantFrom(0, 5),
    }),
  )

  it('throws nothing, makes nothing spin, and delivers nothing over the bound', () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 80 }), fc.boolean(), (inputs, direct) => {
        const victim = new Victim()
        victim.machine.receive({ kind: 'pathUp', path: 'webrtc' }, victim.nowMs)
        victim.sends(2 * MIB)
        for (const { bytes, afterMs } of inputs) {
          victim.nowMs += afterMs
          const path = direct ? 'webrtc' : 'relay'
          for (const effect of victim.machine.receive({ kind: 'frame', path, bytes }, victim.nowMs)) {
            if (effect.kind === 'deliver')
              expect(effect.data.length).toBeLessThanOrEqual(LINK_MESSAGE_BYTES_MAX)
          }
          const { wakeAtMs } = victim.machine
          if (wakeAtMs === undefined) continue
          victim.nowMs = Math.max(victim.nowMs, wakeAtMs)
          victim.machine.receive({ kind: 'wake' }, victim.nowMs)
          expect(victim.machine.wakeAtMs ?? Number.POSITIVE_INFINITY).toBeGreaterThan(victim.nowMs)
        }
      }),
      { numRuns: 300 },
    )
  })
})
