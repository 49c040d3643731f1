// What a client reports, as bytes: the same at both ends, bounded, and nothing else is taken for one.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { REPORT_LINKS_MAX, REPORT_RTT_MAX_MS } from '../../../protocol/limits/network.ts'
import { encodeReport, pairRank, tryDecodeReport } from '../../../protocol/network/report.ts'
import { WATCH_FRAME } from '../../../protocol/wire/watch-frame.ts'
import { idOf } from './summaries.ts'

const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const link = fc.record({
  address: u32,
  direct: fc.boolean(),
  roundTripMs: fc.option(fc.integer({ min: 0, max: REPORT_RTT_MAX_MS }), { nil: undefined }),
})
const report = fc.record({
  native: fc.boolean(),
  delivered: u32,
  failed: u32,
  links: fc.array(link, { maxLength: REPORT_LINKS_MAX }),
})

describe('a report', () => {
  it('says at the other end what it said', () => {
    fc.assert(
      fc.property(report, (said) => {
        expect(tryDecodeReport(encodeReport(said))).toEqual(said)
      }),
    )
  })

  it('is at most 178 bytes', () => {
    const full = { address: 1, direct: true, roundTripMs: 1 }
    const said = { native: true, delivered: 1, failed: 1, links: Array(REPORT_LINKS_MAX).fill(full) }
    expect(encodeReport(said)).toHaveLength(178)
    expect(() => encodeReport({ ...said, links: [...said.links, full] })).toThrow(RangeError)
  })

  it('is not what is cut short, goes on, has more links, or is another frame', () => {
    const bytes = encodeReport({
      native: true,
      delivered: 1,
      failed: 2,
      links: Array(REPORT_LINKS_MAX).fill({ address: 1, direct: false, roundTripMs: undefined }),
    })
    for (let length = 0; length < bytes.length; length++) {
      const whole = length >= 10 && (length - 10) % 7 === 0
      expect(tryDecodeReport(bytes.subarray(0, length)) !== undefined).toBe(whole)
    }
    expect(tryDecodeReport(Uint8Array.of(...bytes, 0, 0, 0, 1, 0, 0, 1))).toBe(undefined)
    expect(tryDecodeReport(Uint8Array.of(0x20, ...bytes.subarray(1)))).toBe(undefined)
    expect(tryDecodeReport(Uint8Array.of(WATCH_FRAME.report, 2, ...bytes.subarray(2)))).toBe(undefined)
  })

  it('never throws for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (rest) => {
        tryDecodeReport(Uint8Array.of(WATCH_FRAME.report, ...rest))
      }),
    )
  })

  it('says that what takes longer than it can say takes that long', () => {
    const said = {
      native: false,
      delivered: 2 ** 40,
      failed: 0,
      links: [{ address: 1, direct: false, roundTripMs: 1e9 }],
    }
    expect(tryDecodeReport(encodeReport(said))).toMatchObject({
      delivered: 0xffff_ffff,
      links: [{ roundTripMs: REPORT_RTT_MAX_MS }],
    })
  })
})

describe('of too many links', () => {
  it('both ends choose mostly the same', () => {
    const peers = Array.from({ length: 100 }, (_, number) => idOf(number))
    const chosen = peers.map((own, self) => {
      const others = peers.map((_, at) => at).filter((at) => at !== self)
      const rank = (at: number) => pairRank(own, peers[at] as Uint8Array)
      return new Set(others.sort((a, b) => rank(a) - rank(b)).slice(0, REPORT_LINKS_MAX))
    })
    const pairs = chosen.flatMap((others, self) => [...others].map((other) => [self, other] as const))
    const agreed = pairs.filter(([self, other]) => chosen[other]?.has(self))
    // By chance it would be 24 of 99.
    expect(agreed.length / pairs.length).toBeGreaterThan(0.75)
  })
})
