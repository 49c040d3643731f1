// A store that fails: what was answered stays true, and the machine goes on.

import { describe, expect, it } from 'vitest'
import { Box, FREE, HOUR_MS, idOf, putOf, UNPACED } from './box.ts'

describe('a store that fails', () => {
  it('at a put: every put it would have kept is refused, nothing is changed, and the next one works', () => {
    const box = new Box()
    box.put(1)
    const before = box.machine.stats(box.nowMs)
    box.store.failing.add('insert')
    const outcomes = box.puts([putOf(1), putOf(2), putOf(3, { bytes: 3 }), putOf(2), putOf(4)])
    expect(outcomes.map((each) => (each.ok ? 'ok' : each.reason))).toEqual([
      'ok', // it is stored, after all
      'internal',
      'malformed',
      'internal',
      'internal',
    ])
    expect(box.machine.stats(box.nowMs)).toEqual(before)
    expect(box.failures.length).toBe(1)
    box.store.failing.clear()
    expect(box.puts([putOf(2), putOf(4)])).toMatchObject([
      { ok: true, known: false },
      { ok: true, known: false },
    ])
    box.owner()
    expect(box.numbers()).toEqual([1, 2, 4])
  })

  it('at a put costs the sender nothing of its rate', () => {
    const once = { perSecond: 0.001, burst: 1 }
    const box = new Box({ rates: { ...UNPACED.rates, contact: { letters: once, bytes: FREE } } })
    box.store.failing.add('insert')
    expect(box.put(1)).toMatchObject({ reason: 'internal' })
    box.store.failing.clear()
    expect(box.put(1)).toMatchObject({ ok: true })
    expect(box.put(2)).toMatchObject({ reason: 'rate-limited' })
  })

  it('when letters are taken: they stay, and are told again', () => {
    const box = new Box()
    box.owner()
    for (const n of [1, 2]) box.put(n)
    expect(box.numbers()).toEqual([1, 2])
    box.store.failing.add('remove')
    box.took(1)
    expect(box.taken).toBe(0)
    expect(box.machine.has(idOf(1), box.nowMs)).toBe(true)
    expect(box.numbers()).toEqual([]) // not at once: it would fail again
    box.store.failing.clear()
    box.waits(5_000)
    expect(box.numbers()).toEqual([1, 2])
    box.took(1, 2)
    expect(box.stored()).toEqual([])
    expect(box.machine.wakeAtMs).toBeUndefined()
  })

  it('when letters end: they are nobody’s any more, and removed as soon as it works', () => {
    const box = new Box()
    box.put(1, { ttlMs: HOUR_MS })
    box.store.failing.add('remove')
    box.waits(HOUR_MS + 20_000)
    expect(box.failures.length).toBeGreaterThan(1)
    expect(box.failures.length).toBeLessThan(6)
    expect(box.machine.stats(box.nowMs).letters).toBe(0)
    box.store.failing.clear()
    box.waits(5_000)
    expect(box.stored()).toEqual([])
    expect(box.machine.wakeAtMs).toBeUndefined()
  })

  it('when letters are read: pushing goes on after a while, where it stopped', () => {
    const box = new Box()
    for (const n of [1, 2]) box.put(n)
    box.store.failing.add('envelope')
    box.owner()
    expect(box.numbers()).toEqual([])
    expect(() => box.machine.page(undefined, 1, box.nowMs)).toThrow('envelope')
    box.store.failing.clear()
    box.put(3)
    expect(box.numbers()).toEqual([])
    box.waits(5_000)
    expect(box.numbers()).toEqual([1, 2, 3])
  })

  it('by losing a letter: the rest goes on, and the letter may be put again', () => {
    const box = new Box()
    for (const n of [1, 2, 3]) box.put(n)
    box.store.lose(idOf(1))
    box.store.lose(idOf(2))
    expect(box.machine.page(undefined, 1, box.nowMs)?.letters.map(({ id }) => id[3])).toEqual([3])
    box.store.lose(idOf(3))
    box.owner()
    expect(box.numbers()).toEqual([])
    expect(box.failures.length).toBe(1)
    expect(box.put(3)).toMatchObject({ ok: true, known: false })
    expect(box.numbers()).toEqual([3])
  })
})
