// What is counted of a mailbox, and how a deployment's settings are read.

import { describe, expect, it } from 'vitest'
import * as limits from '../../../protocol/limits/mailbox.ts'
import { DEFAULT_MAILBOX_CONFIG, mailboxConfig } from '../../../protocol/mailbox/config.ts'
import { NO_MAIL_COUNTS } from '../../../protocol/mailbox/tally.ts'
import { Box, HOUR_MS, UNPACED } from './box.ts'

function eventful(): Box {
  const box = new Box({ ...UNPACED, lettersMax: 4 })
  box.put(1, { priority: 'critical', ttlMs: HOUR_MS })
  box.put(2, { priority: 'low' })
  box.put(2, { priority: 'low' })
  box.put(3, { priority: 'low' })
  box.put(4, { priority: 'low' })
  box.put(5, { bytes: 1 })
  box.machine.page(undefined, 1, box.nowMs)
  box.owner()
  box.machine.page(undefined, 10, box.nowMs)
  box.took(2, 2, 99)
  box.waits(HOUR_MS)
  return box
}

describe('the tally', () => {
  it('counts what happens to letters, once each', () => {
    const { machine } = eventful()
    const none = { critical: 0, high: 0, normal: 0, low: 0 }
    expect(machine.tally.all()).toEqual({
      accepted: { ...none, critical: 1, low: 2 },
      delivered: { ...none, critical: 1, low: 2 },
      acknowledged: { ...none, low: 1 },
      expired: { ...none, critical: 1 },
      known: 1,
      refused: { ...NO_MAIL_COUNTS.refused, 'over-quota': 1, malformed: 1 },
    })
  })

  it('says whether anything was counted since', () => {
    const { machine } = eventful()
    const { events } = machine.tally
    expect(events).toBeGreaterThan(0)
    machine.tally.all()
    expect(machine.tally.events).toBe(events)
    machine.tally.noteRefused('bad-stamp')
    expect(machine.tally.events).toBeGreaterThan(events)
  })

  it('is as it was after the object slept, but for what it counted since a letter went', () => {
    const box = eventful()
    const before = box.machine.tally.all()
    box.sleeps()
    expect(box.machine.tally.all()).toEqual(before)
    expect(box.machine.tally.events).toBe(0)
    box.put(6, { priority: 'high' })
    box.put(6, { priority: 'high' })
    box.sleeps()
    const { known, accepted } = box.machine.tally.all()
    expect({ known, accepted }).toEqual({ known: before.known, accepted: { ...before.accepted, high: 1 } })
  })

  it('counts a letter that ended once, however many lives see that it has', () => {
    const box = new Box(UNPACED)
    box.put(1, { ttlMs: HOUR_MS })
    box.nowMs += 2 * HOUR_MS
    for (const _ of [1, 2, 3]) {
      box.sleeps()
      expect(box.machine.stats(box.nowMs).letters).toBe(0)
      expect(box.machine.tally.all()).toMatchObject({ accepted: { normal: 1 }, expired: { normal: 0 } })
    }
    box.waits(0)
    box.sleeps()
    expect(box.machine.tally.all()).toMatchObject({ accepted: { normal: 1 }, expired: { normal: 1 } })
  })

  it('counts nothing as taken that the store would not let go', () => {
    const box = new Box(UNPACED)
    box.put(1)
    box.owner()
    box.store.failing.add('remove')
    box.took(1)
    expect(box.machine.tally.all().acknowledged.normal).toBe(0)
    box.store.failing.clear()
    box.took(1)
    expect(box.machine.tally.all().acknowledged.normal).toBe(1)
  })

  it('stands beside what is there now', () => {
    const box = eventful()
    expect(box.machine.stats(box.nowMs)).toEqual({
      letters: 1,
      bytes: 4_096,
      byPriority: { critical: 0, high: 0, normal: 0, low: 1 },
      oldestHour: 490_000,
    })
  })
})

describe('a deployment’s settings', () => {
  it('are the limits unless it says otherwise', () => {
    const config = mailboxConfig({ MAILBOX_LETTERS_MAX: '' })
    expect(config).toEqual(DEFAULT_MAILBOX_CONFIG)
    expect(config.lettersMax).toBe(limits.MAILBOX_LETTERS_MAX)
    expect(config.bytesMax).toBe(limits.MAILBOX_BYTES_MAX)
    expect(config.rates.contact.letters.burst).toBe(limits.MAILBOX_CONTACTS_BURST)
    expect(config.rates.stranger.bytes.burst).toBe(limits.MAILBOX_STRANGERS_BYTES_BURST)
  })

  it('may be others, and what may be saved up follows', () => {
    const config = mailboxConfig({ MAILBOX_LETTERS_MAX: '500', MAILBOX_STRANGERS_PER_SECOND: 2 })
    expect(config.lettersMax).toBe(500)
    expect(config.rates.stranger.letters).toEqual({ perSecond: 2, burst: 100 })
    expect(config.rates.contact).toEqual(DEFAULT_MAILBOX_CONFIG.rates.contact)
  })

  it.each(['3', '100001', '1.5', 'many', '-1', '1e9'])('are refused by name: %s letters', (given) => {
    expect(() => mailboxConfig({ MAILBOX_LETTERS_MAX: given })).toThrow(/^MAILBOX_LETTERS_MAX must be/)
  })
})
