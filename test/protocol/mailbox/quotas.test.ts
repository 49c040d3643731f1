// Room and rates: whoever floods a mailbox, with whatever, the others still get through; and what was stored stays.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAILBOX_SHARES } from '../../../protocol/limits/mailbox.ts'
import { DEFAULT_MAILBOX_CONFIG } from '../../../protocol/mailbox/config.ts'
import type { PutOutcome } from '../../../protocol/mailbox/contract.ts'
import { Usage } from '../../../protocol/mailbox/usage.ts'
import { PRIORITIES } from '../../../protocol/priority.ts'
import { Box, FREE, idOf, KIB, type PutFields, UNPACED } from './box.ts'

const reasonOf = (outcome: PutOutcome) => (outcome.ok ? 'ok' : outcome.reason)

/** Puts until one is refused; how many were kept. */
function flood(box: Box, from: number, fields: PutFields): { kept: number; why: string } {
  for (let kept = 0; kept < 20_000; kept++) {
    const outcome = box.put(from + kept, fields)
    if (!outcome.ok) return { kept, why: outcome.reason }
  }
  throw new Error('a flood that nothing stopped')
}

describe('the room of a mailbox', () => {
  it.each([
    ['critical', 1_000],
    ['high', 900],
    ['normal', 750],
    ['low', 500],
  ] as const)('is filled by %s letters up to %i of 1,000', (priority, most) => {
    const box = new Box({ ...UNPACED, lettersMax: 1_000 })
    expect(flood(box, 1, { priority })).toEqual({ kept: most, why: 'over-quota' })
    const moreUrgent = PRIORITIES[PRIORITIES.indexOf(priority) - 1]
    if (moreUrgent !== undefined) expect(box.put(5_000, { priority: moreUrgent })).toMatchObject({ ok: true })
  })

  it('is the same in bytes', () => {
    const box = new Box({ ...UNPACED, bytesMax: 4 * 1_024 * KIB })
    const large = { bytes: 256 * KIB } as const
    expect(flood(box, 1, { ...large, priority: 'low' })).toEqual({ kept: 8, why: 'over-quota' })
    expect(flood(box, 100, { ...large, priority: 'normal' })).toEqual({ kept: 4, why: 'over-quota' })
    expect(flood(box, 200, { bytes: 64 * KIB, priority: 'high' }).kept).toBe(9) // 0.6 MiB
    expect(flood(box, 300, { ...large, priority: 'critical' }).kept).toBe(1)
  })

  it('is by default ten thousand letters, or 64 MiB', () => {
    const box = new Box(UNPACED)
    expect(flood(box, 1, { priority: 'critical' }).kept).toBe(10_000)
    const wide = new Box(UNPACED)
    expect(flood(wide, 1, { priority: 'critical', bytes: 64 * KIB }).kept).toBe(1_024)
  })

  it('is a quarter for strangers, whatever they call urgent, and contacts get through', () => {
    const box = new Box({ ...UNPACED, lettersMax: 1_000 })
    expect(flood(box, 1, { priority: 'critical', sender: 'stranger' })).toEqual({
      kept: 250,
      why: 'over-quota',
    })
    expect(flood(box, 5_000, { priority: 'normal' }).kept).toBe(500)
    expect(flood(box, 6_000, { priority: 'high' }).kept).toBe(150)
    expect(flood(box, 7_000, { priority: 'critical' }).kept).toBe(100)
    expect(box.machine.stats(box.nowMs).letters).toBe(1_000)
  })

  it('that is full says when to ask again, throws nothing out, and is room again once letters are taken', () => {
    const box = new Box({ ...UNPACED, lettersMax: 10 })
    for (let n = 1; n <= 10; n++) box.put(n, { priority: 'critical' })
    const refusal = box.put(11, { priority: 'critical' })
    expect(refusal).toMatchObject({ ok: false, reason: 'over-quota' })
    expect(!refusal.ok && refusal.retryAfterMs).toBeGreaterThan(0)
    expect(box.stored().length).toBe(10)
    expect(box.put(3, { priority: 'critical' })).toMatchObject({ ok: true, known: true })
    box.took(1, 2)
    expect(box.put(11, { priority: 'critical' })).toMatchObject({ ok: true })
  })

  it('of a priority is not used up by more urgent letters, until there is none at all', () => {
    const box = new Box({ ...UNPACED, lettersMax: 10 })
    for (let n = 1; n <= 6; n++) box.put(n, { priority: 'critical' })
    expect(flood(box, 10, { priority: 'low' })).toEqual({ kept: 4, why: 'over-quota' })
  })

  it('counts those that came together', () => {
    const box = new Box({ ...UNPACED, lettersMax: 4 })
    const put = (n: number) => ({ ...putWith(n), priority: 'low' as const })
    expect(box.puts([put(1), put(2), put(3), put(1)]).map(reasonOf)).toEqual(['ok', 'ok', 'over-quota', 'ok'])
  })

  it('is never overfilled, nor is the share of any priority, whatever comes in which order', () => {
    const letter = fc.record({
      priority: fc.constantFrom(...PRIORITIES),
      sender: fc.constantFrom('contact', 'stranger'),
      bytes: fc.constantFrom(4, 16, 64, 256),
    })
    const most = { letters: 20, bytes: 1_600 }
    fc.assert(
      fc.property(fc.array(letter, { maxLength: 80, size: 'max' }), (letters) => {
        const usage = new Usage()
        const kept: typeof letters = []
        for (const each of letters) {
          if (!usage.hasRoomFor(each, most)) continue
          usage.add(each)
          kept.push(each)
        }
        const sum = (of: typeof kept, what: 'letters' | 'bytes') =>
          of.reduce((sum, { bytes }) => sum + (what === 'bytes' ? bytes : 1), 0)
        for (const [at, priority] of PRIORITIES.entries()) {
          const isBelow = ({ sender, priority }: (typeof kept)[number]) =>
            sender === 'stranger' || PRIORITIES.indexOf(priority) >= at
          const below = kept.filter(isBelow)
          expect(sum(below, 'letters')).toBeLessThanOrEqual(20 * MAILBOX_SHARES[priority])
          expect(sum(below, 'bytes')).toBeLessThanOrEqual(1_600 * MAILBOX_SHARES[priority])
        }
        expect(usage.strangers.letters).toBeLessThanOrEqual(5)
        expect(usage.strangers.bytes).toBeLessThanOrEqual(400)
      }),
    )
  })
})

