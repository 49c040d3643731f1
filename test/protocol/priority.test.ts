// Waiting lines by weight: shares are kept, nothing starves, nothing cuts in on what is half done.

import { describe, expect, it } from 'vitest'
import { PRIORITIES, type Priority, PriorityQueue } from '../../protocol/priority.ts'

interface Item {
  readonly priority: Priority
  readonly n: number
}

function filled(each: number): PriorityQueue<Item> {
  const queue = new PriorityQueue<Item>()
  for (let n = 0; n < each; n++) for (const priority of PRIORITIES) queue.push({ priority, n })
  return queue
}

describe('a queue of four priorities', () => {
  it('serves them 4 : 2 : 1 : 0.5 while all wait', () => {
    const queue = filled(1_000)
    const served: Record<Priority, number> = { critical: 0, high: 0, normal: 0, low: 0 }
    for (let i = 0; i < 150; i++) served[queue.shift()?.priority as Priority]++
    expect(served).toEqual({ critical: 80, high: 40, normal: 20, low: 10 })
  })

  it('keeps the order within each, and serves everything in the end', () => {
    const queue = filled(50)
    const seen = new Map<Priority, number[]>()
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      seen.set(item.priority, [...(seen.get(item.priority) ?? []), item.n])
    }
    for (const priority of PRIORITIES)
      expect(seen.get(priority)).toEqual(Array.from({ length: 50 }, (_, n) => n))
    expect(queue.length).toBe(0)
  })

  it('gives a line that was empty no savings', () => {
    const queue = new PriorityQueue<Item>()
    for (let n = 0; n < 1_000; n++) queue.push({ priority: 'critical', n })
    for (let n = 0; n < 500; n++) queue.shift()
    for (let n = 0; n < 100; n++) queue.push({ priority: 'low', n })
    const next = Array.from({ length: 18 }, () => queue.shift()?.priority)
    expect(next.filter((priority) => priority === 'low').length).toBeLessThanOrEqual(3)
  })

  it('lets nobody cut in on the first, once it was looked at', () => {
    const queue = new PriorityQueue<Item>()
    queue.push({ priority: 'low', n: 0 })
    expect(queue.first()).toEqual({ priority: 'low', n: 0 })
    queue.push({ priority: 'critical', n: 1 })
    expect(queue.shift()).toEqual({ priority: 'low', n: 0 })
    expect(queue.shift()).toEqual({ priority: 'critical', n: 1 })
  })

  it('forgets what is not retained, and only that', () => {
    const queue = filled(3)
    queue.first()
    queue.retain(({ n }) => n !== 0)
    expect(queue.length).toBe(8)
    expect([...queue].every(({ n }) => n > 0)).toBe(true)
    queue.clear()
    expect(queue.shift()).toBeUndefined()
  })
})
