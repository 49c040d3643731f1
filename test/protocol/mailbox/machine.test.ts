// The mailbox's decisions one by one: what is kept, what is pushed, what goes.

import { describe, expect, it } from 'vitest'
import { MAIL_ENVELOPE_CLASSES } from '../../../protocol/limits/mail.ts'
import { MAILBOX_GONE_REMEMBERED } from '../../../protocol/limits/mailbox.ts'
import { DEFAULT_MAILBOX_CONFIG } from '../../../protocol/mailbox/config.ts'
import { MailboxMachine } from '../../../protocol/mailbox/machine.ts'
import { MemoryLetterStore } from '../../../protocol/mailbox/memory-store.ts'
import { Box, DAY_MS, HOUR_MS, idOf, KIB, putOf, START_MS, UNPACED } from './box.ts'

describe('a put', () => {
  it('is answered when it is stored', () => {
    const box = new Box()
    const outcome = box.put(1)
    expect(outcome).toMatchObject({ ok: true, known: false })
    expect(box.stored()).toEqual([1])
    expect(box.machine.has(idOf(1), box.nowMs)).toBe(true)
  })

  it('is stored with those it came with, in one transaction', () => {
    const box = new Box()
    box.puts([1, 2, 3].map((n) => putOf(n)))
    expect(box.store.calls.insert).toBe(1)
    expect(box.stored()).toEqual([1, 2, 3])
  })

  it('costs no transaction when nothing of it is kept', () => {
    const box = new Box()
    box.puts([putOf(1, { bytes: 5 })])
    expect(box.store.calls.insert).toBe(0)
  })

  it('made twice is one letter, and the second is told so with the end of the first', () => {
    const box = new Box()
    const first = box.put(1, { ttlMs: HOUR_MS })
    box.nowMs += 5_000
    expect(box.put(1, { ttlMs: 2 * HOUR_MS })).toEqual({ ...first, known: true })
    const [a, b] = box.puts([putOf(2), putOf(2)])
    expect([a, b]).toMatchObject([
      { ok: true, known: false },
      { ok: true, known: true },
    ])
    expect(box.stored()).toEqual([1, 2])
  })

  it('of a letter that was taken, or has ended, is known', () => {
    const box = new Box()
    const ended = box.put(1, { ttlMs: HOUR_MS })
    const taken = box.put(2)
    box.took(2)
    box.nowMs += HOUR_MS
    expect(box.put(1)).toEqual({ ...ended, known: true }) // before the alarm
    box.waits(0)
    expect(box.stored()).toEqual([])
    expect(box.put(1)).toEqual({ ...ended, known: true }) // and after it
    expect(box.put(2)).toEqual({ ...taken, known: true })
    expect(box.stored()).toEqual([])
  })

  it('of a letter gone long ago is a new one: the memory of the gone is bounded', () => {
    const box = new Box(UNPACED)
    const count = MAILBOX_GONE_REMEMBERED + 1
    for (let n = 1; n <= count; n++) {
      box.put(n)
      box.took(n)
    }
    expect(box.put(1)).toMatchObject({ ok: true, known: false })
    expect(box.put(count)).toMatchObject({ ok: true, known: true })
  })

  it.each([0, 1, 4 * KIB - 1, 4 * KIB + 1, 100 * KIB, 256 * KIB - 1])(
    'of an envelope of %i bytes is malformed',
    (bytes) => {
      expect(new Box().put(1, { bytes })).toEqual({ ok: false, reason: 'malformed', retryAfterMs: 0 })
    },
  )

  it('of an envelope larger than any is too large, and one of each class is kept', () => {
    const box = new Box()
    expect(box.put(1, { bytes: 256 * KIB + 1 })).toMatchObject({ reason: 'too-large' })
    for (const [at, bytes] of MAIL_ENVELOPE_CLASSES.entries())
      expect(box.put(2 + at, { bytes })).toMatchObject({ ok: true })
  })

  it.each([0, 15, 17, 200_000])('with an id of %i bytes is malformed', (length) => {
    const box = new Box()
    const put = { ...putOf(1), id: new Uint8Array(length) }
    expect(box.puts([put])).toMatchObject([{ ok: false, reason: 'malformed' }])
    box.tell({ kind: 'took', ids: [put.id] })
    expect(box.machine.has(put.id, box.nowMs)).toBe(false)
  })

  it('keeps nothing of the message it came in alive', () => {
    const box = new Box()
    const message = new Uint8Array(4 * KIB + 16)
    box.puts([{ ...putOf(1), id: message.subarray(0, 16), envelope: message.subarray(16) }])
    message.fill(7)
    expect(box.machine.page(undefined, 1, box.nowMs)?.letters[0]?.id).toEqual(new Uint8Array(16))
    expect(box.machine.has(new Uint8Array(16), box.nowMs)).toBe(true)
  })
})