const putWith = (n: number) => ({
  origin: n,
  id: idOf(n),
  envelope: new Uint8Array(4 * KIB),
  sender: 'contact' as const,
  priority: 'normal' as const,
  ttlMs: 1e9,
})

describe('rates', () => {
  it('of strangers are fifty at once and then one a second; contacts get through meanwhile', () => {
    const box = new Box()
    expect(flood(box, 1, { sender: 'stranger' })).toEqual({ kept: 50, why: 'rate-limited' })
    expect(box.put(1_000)).toMatchObject({ ok: true })
    const refusal = box.put(60, { sender: 'stranger' })
    expect(refusal).toEqual({ ok: false, reason: 'rate-limited', retryAfterMs: 1_000 })
    box.nowMs += 999
    expect(reasonOf(box.put(60, { sender: 'stranger' }))).toBe('rate-limited')
    box.nowMs += 1
    expect(reasonOf(box.put(60, { sender: 'stranger' }))).toBe('ok')
  })

  it('of bytes bind where those of letters do not, and say for how long', () => {
    const { rates } = DEFAULT_MAILBOX_CONFIG
    const box = new Box()
    const large = { sender: 'stranger', bytes: 256 * KIB } as const
    expect(flood(box, 1, large)).toEqual({ kept: 8, why: 'rate-limited' })
    const refusal = box.put(9, large)
    const waitMs = ((256 * KIB) / rates.stranger.bytes.perSecond) * 1_000
    expect(refusal).toEqual({ ok: false, reason: 'rate-limited', retryAfterMs: waitMs })
    expect(reasonOf(box.put(10, { sender: 'stranger' }))).toBe('rate-limited')
    box.nowMs += waitMs
    expect(reasonOf(box.put(9, large))).toBe('ok')
  })

  it('are for what is kept: a refusal, and a letter that is known, cost nothing', () => {
    const two = { perSecond: 0.001, burst: 2 }
    const box = new Box({
      lettersMax: 4,
      rates: { ...UNPACED.rates, contact: { letters: two, bytes: FREE } },
    })
    for (let n = 0; n < 5; n++) {
      expect(reasonOf(box.put(1, { priority: 'low' }))).toBe('ok')
      expect(reasonOf(box.put(9, { bytes: 1 }))).toBe('malformed')
      expect(reasonOf(box.put(9, { sender: 'stranger', bytes: 3 }))).toBe('malformed')
    }
    expect(reasonOf(box.put(2, { priority: 'low' }))).toBe('ok')
    expect(reasonOf(box.put(3, { priority: 'low' }))).toBe('over-quota')
    expect(reasonOf(box.put(3))).toBe('rate-limited')
    expect(reasonOf(box.put(1))).toBe('ok')
  })

  it('of contacts stop a contact that floods, whatever it sends', () => {
    const small = new Box({ lettersMax: 100_000 })
    expect(flood(small, 1, {})).toEqual({ kept: 1_000, why: 'rate-limited' })
    const large = new Box({ bytesMax: 2 ** 30 })
    expect(flood(large, 1, { bytes: 256 * KIB })).toEqual({ kept: 64, why: 'rate-limited' })
  })
})
