// In what order letters go out: by weight over the priorities, in order of coming within each, and starving none, whether
// they are pushed as they are taken or read page by page.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PRIORITIES, type Priority, PriorityQueue } from '../../../protocol/priority.ts'
import { Box, numberOf, UNPACED } from './box.ts'

/** So many of each priority, by turns. */
function fill(box: Box, each: number): void {
  for (let n = 0; n < each * 4; n++) box.put(n + 1, { priority: PRIORITIES[n % 4] as Priority })
}

const shares = (served: readonly Priority[]) =>
  PRIORITIES.map((priority) => served.filter((each) => each === priority).length)

/** The next `count` letters, with nothing but a window of this many under way at once. */
function pushedWith(box: Box, window: number, count: number): Priority[] {
  const served: Priority[] = []
  box.owner({ letters: window, bytes: 1 << 22 })
  while (served.length < count) {
    const came = box.came()
    if (came.length === 0) throw new Error('nothing comes any more')
    served.push(...came.map(({ letter }) => letter.priority))
    box.tell({ kind: 'took', ids: came.map(({ letter }) => letter.id) })
  }
  return served.slice(0, count)
}

function pagedBy(box: Box, limit: number, count: number): Priority[] {
  const served: Priority[] = []
  let cursor: Uint8Array | undefined
  while (served.length < count) {
    const page = box.machine.page(cursor, limit, box.nowMs)
    if (page === undefined || page.letters.length === 0) throw new Error('nothing comes any more')
    served.push(...page.letters.map(({ priority }) => priority))
    cursor = page.cursor
  }
  return served.slice(0, count)
}

describe('of what waits in all four, critical gets four places for two of high, one of normal, half a one of low', () => {
  it.each([1, 2, 7, 64])('pushed through a window of %i', (window) => {
    const box = new Box(UNPACED)
    fill(box, 100)
    expect(shares(pushedWith(box, window, 150))).toEqual([80, 40, 20, 10])
  })

  it.each([1, 2, 7, 64])('on pages of %i', (limit) => {
    const box = new Box(UNPACED)
    fill(box, 100)
    expect(shares(pagedBy(box, limit, 150))).toEqual([80, 40, 20, 10])
  })

  it('whatever sleeps there are between them', () => {
    const box = new Box(UNPACED)
    fill(box, 100)
    box.owner({ letters: 1, bytes: 1 << 22 })
    const served: Priority[] = []
    while (served.length < 150) {
      const [next] = box.came()
      if (next === undefined) throw new Error('nothing comes any more')
      served.push(next.letter.priority)
      box.sleeps()
      box.tell({ kind: 'took', ids: [next.letter.id] })
    }
    expect(shares(served)).toEqual([80, 40, 20, 10])
  })
})

describe('a stream of critical letters that never ends', () => {
  it.each([1, 3])('does not starve a low one, pushed through a window of %i', (window) => {
    const box = new Box(UNPACED)
    box.put(1, { priority: 'low' })
    for (let n = 2; n < 20; n++) box.put(n, { priority: 'critical' })
    box.owner({ letters: window, bytes: 1 << 22 })
    const served: number[] = []
    for (let n = 20; !served.includes(1); n++) {
      if (served.length > 20) throw new Error('the low one starves')
      const came = box.numbers()
      served.push(...came)
      box.put(n, { priority: 'critical' })
      box.took(...came)
    }
  })

  it('does not starve a low one on pages of one letter', () => {
    const box = new Box(UNPACED)
    box.put(1, { priority: 'low' })
    let cursor: Uint8Array | undefined
    for (let n = 2; ; n++) {
      if (n > 20) throw new Error('the low one starves')
      box.put(n, { priority: 'critical' })
      const page = box.machine.page(cursor, 1, box.nowMs)
      if (page?.letters[0]?.priority === 'low') break
      cursor = page?.cursor
    }
  })
})

describe('whatever comes and is taken, and when', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...PRIORITIES) },
    { weight: 2, arbitrary: fc.constantFrom('take', 'sleep') },
  )
  const steps = fc.array(step, { maxLength: 120, size: 'max' })

  it('what is pushed is what a priority queue would have served', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (steps, window) => {
        const box = new Box(UNPACED)
        const queue = new PriorityQueue<{ priority: Priority; n: number }>()
        box.owner({ letters: window, bytes: 1 << 22 })
        const underWay: number[] = []
        for (const [n, step] of steps.entries()) {
          if (step === 'sleep') box.sleeps()
          else if (step === 'take') box.took(...underWay.splice(0, 1))
          else {
            box.put(n, { priority: step })
            queue.push({ priority: step, n })
          }
          const pushed = box.numbers()
          expect(pushed).toEqual(pushed.map(() => queue.shift()?.n))
          underWay.push(...pushed)
          expect(underWay.length).toBe(Math.min(window, underWay.length + queue.length))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('letters of one priority go out in the order they came', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const box = new Box(UNPACED)
        const last: Partial<Record<Priority, number>> = {}
        box.owner({ letters: 2, bytes: 1 << 22 })
        for (const [n, step] of steps.entries()) {
          const came = box.came()
          for (const { letter } of came) {
            expect(numberOf(letter.id)).toBeGreaterThan(last[letter.priority] ?? -1)
            last[letter.priority] = numberOf(letter.id)
          }
          if (step === 'take') box.tell({ kind: 'took', ids: came.map(({ letter }) => letter.id) })
          else if (step === 'sleep') box.sleeps()
          else box.put(n, { priority: step })
        }
      }),
    )
  })
})
