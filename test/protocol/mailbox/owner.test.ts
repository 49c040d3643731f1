// The owner's socket: what it is sent and when, and that it may break, come back, and outlive the object's sleep.

import { describe, expect, it } from 'vitest'
import { DEFAULT_MAILBOX_CONFIG } from '../../../protocol/mailbox/config.ts'
import { MailboxMachine } from '../../../protocol/mailbox/machine.ts'
import { MemoryLetterStore } from '../../../protocol/mailbox/memory-store.ts'
import { Box, idOf, KIB, putOf, START_MS, UNPACED, WIDE } from './box.ts'

describe('the owner’s socket', () => {
  it('is sent what is stored, and then what comes, envelope and all', () => {
    const box = new Box()
    box.put(1)
    box.owner()
    box.put(2, { bytes: 64 * KIB })
    const came = box.came()
    expect(came.map(({ letter }) => letter.envelope.length)).toEqual([4 * KIB, 64 * KIB])
    expect(box.store.calls.envelope).toBe(1) // what has just come is not read again
  })

  it('is sent no more than its window of letters, and more as it takes', () => {
    const box = new Box()
    box.owner({ letters: 2, bytes: 1 << 20 })
    for (const n of [1, 2, 3, 4, 5]) box.put(n)
    expect(box.numbers()).toEqual([1, 2])
    box.took(2)
    expect(box.numbers()).toEqual([3])
    box.took(1, 3)
    expect(box.numbers()).toEqual([4, 5])
    expect(box.stored()).toEqual([4, 5])
  })

  it('is sent no more than its window of bytes, and a larger one alone', () => {
    const box = new Box()
    box.owner({ letters: 10, bytes: 20 * KIB })
    box.put(1, { bytes: 16 * KIB })
    box.put(2, { bytes: 4 * KIB })
    box.put(3, { bytes: 64 * KIB })
    box.put(4, { bytes: 4 * KIB })
    expect(box.numbers()).toEqual([1, 2])
    box.took(1)
    expect(box.numbers()).toEqual([])
    box.took(2)
    expect(box.numbers()).toEqual([3])
    box.took(3)
    expect(box.numbers()).toEqual([4])
  })

  it('with no window is sent nothing, and may read pages', () => {
    const box = new Box()
    box.owner({ letters: 0, bytes: 0 })
    box.put(1)
    expect(box.numbers()).toEqual([])
    expect(box.machine.page(undefined, 1, box.nowMs)?.letters.length).toBe(1)
  })

  it('may not ask for more than the most', () => {
    const box = new Box(UNPACED)
    for (let n = 1; n <= 1_100; n++) box.put(n)
    box.owner({ letters: 2 ** 32 - 1, bytes: 2 ** 32 - 1 })
    expect(box.numbers().length).toBe(1_024)
  })

  it('is sent nothing twice, whatever it takes that is not there', () => {
    const box = new Box()
    box.put(1)
    box.owner()
    box.put(2)
    box.took(77, 1, 1, 78)
    box.took(1)
    box.tell({ kind: 'wake' })
    expect(box.numbers()).toEqual([1, 2])
    expect(box.taken).toBe(1)
  })

  it('that is gone is sent nothing', () => {
    const box = new Box()
    box.owner()
    box.ownerLost()
    box.put(1)
    expect(box.numbers()).toEqual([])
  })
})

describe('an owner that comes back', () => {
  it('with its cursor is sent what it has not been sent; the rest is under way still', () => {
    const box = new Box()
    for (const n of [1, 2, 3]) box.put(n)
    box.owner({ letters: 2, bytes: 1 << 20 })
    const cursor = box.came().at(-1)?.cursor
    box.ownerLost()
    box.owner({ letters: 2, bytes: 1 << 20 }, cursor)
    expect(box.numbers()).toEqual([])
    box.took(1)
    expect(box.numbers()).toEqual([3])
  })

  it('with the cursor of a page it read is sent what came after that', () => {
    const box = new Box()
    for (const n of [1, 2, 3]) box.put(n)
    const page = box.machine.page(undefined, 2, box.nowMs)
    box.owner(WIDE, page?.cursor)
    expect(box.numbers()).toEqual([3])
  })

  it.each([
    ['no cursor', () => undefined],
    ['a cursor that is none', () => new Uint8Array(34).fill(0xff)],
    ['a cursor of another length', () => new Uint8Array(33)],
  ])('with %s is sent everything', (_, cursor) => {
    const box = new Box()
    for (const n of [1, 2]) box.put(n)
    box.owner()
    box.came()
    box.owner(WIDE, cursor())
    expect(box.numbers()).toEqual([1, 2])
  })

  it('with a cursor of another life is sent everything, though seqs began again', () => {
    const box = new Box()
    for (const n of [1, 2, 3]) box.put(n)
    box.owner()
    const cursor = box.came().at(-1)?.cursor
    box.took(1, 2, 3)
    box.dies()
    for (const n of [4, 5, 6, 7]) box.put(n)
    box.owner(WIDE, cursor)
    expect(box.numbers()).toEqual([4, 5, 6, 7])
  })

  it('with a cursor that is ahead of this life is sent everything, were even the incarnations alike', () => {
    const store = new MemoryLetterStore()
    const lives = () => new MailboxMachine<number>(store, DEFAULT_MAILBOX_CONFIG, 7)
    const first = lives()
    first.receive({ kind: 'puts', puts: [putOf(1), putOf(2)] }, START_MS)
    const cursor = first.page(undefined, 2, START_MS)?.cursor
    first.receive({ kind: 'took', ids: [idOf(1), idOf(2)] }, START_MS)
    const second = lives()
    second.receive({ kind: 'puts', puts: [putOf(3)] }, START_MS)
    expect(second.page(cursor, 2, START_MS)?.letters.length).toBe(1)
  })
})

describe('a sleep', () => {
  it('changes nothing for the socket: what is under way is, and what comes is pushed', () => {
    const box = new Box()
    box.owner({ letters: 3, bytes: 1 << 20 })
    for (const n of [1, 2]) box.put(n)
    box.sleeps()
    for (const n of [3, 4]) box.put(n)
    expect(box.numbers()).toEqual([1, 2, 3])
    box.sleeps()
    box.took(1)
    expect(box.numbers()).toEqual([4])
  })

  it('after everything was taken skips nothing, though seqs begin again', () => {
    const box = new Box()
    box.owner()
    for (const n of [1, 2, 3]) box.put(n)
    box.took(1, 2, 3)
    box.sleeps()
    for (const n of [4, 5]) box.put(n)
    box.sleeps()
    box.put(6)
    expect(box.numbers()).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('skips nothing even if a letter comes before the socket is found', () => {
    const box = new Box()
    box.owner()
    for (const n of [1, 2, 3]) box.put(n)
    box.took(1, 2, 3)
    const { state } = box
    box.state = undefined
    box.sleeps()
    box.put(4)
    box.tell({ kind: 'resumed', state: state as Uint8Array })
    expect(box.numbers()).toEqual([1, 2, 3, 4])
  })

  it('is cheap to remember, and of a memory that is none everything comes again', () => {
    const box = new Box()
    box.owner()
    box.put(1)
    expect(box.numbers()).toEqual([1])
    expect(box.state?.length).toBeLessThan(100)
    for (const state of [new Uint8Array(0), new Uint8Array(36).fill(0xff)]) {
      box.state = state
      box.sleeps()
      expect(box.numbers()).toEqual([1])
    }
  })
})