describe('the end of a letter', () => {
  const DAYS_30 = 30 * DAY_MS
  it.each([
    ['nothing', 0, START_MS + 60_000],
    ['less than a minute', 59_999, START_MS + 60_000],
    ['not even a time', -5, START_MS + 60_000],
    ['an hour', HOUR_MS, START_MS + HOUR_MS],
    ['a little less than a day', DAY_MS - 1, START_MS + DAY_MS - 1],
    ['a day, to the next hour', DAY_MS, START_MS - 60_000 + DAY_MS + HOUR_MS],
    ['30 days', DAYS_30, START_MS - 60_000 + DAYS_30 + HOUR_MS],
    ['more than that', 2 ** 32 * 1_000, START_MS - 60_000 + DAYS_30 + HOUR_MS],
  ])('that asked for %s', (_, ttlMs, expiresAtMs) => {
    expect(new Box().put(1, { ttlMs })).toEqual({ ok: true, known: false, expiresAtMs })
  })

  it('comes after seven days, to the hour, and until then it is there', () => {
    const box = new Box()
    box.put(1, { ttlMs: 7 * DAY_MS })
    box.put(2, { ttlMs: 7 * DAY_MS, sender: 'stranger', bytes: 64 * KIB })
    const endMs = START_MS - 60_000 + 7 * DAY_MS + HOUR_MS
    expect(box.machine.wakeAtMs).toBe(endMs)
    box.waits(endMs - START_MS - 1)
    expect(box.stored()).toEqual([1, 2])
    expect(box.machine.page(undefined, 10, box.nowMs)?.letters.length).toBe(2)
    const removals = box.store.calls.remove
    box.waits(1)
    expect(box.stored()).toEqual([])
    expect(box.store.calls.remove).toBe(removals + 1)
    expect(box.machine.wakeAtMs).toBeUndefined()
    expect(box.machine.stats(box.nowMs)).toMatchObject({ letters: 0, bytes: 0, oldestHour: undefined })
  })

  it('holds however late the alarm is: neither pushed nor read nor counted', () => {
    const box = new Box({ lettersMax: 4 })
    for (const n of [1, 2]) box.put(n, { ttlMs: HOUR_MS, priority: 'low' })
    box.put(3, { priority: 'low', ttlMs: HOUR_MS + 1 })
    expect(box.put(4, { priority: 'low' })).toMatchObject({ reason: 'over-quota' })
    box.nowMs += HOUR_MS
    expect(box.machine.has(idOf(1), box.nowMs)).toBe(false)
    expect(box.machine.stats(box.nowMs)).toMatchObject({ letters: 0, bytes: 0 })
    expect(box.machine.page(undefined, 10, box.nowMs)).toMatchObject({ letters: [], more: false })
    expect(box.put(4, { priority: 'low' })).toMatchObject({ ok: true })
    box.owner()
    expect(box.numbers()).toEqual([4])
    expect(box.stored()).toEqual([1, 2, 4])
    expect(box.machine.wakeAtMs).toBeLessThanOrEqual(box.nowMs)
    box.waits(0)
    expect(box.stored()).toEqual([4])
  })

  it('is looked for in every one of them when the object is made anew', () => {
    const box = new Box()
    box.put(1, { ttlMs: HOUR_MS })
    box.put(2, { ttlMs: 2 * HOUR_MS })
    box.dies()
    expect(box.machine.wakeAtMs).toBe(START_MS + HOUR_MS)
    box.waits(HOUR_MS)
    expect(box.stored()).toEqual([2])
    box.took(2)
    expect(box.machine.wakeAtMs).toBeUndefined()
  })

  it('lets the next one in: what has ended is under way to nobody', () => {
    const box = new Box()
    box.owner({ letters: 1, bytes: 1 })
    box.put(1, { ttlMs: HOUR_MS })
    box.put(2)
    expect(box.numbers()).toEqual([1])
    box.waits(HOUR_MS)
    expect(box.numbers()).toEqual([2])
  })
})

describe('a page', () => {
  it('ends at its limit and says where the next begins', () => {
    const box = new Box()
    for (const n of [1, 2, 3, 4, 5]) box.put(n)
    const pages: unknown[] = []
    let cursor: Uint8Array | undefined
    for (let more = true; more; ) {
      const page = box.machine.page(cursor, 2, box.nowMs)
      if (page === undefined) throw new Error('our own cursor is refused')
      pages.push(page.letters.map(({ id }) => id[3]))
      ;({ cursor, more } = page)
    }
    expect(pages).toEqual([[1, 2], [3, 4], [5]])
    expect(box.stored()).toEqual([1, 2, 3, 4, 5])
    box.put(6)
    expect(box.machine.page(cursor, 2, box.nowMs)?.letters.map(({ id }) => id[3])).toEqual([6])
  })

  it('ends before it has a mebibyte, and holds a letter at least', () => {
    const box = new Box(UNPACED)
    for (const n of [1, 2, 3, 4, 5]) box.put(n, { bytes: 256 * KIB })
    expect(box.machine.page(undefined, 10, box.nowMs)).toMatchObject({ more: true })
    expect(box.machine.page(undefined, 10, box.nowMs)?.letters.length).toBe(4)
  })

  it('is bounded whatever limit is asked for', () => {
    const box = new Box(UNPACED)
    for (let n = 1; n <= 120; n++) box.put(n)
    const lengths = [-1, 0, 1.5, 1e9].map((limit) => box.machine.page(undefined, limit, box.nowMs))
    expect(lengths.map((page) => page?.letters.length)).toEqual([1, 1, 1, 100])
  })

  it('is refused for a cursor that is none', () => {
    const box = new Box()
    for (const length of [0, 1, 33, 35])
      expect(box.machine.page(new Uint8Array(length), 1, 0)).toBeUndefined()
    expect(box.machine.page(new Uint8Array(34).fill(9), 1, 0)).toBeUndefined()
    expect(box.machine.page(new Uint8Array(34), 1, 0)).toMatchObject({ letters: [], more: false })
  })
})

it('an incarnation is a whole number below 2^48', () => {
  for (const incarnation of [-1, 0.5, 2 ** 48, Number.NaN])
    expect(() => new MailboxMachine(new MemoryLetterStore(), DEFAULT_MAILBOX_CONFIG, incarnation)).toThrow(
      RangeError,
    )
})
