// Prekeys handed out: each once, to strangers slowly; and what an owner may set.

import { describe, expect, it } from 'vitest'
import { MemoryOwnerStore } from '../../../protocol/mailbox/memory-store.ts'
import { accessRules, PrekeyDesk } from '../../../protocol/mailbox/prekey-desk.ts'

const HEAD = Uint8Array.of(1, 2, 3)
const prekeys = (count: number) =>
  Array.from({ length: count }, (_, id) => ({ id, bytes: Uint8Array.of(id) }))

function desk(count: number): { desk: PrekeyDesk; store: MemoryOwnerStore } {
  const store = new MemoryOwnerStore()
  const desk = new PrekeyDesk(store)
  expect(desk.publish({ head: HEAD, oneTime: prekeys(count) })).toBe(count)
  return { desk, store }
}

describe('prekeys', () => {
  it('are none before they are published, and publishing opens the mailbox', () => {
    const store = new MemoryOwnerStore()
    const empty = new PrekeyDesk(store)
    expect(empty.draw('contact', 0)).toBeUndefined()
    expect(store.opened).toBe(false)
    empty.publish({ head: HEAD, oneTime: [] })
    expect(store.opened).toBe(true)
    expect(empty.draw('contact', 0)).toEqual({ head: HEAD, oneTime: undefined, left: 0, few: false })
  })

  it('of a publication that is too large, or has one twice, are refused, and open nothing', () => {
    const store = new MemoryOwnerStore()
    const empty = new PrekeyDesk(store)
    expect(empty.publish({ head: HEAD, oneTime: prekeys(65) })).toBeUndefined()
    expect(empty.publish({ head: HEAD, oneTime: [...prekeys(1), ...prekeys(1)] })).toBeUndefined()
    expect(store.opened).toBe(false)
  })

  it('are each drawn once, and the owner hears when a draw leaves few', () => {
    const { desk: drawn } = desk(18)
    const draws = Array.from({ length: 19 }, () => drawn.draw('contact', 0))
    expect(draws.map((each) => each?.oneTime?.[0])).toEqual([...prekeys(18).map(({ id }) => id), undefined])
    expect(draws.map((each) => each?.left)).toEqual([...prekeys(18).map(({ id }) => 17 - id), 0])
    expect(draws.map((each) => each?.few)).toEqual([false, ...Array(17).fill(true), false])
  })

  it('go to strangers 32 at once and then one in ten seconds; beyond it they get the signed one alone', () => {
    const { desk: drawn } = desk(64)
    for (let n = 0; n < 32; n++) expect(drawn.draw('stranger', 1_000)?.oneTime).toBeDefined()
    expect(drawn.draw('stranger', 1_000)).toEqual({ head: HEAD, oneTime: undefined, left: 32, few: false })
    expect(drawn.draw('contact', 1_000)?.oneTime).toBeDefined()
    expect(drawn.draw('stranger', 10_999)?.oneTime).toBeUndefined()
    expect(drawn.draw('stranger', 11_000)?.oneTime).toBeDefined()
    expect(drawn.draw('stranger', 11_000)?.oneTime).toBeUndefined()
  })

  it('that there were none of cost no stranger its turn', () => {
    const { desk: drawn } = desk(0)
    for (let n = 0; n < 40; n++) drawn.draw('stranger', 0)
    drawn.publish({ head: HEAD, oneTime: prekeys(1) })
    expect(drawn.draw('stranger', 0)?.oneTime).toBeDefined()
  })
})

it('access rules are up to four keys of 32 bytes', () => {
  const keys = (count: number, length = 32) => Array.from({ length: count }, () => new Uint8Array(length))
  for (const count of [0, 1, 4]) {
    const rules = { keys: keys(count), strangers: count === 1 }
    expect(accessRules(rules)).toEqual(rules)
  }
  expect(accessRules({ keys: keys(5), strangers: true })).toBeUndefined()
  for (const length of [0, 31, 33])
    expect(accessRules({ keys: keys(1, length), strangers: true })).toBeUndefined()
})
